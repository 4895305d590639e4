/* order_patience.c - wait against a power of the time limit. */
#include "plugins/order_patience.h"
#include <math.h>
#include "plugins/order_kit.h"

#define POWER 0.7
#define LONGEST_S (16 * 3600.0)  /* of a limit */
#define PATIENCE_S (2 * 86400.0) /* after so long age alone counts */
#define ABOVE_ALL 1e9            /* more than PATIENCE_S / 1 s */

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    double wait_s = order_wait_s (facts), limit_s = order_time_s (facts);

    (void) params;
    if (wait_s >= PATIENCE_S)
        return order_formula (facts, parts, ABOVE_ALL + wait_s);
    return order_formula (facts, parts, wait_s / pow (limit_s < LONGEST_S ? limit_s : LONGEST_S, POWER));
}

const struct order_ops *order_patience (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/patience", .timeless = 0, .score = score};

    return &ops;
}
