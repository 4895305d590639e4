/* shape_tree.c - the shapes of one family by memory. */
#include "core/shape_tree.h"
#include <stddef.h>

static uint64_t priority (const struct shape *shape) /* splitmix64, Steele et al. 2014 */
{
    uint64_t z = shape->mem_mb + 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static struct shape *better (struct shape *a, struct shape *b)
{
    return shape_before (b, a) ? b : a;
}

static struct shape *pull (struct shape *t)
{
    t->best = t;
    if (t->left)
        t->best = better (t->best, t->left->best);
    if (t->right)
        t->best = better (t->best, t->right->best);
    return t;
}

static void split (struct shape *t, uint64_t mem_mb, struct shape **low, struct shape **high) /* low: < mem_mb */
{
    if (!t) {
        *low = *high = NULL;
    } else if (t->mem_mb < mem_mb) {
        split (t->right, mem_mb, &t->right, high);
        *low = pull (t);
    } else {
        split (t->left, mem_mb, low, &t->left);
        *high = pull (t);
    }
}

static struct shape *merge (struct shape *low, struct shape *high)
{
    if (!low || !high)
        return low ? low : high;
    if (priority (low) > priority (high)) {
        low->right = merge (low->right, high);
        return pull (low);
    }
    high->left = merge (low, high->left);
    return pull (high);
}

struct shape *shape_tree_find (struct shape *root, uint64_t mem_mb)
{
    while (root && root->mem_mb != mem_mb)
        root = mem_mb < root->mem_mb ? root->left : root->right;
    return root;
}

void shape_tree_add (struct shape **root, struct shape *shape)
{
    struct shape *low, *high;

    shape->left = shape->right = NULL;
    split (*root, shape->mem_mb, &low, &high);
    *root = merge (merge (low, pull (shape)), high);
}

void shape_tree_remove (struct shape **root, struct shape *shape)
{
    struct shape *low, *high, *just;

    split (*root, shape->mem_mb, &low, &high);
    split (high, shape->mem_mb + 1, &just, &high);
    *root = merge (low, high);
}

void shape_tree_touch (struct shape *t, uint64_t mem_mb)
{
    if (!t)
        return;
    if (t->mem_mb != mem_mb)
        shape_tree_touch (mem_mb < t->mem_mb ? t->left : t->right, mem_mb);
    pull (t);
}

struct shape *shape_tree_best (struct shape *root, uint64_t limit)
{
    struct shape *found = NULL;

    while (root) {
        if (root->mem_mb > limit) {
            root = root->left;
            continue;
        }
        if (root->left)
            found = better (root->left->best, found);
        found = better (root, found);
        root = root->right;
    }
    return shape_first (found) ? found : NULL;
}
