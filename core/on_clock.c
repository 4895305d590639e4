/* on_clock.c - what time alone decides: begin times, purges of what has ended, old submit keys. */
#include <utlist.h>
#include "core/apply.h"
#include "core/attempt.h"
#include "core/state.h"

static usec_t purge_at (const struct core *core, const struct task *task)
{
    return task->over_us + core->config->min_job_age_s * USEC_PER_SEC;
}

static void purge (struct core *core)
{
    struct task *task;

    while ((task = core->jobs.ended_first) && purge_at (core, task) <= core->now) {
        struct job *job = task->job;
        outcome_keep (task);
        task_remove (core, task);
        if (job->ended && !job->n_tasks)
            job_remove (core, job);
    }
}

int on_clock (struct core *core, const Moisson__Event *event, struct err *err)
{
    struct heap_item *item;

    (void) event;
    (void) err;
    while ((item = heap_first (&core->timers)) && item->key <= core->now) {
        heap_remove (&core->timers, item);
        job_mark_dirty (core, container_of (item, struct job, timer));
    }
    resv_clock (core);
    core_settle (core);
    claims_clock (core);
    shun_clock (core);
    purge (core);
    node_clock (core);
    key_purge (core);
    usage_tick (core);
    return 0;
}

usec_t core_next_deadline (const struct core *core)
{
    const struct heap_item *item = heap_first (&core->timers);
    usec_t at = item ? item->key : UINT64_MAX;
    usec_t key = core->config ? key_deadline (core) : UINT64_MAX;

    if (core->jobs.ended_first && purge_at (core, core->jobs.ended_first) < at)
        at = purge_at (core, core->jobs.ended_first);
    if (core->config && node_deadline (core) < at)
        at = node_deadline (core);
    if (resv_any (&core->resvs) || core->resvs.ends.n)
        at = resv_deadline (core) < at ? resv_deadline (core) : at;
    if (core->config && usage_deadline (core) < at)
        at = usage_deadline (core);
    if (shun_deadline (core) < at)
        at = shun_deadline (core);
    if (claims_deadline (core) < at)
        at = claims_deadline (core);
    return key < at ? key : at;
}
