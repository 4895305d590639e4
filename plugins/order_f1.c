/* order_f1.c - learned by regression from simulated schedules. */
#include "plugins/order_f1.h"
#include <math.h>
#include "plugins/order_kit.h"

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    double submit_s = (double) facts->submit_us / 1e6;

    (void) params;
    return order_formula (facts, parts,
                          -(log10 (order_time_s (facts)) * facts->cpus + 870 * log10 (submit_s > 1 ? submit_s : 1)));
}

const struct order_ops *order_f1 (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/f1", .timeless = 1, .score = score};

    return &ops;
}
