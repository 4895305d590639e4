/* on_accounts.c - the account tree becomes another one; what was used is forgotten. */
#include <string.h>
#include "base/mem.h"
#include "core/accounts.h"
#include "core/apply.h"
#include "core/payer.h"
#include "core/state.h"

static void look_at_all (struct core *core)
{
    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        job_mark_dirty (core, job);
    core->want_pass = true;
}

int on_accounts_set (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__AccountsSet *set = event->accounts_set;

    if (!set || accounts_check (set->accounts, err))
        return err_is_set (err) ? -1 : err_set (err, 0, "an event of accounts without accounts");
    assoc_configure (core, message_copy (&set->base));
    qos_configure (core);
    payer_recount (core);
    look_at_all (core);
    return 0;
}

static void forget (struct core *core, struct assoc *assoc)
{
    struct usage before;

    usage_accrue (&assoc->usage, core->now);
    before = assoc->usage;
    usage_reset (&assoc->usage, core->now);
    for (struct assoc *above = assoc->parent; above; above = above->parent) {
        usage_accrue (&above->usage, core->now);
        for (int t = 0; t < N_TRES; t++) {
            above->usage.used[t] -= before.used[t];
            if (above->usage.used[t] < 0)
                above->usage.used[t] = 0;
        }
        above->usage.wall = above->usage.wall > before.wall ? above->usage.wall - before.wall : 0;
    }
}

static void forget_below (struct core *core, struct assoc *top)
{
    for (struct assoc *child = top->first; child; child = child->next)
        forget_below (core, child);
    if (assoc_is_leaf (top))
        forget (core, top);
    else
        usage_reset (&top->usage, core->now);
}

/* At the end of a period. What a QoS with NoDecay has used up comes back only if somebody says so. */
static void forget_all (struct core *core)
{
    struct assoc *assoc, *next_assoc;
    struct qos *qos, *next_qos;

    HASH_ITER (hh, core->assocs.by_key, assoc, next_assoc)
    usage_reset (&assoc->usage, core->now);
    HASH_ITER (hh, core->qos.by_name, qos, next_qos)
    if (!qos_has_flag (qos, "NoDecay"))
        usage_reset (&qos->usage, core->now);
    core->usage_reset_us = core->now;
}

/* Of a user: in this account, or in all of his. */
static void forget_user (struct core *core, const Moisson__UsageReset *reset)
{
    struct assoc *assoc, *next;

    assoc = reset->account ? assoc_find (core, reset->account, reset->user) : NULL;
    if (assoc)
        forget (core, assoc);
    if (reset->account)
        return;
    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    if (!strcmp (assoc->user, reset->user))
        forget (core, assoc);
}

int on_usage_reset (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__UsageReset *reset = event->usage_reset;
    struct qos *qos = reset->qos ? qos_find (core, reset->qos) : NULL;
    struct assoc *account = reset->account ? assoc_find (core, reset->account, "") : NULL;

    if ((reset->qos && !qos) || (reset->account && !account))
        return err_set (err, 0, "usage of %s is to be forgotten, which is not known",
                        reset->qos ? reset->qos : reset->account);
    if (reset->begins)
        core->usage_reset_us = core->now;
    else if (qos)
        usage_reset (&qos->usage, core->now);
    else if (reset->user)
        forget_user (core, reset);
    else if (account)
        forget_below (core, account);
    else
        forget_all (core);
    core->assocs.stale = true;
    core->want_pass = true;
    return 0;
}
