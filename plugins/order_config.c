/* order_config.c - from PriorityType and Priority* to an order. */
#include "plugins/order_config.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/config.h"

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

const struct order_ops *order_of_config (const struct config *conf, struct order_params *ret)
{
    fill_params (conf, ret);
    return order (conf->priority_type);
}
