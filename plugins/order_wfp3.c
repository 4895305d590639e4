/* order_wfp3.c - the cube root of the formula, which orders alike and stays small. */
#include "plugins/order_wfp3.h"
#include <math.h>
#include "plugins/order_kit.h"

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    (void) params;
    return order_formula (facts, parts, order_wait_s (facts) / order_time_s (facts) * cbrt (facts->cpus));
}

const struct order_ops *order_wfp3 (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/wfp3", .timeless = 0, .score = score};

    return &ops;
}
