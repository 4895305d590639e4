/* place_spread.h - the emptiest node that fits (Slurm's LLN): jobs disturb each other least. See abi.h. */
#pragma once
#include "plugins/abi.h"

const struct place_ops *place_spread (void);
