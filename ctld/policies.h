/* policies.h - which linked policies the configuration asks for, handed to the core. */
#pragma once
#include "ctld/ctld.h"

void policies_apply (struct ctld *ctld); /* ctld->conf is in force */
