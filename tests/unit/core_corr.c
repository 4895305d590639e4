/* aftercorr: each task waits for its namesake. */
#include "core_kit_life.h"
#include "suite.h"

#define AFTERCORR MOISSON__DEPEND_TYPE__DEP_AFTERCORR
#define TASKS 4

struct pair {
    struct kit *k;
    uint64_t first, raw[TASKS], second;
};

/* Two arrays of tasks 0-3; the first one runs. */
static struct pair arrays (struct kit *k, bool kill, bool held)
{
    struct pair p = {.k = k, .first = submit (k, .array_first = 0, .array_last = TASKS - 1)};

    core_pass_begin (k->core, k->now);
    for (int i = 0; i < TASKS; i++) {
        ck_assert (place (k, &p.raw[i]));
        started (k, p.raw[i], 1);
    }
    p.second = submit (k, .name = "second", .array_first = 0, .array_last = TASKS - 1, .depend = AFTERCORR,
                       .on = p.first, .kill_on_invalid = kill, .hold = held);
    return p;
}

/* The rows of the second array, as "STATE:reason tasks;". */
static void assert_second (const struct pair *p, const char *expected)
{
    _cleanup_rows_ struct rows rows = rows_of (p->k, p->second, false);
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (size_t i = 0; i < rows.n; i++) {
        const Moisson__JobInfo *row = rows.row[i];
        buf_printf (&text, "%s%s:%s ", i ? "; " : "", state_brief (row->state), row->reason);
        if (row->has_task)
            buf_printf (&text, "%u", row->task);
        else
            buf_puts (&text, row->tasks ? row->tasks : "");
    }
    ck_assert_str_eq (buf_str (&text), expected);
}

START_TEST (each_follows_its_namesake)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, false, false);
    uint64_t raw;

    ck_assert_uint_eq (pass (k), 0);
    assert_second (&p, "PD:Dependency 0-3");
    exited (k, p.raw[2], 1, 0);
    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    ck_assert (!place (k, NULL));
    started (k, raw, 1);
    assert_second (&p, "PD:Dependency 0-1,3; R:None 2");
    exited (k, p.raw[0], 1, 7);
    assert_second (&p, "PD:Dependency 1,3; PD:DependencyNeverSatisfied 0; R:None 2");
    exited (k, p.raw[1], 1, 0);
    exited (k, p.raw[3], 1, 0);
    ck_assert_uint_eq (pass (k), 2);
    cancel (k, p.second, ALL_TASKS);
}
END_TEST

START_TEST (what_can_never_run_is_cancelled_if_asked)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, true, false);

    exited (k, p.raw[1], 1, 1);
    assert_second (&p, "PD:Dependency 0,2-3; CA:None 1");
    cancel (k, p.first, 2, 3);
    ended (k, p.raw[2], 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_second (&p, "PD:Dependency 0,3; CA:None 1; CA:None 2");
}
END_TEST

START_TEST (a_hold_and_its_release)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, false, true);

    exited (k, p.raw[0], 1, 0);
    exited (k, p.raw[1], 1, 1);
    assert_second (&p, "PD:JobHeldUser 0,2-3; PD:DependencyNeverSatisfied 1");
    hold (k, p.second, ALL_TASKS, false, false);
    assert_second (&p, "PD:Resources 0; PD:Dependency 2-3; PD:DependencyNeverSatisfied 1");
    hold (k, p.second, ALL_TASKS, true, false);
    exited (k, p.raw[2], 1, 0);
    assert_second (&p, "PD:JobHeldUser 0,2-3; PD:DependencyNeverSatisfied 1");
    hold (k, p.second, 2, 3, false, false);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (those_that_are_new_or_gone)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, false, false);
    cancel (k, p.second, ALL_TASKS);
    uint64_t wide = submit (k, .name = "wide", .array_first = 2, .array_last = 5, .depend = AFTERCORR, .on = p.first);

    p.second = wide;
    assert_second (&p, "PD:Dependency 2-3; PD:DependencyNeverSatisfied 4-5"); /* there is no 4 and no 5 */
    exited (k, p.raw[3], 1, 0);
    clock_at (k, k->now + 301 * USEC_PER_SEC); /* it is forgotten */
    uint64_t late = submit (k, .name = "late", .array_first = 3, .array_last = 3, .depend = AFTERCORR, .on = p.first);
    ck_assert_uint_eq (pass (k), 2); /* the 3 of each */
    for (int i = 0; i < 3; i++)
        exited (k, p.raw[i], 1, 0);
    clock_at (k, k->now + 301 * USEC_PER_SEC);
    uint64_t after = submit (k, .name = "after", .array_first = 7, .array_last = 8, .depend = AFTERCORR, .on = p.first);
    ck_assert_uint_eq (pass (k), 3); /* an unknown job satisfies */
    ck_assert (late && after);
}
END_TEST

START_TEST (between_other_jobs_it_is_afterok)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, false, false);
    uint64_t plain = submit (k, .name = "plain", .depend = AFTERCORR, .on = p.first);
    uint64_t task = submit (k, .name = "task", .array_first = 0, .array_last = 1, .depend = AFTERCORR, .on = p.first,
                            .on_task = 1 + 1);

    exited (k, p.raw[1], 1, 0);
    ck_assert_uint_eq (pass (k), 3); /* both tasks, and 1 of the second */
    exited (k, p.raw[0], 1, 3);
    assert_reason (k, plain, "DependencyNeverSatisfied");
    ck_assert (task);
}
END_TEST

START_TEST (after_a_plain_job_that_fails)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    uint64_t plain = submit (k, .name = "plain");
    uint64_t array = submit (k, .array_first = 0, .array_last = 3, .depend = AFTERCORR, .on = plain);

    ck_assert_uint_eq (pass (k), 1);
    started (k, plain, 1);
    exited (k, plain, 1, 1);
    assert_reason (k, array, "DependencyNeverSatisfied");
    ck_assert_uint_eq (pass (k), 0);
    clock_at (k, k->now + 301 * USEC_PER_SEC); /* that it is forgotten changes nothing */
    assert_reason (k, array, "DependencyNeverSatisfied");
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

START_TEST (beside_another_condition)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    struct pair p = arrays (k, false, false);
    uint64_t other = submit (k, .name = "other", .hold = true);

    cancel (k, p.second, ALL_TASKS);
    p.second = submit (k, .name = "both", .array_first = 0, .array_last = 1, .depend = AFTERCORR, .on = p.first,
                       .depend2 = MOISSON__DEPEND_TYPE__DEP_AFTERANY, .on2 = other);
    exited (k, p.raw[0], 1, 0);
    assert_second (&p, "PD:Dependency 0; PD:Dependency 1");
    ck_assert_uint_eq (pass (k), 0);
    cancel (k, other, ALL_TASKS);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

SUITE ("corr", each_follows_its_namesake, what_can_never_run_is_cancelled_if_asked, a_hold_and_its_release,
       those_that_are_new_or_gone, between_other_jobs_it_is_afterok, after_a_plain_job_that_fails,
       beside_another_condition)
