/* shape_tree.h - the shapes of one family by memory, each subtree knowing its best head (a treap: Seidel and Aragon
 * 1996; priorities are a hash of the key, so that equal sets give equal trees). For shape.c. */
#pragma once
#include <stdint.h>
#include "core/heap.h"

struct family;

struct shape {
    struct family *family;
    uint64_t mem_mb;
    struct heap jobs;                  /* by rank: class = what is missing to the highest priority, key = id */
    size_t refs;                       /* specs that lead here */
    struct shape *left, *right, *best; /* best: the shape with the best head in this subtree */
};

static inline const struct heap_item *shape_first (const struct shape *shape) /* its head; NULL when it is empty */
{
    return shape ? heap_first (&shape->jobs) : NULL;
}

/* Does the head of a come before that of b? An empty one comes last. */
static inline bool shape_before (const struct shape *a, const struct shape *b)
{
    const struct heap_item *mine = shape_first (a), *other = shape_first (b);

    return mine && (!other || heap_before (mine, other));
}

struct shape *shape_tree_find (struct shape *root, uint64_t mem_mb);
void shape_tree_add (struct shape **root, struct shape *shape);
void shape_tree_remove (struct shape **root, struct shape *shape);
void shape_tree_touch (struct shape *root, uint64_t mem_mb); /* the head of that shape has changed */
/* The shape with the best head among those that ask for at most limit; NULL when all are empty. */
struct shape *shape_tree_best (struct shape *root, uint64_t limit);
