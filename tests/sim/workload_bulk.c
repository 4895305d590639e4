/* workload_bulk.c - many jobs by one event, which become jobs some at a time, in between whatever else happens. */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pieces.h"
#include "workload.h"

static void add_line (struct world *w, const Moisson__JobSpec *spec, struct buf *lines, uint64_t job_id, uint32_t tasks)
{
    Moisson__BulkLine line = MOISSON__BULK_LINE__INIT;
    _cleanup_free_ uint8_t *bytes = xmalloc (moisson__job_spec__get_packed_size (spec) + 1);

    line.spec = (ProtobufCBinaryData){moisson__job_spec__pack (spec, bytes), bytes};
    _cleanup_free_ uint8_t *packed = xmalloc (moisson__bulk_line__get_packed_size (&line) + 1);
    pieces_add (lines, packed, moisson__bulk_line__pack (&line, packed));
    ledger_submitted (w->ledger, job_id, tasks, policy_rights (spec));
}

static Moisson__Submitted *common_facts (struct world *w)
{
    Moisson__Submitted *s = xmalloc (sizeof *s);

    moisson__submitted__init (s);
    s->spec = xmalloc (sizeof *s->spec);
    moisson__job_spec__init (s->spec);
    s->spec->comment = xstrdup ("of a bulk");
    s->uid = 1000 + dice_below (&w->dice, 3);
    s->gid = 100;
    s->has_token = true;
    s->token = (ProtobufCBinaryData){.len = 16, .data = xcalloc (16, 1)};
    for (int i = 0; i < 2; i++)
        s->token.data[i] = (uint8_t) (100 + dice_below (&w->dice, 40));
    return s;
}

void workload_bulk (struct world *w)
{
    Moisson__Event *ev = world_new_event ();
    Moisson__Bulk *bulk = xmalloc (sizeof *bulk);
    struct buf lines = BUF_INIT;
    const uint8_t *answer;
    size_t len;

    moisson__bulk__init (bulk);
    ev->what_case = MOISSON__EVENT__WHAT_BULK;
    ev->bulk = bulk;
    bulk->first_id = core_next_job_id (w->core);
    bulk->common = common_facts (w);
    bulk->has_answer = true;
    bulk->answer = (ProtobufCBinaryData){3, xmemdup ("yes", 3)};
    bool known =
        core_find_bulk (w->core, bulk->common->uid, bulk->common->token.data, bulk->common->token.len, &answer, &len);
    for (uint32_t i = 1 + dice_below (&w->dice, 6); !known && i--;) {
        uint32_t tasks;
        Moisson__JobSpec *spec = workload_spec (w, &tasks);
        if (core_admit_behind (w->core, spec, NULL, w->now, bulk->count, NULL) == 0)
            add_line (w, spec, &lines, bulk->first_id + bulk->count++, tasks);
        moisson__job_spec__free_unpacked (spec, NULL);
    }
    bulk->lines = (ProtobufCBinaryData){lines.len, (uint8_t *) buf_steal (&lines)};
    if (bulk->count)
        world_event (w, ev);
    else /* answered as before, or refused */
        moisson__event__free_unpacked (ev, NULL);
}

bool workload_unfold (struct world *w)
{
    uint64_t next = 0;
    uint32_t left = core_folded (w->core, &next);
    Moisson__Event *ev;

    if (!left)
        return false;
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_UNFOLD;
    ev->unfold = xmalloc (sizeof *ev->unfold);
    moisson__unfold__init (ev->unfold);
    ev->unfold->first_id = next;
    ev->unfold->count = 1 + dice_below (&w->dice, left);
    return world_event (w, ev) == 0;
}
