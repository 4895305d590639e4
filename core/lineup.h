/* lineup.h - the jobs of one shape in the order in which they go: by class, key, tie. Mostly they come in that order
 * and leave from the front: a list does that in no time, whatever its length. What comes out of order goes into a heap.
 */
#pragma once
#include "core/heap.h"

struct lineup_item {
    struct heap_item rank;           /* at: LINEUP_LISTED, or its place in the heap */
    struct lineup_item *prev, *next; /* in the list; prev of the first one is the last one */
};

struct lineup {
    struct lineup_item *list;
    struct heap late;
    size_t n_listed;
};

#define LINEUP_LISTED UINT32_MAX

static inline bool lineup_has (const struct lineup_item *item)
{
    return item->rank.at != 0;
}

static inline size_t lineup_count (const struct lineup *lineup)
{
    return lineup->n_listed + lineup->late.n;
}

static inline struct lineup_item *lineup_first (const struct lineup *lineup) /* NULL when empty */
{
    const struct heap_item *late = heap_first (&lineup->late);

    if (late && (!lineup->list || heap_before (late, &lineup->list->rank)))
        return container_of (late, struct lineup_item, rank);
    return lineup->list;
}

/* It is in no lineup. */
void lineup_put (struct lineup *lineup, struct lineup_item *item, uint32_t class, uint64_t key, uint64_t tie);
void lineup_remove (struct lineup *lineup, struct lineup_item *item); /* a no-op when it is in none */
void lineup_clear (struct lineup *lineup);                            /* empty by now */
