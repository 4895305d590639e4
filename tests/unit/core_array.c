/* Arrays: one record with a range until a task starts or differs. */
#include "core_kit.h"
#include "suite.h"

START_TEST (an_array_is_one_row_until_its_tasks_start)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 1, .array_last = 10, .array_limit = 2), raw;
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    ck_assert_str_eq (rows.row[0]->tasks, "1-10%2");
    ck_assert_uint_eq (rows.row[0]->raw_id, id);
    ck_assert (!rows.row[0]->has_task);
    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    ck_assert_uint_eq (raw, id + 1); /* a task has a raw id of its own, from the counter of jobs */
    ck_assert_uint_eq (core_next_job_id (k->core), id + 2);
    rows_free (&rows);
    rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.n, 2);
    ck_assert_str_eq (rows.row[0]->tasks, "2-10%2");
    ck_assert_uint_eq (rows.row[1]->task, 1);
    ck_assert_uint_eq (rows.row[1]->raw_id, raw);
    ck_assert_uint_eq (rows.row[1]->array_id, id);
}
END_TEST

START_TEST (expanded_each_pending_task_is_a_row)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 3, .array_last = 9, .array_step = 3);
    _cleanup_rows_ struct rows rows = rows_of (k, id, true);

    ck_assert_uint_eq (rows.n, 3);
    ck_assert_uint_eq (rows.row[0]->task, 3);
    ck_assert_uint_eq (rows.row[2]->task, 9);
    ck_assert_ptr_null (rows.row[2]->tasks);
}
END_TEST

START_TEST (the_limit_keeps_the_rest_waiting)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 1, .array_last = 4, .array_limit = 2);
    _cleanup_rows_ struct rows rows = {.n = 0};

    ck_assert_uint_eq (pass (k), 2);
    rows = rows_of (k, id, false);
    ck_assert_str_eq (rows.row[0]->reason, "JobArrayTaskLimit");
    exited (k, id + 1, 1, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 0);
    ck_assert_uint_eq (pass (k), 1);
    exited (k, id + 2, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    exited (k, id + 3, 1, 0);
    exited (k, id + 4, 1, 7);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
}
END_TEST

START_TEST (the_whole_waits_for_its_worst_task)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 0, .array_last = 2);
    Moisson__WaitReply reply;

    pass (k);
    exited (k, id + 1, 1, 0);
    exited (k, id + 2, 1, 9);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 0);
    exited (k, id + 3, 1, 3);
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 1);
    ck_assert_int_eq (reply.state, MOISSON__JOB_STATE__STATE_FAILED);
    ck_assert_uint_eq (reply.exit_code, 9);
    ck_assert_int_eq (core_job_ended (k->core, 12345, &reply), -1);
}
END_TEST

START_TEST (the_cancelled_rest_is_one_record_with_ranges)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = submit (k, .array_first = 1, .array_last = 1000);

    pass (k);
    ck_assert_int_eq (cancel_try (k, id, ALL_TASKS, true), 0); /* what is pending */
    ck_assert_str_eq (the_record (k)->tasks, "2-1000");
    ck_assert_uint_eq (the_record (k)->raw_id, id);
    ck_assert_uint_eq (the_record (k)->attempt, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 0);
    started (k, id + 1, 1);
    exited (k, id + 1, 1, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
}
END_TEST

START_TEST (some_tasks_may_be_cancelled_and_the_others_go_on)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 2);
    uint64_t id = submit (k, .array_first = 1, .array_last = 6);
    _cleanup_rows_ struct rows rows = {.n = 0};

    pass (k); /* 1 and 2 */
    cancel (k, id, 2, 4);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    ck_assert_str_eq (the_record (k)->tasks, "3-4");
    rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.n, 4);
    ck_assert_str_eq (rows.row[0]->tasks, "5-6");
    ck_assert_str_eq (state_name (rows.row[1]->state), "PENDING");    /* 1, placed */
    ck_assert_str_eq (state_name (rows.row[2]->state), "COMPLETING"); /* 2 */
    ck_assert_str_eq (rows.row[3]->tasks, "3-4");
    rows_free (&rows);
    rows = rows_of (k, id + 1, false); /* the raw id of task 1 names it alone */
    ck_assert_uint_eq (rows.n, 1);
    ck_assert_uint_eq (rows.row[0]->task, 1);
}
END_TEST

START_TEST (a_task_can_be_cancelled_by_its_raw_id)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = submit (k, .array_first = 1, .array_last = 3);

    pass (k);
    cancel (k, id + 1, ALL_TASKS);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0);
    ck_assert_uint_eq (core_stats (k->core).pending, 2);
}
END_TEST

START_TEST (held_tasks_are_a_row_of_their_own_and_never_placed)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 1, .array_last = 4);
    _cleanup_rows_ struct rows rows = {.n = 0};

    hold (k, id, 2, 3, true, false);
    rows = rows_of (k, id, false);
    ck_assert_uint_eq (rows.n, 2);
    ck_assert_str_eq (rows.row[1]->tasks, "2-3");
    ck_assert_str_eq (rows.row[1]->reason, "JobHeldUser");
    ck_assert_uint_eq (rows.row[1]->priority, 0);
    ck_assert_uint_eq (pass (k), 2);
    hold (k, id, 3, 3, false, false);
    ck_assert_uint_eq (pass (k), 1);
    hold (k, id, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (only_an_admin_lifts_an_admins_hold)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    hold (k, id, ALL_TASKS, true, true);
    assert_reason (k, id, "JobHeldAdmin");
    hold (k, id, ALL_TASKS, true, false);
    hold (k, id, ALL_TASKS, false, false);
    assert_reason (k, id, "JobHeldAdmin");
    ck_assert_uint_eq (pass (k), 0);
    hold (k, id, ALL_TASKS, false, true);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (ended_tasks_leave_one_by_one_and_the_job_with_the_last)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .array_first = 1, .array_last = 2);

    pass (k);
    exited (k, id + 1, 1, 0);
    k->now += 100 * USEC_PER_SEC;
    exited (k, id + 2, 1, 0);
    clock_at (k, START_US + 300 * USEC_PER_SEC);
    ck_assert_uint_eq (core_stats (k->core).ended, 1);
    ck_assert_uint_eq (core_stats (k->core).jobs, 1);
    clock_at (k, START_US + 400 * USEC_PER_SEC);
    ck_assert_uint_eq (core_stats (k->core).jobs, 0);
}
END_TEST

SUITE ("array", an_array_is_one_row_until_its_tasks_start, expanded_each_pending_task_is_a_row,
       the_limit_keeps_the_rest_waiting, the_whole_waits_for_its_worst_task,
       the_cancelled_rest_is_one_record_with_ranges, some_tasks_may_be_cancelled_and_the_others_go_on,
       a_task_can_be_cancelled_by_its_raw_id, held_tasks_are_a_row_of_their_own_and_never_placed,
       only_an_admin_lifts_an_admins_hold, ended_tasks_leave_one_by_one_and_the_job_with_the_last)
