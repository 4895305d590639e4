/* order_sjf.h - shortest job first, by the time limit. A long job may starve. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_sjf (void);
