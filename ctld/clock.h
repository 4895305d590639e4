/* clock.h - lets what time decides happen: a Clock event at the core's next deadline, then a pass. */
#pragma once
#include "ctld/ctld.h"

struct clock *clock_create (struct ctld *ctld);
struct clock *clock_free (struct clock *clock);
void clock_poke (struct clock *clock); /* the deadline may have moved */
void clock_stop (struct clock *clock);
