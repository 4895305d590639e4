/* bulks.h - submits of many jobs, one bulk after the other: read, decided by one event, unfolded into jobs; a few
 * milliseconds a turn of the loop. */
#pragma once
#include "ctld/ctld.h"

struct bulks;

struct bulks *bulks_create (struct ctld *ctld); /* goes on with what a crash has left folded */
struct bulks *bulks_free (struct bulks *bulks);
/* Is a bulk of this user being read? A submit with a key must then wait for its decision: fn (arg, true); with false:
 * the controller is stopping. */
bool bulks_reading (const struct bulks *bulks, uint32_t uid);
void bulks_defer (struct bulks *bulks, void (*fn) (void *arg, bool go), void *arg);
