/* A start that a node could not make: the job is placed again, always (law 3); a node or a job with which that happens
 * again and again is taken out. */
#include "core_kit.h"
#include "suite.h"

START_TEST (what_never_ran_is_placed_again_without_a_record)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    refused (k, id, 1, "no space left on device");
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_FORGET), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1);
    refused (k, id, 1, "told twice");
    ck_assert_uint_eq (core_stats (k->core).stale_news, 1);
    started (k, id, 2);
    exited (k, id, 2, 0);
    ck_assert_uint_eq (the_record (k)->attempt, 2);
    ck_assert_uint_eq (the_record (k)->restarts, 0);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (what_was_to_be_cancelled_ends_so)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    cancel (k, id, ALL_TASKS);
    refused (k, id, 1, "fork failed");
    assert_state (k, id, CANCELLED);
    ck_assert (the_record (k)->has_cancelled_by);
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

START_TEST (what_was_to_be_requeued_waits_as_asked)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    ck_assert_int_eq (requeue_try (k, id, true), 0);
    refused (k, id, 1, "fork failed");
    assert_reason (k, id, "JobHeldUser");
}
END_TEST

START_TEST (what_ran_and_is_then_refused_is_lost)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    started (k, id, 1);
    refused (k, id, 1, "never heard of it");
    assert_state (k, id, NODE_FAIL);
}
END_TEST

START_TEST (a_job_that_no_node_can_start_is_held)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    for (uint32_t attempt = 1; attempt <= 5; attempt++) {
        node_set (k, "n1", "RESUME");
        ck_assert_uint_eq (pass (k), 1);
        refused (k, id, attempt, "no space left on device");
    }
    node_set (k, "n1", "RESUME");
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "JobHeldAdmin");
    assert_cause (k, id, "held after 5 refused starts: no space left on device");
    hold (k, id, ALL_TASKS, false, true);
    assert_cause (k, id, "");
    ck_assert_uint_eq (pass (k), 1);
    refused (k, id, 6, "no space left on device"); /* counted anew */
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_node_that_can_start_nothing_is_drained)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    for (uint32_t attempt = 1; attempt <= 3; attempt++) {
        assert_node (k, "n1", "idle");
        ck_assert_uint_eq (pass (k), 1);
        refused (k, id, attempt, "too many open files");
    }
    assert_node (k, "n1", "drained");
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

START_TEST (a_user_whom_no_node_knows_drains_none)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    for (uint32_t attempt = 1; attempt <= 5; attempt++) {
        ck_assert_uint_eq (pass (k), 1);
        refused_for_user (k, id, attempt);
        assert_node (k, "n1", "idle");
    }
    assert_reason (k, id, "JobHeldAdmin");
    for (uint32_t uid = 2001; uid <= 2002; uid++) { /* but one that knows nobody is no good */
        assert_node (k, "n1", "idle");
        id = submit (k, .name = "x", .uid = uid);
        pass (k);
        refused_for_user (k, id, 1);
    }
    assert_node (k, "n1", "draining");
}
END_TEST

START_TEST (a_start_in_between_speaks_for_the_node)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t bad = submit (k, .name = "bad"), good = submit (k, .name = "good");
    uint32_t attempt = 1;

    pass (k);
    refused (k, bad, attempt++, "late order");
    pass (k);
    refused (k, bad, attempt++, "late order");
    started (k, good, 1);
    pass (k);
    refused (k, bad, attempt++, "late order");
    assert_node (k, "n1", "mixed");
}
END_TEST

START_TEST (what_was_on_its_way_together_counts_once)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t ids[4];

    for (int i = 0; i < 4; i++)
        ids[i] = submit (k, .name = "x");
    ck_assert_uint_eq (pass (k), 4);
    for (int i = 0; i < 4; i++)
        refused (k, ids[i], 1, "the launcher was restarted");
    assert_node (k, "n1", "idle");
    ck_assert_uint_eq (pass (k), 4);
}
END_TEST

SUITE ("refused", what_never_ran_is_placed_again_without_a_record, what_was_to_be_cancelled_ends_so,
       what_was_to_be_requeued_waits_as_asked, what_ran_and_is_then_refused_is_lost,
       a_job_that_no_node_can_start_is_held, a_node_that_can_start_nothing_is_drained,
       a_user_whom_no_node_knows_drains_none, a_start_in_between_speaks_for_the_node,
       what_was_on_its_way_together_counts_once)
