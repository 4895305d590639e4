/* order_handicap.h - first come, first served, with a handicap: each job counts as having come later by its time limit,
 * at most by 16 hours. So short jobs go before long ones, and yet a job is only passed in the order by what comes
 * within 16 hours after it. That bound was chosen by simulation: docs/performance.md. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_handicap (void);
