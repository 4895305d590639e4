/* order_fifo.h - first come, first served: --priority and --nice order, and nothing else. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_fifo (void);
