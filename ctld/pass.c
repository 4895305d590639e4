/* pass.c - core_next_placement in a loop, a few milliseconds a turn. */
#include "ctld/pass.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"

#define SLICE_US 2000 /* leaves room for the other handlers of a turn below the 5 ms of law 8 */

struct pass {
    struct ctld *ctld;
    bool wanted; /* begin anew */
    bool going;  /* a slice has ended early */
    bool posted;
};

static void post (struct pass *pass);

/* One placement. False: nothing more fits. */
static bool place_next (struct pass *pass, usec_t now)
{
    Moisson__Event *event = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (core_next_placement (pass->ctld->core, now, &event) != 0)
        return false;
    int rc = ctld_apply (pass->ctld, event, &err);
    if (rc < 0)
        log_error ("event=placed refused=\"%s\"", err.why);
    moisson__event__free_unpacked (event, NULL);
    return rc == 0;
}

static void run_slice (void *arg)
{
    struct pass *pass = arg;
    usec_t end = now_monotonic () + SLICE_US, now = now_wall ();

    pass->posted = false;
    if (journal_health (pass->ctld->journal) == JOURNAL_FAILING)
        return; /* nothing could be started; the next success asks again */
    if (pass->wanted) {
        pass->wanted = false;
        core_pass_begin (pass->ctld->core, now);
    }
    do
        pass->going = place_next (pass, now);
    while (pass->going && now_monotonic () < end);
    if (pass->going || pass->wanted)
        post (pass);
}

static void post (struct pass *pass)
{
    if (pass->posted)
        return;
    pass->posted = true;
    loop_post (pass->ctld->loop, run_slice, pass);
}

void pass_want (struct pass *pass)
{
    pass->wanted = true;
    post (pass);
}

struct pass *pass_create (struct ctld *ctld)
{
    struct pass *pass = xcalloc (1, sizeof *pass);

    pass->ctld = ctld;
    return pass;
}

struct pass *pass_free (struct pass *pass)
{
    if (!pass)
        return NULL;
    loop_unpost (pass->ctld->loop, pass);
    free (pass);
    return NULL;
}
