/* pass.c - placing what is pending. It runs at the end of the turn that asked for it, so that a placement shares the
 * commit of the exit that made room for it. */
#include "ctld/pass.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"

#define SLICE 3000u /* microseconds */

struct pass {
    struct ctld *ctld;
    struct late *late;
    bool wanted;  /* begin a new one */
    bool halfway; /* the last slice ran out of time */
    bool running, stopped;
    struct pass_stats stats;
};

/* false: nothing more fits (or it was refused). */
static bool place_one (struct pass *pass)
{
    struct ctld *ctld = pass->ctld;
    Moisson__Event *event = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (core_next_placement (ctld->core, now_wall (), &event) != 0)
        return false;
    int rc = ctld_apply (ctld, event, &err);
    if (rc < 0)
        log_error ("event=placed refused=\"%s\"", err.why); /* a bug: leave this pass rather than ask again */
    else
        pass->stats.placed++;
    moisson__event__free_unpacked (event, NULL);
    return rc == 0;
}

static void slice (void *arg)
{
    struct pass *pass = arg;
    usec_t began = now_monotonic ();

    if (pass->stopped || !journal_accepting (pass->ctld->journal))
        return; /* asked for again when the store is well */
    pass->running = true;
    if (pass->wanted || !pass->halfway) {
        core_pass_begin (pass->ctld->core, now_wall ());
        pass->stats.passes++;
    }
    pass->wanted = pass->halfway = false;
    while (!pass->halfway && place_one (pass))
        pass->halfway = now_monotonic () - began > SLICE;
    pass->running = false;
    usec_t took = now_monotonic () - began;
    pass->stats.slices++;
    pass->stats.last = took;
    pass->stats.total += took;
    if (took > pass->stats.longest)
        pass->stats.longest = took;
    if (pass->halfway || pass->wanted)
        late_arm (pass->late);
}

void pass_want (struct pass *pass)
{
    pass->wanted = true;
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
    return pass;
}

struct pass *pass_free (struct pass *pass)
{
    if (!pass)
        return NULL;
    late_free (pass->late);
    free (pass);
    return NULL;
}
