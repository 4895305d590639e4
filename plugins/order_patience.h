/* order_patience.h - who has waited longest for what they ask: wait / (time limit)^0.7, largest first. So short jobs go
 * before long ones, and each grows with its wait. A limit of more than 16 hours counts as 16; and who has waited for
 * two days goes before all who have not, the oldest first: nobody is overtaken for ever. Of the family of WFP3; power
 * and bounds were chosen by simulation (docs/performance.md). See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_patience (void);
