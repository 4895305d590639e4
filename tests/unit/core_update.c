/* What is asked for a job changes after its submit. */
#include "core_kit.h"
#include "suite.h"

#define HOUR 3600

static Moisson__JobSpec changes_init (void)
{
    return (Moisson__JobSpec) MOISSON__JOB_SPEC__INIT;
}

/* update (k, id, by_operator, .field = value...) of a JobSpec without its has_ flags; see give below. */
struct ask_update {
    const char *name, *comment, *partition, *dependency, *nodelist;
    uint32_t first, last; /* tasks; last 0: all */
    uint64_t time_s, mem, begin;
    int64_t shift_s;
    uint32_t cpus, priority, throttle;
    int32_t nice;
    bool no_nice, by_operator;
    uint64_t on; /* DEP_AFTERANY */
};

static int update_with (struct kit *k, uint64_t id, const struct ask_update *a, struct err *err)
{
    Moisson__JobSpec spec_ = changes_init (), *spec = &spec_;
    Moisson__JobUpdated u = MOISSON__JOB_UPDATED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    Moisson__Dependency d = MOISSON__DEPENDENCY__INIT, *depends[] = {&d};

    spec->name = (char *) a->name;
    spec->comment = (char *) a->comment;
    spec->partition = (char *) a->partition;
    spec->nodelist = (char *) a->nodelist;
    spec->dependency = (char *) a->dependency;
    GIVE (time_limit_s, a->time_s);
    GIVE (mem_per_node_mb, a->mem);
    GIVE (begin_us, a->begin);
    GIVE (cpus_per_task, a->cpus);
    GIVE (priority, a->priority);
    GIVE (array_limit, a->throttle);
    GIVE (nice, a->nice);
    spec->has_nice |= a->no_nice;
    d.type = MOISSON__DEPEND_TYPE__DEP_AFTERANY;
    d.has_job_id = true;
    d.job_id = a->on;
    spec->depends = depends;
    spec->n_depends = a->on != 0;
    range.first = a->first;
    range.last = a->last;
    u.tasks = ranges;
    u.n_tasks = a->last != 0;
    u.changes = spec;
    u.has_time_shift_s = a->shift_s != 0;
    u.time_shift_s = a->shift_s;
    return kit_update (k, id, &u, a->by_operator, err);
}
#define change(k, id, ...) ck_assert_int_eq (update_with (k, id, &(struct ask_update){__VA_ARGS__}, NULL), 0)

static void check_refused (struct kit *k, uint64_t id, const struct ask_update *a, Moisson__FailCode code)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint8_t before[32], after[32];

    core_digest (k->core, before);
    ck_assert_int_eq (update_with (k, id, a, &err), -1);
    ck_assert_int_eq (err.code, code);
    core_digest (k->core, after);
    ck_assert_mem_eq (before, after, sizeof before);
}
#define refuse(k, id, CODE, ...)                                                                                       \
    check_refused (k, id, &(struct ask_update){__VA_ARGS__}, MOISSON__FAIL_CODE__FAIL_##CODE)

static int into (void *arg, const Moisson__Image *image)
{
    return core_load (arg, image, NULL);
}

/* A snapshot holds all of it. */
static void reload (struct kit *k)
{
    struct core *copy = core_create ();
    uint8_t a[32], b[32];

    ck_assert_int_eq (core_save (k->core, 1, into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    ck_assert_int_eq (core_check (copy, NULL), 0);
    core_free (k->core);
    k->core = copy;
}

static uint64_t limit_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    return rows.row[0]->time_limit_s;
}

static const struct fx *told_limit (const struct kit *k)
{
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_LIMIT)
            return &k->fx.list[i];
    return NULL;
}

START_TEST (a_pending_job_takes_all_of_it)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .name = "old", .cpus_per_task = 4, .mem_per_cpu = 100, .hold = true);

    change (k, id, .name = "new", .comment = "words", .time_s = HOUR, .mem = 300, .cpus = 2, .nodelist = "n2",
            .nice = 5);
    reload (k);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);
    const Moisson__JobSpec *spec = rows.row[0]->spec;
    ck_assert_str_eq (spec->name, "new");
    ck_assert_str_eq (spec->comment, "words");
    ck_assert_str_eq (spec->nodelist, "n2");
    ck_assert_uint_eq (rows.row[0]->time_limit_s, HOUR);
    ck_assert_uint_eq (rows.row[0]->num_cpus, 2);
    ck_assert_uint_eq (rows.row[0]->mem_mb, 300); /* for each node now, not for each CPU */
    change (k, id, .comment = "", .nodelist = "");
    node_up (k, "n1");
    node_up (k, "n2");
    hold (k, id, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, id, "n1");
}
END_TEST

START_TEST (the_order_follows_nice_and_priority)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .name = "b"), c = submit (k, .name = "c");

    change (k, a, .nice = 10);
    change (k, c, .nice = -10, .by_operator = true);
    pass (k);
    assert_reason (k, c, "Starting");
    exited (k, c, 1, 0);
    change (k, a, .priority = PRIORITY_BASE + 11, .by_operator = true); /* less its nice */
    pass (k);
    assert_reason (k, a, "Starting");
    assert_reason (k, b, "Resources");
}
END_TEST

START_TEST (what_users_may_not)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = HOUR), run = submit (k, .time_s = HOUR), gone = submit (k, .name = "gone");

    hold (k, id, ALL_TASKS, true, false);
    pass (k);
    exited (k, gone, 1, 0);
    refuse (k, id, PERMISSION, .nice = -1);
    refuse (k, id, PERMISSION, .priority = PRIORITY_BASE + 1);
    refuse (k, run, PERMISSION, .time_s = HOUR + 60);
    refuse (k, run, PERMISSION, .shift_s = 60);
    refuse (k, run, JOB_NOT_PENDING, .cpus = 2);
    refuse (k, run, JOB_NOT_PENDING, .partition = "main");
    refuse (k, gone, JOB_FINISHED, .comment = "late");
    refuse (k, id, NODE_CONFIG, .cpus = 5);
    refuse (k, id, INVALID_PARTITION, .partition = "nowhere");
    refuse (k, id, DEPENDENCY, .dependency = "afterany:99", .on = 99);
    refuse (k, 99, INVALID_JOB_ID, .comment = "nobody");
    refuse (k, id, BAD_SPEC, .throttle = 2);
    change (k, id, .priority = 1);
    change (k, run, .time_s = 60);
    change (k, run, .time_s = 2 * HOUR, .by_operator = true);
}
END_TEST

START_TEST (jobs_do_not_wait_in_a_circle)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .hold = true), b = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTERANY, .on = a);
    uint64_t c = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTERANY, .on = b);

    refuse (k, a, DEPENDENCY, .dependency = "afterany:3", .on = c);
    assert_reason (k, c, "Dependency");
    change (k, c, .dependency = "");
    pass (k);
    assert_reason (k, c, "Starting");
    change (k, b, .comment = "its condition stays");
    reload (k);
    cancel (k, a, ALL_TASKS);
    node_up (k, "n1");
    pass (k);
    assert_reason (k, b, "Starting");
}
END_TEST

START_TEST (a_running_job_gets_another_limit)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = HOUR);

    pass (k);
    started (k, id, 1);
    change (k, id, .shift_s = -1800, .comment = "less");
    ck_assert_ptr_nonnull (told_limit (k));
    ck_assert_uint_eq (told_limit (k)->limit_s, 1800);
    ck_assert_str_eq (told_limit (k)->node, "n1");
    reload (k);
    ck_assert_uint_eq (limit_of (k, id), 1800);
    change (k, id, .comment = "the same limit");
    ck_assert_ptr_null (told_limit (k));
    exited (k, id, 1, 0);
    ck_assert_uint_eq (the_record (k)->time_limit_s, 1800);
    ck_assert_str_eq (the_record (k)->comment, "the same limit");
}
END_TEST

START_TEST (a_limit_that_may_have_overtaken_the_order_is_told_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = HOUR);

    pass (k);
    change (k, id, .time_s = 60);
    ck_assert_ptr_nonnull (told_limit (k));
    started (k, id, 1);
    ck_assert_ptr_nonnull (told_limit (k));
    ck_assert_uint_eq (told_limit (k)->limit_s, 60);
}
END_TEST

START_TEST (an_array_changes_what_is_pending_and_spares_what_runs)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    uint64_t id = submit (k, .array_first = 1, .array_last = 4, .mem = 500, .time_s = HOUR), raw[2];

    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw[0]) && place (k, &raw[1]));
    started (k, raw[0], 1);
    change (k, id, .mem = 700, .comment = "more");
    reload (k);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.n, 3);
    ck_assert_uint_eq (rows.row[0]->mem_mb, 700);
    ck_assert_uint_eq (rows.row[1]->spec->mem_per_node_mb, 500);
    ck_assert_str_eq (rows.row[1]->spec->comment, "more");
    node_up (k, "n1");
    exited (k, raw[0], 1, 0);
    unplaced (k, raw[1], 1); /* what waits again is as the others */
    node_up (k, "n1");
    pass (k);
    _cleanup_rows_ struct rows again = rows_of (k, raw[1], false);
    ck_assert_uint_eq (again.row[0]->mem_mb, 700);
}
END_TEST

START_TEST (tasks_by_themselves)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    uint64_t id = submit (k, .array_first = 1, .array_last = 4, .time_s = HOUR), raw[2];

    ck_assert (place (k, &raw[0]) && place (k, &raw[1]));
    change (k, id, .first = 1, .last = 1, .time_s = 60);
    change (k, raw[1], .time_s = 120);
    ck_assert_uint_eq (limit_of (k, raw[0]), 60);
    ck_assert_uint_eq (limit_of (k, raw[1]), 120);
    refuse (k, id, JOB_NOT_PENDING, .first = 1, .last = 1, .mem = 100);
    refuse (k, id, OTHER, .first = 3, .last = 3, .name = "x");
    refuse (k, id, OTHER, .first = 1, .last = 3, .begin = START_US * 2);
    refuse (k, id, OTHER, .first = 1, .last = 3, .throttle = 2);
    change (k, id, .first = 1, .last = 4, .mem = 100); /* all of them: the array */
    change (k, id, .time_s = 2 * HOUR);                /* a user's: of what is pending alone */
    ck_assert_uint_eq (limit_of (k, raw[1]), 120);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.row[0]->time_limit_s, 2 * HOUR);
}
END_TEST

/* The memory that the row of this task shows; `rest`: of those that have none of their own. */
static uint64_t mem_of (struct kit *k, uint64_t id, const char *rest, uint32_t task)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    for (size_t i = 0; i < rows.n; i++) {
        const Moisson__JobInfo *row = rows.row[i];
        if (rest ? row->tasks && !strcmp (row->tasks, rest) : row->has_task && row->task == task)
            return row->mem_mb;
    }
    ck_abort_msg ("no row of %s %u", rest ? rest : "task", task);
}

START_TEST (pending_tasks_that_ask_alone)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 0, .array_last = 9, .mem = 500, .time_s = HOUR);

    change (k, id, .first = 3, .last = 5, .mem = 3900);
    change (k, id, .first = 5, .last = 5, .time_s = 600);
    ck_assert_uint_eq (mem_of (k, id, "0-2,6-9", 0), 500);
    ck_assert_uint_eq (mem_of (k, id, NULL, 4), 3900);
    ck_assert_uint_eq (mem_of (k, id, NULL, 5), 3900); /* and ten minutes */
    reload (k);
    ck_assert_uint_eq (mem_of (k, id, NULL, 5), 3900);
    refuse (k, id, NODE_CONFIG, .first = 3, .last = 3, .mem = 5000);
    change (k, id, .first = 3, .last = 5, .mem = 500);
    ck_assert_uint_eq (mem_of (k, id, NULL, 4), 500);
    change (k, id, .first = 3, .last = 5, .mem = 800);
    change (k, id, .mem = 600); /* all of them, whatever was changed before */
    ck_assert_uint_eq (mem_of (k, id, NULL, 4), 600);
    _cleanup_rows_ struct rows rows = rows_of (k, id, true);
    for (size_t i = 0; i < rows.n; i++)
        if (rows.row[i]->task == 5)
            ck_assert_uint_eq (rows.row[i]->time_limit_s, 600); /* that was not changed */
    node_up (k, "n1");
    ck_assert_uint_eq (pass (k), 4);
}
END_TEST

static uint32_t task_of (struct kit *k, uint64_t raw)
{
    _cleanup_rows_ struct rows rows = rows_of (k, raw, false);

    return rows.row[0]->task;
}

START_TEST (it_keeps_that_over_attempts)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 0, .array_last = 1, .mem = 500), raw;

    change (k, id, .first = 0, .last = 0, .mem = 700);
    uint64_t other;
    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw) && place (k, &other));
    if (task_of (k, raw) != 0)
        raw = other;
    started (k, raw, 1);
    ck_assert_int_eq (requeue_try (k, raw, false), 0);
    ended (k, raw, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    ck_assert_uint_eq (mem_of (k, id, NULL, 0), 700);
    ck_assert_uint_eq (pass (k), 1);
    started (k, raw, 2);
    exited (k, raw, 2, 0);
    ck_assert_uint_eq (the_record (k)->req_mem_mb, 700);
}
END_TEST

START_TEST (a_new_name_joins_its_group)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .name = "x", .hold = true);
    uint64_t b = submit (k, .name = "y", .depend = MOISSON__DEPEND_TYPE__DEP_SINGLETON, .hold = true);
    uint64_t c = submit (k, .name = "z", .hold = true);

    change (k, c, .name = "y");
    change (k, a, .name = "y"); /* older: it goes first */
    change (k, b, .dependency = "singleton");
    hold (k, b, ALL_TASKS, false, false);
    reload (k);
    node_up (k, "n1");
    ck_assert_uint_eq (pass (k), 1); /* its singleton was taken away */
    assert_reason (k, b, "Starting");
}
END_TEST

START_TEST (a_later_begin_hides_it)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "later");

    change (k, id, .begin = k->now + 100 * USEC_PER_SEC);
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "BeginTime");
    clock_at (k, k->now + 100 * USEC_PER_SEC);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (what_an_operator_put_back_stays_there)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = HOUR), free = submit (k, .time_s = HOUR);

    hold (k, id, ALL_TASKS, true, false);
    change (k, id, .priority = 100, .by_operator = true);
    change (k, id, .nice = 50);
    refuse (k, id, PERMISSION, .no_nice = true);
    refuse (k, id, PERMISSION, .priority = 101);
    change (k, free, .nice = 50);
    change (k, free, .no_nice = true); /* his own Nice may go */
}
END_TEST

START_TEST (what_no_command_sends)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = HOUR), other = submit (k, .time_s = HOUR);
    _cleanup_free_ char *text = xmalloc (SPEC_MOST + 1);

    memset (text, 'x', SPEC_MOST);
    text[SPEC_MOST] = '\0';
    refuse (k, id, BAD_SPEC, .comment = text);
    refuse (k, id, BAD_SPEC, .shift_s = INT64_MAX);
    refuse (k, id, BAD_SPEC, .shift_s = INT64_MIN);
    refuse (k, id, BAD_SPEC, .time_s = UINT64_MAX);
    refuse (k, id, DEPENDENCY, .on = other);
}
END_TEST

SUITE ("update", a_pending_job_takes_all_of_it, the_order_follows_nice_and_priority, what_users_may_not,
       what_an_operator_put_back_stays_there, what_no_command_sends, jobs_do_not_wait_in_a_circle,
       a_running_job_gets_another_limit, a_limit_that_may_have_overtaken_the_order_is_told_again,
       an_array_changes_what_is_pending_and_spares_what_runs, tasks_by_themselves, pending_tasks_that_ask_alone,
       it_keeps_that_over_attempts, a_new_name_joins_its_group, a_later_begin_hides_it)
