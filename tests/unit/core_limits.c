/* Limits: what waits for them, and in which words. */
#include "accounts_kit.h"
#include "suite.h"

static void waits (struct kit *k, uint64_t id, const char *reason, const char *text)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    for (size_t i = 0; i < rows.n; i++)
        if (rows.row[i]->state == MOISSON__JOB_STATE__STATE_PENDING) {
            ck_assert_str_eq (rows.row[i]->reason, reason);
            ck_assert_ptr_nonnull (strstr (rows.row[i]->reason_text, text));
            return;
        }
    ck_abort_msg ("job %lu does not wait", (unsigned long) id);
}

START_TEST (a_user_has_so_many_jobs_in_a_qos)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t id = submit (k, .user = "lea", .qos = "short", .array_first = 1, .array_last = 4);

    ck_assert_uint_eq (pass (k), 2);
    waits (k, id, "QOSMaxJobsPerUserLimit", "user lea has 2 jobs running, QoS short allows 2");
    started (k, id + 1, 1);
    exited (k, id + 1, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_lane_that_waits_keeps_nobody_else)
{
    _cleanup_kit_ struct kit *k = house ();

    submit (k, .user = "max", .account = "chem", .array_first = 1, .array_last = 3);
    submit (k, .user = "eve", .account = "guests");
    ck_assert_uint_eq (pass (k), 2);
    waits (k, 1, "AssocMaxJobsLimit", "has 1 job running, the association of max in account chem allows 1");
}
END_TEST

START_TEST (an_account_has_so_many_cpus_with_all_below_it)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t first = submit (k, .user = "lea", .account = "bio", .cpus_per_task = 4);
    uint64_t large = submit (k, .user = "lea", .account = "chem", .cpus_per_task = 3);
    uint64_t small = submit (k, .user = "lea", .account = "chem", .cpus_per_task = 2);

    ck_assert_uint_eq (pass (k), 2);
    assert_state (k, first, PENDING);
    waits (k, large, "AssocGrpCpuLimit", "account science has");
    assert_reason (k, small, "Starting");
}
END_TEST

START_TEST (a_budget_that_is_used_up_holds_its_account_back)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t first = submit (k, .user = "eve", .cpus_per_task = 2);
    uint64_t second;

    run (k, first, 300); /* of 600 cpu-seconds */
    ck_assert_double_eq (used_cpu (k, "guests", "eve"), 600);
    second = submit (k, .user = "eve");
    ck_assert_uint_eq (pass (k), 0);
    waits (k, second, "AssocGrpCPUMinutesLimit", "account guests has used 10 cpu-minutes, account guests allows 10");
}
END_TEST

START_TEST (what_runs_is_counted_while_it_runs)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t first = submit (k, .user = "eve", .cpus_per_task = 2);

    pass (k);
    started (k, first, 1);
    k->now += 200 * USEC_PER_SEC;
    ck_assert_double_eq (used_cpu (k, "guests", ""), 400);
    submit (k, .user = "eve");
    ck_assert_uint_eq (pass (k), 1);
    k->now += 100 * USEC_PER_SEC;
    submit (k, .user = "eve");
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

START_TEST (a_safe_budget_is_kept_for_what_has_begun)
{
    _cleanup_kit_ struct kit *k = house_with (ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS | ENFORCE_SAFE, 0);
    uint64_t first = submit (k, .user = "eve", .cpus_per_task = 2, .time_s = 240);
    uint64_t second = submit (k, .user = "eve", .time_s = 180);
    uint64_t third = submit (k, .user = "eve", .time_s = 120);

    ck_assert_uint_eq (pass (k), 2); /* 480 are spoken for, 120 are left */
    started (k, first, 1);
    ck_assert_uint_eq (pass (k), 0);
    waits (k, second, "AssocGrpCPUMinutesLimit", "allows 10");
    assert_reason (k, third, "Starting");
}
END_TEST

SUITE ("limits", a_user_has_so_many_jobs_in_a_qos, a_lane_that_waits_keeps_nobody_else,
       an_account_has_so_many_cpus_with_all_below_it, a_budget_that_is_used_up_holds_its_account_back,
       what_runs_is_counted_while_it_runs, a_safe_budget_is_kept_for_what_has_begun)
