/* Rows, cursors, filters, selections. */
#include "core_kit.h"
#include "suite.h"

static bool one_row (void *arg, const Moisson__JobInfo *row)
{
    struct rows *rows = arg;

    rows_add (rows, row);
    return false;
}

START_TEST (a_cursor_goes_on_where_it_was_whatever_happens_between)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    Moisson__JobsRequest all = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};
    uint64_t cursor = 0, ids[8];

    for (int i = 0; i < 8; i++)
        ids[i] = submit (k, .name = "x");
    all.has_ended = all.ended = true;
    for (int i = 0; i < 4; i++)
        cursor = core_jobs (k->core, &all, cursor, 0, one_row, &rows);
    ck_assert_uint_eq (rows.n, 4);
    cancel (k, ids[4], ALL_TASKS); /* the next one */
    clock_at (k, k->now + 300 * USEC_PER_SEC);
    ck_assert_uint_eq (core_jobs (k->core, &all, cursor, 0, rows_add, &rows), 0);
    ck_assert_uint_eq (rows.n, 7);
    ck_assert_uint_eq (rows.row[4]->raw_id, ids[5]);
}
END_TEST

START_TEST (a_budget_stops_in_the_middle_of_an_array)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    Moisson__JobsRequest all = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};
    uint64_t cursor = 0;
    int calls = 0;

    submit (k, .array_first = 0, .array_last = 9);
    submit (k, .name = "x");
    pass (k); /* tasks 0-3 */
    all.has_expand = all.expand = true;
    do
        cursor = core_jobs (k->core, &all, cursor, 3, rows_add, &rows);
    while (cursor && ++calls < 100);
    ck_assert_uint_eq (rows.n, 11);
    ck_assert_uint_eq (rows.row[0]->task, 4); /* pending ones first, then records, then the next job */
    ck_assert_uint_eq (rows.row[6]->task, 0);
    ck_assert_uint_eq (rows.row[9]->task, 3);
    ck_assert_int_eq (calls, 3);
}
END_TEST

static size_t count (struct kit *k, Moisson__JobFilter *filter, bool ended)
{
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};

    request.filter = filter;
    request.has_ended = true;
    request.ended = ended;
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    return rows.n;
}

START_TEST (filters_are_joined_by_and_lists_by_or)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    Moisson__JobFilter f = MOISSON__JOB_FILTER__INIT;
    uint32_t uids[] = {2000, 3000};
    char *names[] = {(char *) "a", (char *) "zzz"};
    Moisson__JobState states[] = {MOISSON__JOB_STATE__STATE_RUNNING, MOISSON__JOB_STATE__STATE_COMPLETED};
    uint64_t a = submit (k, .name = "a", .uid = 2000), b = submit (k, .name = "b", .uid = 2000);

    submit (k, .name = "a", .uid = 3000);
    submit (k, .name = "a");
    f.uids = uids;
    f.n_uids = 2;
    ck_assert_uint_eq (count (k, &f, false), 3);
    f.names = names;
    f.n_names = 2;
    ck_assert_uint_eq (count (k, &f, false), 2);
    f.n_names = 0;
    pass (k);
    started (k, a, 1);
    exited (k, b, 1, 0);
    ck_assert_uint_eq (count (k, &f, false), 2); /* without the ended one */
    f.states = states;
    f.n_states = 2;
    ck_assert_uint_eq (count (k, &f, true), 2);
    f.nodelist = (char *) "n[1-5]";
    ck_assert_uint_eq (count (k, &f, true), 2);
    f.nodelist = (char *) "n2";
    ck_assert_uint_eq (count (k, &f, true), 0);
}
END_TEST

START_TEST (refs_name_jobs_tasks_and_ranges)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t array = submit (k, .array_first = 1, .array_last = 9);
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, twice = MOISSON__JOB_REF__INIT, *refs[] = {&ref, &twice};
    Moisson__JobFilter f = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};

    pass (k);
    ref.job_id = twice.job_id = array;
    ref.tasks = ranges;
    ref.n_tasks = 1;
    range.first = 1;
    range.last = 4;
    f.jobs = refs;
    f.n_jobs = 1;
    request.filter = &f;
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.n, 2);
    ck_assert_str_eq (rows.row[0]->tasks, "2-4");
    ck_assert_uint_eq (rows.row[1]->task, 1);
    rows_free (&rows);
    range.first = range.last = 7; /* one pending task is shown as itself */
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.n, 1);
    ck_assert (rows.row[0]->has_task && rows.row[0]->task == 7 && !rows.row[0]->tasks);
    rows_free (&rows);
    f.n_jobs = 2; /* a part and the whole: the whole, once */
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.n, 2);
    ck_assert_str_eq (rows.row[0]->tasks, "2-9");
    ck_assert (core_knows (k->core, &ref));
    ref.job_id = 4711;
    ck_assert (!core_knows (k->core, &ref));
}
END_TEST

START_TEST (only_arrays_have_tasks)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    Moisson__JobFilter f = MOISSON__JOB_FILTER__INIT;

    ref.job_id = submit (k, .name = "plain");
    f.jobs = refs;
    f.n_jobs = 1;
    ck_assert_uint_eq (count (k, &f, false), 1);
    ref.tasks = ranges;
    ref.n_tasks = 1;
    range.last = 9; /* the record of a plain job has index 0 */
    ck_assert_uint_eq (count (k, &f, false), 0);
    ck_assert (!core_knows (k->core, &ref));
    pass (k);
    ck_assert_uint_eq (count (k, &f, false), 0);
}
END_TEST

struct selected {
    char text[512];
};

static void note (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state)
{
    struct selected *s = arg;
    size_t len = strlen (s->text);

    snprintf (s->text + len, sizeof s->text - len, "%lu/%lu", (unsigned long) job_id, (unsigned long) raw_id);
    len = strlen (s->text);
    snprintf (s->text + len, sizeof s->text - len, task == UINT32_MAX ? ":%s " : ":%s_%u ", state_brief (state), task);
}

START_TEST (a_selection_names_jobs_whole_where_it_can)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    Moisson__JobFilter f = MOISSON__JOB_FILTER__INIT;
    Moisson__JobState running[] = {MOISSON__JOB_STATE__STATE_RUNNING}, pending[] = {MOISSON__JOB_STATE__STATE_PENDING};
    struct selected s = {""};

    submit (k, .array_first = 1, .array_last = 9);
    submit (k, .name = "x");
    pass (k);
    started (k, 3, 1);
    core_select (k->core, &f, note, &s);
    ck_assert_str_eq (s.text, "1/1:R 2/2:PD ");
    s.text[0] = '\0';
    f.states = running;
    f.n_states = 1;
    core_select (k->core, &f, note, &s);
    ck_assert_str_eq (s.text, "1/3:R_1 ");
    s.text[0] = '\0';
    f.states = pending;
    core_select (k->core, &f, note, &s);
    ck_assert_str_eq (s.text, "1/1:PD 2/2:PD ");
}
END_TEST

START_TEST (a_selection_comes_in_portions)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    Moisson__JobFilter f = MOISSON__JOB_FILTER__INIT;
    struct selected s = {""};
    uint64_t from;

    for (int i = 0; i < 6; i++)
        submit (k, .name = "x");
    from = core_select_from (k->core, &f, 1, 6, 2, note, &s);
    ck_assert_uint_eq (from, 3);
    ck_assert_str_eq (s.text, "1/1:PD 2/2:PD ");
    cancel (k, 3, ALL_TASKS); /* meanwhile */
    from = core_select_from (k->core, &f, from, 6, 2, note, &s);
    ck_assert_uint_eq (from, 4); /* 3 and its record were looked at */
    from = core_select_from (k->core, &f, from, 6, 2, note, &s);
    ck_assert_uint_eq (from, 0); /* 6 is beyond the end */
    ck_assert_str_eq (s.text, "1/1:PD 2/2:PD 4/4:PD 5/5:PD ");
}
END_TEST

static bool keep_record (void *arg, const Moisson__AcctRecord *record)
{
    struct selected *s = arg;
    size_t len = strlen (s->text);

    snprintf (s->text + len, sizeof s->text - len, "%lu.%u:%s%s%s ", (unsigned long) record->raw_id, record->attempt,
              state_brief (record->state), record->tasks ? "_" : "", record->tasks ? record->tasks : "");
    return true;
}

START_TEST (accounting_rows_speak_of_what_lives_and_of_what_ended_since)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    uint64_t a = submit (k, .name = "a"), sequence;
    struct selected s = {""};

    submit (k, .array_first = 1, .array_last = 5);
    pass (k);
    exited (k, a, 1, 0);
    sequence = core_stats (k->core).events;
    core_acct (k->core, NULL, 0, 0, 0, keep_record, &s);
    ck_assert_str_eq (s.text, "1.1:CD 2.0:PD_2-5 3.1:PD ");
    s.text[0] = '\0';
    core_acct (k->core, NULL, sequence, 0, 0, keep_record, &s);
    ck_assert_str_eq (s.text, "2.0:PD_2-5 3.1:PD ");
}
END_TEST

START_TEST (rows_say_what_is_held)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .nodes = 2, .ntasks = 4, .gpus = 1, .mem = 500, .time_s = 600);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_str_eq (rows.row[0]->tres, "cpu=4,mem=1000M,node=2,billing=4,gres/gpu=2");
    pass (k);
    started (k, id, 1);
    rows_free (&rows);
    rows = rows_of (k, id, false);
    ck_assert_str_eq (rows.row[0]->tres, "cpu=4,mem=1000M,node=2,billing=4,gres/gpu=2");
    ck_assert_str_eq (rows.row[0]->nodes, "n[1-2]");
    ck_assert_str_eq (rows.row[0]->batch_host, "n1");
    ck_assert_uint_eq (rows.row[0]->end_us - rows.row[0]->start_us, 600 * USEC_PER_SEC);
    ck_assert_str_eq (rows.row[0]->reason, "None");
}
END_TEST

START_TEST (a_job_that_waits_has_an_estimate_if_asked)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};
    uint64_t first = submit (k, .cpus_per_task = 4, .time_s = 600);

    submit (k, .cpus_per_task = 2, .hold = true);
    ref.job_id = submit (k, .cpus_per_task = 2);
    submit (k, .cpus_per_task = 2);
    pass (k);
    started (k, first, 1);
    request.has_estimate = request.estimate = true;
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.n, 4);
    ck_assert_uint_eq (rows.row[2]->start_estimate_us, k->now + 600 * USEC_PER_SEC); /* it has been promised that */
    ck_assert (!rows.row[3]->has_start_estimate_us); /* it is too dear to be made for whoever lists all */
    rows_free (&rows);
    filter.jobs = refs;
    filter.n_jobs = 1;
    request.filter = &filter;
    core_jobs (k->core, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.n, 1);
    ck_assert_uint_eq (rows.row[0]->start_estimate_us, k->now + 600 * USEC_PER_SEC);
}
END_TEST

static bool note_memory (void *arg, const Moisson__AcctRecord *record)
{
    *(uint64_t *) arg = record->req_mem_mb;
    return true;
}

START_TEST (memory_of_what_waits_is_that_of_the_first_node)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t waits = 0, runs = 0;

    submit (k, .cpus_per_task = 2);
    core_acct (k->core, NULL, 0, 0, 0, note_memory, &waits);
    pass (k);
    core_acct (k->core, NULL, 0, 0, 0, note_memory, &runs);
    ck_assert (waits > 0);
    ck_assert_uint_eq (waits, runs);
}
END_TEST

SUITE ("views", a_cursor_goes_on_where_it_was_whatever_happens_between, a_budget_stops_in_the_middle_of_an_array,
       filters_are_joined_by_and_lists_by_or, refs_name_jobs_tasks_and_ranges, only_arrays_have_tasks,
       a_selection_names_jobs_whole_where_it_can, a_selection_comes_in_portions,
       accounting_rows_speak_of_what_lives_and_of_what_ended_since, rows_say_what_is_held,
       a_job_that_waits_has_an_estimate_if_asked, memory_of_what_waits_is_that_of_the_first_node)
