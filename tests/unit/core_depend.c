/* What a job waits for. */
#include "core_kit.h"
#include "suite.h"

#define AFTER MOISSON__DEPEND_TYPE__DEP_AFTER
#define OK MOISSON__DEPEND_TYPE__DEP_AFTEROK
#define NOTOK MOISSON__DEPEND_TYPE__DEP_AFTERNOTOK
#define ANY MOISSON__DEPEND_TYPE__DEP_AFTERANY
#define SINGLETON MOISSON__DEPEND_TYPE__DEP_SINGLETON

START_TEST (each_condition_against_each_end)
{
    static const struct {
        Moisson__DependType type;
        uint32_t code;
        const char *reason; /* of the waiting job afterwards; NULL: it may start */
    } cases[] = {
        {OK, 0, NULL},
        {OK, 1, "DependencyNeverSatisfied"},
        {NOTOK, 0, "DependencyNeverSatisfied"},
        {NOTOK, 1, NULL},
        {ANY, 0, NULL},
        {ANY, 1, NULL},
        {AFTER, 0, NULL},
        {AFTER, 1, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
        uint64_t first = submit (k, .name = "first");
        uint64_t next = submit (k, .depend = cases[i].type, .on = first);
        assert_reason (k, next, "Dependency");
        ck_assert_uint_eq (pass (k), 1); /* the first one only */
        exited (k, first, 1, cases[i].code);
        if (cases[i].reason)
            assert_reason (k, next, cases[i].reason);
        ck_assert_uint_eq (pass (k), cases[i].reason ? 0 : 1);
    }
}
END_TEST

START_TEST (after_is_met_by_the_start_and_by_a_cancel)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .hold = true);

    submit (k, .depend = AFTER, .on = a);
    submit (k, .depend = AFTER, .on = b);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (pass (k), 0); /* placed is not started */
    started (k, a, 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    ck_assert_uint_eq (pass (k), 1);
    cancel (k, b, ALL_TASKS);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (after_with_minutes_waits_for_the_clock)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .depend = AFTER, .on = a, .delay_min = 5);

    pass (k);
    started (k, a, 1);
    assert_reason (k, b, "Dependency");
    ck_assert_uint_eq (core_next_deadline (k->core), k->now + 300 * USEC_PER_SEC);
    clock_at (k, k->now + 299 * USEC_PER_SEC);
    ck_assert_uint_eq (pass (k), 0);
    clock_at (k, k->now + USEC_PER_SEC);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (afterok_of_an_array_needs_all_of_it)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t array = submit (k, .array_first = 1, .array_last = 2);
    uint64_t all = submit (k, .depend = OK, .on = array);
    uint64_t one = submit (k, .depend = OK, .on = array, .on_task = 1 + 1);

    ck_assert_uint_eq (pass (k), 2);
    exited (k, array + 3, 1, 0); /* raw ids follow those of the three jobs */
    assert_reason (k, all, "Dependency");
    assert_reason (k, one, "Resources");
    ck_assert_uint_eq (pass (k), 1);
    exited (k, array + 4, 1, 1);
    assert_reason (k, all, "DependencyNeverSatisfied");
}
END_TEST

START_TEST (a_raw_id_names_one_task)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t array = submit (k, .array_first = 1, .array_last = 9), raw, next;

    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    next = submit (k, .depend = ANY, .on = raw);
    assert_reason (k, next, "Dependency");
    exited (k, raw, 1, 0);
    ck_assert_uint_gt (core_stats (k->core).pending, 8);
    assert_reason (k, next, "Priority"); /* behind the rest of the array */
    (void) array;
}
END_TEST

START_TEST (ids_that_are_not_known_any_more_are_satisfied)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t gone = submit (k, .name = "gone");

    pass (k);
    exited (k, gone, 1, 1);
    clock_at (k, k->now + 300 * USEC_PER_SEC);
    submit (k, .depend = OK, .on = gone);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (what_was_settled_stays_so_when_the_job_is_purged)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = submit (k, .name = "first"), next = submit (k, .depend = OK, .on = first);

    pass (k);
    exited (k, first, 1, 1);
    clock_at (k, k->now + 300 * USEC_PER_SEC);
    assert_reason (k, next, "DependencyNeverSatisfied");
}
END_TEST

START_TEST (all_or_any)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .name = "b");
    uint64_t both = submit (k, .depend = OK, .on = a, .depend2 = OK, .on2 = b);
    uint64_t any = submit (k, .depend = OK, .on = a, .depend2 = OK, .on2 = b, .any = true);

    pass (k);
    exited (k, a, 1, 1);
    assert_reason (k, both, "DependencyNeverSatisfied");
    assert_reason (k, any, "Dependency");
    exited (k, b, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, any, "Starting");
}
END_TEST

START_TEST (kill_on_invalid_dep_cancels_the_whole_chain)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = submit (k, .name = "0"), last = first;

    for (int i = 0; i < 50; i++)
        last = submit (k, .depend = OK, .on = last, .kill_on_invalid = true);
    pass (k);
    exited (k, first, 1, 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 51);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 51);
    assert_state (k, last, CANCELLED);
}
END_TEST

START_TEST (singletons_go_one_after_the_other)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .name = "s"), b = submit (k, .name = "s", .depend = SINGLETON);
    uint64_t c = submit (k, .name = "s", .depend = SINGLETON);
    uint64_t other = submit (k, .name = "t", .depend = SINGLETON);
    uint64_t bob = submit (k, .name = "s", .uid = 2000, .depend = SINGLETON);

    ck_assert_uint_eq (pass (k), 3); /* a, other, bob */
    assert_reason (k, other, "Starting");
    assert_reason (k, bob, "Starting");
    exited (k, a, 1, 1);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, b, "Starting");
    assert_reason (k, c, "Dependency");
    cancel (k, c, ALL_TASKS);
    exited (k, b, 1, 0);
}
END_TEST

START_TEST (a_job_that_begins_later_is_eligible_then)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .begin = START_US + 60 * USEC_PER_SEC);
    _cleanup_rows_ struct rows rows = {.n = 0};

    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "BeginTime");
    ck_assert_uint_eq (core_next_deadline (k->core), START_US + 60 * USEC_PER_SEC);
    clock_at (k, START_US + 60 * USEC_PER_SEC);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.row[0]->eligible_us, START_US + 60 * USEC_PER_SEC);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

SUITE ("depend", each_condition_against_each_end, after_is_met_by_the_start_and_by_a_cancel,
       after_with_minutes_waits_for_the_clock, afterok_of_an_array_needs_all_of_it, a_raw_id_names_one_task,
       ids_that_are_not_known_any_more_are_satisfied, what_was_settled_stays_so_when_the_job_is_purged, all_or_any,
       kill_on_invalid_dep_cancels_the_whole_chain, singletons_go_one_after_the_other,
       a_job_that_begins_later_is_eligible_then)
