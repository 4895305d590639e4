/* order_kit.h - what the orders that are one formula share. */
#pragma once
#include "plugins/abi.h"

/* A job without a time limit counts as one of a year. */
static inline double order_time_s (const struct order_facts *facts)
{
    return facts->time_s && facts->time_s < 31536000 ? (double) facts->time_s : 31536000;
}

static inline double order_wait_s (const struct order_facts *facts)
{
    return facts->now_us > facts->eligible_us ? (double) (facts->now_us - facts->eligible_us) / 1e6 : 0;
}

/* What people say goes before what a formula says, as among the jobs of one shape: by --priority less --nice, then by
 * the formula, whose values must stay within 1e12. */
static inline double order_formula (const struct order_facts *facts, struct order_parts *parts, double value)
{
    double asked = facts->has_priority ? facts->priority - 2147483648.0 : 0; /* PRIORITY_BASE of core.h */

    if (parts)
        *parts = (struct order_parts){.nice = facts->nice};
    return (asked - facts->nice) * 1e13 + value;
}
