/* rank_tree.h - shapes in the order of their ranks, with what is needed to jump over those that are done with or that
 * ask for too much: each subtree knows the oldest look at one of its shapes and the least that any of them asks for (a
 * treap with links to the parents: Seidel and Aragon 1996; its priorities are a hash, so equal sets give equal trees).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/units.h"

struct rank { /* higher tier first, then higher score, earlier eligible time, lower id, lower part */
    double score;
    uint32_t tier;
    usec_t eligible_us;
    uint64_t id;
    uint32_t part; /* of the job with this id: a branch of it goes first */
};

struct rank_node {
    struct rank rank;
    struct rank_node *parent, *left, *right;
    uint32_t priority;
    uint32_t cpus, least_cpus; /* of one node: its own; the least in this subtree */
    uint64_t mem_mb, least_mem_mb;
    uint64_t seen, oldest; /* its own; the smallest in this subtree */
};

bool rank_before (const struct rank *a, const struct rank *b);

/* node: rank, cpus, mem_mb and seen are set; no other one has its rank. */
void rank_tree_add (struct rank_node **root, struct rank_node *node);
void rank_tree_add_last (struct rank_node **root, struct rank_node *node); /* most likely behind all others: faster */
void rank_tree_remove (struct rank_node **root, struct rank_node *node);
void rank_tree_seen (struct rank_node *node, uint64_t seen);

/* The first one that was seen before `now`; NULL = none. */
struct rank_node *rank_tree_unseen (struct rank_node *root, uint64_t now);
/* The first one, or the next after `node`, that asks for at most so much. */
struct rank_node *rank_tree_first_within (struct rank_node *root, uint32_t cpus, uint64_t mem_mb);
struct rank_node *rank_tree_next_within (struct rank_node *node, uint32_t cpus, uint64_t mem_mb);
struct rank_node *rank_tree_first (struct rank_node *root);
