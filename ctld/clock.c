/* clock.c - the timer of the core's deadlines. At most one Clock event a second: purges come in crowds. */
#include "ctld/clock.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/pass.h"

#define APART USEC_PER_SEC
#define LOOK (30 * USEC_PER_SEC) /* the wall clock may be set: look at least this often */

struct clock {
    struct ctld *ctld;
    struct timer *timer;
    struct late *late;
    usec_t last; /* monotonic, of the last Clock event; 0 = none */
    bool stopped;
};

static void rearm (void *arg)
{
    struct clock *clock = arg;
    usec_t deadline = core_next_deadline (clock->ctld->core), now = now_wall (), mono = now_monotonic ();

    if (clock->stopped || deadline == UINT64_MAX) {
        timer_disarm (clock->timer);
        return;
    }
    usec_t wait = deadline > now ? deadline - now : 0;
    usec_t rest = clock->last && clock->last + APART > mono ? clock->last + APART - mono : 0;
    if (wait < rest)
        wait = rest;
    timer_arm (clock->timer, wait > LOOK ? LOOK : wait);
}

static void on_time (void *arg)
{
    struct clock *clock = arg;
    Moisson__Clock tick = MOISSON__CLOCK__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (core_next_deadline (clock->ctld->core) <= now_wall () &&
        journal_health (clock->ctld->journal) != JOURNAL_FAILING) {
        clock->last = now_monotonic ();
        event.what_case = MOISSON__EVENT__WHAT_CLOCK;
        event.clock = &tick;
        if (ctld_apply (clock->ctld, &event, &err) < 0)
            log_error ("event=clock refused=\"%s\"", err.why);
        pass_want (clock->ctld->pass);
    } else if (journal_health (clock->ctld->journal) == JOURNAL_FAILING) {
        clock->last = now_monotonic ();
    }
    late_arm (clock->late);
}

void clock_poke (struct clock *clock)
{
    late_arm (clock->late);
}

void clock_stop (struct clock *clock)
{
    clock->stopped = true;
    timer_disarm (clock->timer);
}

struct clock *clock_create (struct ctld *ctld)
{
    struct clock *clock = xcalloc (1, sizeof *clock);

    clock->ctld = ctld;
    clock->timer = timer_create_in (ctld->loop, on_time, clock);
    clock->late = late_create (ctld->loop, rearm, clock);
    late_arm (clock->late);
    return clock;
}

struct clock *clock_free (struct clock *clock)
{
    if (!clock)
        return NULL;
    late_free (clock->late);
    timer_free (clock->timer);
    free (clock);
    return NULL;
}
