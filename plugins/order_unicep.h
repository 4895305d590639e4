/* order_unicep.h - UNICEP of Tang, Lan, Desai and Buettner (CLUSTER 2009): wait / (log2 (processors) * time limit),
 * largest first: short, small and old jobs go before; those of one processor before all others. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_unicep (void);
