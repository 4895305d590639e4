/* order_config.h - the order that a configuration names, with its parameters: PriorityType=priority/NAME is order/NAME,
 * basic is first come, first served. */
#pragma once
#include "plugins/abi.h"

struct config;

const struct order_ops *order_of_config (const struct config *conf, struct order_params *ret);
