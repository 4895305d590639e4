/* core_preempt.c - jobs of a partition with a higher tier take the room of others: whose, how it ends, who gets it. */
#include "core_kit.h"
#include "suite.h"

#define SECOND USEC_PER_SEC
#define REQUEUE MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE
#define CANCEL MOISSON__PREEMPT_MODE__PREEMPT_CANCEL
#define OFF MOISSON__PREEMPT_MODE__PREEMPT_OFF
#define CANCELLED MOISSON__END_KIND__END_CANCELLED

/* low (tier 1), main (5), urgent (9) over the same nodes */
static struct kit *kit_tiered (const char *nodes, uint32_t cpus, Moisson__PreemptMode mode, uint64_t exempt_s,
                               uint32_t grace_s)
{
    struct kit_conf *c = kit_conf (nodes, cpus);
    Moisson__PartitionConf low = c->partition, urgent = c->partition, *list[] = {&c->partition, &low, &urgent};

    low.name = (char *) "low";
    urgent.name = (char *) "urgent";
    low.is_default = urgent.is_default = false;
    c->partition.has_priority = low.has_priority = urgent.has_priority = true;
    low.priority = 1;
    c->partition.priority = 5;
    urgent.priority = 9;
    low.has_grace_s = grace_s > 0;
    low.grace_s = grace_s;
    c->config.partitions = list;
    c->config.n_partitions = 3;
    c->config.has_preempt_type = c->config.has_preempt_mode = c->config.has_preempt_exempt_s = true;
    c->config.preempt_type = MOISSON__PREEMPT_TYPE__PREEMPT_PARTITION;
    c->config.preempt_mode = mode;
    c->config.preempt_exempt_s = exempt_s;
    return kit_with (c);
}

static uint64_t run_low (struct kit *k, uint32_t cpus, bool requeue)
{
    uint64_t id = submit (k, .partition = "low", .cpus_per_task = cpus, .mem = 10, .requeue = requeue);

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    return id;
}

/* The effect that stops this attempt, of the last event; NULL = it is not stopped. */
static const struct fx *stop_of (struct kit *k, uint64_t id)
{
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_STOP && k->fx.list[i].raw_id == id)
            return &k->fx.list[i];
    return NULL;
}

static void gone (struct kit *k, uint64_t id, uint32_t attempt)
{
    ended (k, id, attempt, CANCELLED, 0, 15);
}

START_TEST (the_room_goes_to_whom_it_was_made_for_and_to_nobody_else)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, CANCEL, 0, 0);
    uint64_t a = run_low (k, 2, false), b = run_low (k, 2, false), urgent, other, sly;

    urgent = submit (k, .partition = "urgent", .cpus_per_task = 4, .mem = 10);
    other = submit (k, .partition = "low", .cpus_per_task = 1, .mem = 10);
    ck_assert_uint_eq (pass (k), 0);
    assert_state (k, a, COMPLETING);
    assert_state (k, b, COMPLETING);
    ck_assert_uint_eq (pass (k), 0); /* nobody else is asked to go */
    gone (k, a, 1);
    ck_assert_str_eq (the_record (k)->cause, "preempted: its place was needed for job 3");
    ck_assert_str_eq (state_name (the_record (k)->state), "PREEMPTED");
    sly = submit (k, .partition = "main", .cpus_per_task = 1, .mem = 10);
    ck_assert_uint_eq (pass (k), 0); /* two cpus are idle, and kept */
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 0);
    kit_reload (k);
    node_up (k, "n1");
    gone (k, b, 1);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, urgent, "Starting");
    started (k, urgent, 1);
    exited (k, urgent, 1, 0);
    ck_assert_uint_eq (pass (k), 2);
    assert_state (k, a, PREEMPTED);
    started (k, sly, 1);
    started (k, other, 1);
}
END_TEST

START_TEST (the_cheapest_go_and_no_more_than_it_takes)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n[1-2]", 4, CANCEL, 0, 0);
    uint64_t old = run_low (k, 1, false), large, young, younger, urgent;

    k->now += 1000 * SECOND;
    large = run_low (k, 3, false); /* n1 is full: lost are 1000 s of one cpu, and what comes of these */
    k->now += 10 * SECOND;
    young = run_low (k, 2, false);
    k->now += 10 * SECOND;
    younger = run_low (k, 2, false);
    k->now += 10 * SECOND;
    urgent = submit (k, .partition = "urgent", .cpus_per_task = 1, .mem = 10);
    pass (k);
    assert_state (k, younger, COMPLETING); /* 20 core-seconds; young 40, large 90, old 1030 */
    assert_state (k, young, RUNNING);
    assert_state (k, large, RUNNING);
    assert_state (k, old, RUNNING);
    gone (k, younger, 1);
    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, urgent, "n2");
    urgent = submit (k, .partition = "urgent", .cpus_per_task = 3, .mem = 10);
    pass (k); /* one cpu of n2 is free: young makes three; of n1 it would be large */
    assert_state (k, young, COMPLETING);
    assert_state (k, large, RUNNING);
    gone (k, young, 1);
    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, urgent, "n2");
}
END_TEST

START_TEST (only_lower_tiers_and_only_where_the_mode_allows_it)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, CANCEL, 0, 0), *off = kit_tiered ("n1", 4, OFF, 0, 0);
    uint64_t equal = submit (k, .partition = "urgent", .cpus_per_task = 4), main_job, low;

    ck_assert_uint_eq (pass (k), 1);
    started (k, equal, 1);
    submit (k, .partition = "urgent", .cpus_per_task = 1);
    main_job = submit (k, .cpus_per_task = 1);
    pass (k);
    assert_state (k, equal, RUNNING);
    assert_state (k, main_job, PENDING);
    low = run_low (off, 4, false);
    submit (off, .partition = "urgent", .cpus_per_task = 1);
    pass (off);
    assert_state (off, low, RUNNING);
}
END_TEST

START_TEST (who_asked_to_run_again_does)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, REQUEUE, 0, 0);
    uint64_t again = run_low (k, 2, true), not = run_low (k, 2, false), urgent;

    urgent = submit (k, .partition = "urgent", .cpus_per_task = 4, .mem = 10);
    pass (k);
    gone (k, again, 1);
    ck_assert (the_record (k)->requeued);
    ck_assert_str_eq (state_name (the_record (k)->state), "PREEMPTED");
    assert_state (k, again, PENDING);
    gone (k, not, 1);
    assert_state (k, not, PREEMPTED);
    ck_assert_uint_eq (pass (k), 1);
    started (k, urgent, 1);
    exited (k, urgent, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    started (k, again, 2);
    exited (k, again, 2, 0);
    assert_state (k, again, COMPLETED);
}
END_TEST

START_TEST (who_has_just_begun_is_spared_and_grace_is_told)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, CANCEL, 600, 45);
    uint64_t id = run_low (k, 4, false);
    Moisson__Event *event;

    submit (k, .partition = "urgent", .cpus_per_task = 1, .mem = 10);
    k->now += 599 * SECOND;
    pass (k);
    assert_state (k, id, RUNNING);
    k->now += 1 * SECOND;
    core_pass_begin (k->core, k->now);
    ck_assert_int_eq (core_next_placement (k->core, k->now, &event), 0);
    ck_assert_int_eq (event->what_case, MOISSON__EVENT__WHAT_PREEMPTED);
    ck_assert_uint_eq (event->preempted->n_victims, 1);
    kit_apply (k, event);
    moisson__event__free_unpacked (event, NULL);
    ck_assert_ptr_nonnull (stop_of (k, id));
    ck_assert_uint_eq (stop_of (k, id)->grace_s, 45);
    ck_assert_str_eq (stop_of (k, id)->note, "DUE TO PREEMPTION");
    ck_assert_int_eq (stop_of (k, id)->how, MOISSON__STOP_HOW__STOP_CANCEL);
    exited (k, id, 1, 0); /* it had ended by itself before it heard of it */
    assert_state (k, id, COMPLETED);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (many_urgent_jobs_each_get_room_in_one_pass)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n[1-2]", 4, CANCEL, 0, 0);
    uint64_t low[8], array;

    for (int i = 0; i < 8; i++)
        low[i] = run_low (k, 1, false);
    array = submit (k, .partition = "urgent", .array_first = 1, .array_last = 3, .mem = 10);
    submit (k, .partition = "urgent", .mem = 10);
    submit (k, .partition = "urgent", .mem = 10);
    pass (k);
    int stopping = 0;
    for (int i = 0; i < 8; i++)
        stopping += state_of (k, low[i]) == MOISSON__JOB_STATE__STATE_COMPLETING;
    ck_assert_int_eq (stopping, 5);
    cancel (k, array, 1, 1); /* one less: its room is nobody's any more */
    for (int i = 0; i < 8; i++)
        if (state_of (k, low[i]) == MOISSON__JOB_STATE__STATE_COMPLETING)
            gone (k, low[i], 1);
    ck_assert_uint_eq (pass (k), 4);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus + node_of (k, "n2").free_cpus, 1);
}
END_TEST

START_TEST (several_nodes_are_emptied_together)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n[1-3]", 2, CANCEL, 0, 0);
    uint64_t low[6], wide;
    int stopping = 0;

    for (int i = 0; i < 6; i++) {
        low[i] = run_low (k, 1, false);
        k->now += 10 * SECOND;
    }
    wide =
        submit (k, .partition = "urgent", .nodes = 2, .ntasks = 2, .ntasks_per_node = 1, .cpus_per_task = 2, .mem = 10);
    pass (k);
    for (int i = 0; i < 6; i++)
        stopping += state_of (k, low[i]) == MOISSON__JOB_STATE__STATE_COMPLETING;
    ck_assert_int_eq (stopping, 4);
    for (int i = 0; i < 6; i++)
        if (state_of (k, low[i]) == MOISSON__JOB_STATE__STATE_COMPLETING)
            gone (k, low[i], 1);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, wide, "Starting");
    assert_state (k, low[0], RUNNING); /* the oldest */
}
END_TEST

START_TEST (what_does_not_do_is_given_up)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n[1-2]", 4, CANCEL, 0, 0);
    uint64_t a = run_low (k, 4, false), b = run_low (k, 4, false), urgent;

    urgent = submit (k, .partition = "urgent", .cpus_per_task = 4, .mem = 10);
    pass (k);
    uint64_t victim = state_of (k, a) == MOISSON__JOB_STATE__STATE_COMPLETING ? a : b;
    node_set (k, victim == a ? "n1" : "n2", "DRAIN"); /* meanwhile */
    gone (k, victim, 1);
    pass (k); /* given up, and the other one is asked to go */
    assert_state (k, urgent, PENDING);
    assert_state (k, victim == a ? b : a, COMPLETING);
    gone (k, victim == a ? b : a, 1);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (an_urgent_job_that_goes_leaves_its_room)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, CANCEL, 0, 0);
    uint64_t low = run_low (k, 4, false), urgent = submit (k, .partition = "urgent", .mem = 10), next;

    pass (k);
    hold (k, urgent, ALL_TASKS, true, false);
    gone (k, low, 1);
    next = submit (k, .partition = "low", .cpus_per_task = 4, .mem = 10);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, next, "Starting");
    cancel (k, next, ALL_TASKS);
    gone (k, next, 1);
    hold (k, urgent, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (room_is_kept_for_so_long_and_no_longer)
{
    _cleanup_kit_ struct kit *k = kit_tiered ("n1", 4, CANCEL, 0, 0);
    uint64_t low = run_low (k, 4, false), urgent = submit (k, .partition = "urgent", .mem = 10);

    pass (k);
    clock_at (k, core_next_deadline (k->core)); /* it does not end */
    ck_assert_uint_eq (pass (k), 0);
    assert_state (k, low, COMPLETING);
    node_down (k, "n1", true);
    node_up_as (k, "n1", "boot-2");
    assert_state (k, low, NODE_FAIL);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, urgent, "Starting");
}
END_TEST

SUITE ("preempt", the_room_goes_to_whom_it_was_made_for_and_to_nobody_else, the_cheapest_go_and_no_more_than_it_takes,
       only_lower_tiers_and_only_where_the_mode_allows_it, who_asked_to_run_again_does,
       who_has_just_begun_is_spared_and_grace_is_told, many_urgent_jobs_each_get_room_in_one_pass,
       several_nodes_are_emptied_together, what_does_not_do_is_given_up, an_urgent_job_that_goes_leaves_its_room,
       room_is_kept_for_so_long_and_no_longer)
