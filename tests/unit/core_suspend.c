/* What runs stands still, and goes on. */
#include "core_kit_life.h"
#include "suite.h"

static uint64_t running (struct kit *k)
{
    uint64_t id = submit (k, .time_s = 600);

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    return id;
}

static const struct fx *order (struct kit *k)
{
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_SUSPEND)
            return &k->fx.list[i];
    return NULL;
}

static usec_t end_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    return rows.row[0]->end_us;
}

START_TEST (it_keeps_what_it_has)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = running (k);

    suspend (k, id, ALL_TASKS, true);
    ck_assert (order (k) && order (k)->suspend);
    ck_assert_str_eq (order (k)->node, "n1");
    assert_state (k, id, SUSPENDED);
    submit (k, .name = "next");
    ck_assert_uint_eq (pass (k), 0);
    suspend (k, id, ALL_TASKS, true); /* again: nothing is sent */
    ck_assert_ptr_null (order (k));
    suspend (k, id, ALL_TASKS, false);
    ck_assert (order (k) && !order (k)->suspend);
    assert_state (k, id, RUNNING);
}
END_TEST

START_TEST (the_time_does_not_count)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = running (k);
    usec_t from = k->now;

    ck_assert_uint_eq (end_of (k, id), from + 600 * USEC_PER_SEC);
    clock_at (k, from + 100 * USEC_PER_SEC);
    suspend (k, id, ALL_TASKS, true);
    clock_at (k, from + 350 * USEC_PER_SEC);
    ck_assert_uint_eq (end_of (k, id), from + 850 * USEC_PER_SEC);
    suspend (k, id, ALL_TASKS, false);
    clock_at (k, from + 360 * USEC_PER_SEC);
    suspend (k, id, ALL_TASKS, true);
    clock_at (k, from + 370 * USEC_PER_SEC);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (the_record (k)->suspended_us, 260 * USEC_PER_SEC);
    ck_assert_uint_eq (the_record (k)->end_us, from + 370 * USEC_PER_SEC);
}
END_TEST

START_TEST (what_does_not_run_cannot)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = submit (k);

    suspend (k, id, ALL_TASKS, true);
    assert_state (k, id, PENDING);
    pass (k);
    suspend (k, id, ALL_TASKS, true); /* its node has not said that it runs */
    ck_assert_ptr_null (order (k));
    started (k, id, 1);
    assert_state (k, id, RUNNING);
    exited (k, id, 1, 0);
    suspend (k, id, ALL_TASKS, true);
    assert_state (k, id, COMPLETED);
}
END_TEST

START_TEST (a_cancel_lets_it_go_on_to_end)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = running (k);

    suspend (k, id, ALL_TASKS, true);
    cancel (k, id, ALL_TASKS);
    ck_assert_uint_eq (effects_count (&k->fx, FX_STOP), 1);
    assert_state (k, id, COMPLETING);
    suspend (k, id, ALL_TASKS, true); /* too late */
    ck_assert_ptr_null (order (k));
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_state (k, id, CANCELLED);
}
END_TEST

START_TEST (some_tasks_of_an_array)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t raw[4], id = submit (k, .array_first = 0, .array_last = 3);

    core_pass_begin (k->core, k->now);
    for (int i = 0; i < 4; i++)
        ck_assert (place (k, &raw[i]));
    for (int i = 0; i < 4; i++)
        started (k, raw[i], 1);
    suspend (k, id, 1, 2, true);
    assert_state (k, raw[0], RUNNING);
    assert_state (k, raw[1], SUSPENDED);
    assert_state (k, raw[2], SUSPENDED);
    suspend (k, raw[1], ALL_TASKS, false);
    assert_state (k, raw[1], RUNNING);
    suspend (k, id, ALL_TASKS, true);
    assert_state (k, raw[3], SUSPENDED);
}
END_TEST

START_TEST (a_second_attempt_starts_anew)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t id = running (k);

    suspend (k, id, ALL_TASKS, true);
    ck_assert_int_eq (requeue_try (k, id, false), 0);
    ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 2);
    assert_state (k, id, RUNNING);
    exited (k, id, 2, 0);
    ck_assert (!the_record (k)->has_suspended_us);
}
END_TEST

SUITE ("suspend", it_keeps_what_it_has, the_time_does_not_count, what_does_not_run_cannot,
       a_cancel_lets_it_go_on_to_end, some_tasks_of_an_array, a_second_attempt_starts_anew)
