/* fairshare.c - Fair Tree. */
#include "core/fairshare.h"
#include <float.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/state.h"

struct tree {
    const struct core *core;
    struct assoc **order; /* leaves, best first */
    size_t n;
};

static double used (const struct core *core, const struct assoc *assoc)
{
    return usage_at (&assoc->usage, TRES_BILLING, core->now);
}

/* Does it take part? What jobs made up does, in a place of its own below the root; what was declared once does not. */
static bool counts (const struct assoc *assoc)
{
    return assoc->declared || !*assoc->account;
}

/* S, U and LF of the children of `above`. */
static void judge (struct tree *tree, struct assoc *above)
{
    double shares = 0, all = 0;
    struct assoc *child;

    DL_FOREACH (above->first, child)
    {
        if (counts (child) && !child->as_parent)
            shares += child->shares;
        all += used (tree->core, child);
    }
    DL_FOREACH (above->first, child)
    {
        double usage = used (tree->core, child);
        child->norm_shares = shares > 0 ? child->shares / shares : 0;
        child->norm_usage = all > 0 ? usage / all : 0;
        child->level = child->norm_usage > 0    ? child->norm_shares / child->norm_usage
                       : child->norm_shares > 0 ? DBL_MAX
                                                : 0;
        if (child->as_parent) {
            child->norm_shares = above->norm_shares;
            child->norm_usage = above->norm_usage;
            child->level = above->level;
        }
    }
}

static int by_level (const void *a, const void *b)
{
    const struct assoc *x = *(struct assoc *const *) a, *y = *(struct assoc *const *) b;

    if (x->level > y->level || x->level < y->level)
        return x->level > y->level ? -1 : 1;
    if (assoc_is_leaf (x) != assoc_is_leaf (y))
        return assoc_is_leaf (x) ? -1 : 1; /* users before accounts that are their equals */
    return 0;
}

static size_t children_of (struct assoc *const *above, size_t n_above, struct assoc ***ret)
{
    struct assoc **list = NULL, *child;
    size_t n = 0, room = 0;

    for (size_t i = 0; i < n_above; i++)
        DL_FOREACH (above[i]->first, child)
    if (counts (child)) {
        GROW (list, n, room);
        list[n++] = child;
    }
    *ret = list;
    return n;
}

static bool equals (const struct assoc *a, const struct assoc *b)
{
    return !(a->level > b->level) && !(a->level < b->level);
}

#define NO_RANK SIZE_MAX

/* The children of accounts that are equals, as one list. The first has this rank: that of users who tie with `above`.
 */
static void walk (struct tree *tree, struct assoc *const *above, size_t n_above, size_t first)
{
    _cleanup_free_ struct assoc **list = NULL;
    size_t n, rank = first;

    for (size_t i = 0; i < n_above; i++)
        judge (tree, above[i]);
    n = children_of (above, n_above, &list);
    if (n)
        qsort (list, n, sizeof *list, by_level);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1;
             end < n && equals (list[end], list[i]) && assoc_is_leaf (list[end]) == assoc_is_leaf (list[i]); end++)
            ;
        if (i && !equals (list[i], list[i - 1]))
            rank = NO_RANK;
        if (!assoc_is_leaf (list[i])) {
            walk (tree, &list[i], end - i, rank);
            continue;
        }
        rank = rank == NO_RANK ? tree->n : rank;
        for (size_t k = i; k < end; k++) {
            list[k]->fairshare = (double) rank; /* before it there are so many */
            tree->order[tree->n++] = list[k];
        }
    }
}

void fairshare_refresh (struct core *core)
{
    struct tree tree = {.core = core};
    struct assoc *root = core->assocs.root;

    if (!core->assocs.stale || !root)
        return;
    core->assocs.stale = false;
    tree.order = xcalloc (HASH_COUNT (core->assocs.by_key), sizeof *tree.order);
    root->norm_shares = root->norm_usage = root->level = root->fairshare = 1;
    walk (&tree, &root, 1, NO_RANK);
    for (size_t i = 0; i < tree.n; i++)
        tree.order[i]->fairshare = ((double) tree.n - tree.order[i]->fairshare) / (double) tree.n;
    free (tree.order);
}
