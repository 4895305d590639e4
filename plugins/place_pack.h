/* place_pack.h - the fullest node that fits: large gaps stay for wide jobs. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct place_ops *place_pack (void);
