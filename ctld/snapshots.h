/* snapshots.h - from time to time the whole state goes into a file, written by a forked child that shares nothing but
 * the moment of the fork; one committed row then names it, so that a restart replays little. */
#pragma once
#include "ctld/ctld.h"

struct snapshots;

int snapshots_create (struct snapshots **ret, struct ctld *ctld, struct err *err);
struct snapshots *snapshots_free (struct snapshots *snapshots);
void snapshots_poke (struct snapshots *snapshots); /* an event was applied: is it time? */
uint64_t snapshots_written (const struct snapshots *snapshots);
/* In this process, with the loop and the journal at an end: the last one of a clean stop. sequence: of the newest event
 * applied, which is committed. */
int snapshots_write_last (struct ctld *ctld, uint64_t sequence, struct err *err);
