/* stopping.c - a clean stop. */
#include "ctld/stopping.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/clock.h"
#include "ctld/pass.h"
#include "ctld/usage_period.h"

#define LOOK 5000u                  /* microseconds between looks at what is still to be sent */
#define AT_MOST (10 * USEC_PER_SEC) /* then it ends anyway; what is not committed was not promised */
#define FOR_PEERS USEC_PER_SEC      /* a peer that does not read is not waited for longer */

struct stopping {
    struct ctld *ctld;
    struct timer *timer;
    usec_t until;
    bool begun;
};

static void look (void *arg)
{
    struct stopping *s = arg;

    if (now_monotonic () >= s->until || sessions_queued (s->ctld->sessions) == 0)
        loop_stop (s->ctld->loop);
    else
        timer_arm (s->timer, LOOK);
}

static void too_long (void *arg)
{
    struct stopping *s = arg;

    log_error ("event=stop why=\"the last events could not be committed: %s\"", journal_trouble (s->ctld->journal));
    s->ctld->failed = true;
    loop_stop (s->ctld->loop);
}

struct farewell {
    struct stopping *stopping;
    struct request *request;
};

static void committed_all (void *arg, bool committed)
{
    struct farewell *f = arg;
    struct stopping *s = f->stopping;

    if (f->request && committed)
        request_ok (f->request);
    else if (f->request)
        request_end (f->request);
    free (f);
    if (!committed)
        return;
    timer_free (s->timer);
    s->timer = timer_create_in (s->ctld->loop, look, s);
    s->until = now_monotonic () + FOR_PEERS;
    look (s);
}

void stopping_begin (struct stopping *s, struct request *request, const char *why)
{
    if (s->begun) {
        if (request)
            request_ok (request);
        return;
    }
    s->begun = true;
    log_info ("event=stop why=\"%s\"", why);
    pass_stop (s->ctld->pass);
    clock_stop (s->ctld->clock);
    usage_period_stop (s->ctld->usage_period);
    s->timer = timer_create_in (s->ctld->loop, too_long, s);
    timer_arm (s->timer, AT_MOST);
    struct farewell *f = xmalloc (sizeof *f);
    *f = (struct farewell){s, request};
    ctld_after (s->ctld, committed_all, f);
}

struct stopping *stopping_create (struct ctld *ctld)
{
    struct stopping *s = xcalloc (1, sizeof *s);

    s->ctld = ctld;
    return s;
}

struct stopping *stopping_free (struct stopping *s)
{
    if (!s)
        return NULL;
    timer_free (s->timer);
    free (s);
    return NULL;
}
