/* clock.c - one timer. The deadline is looked up once a loop turn, however many events moved it. */
#include "ctld/clock.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/pass.h"

#define LONGEST_WAIT (60 * USEC_PER_SEC) /* the wall clock may jump: look again at least this often */

struct clock {
    struct ctld *ctld;
    struct timer *timer;
    bool posted;
};

static void look (struct clock *clock)
{
    usec_t deadline = core_next_deadline (clock->ctld->core), now = now_wall ();
    usec_t wait = deadline > now ? deadline - now : 0;

    if (deadline != UINT64_MAX)
        timer_arm (clock->timer, wait < LONGEST_WAIT ? wait : LONGEST_WAIT);
    else
        timer_disarm (clock->timer);
}

static void on_time (void *arg)
{
    struct clock *clock = arg;
    Moisson__Clock tick = MOISSON__CLOCK__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (core_next_deadline (clock->ctld->core) <= now_wall ()) {
        event.what_case = MOISSON__EVENT__WHAT_CLOCK;
        event.clock = &tick;
        if (ctld_apply (clock->ctld, &event, &err) < 0)
            log_error ("event=clock refused=\"%s\"", err.why);
        pass_want (clock->ctld->pass);
    }
    look (clock);
}

static void on_turn (void *arg)
{
    struct clock *clock = arg;

    clock->posted = false;
    look (clock);
}

void clock_poke (struct clock *clock)
{
    if (clock->posted)
        return;
    clock->posted = true;
    loop_post (clock->ctld->loop, on_turn, clock);
}

struct clock *clock_create (struct ctld *ctld)
{
    struct clock *clock = xcalloc (1, sizeof *clock);

    clock->ctld = ctld;
    clock->timer = timer_create_in (ctld->loop, on_time, clock);
    return clock;
}

struct clock *clock_free (struct clock *clock)
{
    if (!clock)
        return NULL;
    loop_unpost (clock->ctld->loop, clock);
    timer_free (clock->timer);
    free (clock);
    return NULL;
}
