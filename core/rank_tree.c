/* rank_tree.c - shapes in the order of their ranks. */
#include "core/rank_tree.h"
#include <stddef.h>

bool rank_before (const struct rank *a, const struct rank *b)
{
    if (a->tier != b->tier)
        return a->tier > b->tier;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score;
    if (a->eligible_us != b->eligible_us)
        return a->eligible_us < b->eligible_us;
    return a->id != b->id ? a->id < b->id : a->part < b->part;
}

static uint32_t priority_of (uint64_t id) /* splitmix64, Steele et al. 2014 */
{
    uint64_t z = id + 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (uint32_t) (z >> 32);
}

/* What the subtree knows, from its root and its two halves. Has anything changed? */
static bool pull (struct rank_node *t)
{
    uint64_t oldest = t->seen, mem = t->mem_mb;
    uint32_t cpus = t->cpus;
    const struct rank_node *halves[] = {t->left, t->right};
    bool changed;

    for (int i = 0; i < 2; i++)
        if (halves[i]) {
            oldest = halves[i]->oldest < oldest ? halves[i]->oldest : oldest;
            mem = halves[i]->least_mem_mb < mem ? halves[i]->least_mem_mb : mem;
            cpus = halves[i]->least_cpus < cpus ? halves[i]->least_cpus : cpus;
        }
    changed = oldest != t->oldest || mem != t->least_mem_mb || cpus != t->least_cpus;
    t->oldest = oldest;
    t->least_mem_mb = mem;
    t->least_cpus = cpus;
    return changed;
}

static void pull_up (struct rank_node *t)
{
    while (t && pull (t))
        t = t->parent;
}

/* Where the parent of t points to t, let it point to `to`. */
static void hang (struct rank_node **root, struct rank_node *parent, const struct rank_node *t, struct rank_node *to)
{
    if (!parent)
        *root = to;
    else if (parent->left == t)
        parent->left = to;
    else
        parent->right = to;
    if (to)
        to->parent = parent;
}

/* t goes above its parent. */
static void rotate (struct rank_node **root, struct rank_node *t)
{
    struct rank_node *p = t->parent, *inner;

    hang (root, p->parent, p, t);
    if (p->left == t) {
        inner = t->right;
        p->left = inner;
        t->right = p;
    } else {
        inner = t->left;
        p->right = inner;
        t->left = p;
    }
    if (inner)
        inner->parent = p;
    p->parent = t;
    pull (p);
    pull (t);
}

static void settle (struct rank_node **root, struct rank_node *node, struct rank_node *parent, bool left)
{
    node->left = node->right = NULL;
    node->parent = parent;
    node->priority = priority_of (node->rank.id);
    pull (node);
    if (!parent)
        *root = node;
    else if (left)
        parent->left = node;
    else
        parent->right = node;
    while (node->parent && node->parent->priority < node->priority)
        rotate (root, node);
    pull_up (node->parent);
}

void rank_tree_add (struct rank_node **root, struct rank_node *node)
{
    struct rank_node *at = *root, *parent = NULL;
    bool left = false;

    while (at) {
        parent = at;
        left = rank_before (&node->rank, &at->rank);
        at = left ? at->left : at->right;
    }
    settle (root, node, parent, left);
}

static struct rank_node *last (struct rank_node *t)
{
    while (t && t->right)
        t = t->right;
    return t;
}

void rank_tree_add_last (struct rank_node **root, struct rank_node *node)
{
    struct rank_node *end = last (*root);

    if (end && rank_before (&node->rank, &end->rank))
        rank_tree_add (root, node);
    else
        settle (root, node, end, false);
}

void rank_tree_remove (struct rank_node **root, struct rank_node *node)
{
    while (node->left && node->right)
        rotate (root, node->left->priority > node->right->priority ? node->left : node->right);
    struct rank_node *parent = node->parent;
    hang (root, parent, node, node->left ? node->left : node->right);
    node->parent = node->left = node->right = NULL;
    pull_up (parent);
}

void rank_tree_seen (struct rank_node *node, uint64_t seen)
{
    node->seen = seen;
    pull_up (node);
}

struct rank_node *rank_tree_unseen (struct rank_node *t, uint64_t now)
{
    while (t && t->oldest < now) {
        if (t->left && t->left->oldest < now)
            t = t->left;
        else if (t->seen < now)
            return t;
        else
            t = t->right;
    }
    return NULL;
}

static bool some_within (const struct rank_node *t, uint32_t cpus, uint64_t mem_mb)
{
    return t && t->least_cpus <= cpus && t->least_mem_mb <= mem_mb;
}

static bool within (const struct rank_node *t, uint32_t cpus, uint64_t mem_mb)
{
    return t->cpus <= cpus && t->mem_mb <= mem_mb;
}

/* The first within the subtree of t; NULL: none, though some may ask for as little of the one, and some of the other.
 */
static struct rank_node *first_below (struct rank_node *t, uint32_t cpus, uint64_t mem_mb)
{
    struct rank_node *found;

    if (!some_within (t, cpus, mem_mb))
        return NULL;
    found = first_below (t->left, cpus, mem_mb);
    if (found)
        return found;
    return within (t, cpus, mem_mb) ? t : first_below (t->right, cpus, mem_mb);
}

struct rank_node *rank_tree_first_within (struct rank_node *root, uint32_t cpus, uint64_t mem_mb)
{
    return first_below (root, cpus, mem_mb);
}

struct rank_node *rank_tree_next_within (struct rank_node *node, uint32_t cpus, uint64_t mem_mb)
{
    struct rank_node *found = first_below (node->right, cpus, mem_mb);

    while (!found && node->parent) {
        bool from_left = node->parent->left == node;
        node = node->parent;
        if (from_left)
            found = within (node, cpus, mem_mb) ? node : first_below (node->right, cpus, mem_mb);
    }
    return found;
}

struct rank_node *rank_tree_first (struct rank_node *t)
{
    while (t && t->left)
        t = t->left;
    return t;
}
