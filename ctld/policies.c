/* policies.c - orders and ways to choose nodes. */
#include "ctld/policies.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RANKED_EVERY_US (30 * USEC_PER_SEC) /* age and fairshare move slowly */

/* PriorityType=priority/NAME is order/NAME; "basic" is first come, first served. */
static const struct order_ops *order (const char *type)
{
    const char *name = strchr (type, '/');
    const struct order_ops *ops = NULL;
    char plugin[64];

    if (name && strcasecmp (name + 1, "basic")) {
        snprintf (plugin, sizeof plugin, "order/%s", name + 1);
        ops = order_find (plugin);
    }
    return ops ? ops : order_find ("order/fifo");
}

static void fill_params (const struct config *conf, struct order_params *params)
{
    *params = (struct order_params){
        .weight_age = conf->weight_age,
        .weight_fairshare = conf->weight_fairshare,
        .weight_size = conf->weight_size,
        .weight_partition = conf->weight_partition,
        .weight_qos = conf->weight_qos,
        .weight_assoc = conf->weight_assoc,
        .weight_cpu = conf->weight_cpu,
        .weight_mem = conf->weight_mem,
        .weight_gpu = conf->weight_gpu,
        .max_age_s = conf->priority_max_age,
        .favor_small = conf->priority_favor_small,
    };
}

void policies_apply (struct ctld *ctld)
{
    const struct config *conf = ctld->conf;
    struct core_policies policies = {.order = order (conf->priority_type), .place_find = place_find};

    fill_params (conf, &policies.params);
    policies.rank_period_us = RANKED_EVERY_US;
    policies.promises = conf->bf_reserve ? (int) conf->bf_reserve : -1;
    policies.in_order = !strcmp (conf->scheduler_type, "sched/builtin");
    core_set_policies (ctld->core, &policies);
}
