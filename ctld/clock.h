/* clock.h - makes what only time decides happen: a Clock event and a pass at the core's next deadline. */
#pragma once
#include "ctld/ctld.h"

struct clock;

struct clock *clock_create (struct ctld *ctld);
struct clock *clock_free (struct clock *clock);
void clock_poke (struct clock *clock); /* the deadline may have moved */
