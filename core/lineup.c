/* lineup.c - the jobs of one shape in order. */
#include "core/lineup.h"
#include <utlist.h>

void lineup_put (struct lineup *lineup, struct lineup_item *item, uint32_t class, uint64_t key, uint64_t tie)
{
    item->rank.class = class;
    item->rank.key = key;
    item->rank.tie = tie;
    if (lineup->list && heap_before (&item->rank, &lineup->list->prev->rank)) {
        heap_put (&lineup->late, &item->rank, class, key);
        return;
    }
    DL_APPEND (lineup->list, item);
    item->rank.at = LINEUP_LISTED;
    lineup->n_listed++;
}

void lineup_remove (struct lineup *lineup, struct lineup_item *item)
{
    if (item->rank.at != LINEUP_LISTED) {
        heap_remove (&lineup->late, &item->rank);
        return;
    }
    DL_DELETE (lineup->list, item);
    item->rank.at = 0;
    lineup->n_listed--;
}

void lineup_clear (struct lineup *lineup)
{
    heap_clear (&lineup->late);
}
