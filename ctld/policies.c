/* policies.c - orders and ways to choose nodes. */
#include "ctld/policies.h"
#include <string.h>
#include "plugins/order_config.h"

#define RANKED_EVERY_US (30 * USEC_PER_SEC) /* age and fairshare move slowly */

void policies_apply (struct ctld *ctld)
{
    const struct config *conf = ctld->conf;
    struct core_policies policies = {.place_find = place_find};

    policies.order = order_of_config (conf, &policies.params);
    policies.rank_period_us = RANKED_EVERY_US;
    policies.promises = conf->bf_reserve ? (int) conf->bf_reserve : -1;
    policies.in_order = !strcmp (conf->scheduler_type, "sched/builtin");
    core_set_policies (ctld->core, &policies);
}
