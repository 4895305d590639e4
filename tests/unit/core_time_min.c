/* core_time_min.c - --time-min: a start with less time than asked, where that lets it pass. */
#include "core_kit.h"
#include "core/state.h"
#include "suite.h"

#define MINUTE 60u
#define HOUR 3600u

static uint64_t limit_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    return rows.row[0]->time_limit_s;
}

/* One core of four is free for an hour: then all are promised to a job that waits. */
static struct kit *kit_with_a_gap (uint64_t *ret_running, uint64_t *ret_head)
{
    struct kit *k = kit_new ("n1", 4);

    *ret_running = submit (k, .cpus_per_task = 2, .mem = 10, .time_s = HOUR);
    *ret_head = submit (k, .cpus_per_task = 4, .mem = 10, .time_s = HOUR);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, *ret_head, "Resources");
    return k;
}

START_TEST (it_gets_what_is_left_until_the_promise_and_not_less_than_it_can_use)
{
    uint64_t running, head;
    _cleanup_kit_ struct kit *k = kit_with_a_gap (&running, &head);
    uint64_t rigid = submit (k, .mem = 10, .time_s = 2 * HOUR);
    uint64_t greedy = submit (k, .mem = 10, .time_s = 2 * HOUR, .time_min_s = HOUR + 1);
    uint64_t modest = submit (k, .mem = 10, .time_s = 2 * HOUR, .time_min_s = 10 * MINUTE);

    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, rigid, "Priority");
    assert_reason (k, greedy, "Priority");
    assert_reason (k, modest, "Starting");
    ck_assert_uint_eq (limit_of (k, modest), HOUR);
    k->now += 25 * MINUTE * USEC_PER_SEC + 1;
    uint64_t late = submit (k, .mem = 10, .time_min_s = 90); /* without a limit: what can be had */
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (limit_of (k, late), 34 * MINUTE); /* whole minutes */
    k->now += 5 * MINUTE * USEC_PER_SEC;
    exited (k, running, 1, 0);
    exited (k, late, 1, 0);
    ck_assert_uint_eq (limit_of (k, late), 34 * MINUTE); /* the record has the one that was in force */
    exited (k, modest, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, head, "Starting"); /* nothing is in its way */
}
END_TEST

START_TEST (it_gets_all_where_nothing_is_in_the_way)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .time_s = 2 * HOUR, .time_min_s = MINUTE), bare = submit (k, .time_min_s = MINUTE);

    ck_assert_uint_eq (pass (k), 2);
    ck_assert_uint_eq (limit_of (k, id), 2 * HOUR);
    ck_assert_uint_eq (limit_of (k, bare), 0);
}
END_TEST

START_TEST (what_becomes_free_is_taken_for_less_time_too)
{
    uint64_t running, head;
    _cleanup_kit_ struct kit *k = kit_with_a_gap (&running, &head);
    uint64_t filler = submit (k, .cpus_per_task = 2, .mem = 10, .time_s = HOUR);

    ck_assert_uint_eq (pass (k), 1);
    uint64_t id = submit (k, .mem = 10, .time_s = 2 * HOUR, .time_min_s = 90);
    ck_assert_uint_eq (pass (k), 0);
    exited (k, filler, 1, 0);
    ck_assert (place (k, NULL)); /* without a new cycle */
    assert_reason (k, id, "Starting");
    ck_assert_uint_eq (limit_of (k, id), HOUR);
}
END_TEST

START_TEST (its_limit_is_kept_by_those_who_come_later_and_ends_with_the_attempt)
{
    uint64_t running, head;
    _cleanup_kit_ struct kit *k = kit_with_a_gap (&running, &head);
    uint64_t id = submit (k, .cpus_per_task = 2, .mem = 10, .time_s = 9 * HOUR, .time_min_s = 90);
    const struct shape *shape = job_find (k->core, head)->shape;

    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (pass (k), 0);
    ck_assert_uint_eq (shape->promise->at, k->now + HOUR * USEC_PER_SEC); /* it is no later for that */
    kit_reload (k);
    ck_assert_uint_eq (limit_of (k, id), HOUR);
    unplaced (k, id, 1);
    ck_assert_uint_eq (limit_of (k, id), 9 * HOUR);
}
END_TEST

START_TEST (one_of_an_array_and_one_of_two_nodes)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);

    submit (k, .nodes = 2, .ntasks_per_node = 2, .time_s = HOUR);
    submit (k, .nodes = 2, .ntasks_per_node = 4, .time_s = HOUR);
    ck_assert_uint_eq (pass (k), 1);
    uint64_t wide = submit (k, .nodes = 2, .ntasks_per_node = 1, .time_s = 3 * HOUR, .time_min_s = MINUTE);
    uint64_t array = submit (k, .time_s = 3 * HOUR, .time_min_s = MINUTE, .array_first = 0, .array_last = 3);

    ck_assert_uint_eq (pass (k), 3);
    ck_assert_uint_eq (limit_of (k, wide), HOUR);
    _cleanup_rows_ struct rows rows = rows_of (k, array, false);
    size_t short_ones = 0, whole_ones = 0;
    for (size_t i = 0; i < rows.n; i++) {
        short_ones += rows.row[i]->attempt && rows.row[i]->time_limit_s == HOUR;
        whole_ones += !rows.row[i]->attempt && rows.row[i]->time_limit_s == 3 * HOUR;
    }
    ck_assert_uint_eq (short_ones, 2);
    ck_assert_uint_ge (whole_ones, 1);
}
END_TEST

SUITE ("time_min", it_gets_what_is_left_until_the_promise_and_not_less_than_it_can_use,
       it_gets_all_where_nothing_is_in_the_way, what_becomes_free_is_taken_for_less_time_too,
       its_limit_is_kept_by_those_who_come_later_and_ends_with_the_attempt, one_of_an_array_and_one_of_two_nodes)
