/* The life of a plain job: placed, started, ended, in every way it may end. */
#include "core_kit.h"
#include "suite.h"

START_TEST (a_finished_job_frees_its_node_and_leaves_one_record)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .cpus_per_task = 4);

    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_START), 1);
    ck_assert_str_eq (k->fx.list[0].node, "n1");
    assert_state (k, id, PENDING);
    assert_reason (k, id, "Starting");
    started (k, id, 1);
    assert_state (k, id, RUNNING);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 0);
    k->now += 5 * USEC_PER_SEC;
    exited (k, id, 1, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_FORGET), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 4);
    assert_state (k, id, COMPLETED);
    ck_assert_int_eq (the_record (k)->state, MOISSON__JOB_STATE__STATE_COMPLETED);
    ck_assert_str_eq (the_record (k)->nodes, "n1");
    ck_assert_uint_eq (the_record (k)->end_us - the_record (k)->start_us, 5 * USEC_PER_SEC);
}
END_TEST

START_TEST (each_kind_of_end_has_its_state_and_exit_code)
{
    static const struct {
        Moisson__EndKind kind;
        uint32_t code, signal;
        job_state_t state;
        uint32_t shown_code, shown_signal;
    } cases[] = {
        {MOISSON__END_KIND__END_EXITED, 0, 0, MOISSON__JOB_STATE__STATE_COMPLETED, 0, 0},
        {MOISSON__END_KIND__END_EXITED, 3, 0, MOISSON__JOB_STATE__STATE_FAILED, 3, 0},
        {MOISSON__END_KIND__END_EXITED, 0, 9, MOISSON__JOB_STATE__STATE_FAILED, 0, 9},
        {MOISSON__END_KIND__END_TIME_LIMIT, 0, 15, MOISSON__JOB_STATE__STATE_TIMEOUT, 0, 0},
        {MOISSON__END_KIND__END_CANCELLED, 0, 9, MOISSON__JOB_STATE__STATE_CANCELLED, 0, 15},
        {MOISSON__END_KIND__END_SETUP, 0, 0, MOISSON__JOB_STATE__STATE_FAILED, 1, 0},
        {MOISSON__END_KIND__END_LOST, 0, 0, MOISSON__JOB_STATE__STATE_NODE_FAIL, 1, 0},
        {MOISSON__END_KIND__END_NODE_REBOOT, 0, 0, MOISSON__JOB_STATE__STATE_NODE_FAIL, 1, 0},
        {MOISSON__END_KIND__END_OOM, 0, 9, MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY, 0, 125},
    };
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t id = submit (k, .name = "x");
        ck_assert_uint_eq (pass (k), 1);
        started (k, id, 1);
        ended (k, id, 1, cases[i].kind, cases[i].code, cases[i].signal);
        ck_assert_int_eq (the_record (k)->state, cases[i].state);
        ck_assert_uint_eq (the_record (k)->exit_code, cases[i].shown_code);
        ck_assert_uint_eq (the_record (k)->exit_signal, cases[i].shown_signal);
        ck_assert_int_eq (state_of (k, id), cases[i].state);
    }
}
END_TEST

START_TEST (an_exit_may_come_without_its_start)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    exited (k, id, 1, 0);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (late_news_is_counted_and_dropped_and_the_node_may_forget)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    started (k, id, 2); /* an attempt that was never made */
    ck_assert_uint_eq (core_stats (k->core).stale_news, 1);
    started (k, id, 1);
    started (k, id, 1); /* twice */
    ck_assert_uint_eq (core_stats (k->core).stale_news, 2);
    exited (k, id, 1, 0);
    exited (k, id, 1, 1); /* twice, and with another tale */
    ck_assert_uint_eq (effects_count (&k->fx, FX_FORGET), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0);
    exited (k, 999, 1, 0); /* never heard of */
    ck_assert_uint_eq (effects_count (&k->fx, FX_FORGET), 1);
    unplaced (k, id, 1);
    ck_assert_uint_eq (core_stats (k->core).stale_news, 5);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (what_was_not_sent_goes_back_to_its_old_rank)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t a = submit (k, .cpus_per_task = 4), raw;

    submit (k, .cpus_per_task = 4);
    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    unplaced (k, a, 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0);
    assert_state (k, a, PENDING);
    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    ck_assert_uint_eq (raw, a); /* before the other one */
    assert_nodes (k, a, "n2");  /* n1 could not be reached */
    exited (k, a, 2, 0);
    assert_state (k, a, COMPLETED);
}
END_TEST

START_TEST (cancelled_while_pending_is_one_record_without_an_attempt)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    cancel (k, id, ALL_TASKS);
    ck_assert_uint_eq (the_record (k)->attempt, 0);
    ck_assert_uint_eq (the_record (k)->raw_id, id);
    ck_assert_uint_eq (the_record (k)->cancelled_by, ALICE);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
    assert_state (k, id, CANCELLED);
    ck_assert_uint_eq (pass (k), 0);
    cancel (k, id, ALL_TASKS); /* ended already: nothing happens */
    ck_assert_uint_eq (k->fx.n, 0);
    ck_assert_int_eq (cancel_try (k, 999, ALL_TASKS, false), -1); /* ctld asks before */
}
END_TEST

START_TEST (cancelled_while_running_completes_when_the_node_says_so)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    started (k, id, 1);
    cancel (k, id, ALL_TASKS);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0);
    assert_state (k, id, COMPLETING);
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    ck_assert (the_record (k)->has_cancelled_by);
    assert_state (k, id, CANCELLED);
}
END_TEST

START_TEST (a_stop_that_meets_an_unsent_start_cancels_at_once)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    cancel (k, id, ALL_TASKS);
    assert_state (k, id, COMPLETING);
    unplaced (k, id, 1);
    assert_state (k, id, CANCELLED);
    ck_assert_uint_eq (the_record (k)->attempt, 0);
}
END_TEST

START_TEST (ended_jobs_leave_after_min_job_age)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (core_next_deadline (k->core), k->now + 300 * USEC_PER_SEC);
    clock_at (k, k->now + 300 * USEC_PER_SEC - 1);
    ck_assert_uint_eq (core_stats (k->core).jobs, 1);
    clock_at (k, k->now + 1);
    ck_assert_uint_eq (core_stats (k->core).jobs, 0);
    ck_assert_uint_eq (core_next_deadline (k->core), UINT64_MAX);
}
END_TEST

START_TEST (time_never_goes_back)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    k->now += 100;
    submit (k, .name = "x");
    k->now -= 50;
    submit (k, .name = "y");
    ck_assert_uint_eq (core_now (k->core), START_US + 100);
}
END_TEST

START_TEST (what_contradicts_the_state_changes_nothing)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");
    uint8_t before[32], after[32];
    Moisson__Share share = MOISSON__SHARE__INIT, *shares[] = {&share, &share};
    Moisson__Placed placed = MOISSON__PLACED__INIT;
    EVENT (placed, PLACED, &placed);

    core_digest (k->core, before);
    share.node = (char *) "n1";
    share.cpus = 5; /* of 4 */
    placed.job_id = placed.raw_id = id;
    placed.attempt = 1;
    placed.shares = shares;
    placed.n_shares = 1;
    ck_assert_int_eq (kit_try (k, &event), -1);
    share.cpus = 1;
    placed.attempt = 2; /* should be 1 */
    ck_assert_int_eq (kit_try (k, &event), -1);
    placed.attempt = 1;
    placed.raw_id = id + 7;
    ck_assert_int_eq (kit_try (k, &event), -1);
    placed.raw_id = id;
    placed.n_shares = 2; /* the same node twice */
    ck_assert_int_eq (kit_try (k, &event), -1);
    placed.n_shares = 0;
    ck_assert_int_eq (kit_try (k, &event), -1);
    share.node = (char *) "nowhere";
    placed.n_shares = 1;
    ck_assert_int_eq (kit_try (k, &event), -1);
    core_digest (k->core, after);
    ck_assert_mem_eq (before, after, sizeof before);
    share.node = (char *) "n1";
    ck_assert_int_eq (kit_try (k, &event), 0);
    ck_assert_int_eq (kit_try (k, &event), -1); /* placed already */
}
END_TEST

SUITE ("attempt", a_finished_job_frees_its_node_and_leaves_one_record, each_kind_of_end_has_its_state_and_exit_code,
       an_exit_may_come_without_its_start, late_news_is_counted_and_dropped_and_the_node_may_forget,
       what_was_not_sent_goes_back_to_its_old_rank, cancelled_while_pending_is_one_record_without_an_attempt,
       cancelled_while_running_completes_when_the_node_says_so, a_stop_that_meets_an_unsent_start_cancels_at_once,
       ended_jobs_leave_after_min_job_age, time_never_goes_back, what_contradicts_the_state_changes_nothing)
