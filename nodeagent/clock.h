/* clock.h - the two clocks of the node side: the wall for people, the monotonic one for every duration and limit. */
#pragma once
#include "base/units.h"

usec_t clock_wall (void);      /* since the epoch */
usec_t clock_monotonic (void); /* since some fixed point; never goes back */
