/* sinfo_resv.h - sinfo -T. */
#pragma once
#include <stdbool.h>
#include "rpc.h"

int sinfo_print_resvs (struct rpc *rpc, bool header); /* 0 or COMMAND_ERROR */
