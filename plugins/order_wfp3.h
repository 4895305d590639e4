/* order_wfp3.h - WFP3 of Tang, Lan, Desai and Buettner (CLUSTER 2009): (wait / time limit)^3 * processors, largest
 * first: short, large and old jobs go before. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_wfp3 (void);
