/* snapshots.h - the whole state, now and then, so that a restart need not replay for ever. A forked child writes it into
 * a file of its own; one committed row then names it. Neither the loop nor the commits wait for the writing. */
#pragma once
#include "ctld/ctld.h"

struct snapshots;

struct snapshots *snapshots_create (struct ctld *ctld);
struct snapshots *snapshots_free (struct snapshots *snapshots); /* ends a child that still writes */
void snapshots_poke (struct snapshots *snapshots);              /* an event was applied: is it time? */
/* At a clean stop, when nothing is pending any more: write and name one here and now. */
int snapshots_last (struct ctld *ctld, struct err *err);
