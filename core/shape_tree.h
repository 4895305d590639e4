/* shape_tree.h - the shapes of one family by memory, each subtree knowing its best head (a treap: Seidel and Aragon
 * 1996; priorities are a hash of the key, so that equal sets give equal trees). For shape.c. */
#pragma once
#include <stdint.h>
#include "core/heap.h"

struct family;

struct shape {
    struct family *family;
    uint64_t mem_mb;
    struct heap jobs;                  /* by id */
    size_t refs;                       /* specs that lead here */
    struct shape *left, *right, *best; /* best: the shape with the best head in this subtree */
};

static inline uint64_t shape_rank (const struct shape *shape)
{
    return shape && shape->jobs.n ? heap_first (&shape->jobs)->key : UINT64_MAX;
}

struct shape *shape_tree_find (struct shape *root, uint64_t mem_mb);
void shape_tree_add (struct shape **root, struct shape *shape);
void shape_tree_remove (struct shape **root, struct shape *shape);
void shape_tree_touch (struct shape *root, uint64_t mem_mb); /* the head of that shape has changed */
/* The shape with the best head among those that ask for at most limit; NULL when all are empty. */
struct shape *shape_tree_best (struct shape *root, uint64_t limit);
