/* core_start_rate.c - how fast jobs start: StartRate and StartRatePerUser. */
#include "core_kit.h"
#include "suite.h"

#define BOB 1001
#define MS 1000u

static struct kit *kit_rated (uint32_t rate, uint32_t user_rate)
{
    struct kit_conf *c = kit_conf ("n[1-4]", 64);

    c->partition.has_start_rate = c->partition.has_start_rate_us = true;
    c->partition.start_rate = rate;
    c->partition.start_rate_us = USEC_PER_SEC;
    c->partition.has_user_start_rate = c->partition.has_user_start_rate_us = true;
    c->partition.user_start_rate = user_rate;
    c->partition.user_start_rate_us = USEC_PER_SEC;
    return kit_with (c);
}

START_TEST (a_burst_comes_in_portions)
{
    _cleanup_kit_ struct kit *k = kit_rated (10, 0);

    submit (k, .array_first = 0, .array_last = 99);
    ck_assert_uint_eq (pass (k), 10);
    ck_assert_uint_eq (pass (k), 0);
    ck_assert_uint_eq (core_pass_wake (k->core), k->now + 100 * MS);
    k->now += 99 * MS;
    ck_assert_uint_eq (pass (k), 0);
    k->now += 1 * MS;
    ck_assert_uint_eq (pass (k), 1);
    k->now += 450 * MS;
    ck_assert_uint_eq (pass (k), 4);
    k->now += 3600 * USEC_PER_SEC; /* no more than ten are saved up */
    ck_assert_uint_eq (pass (k), 10);
}
END_TEST

START_TEST (one_user_does_not_hold_back_another)
{
    _cleanup_kit_ struct kit *k = kit_rated (0, 2);
    uint64_t alice = submit (k, .array_first = 0, .array_last = 9), other = submit (k, .cpus_per_task = 2);
    uint64_t bob = submit (k, .uid = BOB);

    ck_assert_uint_eq (pass (k), 3);
    assert_state (k, bob, PENDING);
    assert_reason (k, bob, "Starting");
    assert_reason (k, other, "StartRate"); /* of another shape, and of the same user */
    _cleanup_rows_ struct rows rows = rows_of (k, alice, false);
    for (size_t i = 0; i < rows.n; i++)
        if (!rows.row[i]->attempt)
            ck_assert_ptr_nonnull (strstr (rows.row[i]->reason_text, "main allows 2 starts a second to each user"));
    k->now += 500 * MS;
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (nothing_is_asked_of_time_where_nothing_is_held_back)
{
    _cleanup_kit_ struct kit *k = kit_rated (10, 10);

    submit (k, .array_first = 0, .array_last = 4);
    ck_assert_uint_eq (pass (k), 5);
    ck_assert_uint_eq (core_pass_wake (k->core), UINT64_MAX);
}
END_TEST

START_TEST (a_snapshot_goes_on_counting_and_a_new_rate_counts_at_once)
{
    _cleanup_kit_ struct kit *k = kit_rated (4, 0);
    struct kit_conf *c = kit_conf ("n[1-4]", 64);

    submit (k, .array_first = 0, .array_last = 99);
    ck_assert_uint_eq (pass (k), 4);
    kit_reload (k);
    for (int i = 1; i <= 4; i++) {
        char name[8];
        snprintf (name, sizeof name, "n%d", i);
        node_up (k, name);
    }
    ck_assert_uint_eq (pass (k), 0);
    c->partition.has_start_rate = c->partition.has_start_rate_us = true;
    c->partition.start_rate = 20;
    c->partition.start_rate_us = USEC_PER_SEC;
    kit_configure (k, c);
    ck_assert_uint_eq (pass (k), 0); /* a second's worth of the old one, at the most, is waited for */
    k->now += USEC_PER_SEC;
    ck_assert_uint_eq (pass (k), 20);
    c->partition.has_start_rate = false;
    c->partition.start_rate = 0;
    kit_configure (k, c);
    kit_conf_free (c);
    ck_assert_uint_eq (pass (k), 76);
}
END_TEST

SUITE ("start_rate", a_burst_comes_in_portions, one_user_does_not_hold_back_another,
       nothing_is_asked_of_time_where_nothing_is_held_back, a_snapshot_goes_on_counting_and_a_new_rate_counts_at_once)
