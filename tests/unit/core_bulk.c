/* Many jobs by one event: counted at once, made some at a time, found again by their token, and in every snapshot. */
#include "base/pieces.h"
#include "core_kit.h"
#include "suite.h"

struct many {
    Moisson__Bulk msg;
    Moisson__Submitted common;
    Moisson__JobSpec spec;
    struct buf lines;
};

static void many_fill (struct kit *k, struct many *m, uint32_t n)
{
    *m = (struct many){.msg = MOISSON__BULK__INIT, .common = MOISSON__SUBMITTED__INIT, .spec = MOISSON__JOB_SPEC__INIT};
    m->spec.name = (char *) "common";
    m->spec.comment = (char *) "all of them";
    m->common.spec = &m->spec;
    m->common.uid = ALICE;
    m->common.has_token = true;
    m->common.token = (ProtobufCBinaryData){5, (uint8_t *) "token"};
    for (uint32_t i = 0; i < n; i++) {
        Moisson__BulkLine line = MOISSON__BULK_LINE__INIT;
        Moisson__JobSpec own = MOISSON__JOB_SPEC__INIT;
        uint8_t bytes[128], packed[256];
        char key[16];
        snprintf (key, sizeof key, "key-%u", i);
        own.name = i % 2 ? key : NULL;
        own.has_cpus_per_task = true;
        own.cpus_per_task = 1;
        line.submit_key = key;
        line.spec = (ProtobufCBinaryData){moisson__job_spec__pack (&own, bytes), bytes};
        pieces_add (&m->lines, packed, moisson__bulk_line__pack (&line, packed));
    }
    m->msg.first_id = core_next_job_id (k->core);
    m->msg.count = n;
    m->msg.common = &m->common;
    m->msg.lines = (ProtobufCBinaryData){m->lines.len, (uint8_t *) m->lines.data};
    m->msg.has_answer = true;
    m->msg.answer = (ProtobufCBinaryData){6, (uint8_t *) "answer"};
}

static int apply_many (struct kit *k, struct many *m)
{
    EVENT (bulk, BULK, &m->msg);

    return kit_try (k, &event);
}

static int unfold (struct kit *k, uint64_t first, uint32_t n)
{
    Moisson__Unfold msg = MOISSON__UNFOLD__INIT;
    EVENT (unfold, UNFOLD, &msg);

    msg.first_id = first;
    msg.count = n;
    return kit_try (k, &event);
}

static bool take_row (void *arg, const Moisson__JobInfo *row)
{
    unsigned *n = arg;

    ck_assert_str_eq (row->spec->comment, "all of them");
    ck_assert_str_eq (row->spec->name, "key-3");
    ++*n;
    return true;
}

START_TEST (lines_become_jobs_in_order)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = core_next_job_id (k->core), next = 0;
    unsigned rows = 0;
    struct many m;

    many_fill (k, &m, 5);
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert_uint_eq (core_stats (k->core).jobs, 0);
    ck_assert_uint_eq (core_next_job_id (k->core), first + 5);
    ck_assert_uint_eq (core_folded (k->core, &next), 5);
    ck_assert_uint_eq (next, first);
    uint64_t later = submit (k, .name = "later");
    ck_assert_int_eq (unfold (k, first, 2), 0);
    ck_assert_int_eq (unfold (k, first + 2, 3), 0);
    ck_assert_uint_eq (core_folded (k->core, &next), 0);
    ck_assert_uint_eq (core_stats (k->core).jobs, 6);
    ck_assert_uint_eq (later, first + 5);
    pass (k); /* those of the bulk come first */
    ck_assert_int_eq (core_stats (k->core).running, 4);
    Moisson__JobsRequest all = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    ref.job_id = first + 3;
    filter.jobs = refs;
    filter.n_jobs = 1;
    all.filter = &filter;
    core_jobs (k->core, &all, 0, 0, take_row, &rows);
    ck_assert_uint_eq (rows, 1);
    buf_clear (&m.lines);
}
END_TEST

START_TEST (what_does_not_follow_is_refused_and_changes_nothing)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = core_next_job_id (k->core);
    struct many m;

    many_fill (k, &m, 3);
    ck_assert_int_eq (unfold (k, first, 1), -1);
    m.msg.count = 4;
    ck_assert_int_eq (apply_many (k, &m), -1);
    m.msg.count = 3;
    m.msg.first_id++;
    ck_assert_int_eq (apply_many (k, &m), -1);
    m.msg.first_id--;
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert_int_eq (unfold (k, first + 1, 1), -1);
    ck_assert_int_eq (unfold (k, first, 4), -1);
    ck_assert_int_eq (unfold (k, first, 0), -1);
    ck_assert_int_eq (unfold (k, first, 3), 0);
    ck_assert_int_eq (unfold (k, first + 3, 1), -1);
    buf_clear (&m.lines);
}
END_TEST

START_TEST (a_line_that_cannot_be_read_changes_nothing)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = core_next_job_id (k->core);
    struct many m;

    many_fill (k, &m, 1);
    pieces_add (&m.lines, "\xff\xff", 2);
    m.msg.lines = (ProtobufCBinaryData){m.lines.len, (uint8_t *) m.lines.data};
    m.msg.count = 2;
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert_int_eq (unfold (k, first, 2), -1);
    ck_assert_uint_eq (core_stats (k->core).jobs, 0);
    ck_assert_int_eq (unfold (k, first, 1), 0);
    buf_clear (&m.lines);
}
END_TEST

START_TEST (token_and_keys_lead_to_it)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = core_next_job_id (k->core), found = 0;
    const uint8_t *answer = NULL;
    size_t len = 0;
    struct many m;

    many_fill (k, &m, 3);
    ck_assert (!core_find_bulk (k->core, ALICE, (const uint8_t *) "token", 5, &answer, &len));
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert (core_find_bulk (k->core, ALICE, (const uint8_t *) "token", 5, &answer, &len));
    ck_assert (len == 6 && !memcmp (answer, "answer", 6));
    ck_assert (!core_find_bulk (k->core, ALICE + 1, (const uint8_t *) "token", 5, &answer, &len));
    ck_assert_int_eq (unfold (k, first, 3), 0);
    m.spec.has_cpus_per_task = true;
    m.spec.cpus_per_task = 1;
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "key-2", &m.spec, &found, NULL), 0);
    ck_assert_uint_eq (found, first + 2);
    buf_clear (&m.lines);
}
END_TEST

struct twin {
    struct core *core;
};

static int load_one (void *arg, const Moisson__Image *image)
{
    struct twin *twin = arg;

    return core_load (twin->core, image, NULL);
}

START_TEST (a_snapshot_in_the_middle_goes_on_where_it_was)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = core_next_job_id (k->core), next = 0;
    uint8_t one[32], two[32];
    struct twin twin = {core_create ()};
    struct many m;

    many_fill (k, &m, 5);
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert_int_eq (unfold (k, first, 2), 0);
    ck_assert_int_eq (core_save (k->core, 0, load_one, &twin), 0);
    ck_assert_int_eq (core_check (twin.core, NULL), 0);
    ck_assert_uint_eq (core_folded (twin.core, &next), 3);
    ck_assert_uint_eq (next, first + 2);
    core_digest (k->core, one);
    core_digest (twin.core, two);
    ck_assert (!memcmp (one, two, sizeof one));
    core_free (twin.core);
    buf_clear (&m.lines);
}
END_TEST

START_TEST (folded_lines_count_against_the_most_jobs)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    c->config.max_job_count = 4;
    _cleanup_kit_ struct kit *k = kit_with (c);
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    struct many m;

    many_fill (k, &m, 3);
    ck_assert_int_eq (core_admit_behind (k->core, &spec, NULL, k->now, 3, NULL), 0);
    ck_assert_int_eq (core_admit_behind (k->core, &spec, NULL, k->now, 4, NULL), -1);
    ck_assert_int_eq (apply_many (k, &m), 0);
    ck_assert_int_eq (core_admit (k->core, &spec, NULL, k->now, NULL), 0);
    ck_assert_int_eq (core_admit_behind (k->core, &spec, NULL, k->now, 1, NULL), -1);
    buf_clear (&m.lines);
}
END_TEST

SUITE ("core/bulk", lines_become_jobs_in_order, what_does_not_follow_is_refused_and_changes_nothing,
       a_line_that_cannot_be_read_changes_nothing, token_and_keys_lead_to_it,
       a_snapshot_in_the_middle_goes_on_where_it_was, folded_lines_count_against_the_most_jobs)
