/* core_retry.c - attempts that follow by themselves: after which ends, how often, and with how much more. */
#include "core_kit.h"
#include "suite.h"

#define OOM MOISSON__END_KIND__END_OOM
#define TIME_LIMIT MOISSON__END_KIND__END_TIME_LIMIT

static void run (struct kit *k, uint64_t raw, uint32_t attempt)
{
    ck_assert_uint_eq (pass (k), 1);
    started (k, raw, attempt);
}

static uint64_t mem_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    return rows.row[0]->mem_mb;
}

static void assert_last_end (struct kit *k, uint64_t id, const char *words)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    ck_assert_str_eq (rows.row[0]->last_end ? rows.row[0]->last_end : "", words);
}

static void assert_record (struct kit *k, uint32_t attempt, const char *state, bool requeued, const char *cause)
{
    const Moisson__AcctRecord *r = the_record (k);

    ck_assert_uint_eq (r->attempt, attempt);
    ck_assert_str_eq (state_name (r->state), state);
    ck_assert_int_eq (r->requeued, requeued);
    ck_assert_str_eq (r->cause ? r->cause : "", cause);
}

START_TEST (out_of_memory_gets_more_until_the_bound)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .mem = 1000, .retry = "oom:5,mem*2@3000");

    run (k, id, 1);
    ended (k, id, 1, OOM, 0, 125);
    assert_record (k, 1, "OUT_OF_MEMORY", true, "out of memory; tried again with 2000M on each node (oom: 1 of 5)");
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (mem_of (k, id), 2000);
    assert_last_end (k, id, "out of memory; tried again with 2000M on each node (oom: 1 of 5)");
    kit_reload (k);
    node_up (k, "n1");
    ck_assert_uint_eq (mem_of (k, id), 2000);
    run (k, id, 2);
    ck_assert_uint_eq (mem_of (k, id), 2000);
    ended (k, id, 2, OOM, 0, 125);
    ck_assert_uint_eq (mem_of (k, id), 3000);
    run (k, id, 3);
    ended (k, id, 3, OOM, 0, 125);
    assert_record (k, 3, "OUT_OF_MEMORY", false, "out of memory; not tried again: it had as much as it may get");
    assert_state (k, id, OUT_OF_MEMORY);
}
END_TEST

START_TEST (what_no_node_has_is_not_waited_for)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .mem = 3000, .retry = "oom:5,mem*2");

    run (k, id, 1);
    ended (k, id, 1, OOM, 0, 125);
    assert_record (k, 1, "OUT_OF_MEMORY", false,
                   "out of memory; not tried again: no node of partition main gives 6000M (bound it: mem*F@MOST)");
}
END_TEST

START_TEST (memory_is_raised_in_the_words_it_was_asked_in)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t per_cpu = submit (k, .cpus_per_task = 2, .mem_per_cpu = 500, .retry = "oom,mem*1.5");
    uint64_t nothing = submit (k, .cpus_per_task = 2, .retry = "oom,mem*1.5");

    ck_assert_uint_eq (pass (k), 2);
    started (k, per_cpu, 1);
    started (k, nothing, 1);
    ended (k, per_cpu, 1, OOM, 0, 125);
    ck_assert_str_eq (the_record (k)->cause, "out of memory; tried again with 750M for each CPU (oom: 1 of 1)");
    ck_assert_uint_eq (mem_of (k, per_cpu), 1500);
    ended (k, nothing, 1, OOM, 0, 125); /* it had 2 CPUs' share: 2000 MB */
    ck_assert_str_eq (the_record (k)->cause, "out of memory; tried again with 3000M on each node (oom: 1 of 1)");
    ck_assert_uint_eq (pass (k), 1); /* 1500 and 3000 of 4000 MB */
}
END_TEST

START_TEST (tasks_of_an_array_get_more_one_by_one)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id =
        submit (k, .array_first = 0, .array_last = 5, .array_limit = 3, .mem = 1000, .retry = "oom:2,mem*2;exit=9:2");
    _cleanup_rows_ struct rows rows = {0};

    ck_assert_uint_eq (pass (k), 3);
    for (uint64_t raw = id + 1; raw <= id + 3; raw++)
        started (k, raw, 1);
    ended (k, id + 1, 1, OOM, 0, 125);
    exited (k, id + 2, 1, 9);
    exited (k, id + 3, 1, 3);
    rows = rows_of (k, id, true);
    ck_assert_uint_eq (rows.n, 6);
    for (size_t i = 0; i < rows.n; i++)
        ck_assert_uint_eq (rows.row[i]->mem_mb, rows.row[i]->has_task && rows.row[i]->task == 0 ? 2000 : 1000);
    kit_reload (k);
    node_up (k, "n1");
    node_up (k, "n2");
    hold (k, id, 0, 0, true, false); /* the one in the branch */
    ck_assert_uint_eq (pass (k), 3);
    assert_state (k, id + 2, PENDING); /* not told yet that it runs */
    hold (k, id, 0, 0, false, false);
    ck_assert_uint_eq (pass (k), 0); /* %3 */
    exited (k, id + 2, 2, 0);
    ck_assert_uint_eq (pass (k), 1);
    started (k, id + 1, 2);
    ck_assert_uint_eq (mem_of (k, id + 1), 2000);
    ended (k, id + 1, 2, OOM, 0, 125);
    ck_assert_uint_eq (mem_of (k, id + 1), 4000);
    cancel (k, id, ALL_TASKS);
    clock_at (k, k->now + 3600 * USEC_PER_SEC);
}
END_TEST

START_TEST (time_is_raised_up_to_what_the_partition_gives)
{
    struct kit_conf *c = kit_conf ("n1", 4);

    c->partition.has_max_time_s = true;
    c->partition.max_time_s = 200 * 60;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .time_s = 90 * 60, .retry = "timeout:9,time*2");

    run (k, id, 1);
    ended (k, id, 1, TIME_LIMIT, 0, 0);
    ck_assert_str_eq (the_record (k)->cause, "time limit reached; tried again with 03:00:00 (timeout: 1 of 9)");
    run (k, id, 2);
    ended (k, id, 2, TIME_LIMIT, 0, 0);
    ck_assert_str_eq (the_record (k)->cause, "time limit reached; tried again with 03:20:00 (timeout: 2 of 9)");
    run (k, id, 3);
    ended (k, id, 3, TIME_LIMIT, 0, 0);
    assert_state (k, id, TIMEOUT);
}
END_TEST

START_TEST (each_cause_is_counted_by_itself)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .retry = "exit=3;signal=BUS:1;any:2;max:3");

    run (k, id, 1);
    exited (k, id, 1, 3);
    assert_record (k, 1, "FAILED", true, "exit code 3; tried again (exit: 1 of 1)");
    run (k, id, 2);
    ended (k, id, 2, MOISSON__END_KIND__END_EXITED, 0, 7);
    assert_record (k, 2, "FAILED", true, "signal BUS; tried again (signal: 1 of 1)");
    run (k, id, 3);
    exited (k, id, 3, 3); /* its rule is spent: the next one that applies */
    assert_record (k, 3, "FAILED", true, "exit code 3; tried again (any: 1 of 2)");
    run (k, id, 4);
    exited (k, id, 4, 5);
    assert_record (k, 4, "FAILED", false, "exit code 5; not tried again: 3 restarts were made (--retry=max:3)");
}
END_TEST

START_TEST (what_went_well_or_was_cancelled_is_over)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t well = submit (k, .retry = "any:9"), cancelled = submit (k, .retry = "any:9");

    ck_assert_uint_eq (pass (k), 2);
    started (k, well, 1);
    exited (k, well, 1, 0);
    assert_state (k, well, COMPLETED);
    started (k, cancelled, 1);
    cancel (k, cancelled, ALL_TASKS);
    exited (k, cancelled, 1, 1);
    assert_state (k, cancelled, CANCELLED);
}
END_TEST

START_TEST (a_rule_that_is_spent_says_so)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .retry = "exit");

    run (k, id, 1);
    exited (k, id, 1, 1);
    run (k, id, 2);
    exited (k, id, 2, 1);
    assert_record (k, 2, "FAILED", false, "exit code 1; not tried again: exit was, 1 of 1 times");
}
END_TEST

START_TEST (a_lost_node_is_a_cause_and_gives_nothing_more)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t asked = submit (k, .mem = 1000, .retry = "any:2,mem*2"), not = submit (k, .mem = 1000, .retry = "oom:2");

    ck_assert_uint_eq (pass (k), 2);
    started (k, asked, 1);
    started (k, not, 1);
    node_down (k, "n1", false); /* not known to be dead: only who asked runs again */
    assert_record (k, 1, "NODE_FAIL", true, "node n1 does not respond; tried again (any: 1 of 2)");
    assert_state (k, not, RUNNING);
    ck_assert_uint_eq (mem_of (k, asked), 1000);
    run (k, asked, 2);
    assert_nodes (k, asked, "n2");
}
END_TEST

START_TEST (an_unreachable_node_keeps_what_may_not_run_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .retry = "exit:3;node:3;max:1");

    run (k, id, 1);
    exited (k, id, 1, 1);
    run (k, id, 2);
    node_down (k, "n1", false);
    assert_state (k, id, RUNNING); /* its restarts are used up: it is not ended for that */
    node_up (k, "n1");
    exited (k, id, 2, 0);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (the_site_bounds_restarts_and_holds)
{
    struct kit_conf *c = kit_conf ("n[1-9]", 4);

    c->config.has_max_restarts = true;
    c->config.max_restarts = 2;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .requeue = true, .retry = "exit:9");

    run (k, id, 1);
    node_down (k, "n1", true);
    run (k, id, 2);
    exited (k, id, 2, 1);
    run (k, id, 3);
    exited (k, id, 3, 1);
    assert_reason (k, id, "JobHeldAdmin");
    assert_last_end (k, id, "exit code 1; held: 2 restarts were made (MaxBatchRequeue); tried again (exit: 2 of 9)");
    kit_reload (k);
    assert_reason (k, id, "JobHeldAdmin");
}
END_TEST

START_TEST (exit_codes_of_the_site)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    Moisson__Range again = MOISSON__RANGE__INIT, held = MOISSON__RANGE__INIT, *agains[] = {&again}, *helds[] = {&held};

    again.first = 5;
    again.last = 7;
    held.first = held.last = 9;
    c->config.requeue_exit = agains;
    c->config.requeue_exit_hold = helds;
    c->config.n_requeue_exit = c->config.n_requeue_exit_hold = 1;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .name = "a"), not = submit (k, .no_requeue = true);

    ck_assert_uint_eq (pass (k), 2);
    started (k, id, 1);
    started (k, not, 1);
    exited (k, not, 1, 6);
    assert_state (k, not, FAILED);
    exited (k, id, 1, 6);
    assert_record (k, 1, "FAILED", true, "exit code 6; tried again (RequeueExit)");
    run (k, id, 2);
    exited (k, id, 2, 9);
    assert_reason (k, id, "JobHeldUser");
    hold (k, id, ALL_TASKS, false, false);
    run (k, id, 3);
    exited (k, id, 3, 8);
    assert_state (k, id, FAILED);
}
END_TEST

START_TEST (an_update_counts_beside_what_a_retry_gave)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .mem = 1000, .retry = "oom:3,mem*2");
    Moisson__JobUpdated u = MOISSON__JOB_UPDATED__INIT;
    Moisson__JobSpec changes = MOISSON__JOB_SPEC__INIT;

    run (k, id, 1);
    ended (k, id, 1, OOM, 0, 125);
    ck_assert_uint_eq (mem_of (k, id), 2000);
    u.changes = &changes;
    changes.has_mem_per_node_mb = true;
    changes.mem_per_node_mb = 1500; /* less than it has now */
    ck_assert_int_eq (kit_update (k, id, &u, false, NULL), 0);
    ck_assert_uint_eq (mem_of (k, id), 2000);
    changes.mem_per_node_mb = 3500;
    ck_assert_int_eq (kit_update (k, id, &u, false, NULL), 0);
    ck_assert_uint_eq (mem_of (k, id), 3500);
    run (k, id, 2);
    requeue_try (k, id, false); /* by hand: it keeps what it has */
    ended (k, id, 2, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    ck_assert_uint_eq (mem_of (k, id), 3500);
    run (k, id, 3);
    ended (k, id, 3, OOM, 0, 125);
    ck_assert_str_eq (the_record (k)->cause,
                      "out of memory; not tried again: no node of partition main gives 7000M (bound it: mem*F@MOST)");
}
END_TEST

START_TEST (a_placement_may_have_a_shorter_limit)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = 7200, .time_min_s = 600);
    Moisson__Event *event;

    core_pass_begin (k->core, k->now);
    ck_assert_int_eq (core_next_placement (k->core, k->now, &event), 0);
    event->placed->has_time_limit_s = true;
    event->placed->time_limit_s = 900;
    kit_apply (k, event);
    moisson__event__free_unpacked (event, NULL);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.row[0]->time_limit_s, 900);
    kit_reload (k);
    unplaced (k, id, 1);
    rows_free (&rows);
    rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.row[0]->time_limit_s, 7200);
}
END_TEST

SUITE ("retry", out_of_memory_gets_more_until_the_bound, what_no_node_has_is_not_waited_for,
       memory_is_raised_in_the_words_it_was_asked_in, tasks_of_an_array_get_more_one_by_one,
       time_is_raised_up_to_what_the_partition_gives, each_cause_is_counted_by_itself,
       what_went_well_or_was_cancelled_is_over, a_rule_that_is_spent_says_so,
       a_lost_node_is_a_cause_and_gives_nothing_more, an_unreachable_node_keeps_what_may_not_run_again,
       the_site_bounds_restarts_and_holds, exit_codes_of_the_site, an_update_counts_beside_what_a_retry_gave,
       a_placement_may_have_a_shorter_limit)
