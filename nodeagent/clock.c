/* clock.c - the two clocks of the node side. */
#include "nodeagent/clock.h"
#include <time.h>

static usec_t read_clock (clockid_t id)
{
    struct timespec ts = {0};

    if (clock_gettime (id, &ts)) /* cannot fail for these two ids */
        return 0;
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

usec_t clock_wall (void)
{
    return read_clock (CLOCK_REALTIME);
}

usec_t clock_monotonic (void)
{
    return read_clock (CLOCK_MONOTONIC);
}
