/* order_handicap.h - first come, first served, with a handicap: each job counts as having come later by half its time
 * limit (of which at most a week counts). So short jobs go before long ones, and yet nobody starves: a job is only
 * passed by those that come within half its limit after it, in the order as in a backfill. Chosen by simulation:
 * docs/performance.md. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_handicap (void);
