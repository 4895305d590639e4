/* order_sjf.c - the score falls with the time limit. */
#include "plugins/order_sjf.h"
#include "plugins/order_kit.h"

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    (void) params;
    return order_formula (facts, parts, -order_time_s (facts));
}

const struct order_ops *order_sjf (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/sjf", .timeless = 1, .score = score};

    return &ops;
}
