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
       pack_takes_the_fullest_and_spread_the_emptiest)
