/* core_kit_life.h - more words of core_kit.h, about what happens to jobs later. */
#pragma once
#include "core_kit.h"

static inline void suspend (struct kit *k, uint64_t id, uint32_t first, uint32_t last, bool on)
{
    Moisson__Suspended s = MOISSON__SUSPENDED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    EVENT (suspended, SUSPENDED, &s);

    range.first = first;
    range.last = last;
    s.job_id = id;
    s.tasks = ranges;
    s.n_tasks = first <= last;
    s.suspended = on;
    kit_apply (k, &event);
}

/* The record of an earlier attempt that the last event has changed. */
static inline const Moisson__AcctRecord *the_changed_record (struct kit *k)
{
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_RERECORD)
            return k->fx.list[i].record;
    ck_abort_msg ("no record was changed");
}
