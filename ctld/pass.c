/* pass.c - placing what is pending. It runs at the end of the turn that asked for it, so that a placement shares the
 * commit of the exit that made room for it. */
#include "ctld/pass.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"

#define SLICE 3000u /* microseconds */
#define REST 4      /* between two cycles, so many times what the last one cost */
#define REST_MOST (usec_t) USEC_PER_SEC

struct pass {
    struct ctld *ctld;
    struct late *late;
    struct timer *timer;
    bool due;     /* the next slice begins a cycle */
    bool halfway; /* the last slice ran out of time */
    bool running, stopped;
    usec_t began, cost; /* of the cycle */
    struct pass_stats stats;
};

static void log_preempted (const Moisson__Preempted *preempted)
{
    for (size_t i = 0; i < preempted->n_victims; i++)
        log_info ("job=%" PRIu64 " attempt=%" PRIu32 " event=preempted for=%" PRIu64 " requeue=%d",
                  preempted->victims[i]->raw_id, preempted->victims[i]->attempt, preempted->job_id,
                  preempted->victims[i]->requeue);
    if (!preempted->n_victims)
        log_info ("job=%" PRIu64 " event=room-given-up: what was preempted for it does not do", preempted->job_id);
}

/* 0: one was placed; else as core_pass_step. */
static int step (struct pass *pass)
{
    struct ctld *ctld = pass->ctld;
    Moisson__Event *event = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = core_pass_step (ctld->core, now_wall (), &event);

    if (rc != 0)
        return rc;
    rc = ctld_apply (ctld, event, &err);
    if (rc < 0) {
        log_error ("event=placed refused=\"%s\"", err.why); /* a bug: leave this pass rather than ask again */
        rc = CORE_E_NOTHING;
    } else if (event->what_case == MOISSON__EVENT__WHAT_PREEMPTED)
        log_preempted (event->preempted);
    else
        pass->stats.placed++;
    moisson__event__free_unpacked (event, NULL);
    return rc;
}

static void begin (struct pass *pass)
{
    core_pass_begin (pass->ctld->core, now_wall ());
    pass->due = false;
    pass->began = now_monotonic ();
    pass->cost = 0;
    pass->stats.passes++;
}

static usec_t until_wake (const struct pass *pass)
{
    usec_t wake = core_pass_wake (pass->ctld->core), now = now_wall ();
    usec_t period = pass->ctld->conf->bf_interval * USEC_PER_SEC;

    if (wake <= now)
        return 0;
    return wake - now < period ? wake - now : period;
}

/* The next cycle: soon, if this one may have missed something; but most of the time is for other work. */
static void plan (struct pass *pass)
{
    usec_t rest = pass->cost * REST < REST_MOST ? pass->cost * REST : REST_MOST;

    if (pass->due)
        return;
    if (core_pass_wanted (pass->ctld->core))
        timer_arm (pass->timer, rest);
    else if (core_stats (pass->ctld->core).pending)
        timer_arm (pass->timer, until_wake (pass));
    else
        timer_disarm (pass->timer);
}

static void slice (void *arg)
{
    struct pass *pass = arg;
    usec_t began = now_monotonic (), took;
    int rc = 0;

    if (pass->stopped || !journal_accepting (pass->ctld->journal))
        return; /* asked for again when the store is well */
    pass->running = true;
    if (pass->due && !pass->halfway)
        begin (pass);
    do
        rc = step (pass);
    while (rc != CORE_E_NOTHING && (took = now_monotonic () - began) < SLICE);
    pass->halfway = rc != CORE_E_NOTHING;
    pass->running = false;
    took = now_monotonic () - began;
    pass->cost += took;
    pass->stats.slices++;
    pass->stats.last = took;
    pass->stats.total += took;
    if (took > pass->stats.longest)
        pass->stats.longest = took;
    if (pass->halfway || pass->due)
        late_arm (pass->late);
    else
        plan (pass);
}

static void on_timer (void *arg)
{
    struct pass *pass = arg;

    pass->due = true;
    late_arm (pass->late);
}

void pass_want (struct pass *pass)
{
    if (!pass->running)
        late_arm (pass->late);
}

void pass_stop (struct pass *pass)
{
    pass->stopped = true;
}

struct pass_stats pass_stats (const struct pass *pass)
{
    return pass->stats;
}

struct pass *pass_create (struct ctld *ctld)
{
    struct pass *pass = xcalloc (1, sizeof *pass);

    pass->ctld = ctld;
    pass->late = late_create (ctld->loop, slice, pass);
    pass->timer = timer_create_in (ctld->loop, on_timer, pass);
    return pass;
}

struct pass *pass_free (struct pass *pass)
{
    if (!pass)
        return NULL;
    timer_free (pass->timer);
    late_free (pass->late);
    free (pass);
    return NULL;
}
