/* order_f1.h - F1 of Carastan-Santos and de Camargo (SC17): log10 (time limit) * processors + 870 * log10 (submit
 * time), smallest first. Its time counts from the epoch, so on a live cluster, where that is 1.7e9 and more, it weighs
 * little. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct order_ops *order_f1 (void);
