/* --deadline: what can no longer end in time does not start. */
#include "core_kit.h"
#include "suite.h"

#define IN(seconds) (START_US + (seconds) *USEC_PER_SEC)

static bool refused_for (struct err *err, const char *words)
{
    bool ret = err->why && strstr (err->why, words);

    err_clear (err);
    return ret;
}

START_TEST (what_cannot_be_met_is_refused)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    struct err err = ERR_INIT;

    ck_assert_int_eq (admit (k, &err, .deadline = IN (100), .time_s = 100), 0);
    ck_assert_int_eq (admit (k, &err, .deadline = IN (100), .time_s = 101), -1);
    ck_assert (refused_for (&err, "cannot be met"));
    ck_assert_int_eq (admit (k, &err, .deadline = IN (100), .time_s = 600, .time_min_s = 60), 0);
    ck_assert_int_eq (admit (k, &err, .deadline = IN (100), .time_s = 60, .begin = IN (50)), -1);
    ck_assert (refused_for (&err, "cannot be met"));
    ck_assert_int_eq (admit (k, &err, .deadline = IN (0), .time_s = 1), -1);
    ck_assert (refused_for (&err, "in the past"));
}
END_TEST

START_TEST (what_waits_too_long_ends)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t first = submit (k, .name = "first"), id = submit (k, .deadline = IN (100), .time_s = 60);

    ck_assert_uint_eq (pass (k), 1);
    started (k, first, 1);
    ck_assert_uint_eq (core_next_deadline (k->core), IN (40) + 1);
    clock_at (k, IN (40));
    assert_state (k, id, PENDING);
    clock_at (k, IN (40) + 1);
    assert_state (k, id, DEADLINE);
    ck_assert_uint_eq (the_record (k)->attempt, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_JOB_ENDED), 1);
    assert_reason (k, id, "DeadLine");
    assert_cause (k, id, "it could no longer end before its deadline");
}
END_TEST

START_TEST (what_runs_goes_on)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t raw, id = submit (k, .array_first = 0, .array_last = 4, .deadline = IN (100), .time_s = 60);

    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    started (k, raw, 1);
    clock_at (k, IN (41));
    assert_state (k, raw, RUNNING);
    ck_assert_uint_eq (the_record (k)->state, MOISSON__JOB_STATE__STATE_DEADLINE);
    ck_assert_str_eq (the_record (k)->tasks, "1-4");
    exited (k, raw, 1, 0);
    Moisson__WaitReply reply;
    ck_assert_int_eq (core_job_ended (k->core, id, &reply), 1);
    ck_assert_int_eq (reply.state, MOISSON__JOB_STATE__STATE_FAILED);
}
END_TEST

START_TEST (held_or_dependent_it_ends_too)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t other = submit (k, .hold = true), held = submit (k, .deadline = IN (100), .hold = true);
    uint64_t after = submit (k, .deadline = IN (50), .depend = MOISSON__DEPEND_TYPE__DEP_AFTERANY, .on = other);

    clock_at (k, IN (51));
    assert_state (k, after, DEADLINE);
    assert_state (k, held, PENDING);
    clock_at (k, IN (101));
    assert_state (k, held, DEADLINE);
    assert_state (k, other, PENDING);
}
END_TEST

START_TEST (a_later_deadline_saves_it)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .deadline = IN (100), .hold = true);
    Moisson__JobUpdated u = MOISSON__JOB_UPDATED__INIT;
    Moisson__JobSpec changes = MOISSON__JOB_SPEC__INIT;
    struct err err = ERR_INIT;

    u.changes = &changes;
    changes.has_deadline_us = true;
    changes.deadline_us = IN (300);
    ck_assert_int_eq (kit_update (k, id, &u, false, &err), 0);
    clock_at (k, IN (200));
    assert_state (k, id, PENDING);
    changes.deadline_us = IN (150);
    ck_assert_int_eq (kit_update (k, id, &u, false, &err), -1);
    ck_assert (refused_for (&err, "in the past"));
    clock_at (k, IN (301));
    assert_state (k, id, DEADLINE);
}
END_TEST

SUITE ("deadline", what_cannot_be_met_is_refused, what_waits_too_long_ends, what_runs_goes_on,
       held_or_dependent_it_ends_too, a_later_deadline_saves_it)
