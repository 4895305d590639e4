/* order_fifo.c - the score is the priority that a person gave; ties go by eligible time, as everywhere. */
#include "plugins/order_fifo.h"

#define BASE 2147483648.0 /* what a job has that asked for none: PRIORITY_BASE of core.h */

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    double asked = facts->has_priority ? facts->priority : BASE;

    (void) params;
    if (parts)
        *parts = (struct order_parts){.nice = facts->nice};
    return asked - facts->nice;
}

const struct order_ops *order_fifo (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/fifo", .timeless = 1, .score = score};

    return &ops;
}
