/* proposal.c - a placement as the event that the caller applies. */
#include "core/pass.h"
#include <stdlib.h>
#include <utlist.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/branch.h"
#include "core/state.h"

/* The next task of this job: the smallest that is free, with or without a record. */
static uint32_t next_task (const struct job *job, bool *ret_recorded)
{
    uint32_t fresh = rest_first (&job->rest, HOLD_NONE);
    uint32_t again = job->again ? idset_first (job->again) : IDSET_NONE;

    *ret_recorded = again < fresh;
    return again < fresh ? again : fresh;
}

static Moisson__Share *make_share (const struct pick *pick)
{
    Moisson__Share *share = xmalloc (sizeof *share);

    moisson__share__init (share);
    share->node = xstrdup (node_name (pick->node));
    share->cpus = pick->cpus;
    share->has_mem_mb = true;
    share->mem_mb = pick->mem_mb;
    share->gpus = gres_parts_gpus (&pick->gres);
    share->has_gpus = share->gpus > 0;
    share->gres = gres_parts_save (&pick->gres, &share->n_gres);
    share->has_tasks = true;
    share->tasks = pick->tasks;
    return share;
}

/* As node lists are written: so the first of the list is the one that runs the script. */
static int by_name (const void *a, const void *b)
{
    return host_compare ((*(Moisson__Share *const *) a)->node, (*(Moisson__Share *const *) b)->node);
}

/* Is there a head of its partition that goes before it and waits? */
static bool passes_one (const struct core *core, const struct job *job)
{
    const struct promise *promise;

    DL_FOREACH (core->promises.list, promise)
    if (promise->shape != job->shape &&
        promise->shape->key.family->demand.partition == job->shape->key.family->demand.partition &&
        rank_before (&promise->shape->node.rank, &job->shape->node.rank))
        return true;
    return false;
}

Moisson__Event *proposal_make (const struct core *core, const struct job *job, const struct fit *fit, usec_t now)
{
    bool recorded;
    uint32_t index = next_task (job, &recorded);
    const struct task *task = recorded ? task_find (core, job_whole (job), index) : NULL;
    Moisson__Event *event = xmalloc (sizeof *event);
    Moisson__Placed *placed = xmalloc (sizeof *placed);

    moisson__event__init (event);
    moisson__placed__init (placed);
    event->now_us = now > core->now ? now : core->now;
    event->what_case = MOISSON__EVENT__WHAT_PLACED;
    event->placed = placed;
    placed->job_id = job->id;
    placed->has_task = job_is_array (job);
    placed->task = index;
    placed->raw_id = task && task->raw_id ? task->raw_id : job_is_array (job) ? core->next_id : job->id;
    placed->attempt = task ? task->attempt + 1 : 1;
    placed->has_backfilled = placed->backfilled = passes_one (core, job);
    placed->n_shares = fit->n;
    placed->shares = xcalloc (fit->n, sizeof *placed->shares);
    for (size_t i = 0; i < fit->n; i++)
        placed->shares[i] = make_share (&fit->picks[i]);
    if (fit->n > 1)
        qsort (placed->shares, fit->n, sizeof *placed->shares, by_name);
    return event;
}
