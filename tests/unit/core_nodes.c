/* Nodes come, go silent, die, leave the configuration; and what runs there. */
#include "core_kit.h"
#include "suite.h"

static uint64_t running (struct kit *k, bool requeue)
{
    uint64_t id = submit (k, .nodelist = "n1", .requeue = requeue);

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    return id;
}

START_TEST (an_unreachable_node_is_not_a_dead_node)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, false);

    node_down (k, "n1", false);
    ck_assert_uint_eq (k->fx.n, 0);
    assert_state (k, id, RUNNING);
    node_up (k, "n1");
    exited (k, id, 1, 0);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (requeue_was_asked_so_it_runs_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, true);

    node_down (k, "n1", false);
    ck_assert_int_eq (the_record (k)->state, MOISSON__JOB_STATE__STATE_NODE_FAIL);
    ck_assert (the_record (k)->requeued);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 0);
    assert_state (k, id, PENDING);
    node_up (k, "n1");
    ck_assert_uint_eq (pass (k), 1);
    exited (k, id, 1, 0); /* late news of the first attempt */
    ck_assert_uint_eq (core_stats (k->core).stale_news, 1);
    exited (k, id, 2, 0);
    ck_assert_uint_eq (the_record (k)->restarts, 1);
    ck_assert_uint_eq (the_record (k)->attempt, 2);
}
END_TEST

START_TEST (dead_means_over)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, false);

    node_down (k, "n1", true);
    assert_state (k, id, NODE_FAIL);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
    ck_assert_str_eq (the_record (k)->cause, "node n1 is down");
}
END_TEST

START_TEST (an_admins_down_is_a_confirmation_and_kills_what_can_still_be_reached)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, false);

    node_set (k, "n1", "DOWN");
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    assert_state (k, id, NODE_FAIL);
    assert_node (k, "n1", "down");
}
END_TEST

START_TEST (a_requeue_by_hand_waits_until_the_first_is_over)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = running (k, false);

    ck_assert_int_eq (requeue_try (k, id, false), 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    assert_state (k, id, COMPLETING);
    node_down (k, "n1", false); /* silent: it may still run */
    assert_state (k, id, COMPLETING);
    node_up (k, "n1");
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    ck_assert (the_record (k)->requeued);
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (requeued_with_a_hold_it_waits_for_its_release)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, false);

    ck_assert_int_eq (requeue_try (k, id, true), 0);
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "JobHeldUser");
    hold (k, id, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_cancel_outweighs_a_requeue)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = running (k, true);

    ck_assert_int_eq (requeue_try (k, id, false), 0);
    cancel (k, id, ALL_TASKS);
    ck_assert_int_eq (requeue_try (k, id, false), 0); /* too late */
    node_down (k, "n1", true);
    assert_state (k, id, CANCELLED);
}
END_TEST

START_TEST (a_dead_node_ends_the_whole_of_a_job_on_several)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 2);
    uint64_t id = submit (k, .nodes = 2, .ntasks = 2);

    pass (k);
    started (k, id, 1);
    node_down (k, "n2", true); /* not the one with the batch script */
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    assert_state (k, id, COMPLETING);
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_state (k, id, NODE_FAIL);
    ck_assert_str_eq (the_record (k)->cause, "node n2 is down");
}
END_TEST

START_TEST (states_of_a_node)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    uint64_t a, b;

    assert_node (k, "n1", "idle");
    a = submit (k, .name = "a");
    pass (k);
    assert_node (k, "n1", "mixed");
    b = submit (k, .name = "b");
    pass (k);
    assert_node (k, "n1", "allocated");
    node_set (k, "n1", "DRAIN");
    assert_node (k, "n1", "draining");
    exited (k, a, 1, 0);
    exited (k, b, 1, 0);
    assert_node (k, "n1", "drained");
    node_down (k, "n1", false);
    assert_node (k, "n1", "drained*");
    node_set (k, "n1", "RESUME");
    assert_node (k, "n1", "down*");
    node_up (k, "n1");
    assert_node (k, "n1", "idle");
    node_set (k, "n1", "DOWN");
    assert_node (k, "n1", "down");
}
END_TEST

START_TEST (a_node_that_leaves_stays_until_it_is_empty)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = running (k, false);
    struct kit_conf *c = kit_conf ("n2", 4);

    kit_configure (k, c);
    kit_conf_free (c);
    assert_node (k, "n1", "draining");
    submit (k, .cpus_per_task = 4);
    submit (k, .cpus_per_task = 4);
    ck_assert_uint_eq (pass (k), 1); /* on n2 only */
    exited (k, id, 1, 0);
    ck_assert_uint_eq (core_stats (k->core).nodes, 1);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (a_node_made_smaller_keeps_what_runs)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .cpus_per_task = 4);
    struct kit_conf *c;

    pass (k);
    c = kit_conf ("n1", 2);
    kit_configure (k, c);
    kit_conf_free (c);
    submit (k, .name = "next");
    ck_assert_uint_eq (pass (k), 0);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 1);
}
END_TEST

START_TEST (a_lost_attempt_runs_again_only_if_asked)
{
    for (int requeue = 0; requeue < 2; requeue++) {
        _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
        uint64_t id = running (k, requeue);
        ended (k, id, 1, MOISSON__END_KIND__END_NODE_REBOOT, 0, 0);
        ck_assert_int_eq (the_record (k)->requeued, requeue);
        ck_assert_int_eq (state_of (k, id),
                          requeue ? MOISSON__JOB_STATE__STATE_PENDING : MOISSON__JOB_STATE__STATE_NODE_FAIL);
    }
}
END_TEST

SUITE ("nodes", an_unreachable_node_is_not_a_dead_node, requeue_was_asked_so_it_runs_again, dead_means_over,
       an_admins_down_is_a_confirmation_and_kills_what_can_still_be_reached,
       a_requeue_by_hand_waits_until_the_first_is_over, requeued_with_a_hold_it_waits_for_its_release,
       a_cancel_outweighs_a_requeue, a_dead_node_ends_the_whole_of_a_job_on_several, states_of_a_node,
       a_node_that_leaves_stays_until_it_is_empty, a_node_made_smaller_keeps_what_runs,
       a_lost_attempt_runs_again_only_if_asked)
