/* order_unicep.c - wait against size and time limit. */
#include "plugins/order_unicep.h"
#include <math.h>
#include "plugins/order_kit.h"

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    double width = facts->cpus > 1 ? log2 (facts->cpus) : 1e-3; /* log2 (1) is 0 */

    (void) params;
    return order_formula (facts, parts, order_wait_s (facts) / (width * order_time_s (facts)));
}

const struct order_ops *order_unicep (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/unicep", .timeless = 0, .score = score};

    return &ops;
}
