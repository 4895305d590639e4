/* order_handicap.c - the score falls with the time of coming and the time limit. */
#include "plugins/order_handicap.h"
#include "plugins/order_kit.h"

#define LONGEST_S (16 * 3600.0)

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    double limit_s = order_time_s (facts);

    (void) params;
    limit_s = limit_s < LONGEST_S ? limit_s : LONGEST_S;
    return order_formula (facts, parts, -((double) facts->eligible_us / 1e6 + limit_s));
}

const struct order_ops *order_handicap (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/handicap", .timeless = 1, .score = score};

    return &ops;
}
