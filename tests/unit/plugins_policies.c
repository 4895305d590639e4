/* Orders and ways to choose a node, as functions. */
#include <math.h>
#include "plugins/abi.h"
#include "suite.h"

START_TEST (each_is_found_by_its_name_and_nothing_else_is)
{
    ck_assert_str_eq (order_find ("order/fifo")->type, "order/fifo");
    ck_assert_str_eq (place_find ("place/pack")->type, "place/pack");
    ck_assert_str_eq (place_find ("place/spread")->type, "place/spread");
    ck_assert_ptr_null (order_find ("order/lifo"));
    ck_assert_ptr_null (place_find ("pack"));
}
END_TEST

START_TEST (fifo_goes_by_what_a_person_said)
{
    const struct order_ops *fifo = order_find ("order/fifo");
    struct order_params params = {.weight_age = 1000};
    struct order_facts early = {.eligible_us = 1, .now_us = 99}, late = {.eligible_us = 50, .now_us = 99};
    struct order_facts nice = {.nice = 10}, first = {.has_priority = 1, .priority = 4000000000U};
    struct order_parts parts;

    ck_assert (fifo->timeless);
    ck_assert_double_eq (fifo->score (&early, &params, NULL), fifo->score (&late, &params, NULL));
    ck_assert_double_lt (fifo->score (&nice, &params, &parts), fifo->score (&early, &params, NULL));
    ck_assert_double_eq (parts.nice, 10);
    ck_assert_double_gt (fifo->score (&first, &params, NULL), fifo->score (&early, &params, NULL));
}
END_TEST

/* A job of so many CPUs and so much time that came then, looked at 1000 s after the first. */
static double score (const char *type, uint32_t cpus, uint64_t time_s, uint64_t came_s)
{
    struct order_facts facts = {.now_us = 2000000000, .cpus = cpus, .time_s = time_s};
    struct order_params params = {0};
    double value;

    facts.submit_us = facts.eligible_us = (1000 + came_s) * 1000000;
    value = order_find (type)->score (&facts, &params, NULL);
    ck_assert (isfinite (value));
    return value;
}

START_TEST (orders_from_the_literature_order_as_published)
{
    ck_assert_double_gt (score ("order/sjf", 4, 60, 5), score ("order/sjf", 1, 61, 0));
    ck_assert_double_gt (score ("order/sjf", 4, 60, 5), score ("order/sjf", 4, 0, 5)); /* 0: no limit */
    /* log10 (100) * 3 = 6 and log10 (1000) * 3 = 9; 870 * log10 (1010 / 1000) is 3.76 */
    ck_assert_double_gt (score ("order/f1", 3, 100, 0), score ("order/f1", 3, 1000, 0));
    ck_assert_double_gt (score ("order/f1", 3, 1000, 0), score ("order/f1", 3, 100, 10));
    ck_assert_double_eq_tol (score ("order/f1", 3, 1000, 0), -(9 + 870 * 3), 1e-9);
    /* (900 / 100)^3 * 8 = 5832 = 18^3 */
    ck_assert_double_eq_tol (score ("order/wfp3", 8, 100, 100), 18, 1e-9);
    ck_assert_double_gt (score ("order/wfp3", 8, 100, 0), score ("order/wfp3", 7, 100, 0));
    ck_assert_double_eq_tol (score ("order/unicep", 8, 100, 100), 3, 1e-9); /* 900 / (3 * 100) */
    ck_assert_double_gt (score ("order/unicep", 1, 100, 900), score ("order/unicep", 2, 100, 0));
    ck_assert_double_eq (score ("order/wfp3", 1, 0, 1000), 0);
}
END_TEST

START_TEST (a_handicap_is_the_time_limit_and_at_most_16_hours)
{
    ck_assert_double_gt (score ("order/handicap", 1, 600, 0), score ("order/handicap", 1, 60, 550));
    ck_assert_double_lt (score ("order/handicap", 1, 600, 0), score ("order/handicap", 1, 60, 530));
    ck_assert_double_eq (score ("order/handicap", 1, 0, 0), score ("order/handicap", 1, 57600, 0));
}
END_TEST

START_TEST (patience_is_for_what_is_asked_and_ends_after_two_days)
{
    const struct order_ops *ops = order_find ("order/patience");
    struct order_params params = {0};
    struct order_facts old = {.eligible_us = 1000000, .time_s = 100000, .now_us = 1000000 + 172800000000},
                       young = {.eligible_us = 2000000, .time_s = 1, .now_us = 1000000 + 172800000000};

    ck_assert_double_eq_tol (score ("order/patience", 9, 128, 100), 900 / pow (128, 0.7), 1e-9);
    ck_assert_double_gt (score ("order/patience", 1, 100, 0), score ("order/patience", 1, 101, 0));
    ck_assert_double_eq (score ("order/patience", 1, 0, 0), score ("order/patience", 1, 57600, 0));
    ck_assert_double_gt (ops->score (&old, &params, NULL), ops->score (&young, &params, NULL));
    old.now_us = young.now_us -= 1000000;
    ck_assert_double_lt (ops->score (&old, &params, NULL), ops->score (&young, &params, NULL));
}
END_TEST

START_TEST (what_a_person_says_goes_before_a_formula)
{
    static const char *const types[] = {"order/sjf",    "order/f1",       "order/wfp3",
                                        "order/unicep", "order/handicap", "order/patience"};
    struct order_facts worst = {.now_us = 1, .submit_us = 1, .cpus = 4000000000, .has_priority = 1},
                       best = {.now_us = 4000000000000000, .cpus = 1, .time_s = 1};
    struct order_params params = {0};

    worst.priority = 2147483649U;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct order_ops *ops = order_find (types[i]);
        ck_assert_double_gt (ops->score (&worst, &params, NULL), ops->score (&best, &params, NULL));
        worst.nice = 2;
        ck_assert_double_lt (ops->score (&worst, &params, NULL), ops->score (&best, &params, NULL));
        worst.nice = 0;
    }
}
END_TEST

START_TEST (pack_takes_the_fullest_and_spread_the_emptiest)
{
    const struct place_facts full = {.cpus = 64, .free_cpus = 2}, empty = {.cpus = 64, .free_cpus = 60};
    const struct place_ops *pack = place_find ("place/pack"), *spread = place_find ("place/spread");

    ck_assert_double_lt (pack->cost (&full), pack->cost (&empty));
    ck_assert_double_lt (spread->cost (&empty), spread->cost (&full));
    ck_assert_int_eq (pack->by_free_cpus, 1);
    ck_assert_int_eq (spread->by_free_cpus, -1);
}
END_TEST

SUITE ("policies", each_is_found_by_its_name_and_nothing_else_is, fifo_goes_by_what_a_person_said,
       orders_from_the_literature_order_as_published, a_handicap_is_the_time_limit_and_at_most_16_hours,
       patience_is_for_what_is_asked_and_ends_after_two_days, what_a_person_says_goes_before_a_formula,
       pack_takes_the_fullest_and_spread_the_emptiest)
