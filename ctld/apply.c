/* apply.c - event -> core, journal, effects. */
#include "ctld/apply.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "core/mail.h"
#include "core/news.h"
#include "ctld/clock.h"
#include "ctld/followers.h"
#include "ctld/job_hooks.h"
#include "ctld/mailer.h"
#include "ctld/nodes.h"
#include "ctld/notes.h"
#include "ctld/pass.h"
#include "ctld/snapshots.h"
#include "ctld/waiters.h"

struct pending { /* the effects of one event, waiting for its commit */
    struct ctld *ctld;
    struct effects fx;
};

static void do_start (struct ctld *ctld, const struct fx *fx)
{
    job_hooks_start (ctld->job_hooks, fx->node, fx->raw_id, fx->attempt);
}

static void do_stop (struct ctld *ctld, const struct fx *fx)
{
    job_hooks_stop (ctld->job_hooks, fx->raw_id, fx->attempt);
    nodes_stop (ctld->nodes, fx->node, fx->raw_id, fx->attempt, fx->how, fx->note, fx->grace_s);
}

static void do_limit (struct ctld *ctld, const struct fx *fx)
{
    nodes_limit (ctld->nodes, fx->node, fx->raw_id, fx->attempt, fx->limit_s);
}

static void do_suspend (struct ctld *ctld, const struct fx *fx)
{
    nodes_suspend (ctld->nodes, fx->node, fx->raw_id, fx->attempt, fx->suspend);
}

static void do_forget (struct ctld *ctld, const struct fx *fx)
{
    nodes_forget (ctld->nodes, fx->node, fx->raw_id, fx->attempt);
}

static void do_record (struct ctld *ctld, const struct fx *fx)
{
    job_hooks_ended (ctld->job_hooks, fx->record);
}

static void do_reboot (struct ctld *ctld, const struct fx *fx)
{
    notes_reboot (ctld->notes, fx->node);
}

static void do_mail (struct ctld *ctld, const struct fx *fx)
{
    mailer_send (ctld->mailer, fx->mail);
}

static void do_job_ended (struct ctld *ctld, const struct fx *fx)
{
    waiters_wake (ctld->waiters, fx->job_id);
}

static void do_shunned (struct ctld *ctld, const struct fx *fx)
{
    (void) ctld;
    log_warn ("node=%s event=shunned why='%s'", fx->node, fx->note);
}

/* What is done after the commit. FX_RECORD is committed with the event, and followed by an epilog; FX_WANT_PASS is
 * honoured in the same turn, so that the placement which follows an exit shares its commit. */
static void (*const performers[]) (struct ctld *ctld, const struct fx *fx) = {
    [FX_SHUNNED] = do_shunned,     [FX_START] = do_start,     [FX_STOP] = do_stop,     [FX_LIMIT] = do_limit,
    [FX_FORGET] = do_forget,       [FX_SUSPEND] = do_suspend, [FX_RECORD] = do_record, [FX_REBOOT] = do_reboot,
    [FX_JOB_ENDED] = do_job_ended, [FX_MAIL] = do_mail,
};

static void perform (void *arg, bool committed)
{
    struct pending *p = arg;

    for (size_t i = 0; committed && i < p->fx.n; i++) {
        const struct fx *fx = &p->fx.list[i];

        if (fx->kind < sizeof performers / sizeof *performers && performers[fx->kind])
            performers[fx->kind](p->ctld, fx);
    }
    effects_clear (&p->fx);
    free (p);
}

static bool has_work (const struct effects *fx)
{
    for (size_t i = 0; i < fx->n; i++)
        if (fx->list[i].kind < sizeof performers / sizeof *performers && performers[fx->list[i].kind])
            return true;
    return false;
}

int ctld_apply_with (struct ctld *ctld, Moisson__Event *event, const struct store_blob *blobs, size_t n_blobs,
                     struct err *err)
{
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    usec_t now = now_wall ();

    if (now < core_now (ctld->core))
        now = core_now (ctld->core);
    event->now_us = now;
    int rc = core_apply (ctld->core, event, now, &fx, err);
    if (rc < 0)
        return rc;
    core_news (ctld->core, event, &fx);
    core_mails (ctld->core, event, &fx);
    uint64_t sequence = journal_append (ctld->journal, event, &fx, blobs, n_blobs);
    followers_tell (ctld->followers, sequence, event);
    news_clear (event);
    if (effects_count (&fx, FX_WANT_PASS))
        pass_want (ctld->pass);
    if (has_work (&fx)) {
        struct pending *p = xmalloc (sizeof *p);

        *p = (struct pending){.ctld = ctld, .fx = fx};
        fx = EFFECTS_INIT;
        journal_after (ctld->journal, sequence, perform, p);
    }
    clock_poke (ctld->clock);
    snapshots_poke (ctld->snapshots);
    return 0;
}

int ctld_apply (struct ctld *ctld, Moisson__Event *event, struct err *err)
{
    return ctld_apply_with (ctld, event, NULL, 0, err);
}

void ctld_after (struct ctld *ctld, journal_fn fn, void *arg)
{
    journal_after (ctld->journal, journal_sequence (ctld->journal), fn, arg);
}
