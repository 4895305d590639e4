/* What has ended runs again; what is requeued is held, and shown as such. */
#include "core_kit_life.h"
#include "suite.h"

static uint64_t done (struct kit *k, uint32_t code)
{
    uint64_t id = submit (k, .name = "done");

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    exited (k, id, 1, code);
    return id;
}

static void requeue_as (struct kit *k, uint64_t id, uint32_t first, uint32_t last, bool special)
{
    Moisson__Requeued r = MOISSON__REQUEUED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    EVENT (requeued, REQUEUED, &r);

    range.first = first;
    range.last = last;
    r.job_id = id;
    r.tasks = ranges;
    r.n_tasks = first <= last;
    r.has_hold = r.hold = r.has_special = r.special = special;
    kit_apply (k, &event);
}

START_TEST (an_ended_job_runs_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = done (k, 3);
    Moisson__WaitReply reply;

    assert_state (k, id, FAILED);
    ck_assert_int_eq (requeue_try (k, id, false), 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0); /* its attempt has one */
    ck_assert_uint_eq (the_changed_record (k)->attempt, 1);
    ck_assert (the_changed_record (k)->requeued && the_changed_record (k)->superseded);
    ck_assert_int_eq (the_changed_record (k)->state, MOISSON__JOB_STATE__STATE_FAILED);
    ck_assert_uint_eq (the_changed_record (k)->exit_code, 3);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 0);
    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 2);
    exited (k, id, 2, 0);
    ck_assert_uint_eq (the_record (k)->attempt, 2);
    ck_assert_uint_eq (the_record (k)->restarts, 1);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 1);
    ck_assert_int_eq (reply.state, MOISSON__JOB_STATE__STATE_COMPLETED);
    ck_assert_uint_eq (reply.exit_code, 0);
}
END_TEST

START_TEST (it_is_kept_as_long_as_others)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = done (k, 0);

    clock_at (k, k->now + 200 * USEC_PER_SEC);
    ck_assert_int_eq (requeue_try (k, id, false), 0);
    clock_at (k, k->now + 200 * USEC_PER_SEC); /* MinJobAge is 300: of its first end */
    assert_state (k, id, PENDING);
    pass (k);
    started (k, id, 2);
    exited (k, id, 2, 0);
    clock_at (k, k->now + 301 * USEC_PER_SEC);
    ck_assert_int_eq (requeue_try (k, id, false), -1); /* it is gone */
}
END_TEST

START_TEST (what_never_ran_has_nothing_to_run_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k);

    cancel (k, id, ALL_TASKS);
    ck_assert_int_eq (requeue_try (k, id, false), 0);
    assert_state (k, id, CANCELLED);
    ck_assert_uint_eq (k->fx.n, 0);
}
END_TEST

START_TEST (tasks_of_an_array)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t raw[3], id = submit (k, .array_first = 1, .array_last = 3), after;
    Moisson__WaitReply reply;

    core_pass_begin (k->core, k->now);
    for (int i = 0; i < 3; i++)
        ck_assert (place (k, &raw[i]));
    for (int i = 0; i < 3; i++) {
        started (k, raw[i], 1);
        exited (k, raw[i], 1, i == 1);
    }
    requeue_as (k, id, 2, 2, false);
    assert_state (k, raw[0], COMPLETED);
    assert_state (k, raw[1], PENDING);
    after = submit (k, .name = "after", .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = id);
    ck_assert_uint_eq (pass (k), 1);
    started (k, raw[1], 2);
    exited (k, raw[1], 2, 0);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 1);
    ck_assert_int_eq (reply.state, MOISSON__JOB_STATE__STATE_COMPLETED); /* its failure is undone */
    ck_assert_uint_eq (pass (k), 1);
    started (k, after, 1);
}
END_TEST

/* A record that is gone cannot be undone. */
START_TEST (a_purged_failure_stays_one)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t raw[2], id = submit (k, .array_first = 0, .array_last = 1);
    Moisson__WaitReply reply;

    core_pass_begin (k->core, k->now);
    for (int i = 0; i < 2; i++)
        ck_assert (place (k, &raw[i]));
    started (k, raw[0], 1);
    exited (k, raw[0], 1, 7);
    started (k, raw[1], 1);
    clock_at (k, k->now + 301 * USEC_PER_SEC);
    exited (k, raw[1], 1, 0);
    requeue_as (k, id, ALL_TASKS, false);
    pass (k);
    started (k, raw[1], 2);
    exited (k, raw[1], 2, 0);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 1);
    ck_assert_int_eq (reply.state, MOISSON__JOB_STATE__STATE_FAILED);
    ck_assert_uint_eq (reply.exit_code, 7);
}
END_TEST

START_TEST (special_until_it_is_released)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = done (k, 1);

    requeue_as (k, id, ALL_TASKS, true);
    assert_state (k, id, SPECIAL_EXIT);
    assert_reason (k, id, "JobHeldUser");
    ck_assert_uint_eq (pass (k), 0);
    hold (k, id, ALL_TASKS, false, false);
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 2);
    requeue_as (k, id, ALL_TASKS, true);
    ended (k, id, 2, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_state (k, id, SPECIAL_EXIT);
    cancel (k, id, ALL_TASKS);
    assert_state (k, id, CANCELLED);
    ck_assert_uint_eq (the_record (k)->attempt, 0);
}
END_TEST

START_TEST (what_is_pending_is_held)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k);

    requeue_as (k, id, ALL_TASKS, true);
    assert_reason (k, id, "JobHeldUser");
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

SUITE ("requeue", an_ended_job_runs_again, it_is_kept_as_long_as_others, what_never_ran_has_nothing_to_run_again,
       tasks_of_an_array, a_purged_failure_stays_one, special_until_it_is_released, what_is_pending_is_held)
