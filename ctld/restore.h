/* restore.h - the core as it was: the newest snapshot, then the journal after it. */
#pragma once
#include "ctld/ctld.h"

/* Makes ctld->core, sets ctld->snapshot and ctld->restored. */
int restore_core (struct ctld *ctld, struct err *err);
