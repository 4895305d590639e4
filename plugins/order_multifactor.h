/* order_multifactor.h - the sum of weighted factors, as Slurm's priority/multifactor. Source of the formula:
 * "Multifactor Priority Plugin", Slurm's documentation. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_multifactor (void);
