/* apply.c - the one way to change state: a table from kinds of events to handlers, and what is settled afterwards. */
#include "core/apply.h"
#include <utlist.h>
#include "core/attempt.h"
#include "core/branch.h"
#include "core/correspond.h"
#include "core/payer.h"
#include "core/state.h"

static const struct {
    Moisson__Event__WhatCase what;
    int (*handler) (struct core *core, const Moisson__Event *event, struct err *err);
} handlers[] = {
    {MOISSON__EVENT__WHAT_CONFIGURED, on_configured},
    {MOISSON__EVENT__WHAT_SUBMITTED, on_submitted},
    {MOISSON__EVENT__WHAT_BULK, on_bulk},
    {MOISSON__EVENT__WHAT_UNFOLD, on_unfold},
    {MOISSON__EVENT__WHAT_PLACED, on_placed},
    {MOISSON__EVENT__WHAT_UNPLACED, on_unplaced},
    {MOISSON__EVENT__WHAT_STARTED, on_started},
    {MOISSON__EVENT__WHAT_ENDED, on_ended},
    {MOISSON__EVENT__WHAT_CANCEL_REQUESTED, on_cancel_requested},
    {MOISSON__EVENT__WHAT_HELD, on_held},
    {MOISSON__EVENT__WHAT_REQUEUED, on_requeued},
    {MOISSON__EVENT__WHAT_SUSPENDED, on_suspended},
    {MOISSON__EVENT__WHAT_NODE_UP, on_node_up},
    {MOISSON__EVENT__WHAT_NODE_DOWN, on_node_down},
    {MOISSON__EVENT__WHAT_NODE_SET, on_node_set},
    {MOISSON__EVENT__WHAT_RELEASED, on_released},
    {MOISSON__EVENT__WHAT_PREEMPTED, on_preempted},
    {MOISSON__EVENT__WHAT_CLOCK, on_clock},
    {MOISSON__EVENT__WHAT_STEP, on_step},
    {MOISSON__EVENT__WHAT_JOB_UPDATED, on_job_updated},
    {MOISSON__EVENT__WHAT_PARTITION_SET, on_partition_set},
    {MOISSON__EVENT__WHAT_RESV_SET, on_resv_set},
    {MOISSON__EVENT__WHAT_RESV_DELETED, on_resv_deleted},
    {MOISSON__EVENT__WHAT_ACCOUNTS_SET, on_accounts_set},
    {MOISSON__EVENT__WHAT_USAGE_RESET, on_usage_reset},
};

/* --- what is settled after each event ----------------------------------------------------------------------------- */

void job_mark_dirty (struct core *core, struct job *job)
{
    if (job->dirty)
        return;
    job->dirty = true;
    job->dirty_next = core->dirty;
    core->dirty = job;
}

bool job_hidden (const struct core *core, const struct job *job, usec_t *ret_until)
{
    enum depend_answer answer = depend_answer (job, core->now, ret_until);
    usec_t begin = job_spec (job)->begin_us;

    if (begin > core->now && begin < *ret_until)
        *ret_until = begin;
    return answer != DEPEND_MET || begin > core->now;
}

bool job_startable (const struct core *core, const struct job *job)
{
    const struct partition *partition = partition_find (core, job->partition);
    const struct job *whole = job_whole (job);
    uint32_t limit = job_spec (whole)->array_limit;
    usec_t until;

    if (!resv_takes (core, job))
        return false;

    if (!rest_count (&job->rest, HOLD_NONE) && (!job->again || idset_empty (job->again)))
        return false;
    if (limit && whole->n_active >= limit)
        return false;
    return partition && partition->conf && !job_hidden (core, whole, &until);
}

usec_t job_start_by (const struct core *core, const struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);
    uint64_t least = spec->time_min_s ? spec->time_min_s : job_time_limit (core, job);

    if (!spec->deadline_us)
        return UINT64_MAX;
    return spec->deadline_us > least * USEC_PER_SEC ? spec->deadline_us - least * USEC_PER_SEC : 0;
}

static void end_overdue (struct core *core, struct job *job)
{
    struct task *task, *next;

    for (int h = 0; h < N_HOLDS; h++) {
        struct idset *set = rest_take_all (&job->rest, h);
        if (set)
            rest_overdue (core, job, set);
    }
    DL_FOREACH_SAFE (job->tasks, task, next)
    if (task->phase == TASK_PENDING)
        pending_overdue (core, task);
}

static void cancel_for_ever (struct core *core, struct job *job)
{
    static const char cause[] = "what it depends on can never be satisfied";
    struct task *task, *next;

    for (int h = 0; h < N_HOLDS; h++) {
        struct idset *set = rest_take_all (&job->rest, h);
        if (set)
            rest_cancel (core, job, set, NULL, cause);
    }
    DL_FOREACH_SAFE (job->tasks, task, next)
    if (task->phase == TASK_PENDING)
        pending_cancel (core, task, NULL, cause);
}

static bool kill_on_invalid (const struct core *core, const struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);

    return spec->has_kill_on_invalid_dep ? spec->kill_on_invalid_dep : core->config->kill_invalid_depend;
}

static bool job_has_pending (const struct job *job)
{
    return job->n_pending || rest_total (&job->rest);
}

/* Those of its tasks whose namesakes did not end well. */
static void cancel_never (struct core *core, struct job *job)
{
    static const char cause[] = "the task that it depends on did not end well";
    struct idset *set = rest_take_all (&job->rest, HOLD_NEVER);
    struct task *task, *next;

    if (set)
        rest_cancel (core, job, set, NULL, cause);
    if (!job->n_pending) /* records that are pending are few */
        return;
    DL_FOREACH_SAFE (job->tasks, task, next)
    if (task->phase == TASK_PENDING && task->hold == HOLD_NEVER)
        pending_cancel (core, task, NULL, cause);
}

static void job_refresh (struct core *core, struct job *job)
{
    usec_t until = UINT64_MAX;
    bool hidden;

    depend_look (core, job);
    if (!job->ended && job->depend && kill_on_invalid (core, job)) {
        if (depend_answer (job, core->now, &until) == DEPEND_NEVER)
            cancel_for_ever (core, job);
        else if (corr_asked (job))
            cancel_never (core, job);
    }
    if (job_has_pending (job) && core->now > job_start_by (core, job))
        end_overdue (core, job);
    hidden = !job->ended && job_hidden (core, job, &until);
    if (!hidden)
        until = UINT64_MAX;
    if (job_has_pending (job) && job_start_by (core, job) < until)
        until = job_start_by (core, job) + 1;
    if (until != UINT64_MAX)
        heap_put (&core->timers, &job->timer, 0, until);
    else
        heap_remove (&core->timers, &job->timer);
    if (!hidden && !job->eligible_us &&
        (rest_count (&job->rest, HOLD_NONE) || (job->again && !idset_empty (job->again)) || job->branches))
        job->eligible_us = core->now;
    payer_count_job (core, job);
    if (!job_startable (core, job))
        shape_leave (core, job);
    else if (!job->shape) {
        shape_enter (core, job);
        core->want_pass = true;
    }
    branches_refresh (core, job);
    claims_trim (core, job);
}

void core_settle (struct core *core)
{
    struct job *job;

    while ((job = core->dirty)) {
        core->dirty = job->dirty_next;
        job->dirty = false;
        job_refresh (core, job);
        specs_fold (&core->specs);
    }
    if (core->left_empty) {
        core->left_empty = false;
        node_table_drop_left (core);
    }
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static int dispatch (struct core *core, const Moisson__Event *event, struct err *err)
{
    if (!core->config && event->what_case != MOISSON__EVENT__WHAT_CONFIGURED)
        return err_set (err, 0, "the first event must be the configuration");
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].what == event->what_case)
            return handlers[i].handler (core, event, err);
    return err_set (err, 0, "an event of kind %d, which this version does not know", (int) event->what_case);
}

int core_apply (struct core *core, const Moisson__Event *event, usec_t now, struct effects *fx, struct err *err)
{
    usec_t before = core->now;
    int rc;

    core->fx = fx;
    core->want_pass = false;
    if (now > core->now)
        core->now = now;
    rc = dispatch (core, event, err);
    if (rc < 0) {
        core->now = before;
        core->fx = NULL;
        return -1;
    }
    core->stats.stale_news += rc == APPLY_E_STALE;
    core_settle (core);
    core->sequence++;
    core->stats.events++;
    if (core->want_pass)
        effects_add (fx, FX_WANT_PASS);
    core->fx = NULL;
    return 0;
}

/* --- used by several handlers ------------------------------------------------------------------------------------- */

struct job *event_job (const struct core *core, uint64_t id, struct task **ret_task, struct err *err)
{
    struct job *job = job_find (core, id);
    struct task *task = job ? NULL : task_by_raw (core, id);

    if (!job && !task) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
        return NULL;
    }
    *ret_task = task;
    return job ? job : task->job;
}

static bool in_ranges (uint32_t index, Moisson__Range *const *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t step = ranges[i]->step ? ranges[i]->step : 1;
        if (index >= ranges[i]->first && index <= ranges[i]->last && (index - ranges[i]->first) % step == 0)
            return true;
    }
    return !n;
}

void event_tasks (struct core *core, struct job *job, struct task *only, Moisson__Range *const *ranges, size_t n,
                  task_fn fn, void *arg)
{
    struct task *task, *next;

    if (only) {
        fn (core, only, arg);
        return;
    }
    if (n == 1 && ranges[0]->first == ranges[0]->last) { /* one task of a large array: no walk */
        task = task_find (core, job, ranges[0]->first);
        if (task && !task->rest)
            fn (core, task, arg);
        return;
    }
    DL_FOREACH_SAFE (job->tasks, task, next)
    if (!task->rest && in_ranges (task->index, ranges, n))
        fn (core, task, arg);
}

/* The ids of the rest are walked, not those of the ranges: a range may name four milliards. */
struct idset *event_rest (const struct job *job, Moisson__Range *const *ranges, size_t n)
{
    struct idset *set = idset_create ();

    for (int h = 0; h < N_HOLDS; h++)
        for (size_t i = 0; i < n; i++) {
            uint32_t from = ranges[i]->first, id;
            enum hold hold;
            bool has = rest_find (&job->rest, from, &hold) && hold == (enum hold) h;
            for (id = has ? from : rest_next (&job->rest, h, from); id != IDSET_NONE && id <= ranges[i]->last;
                 id = rest_next (&job->rest, h, id))
                if (in_ranges (id, &ranges[i], 1))
                    idset_add (set, id);
        }
    return set;
}

struct task *news_task (const struct core *core, const Moisson__AttemptId *id)
{
    struct task *task = task_by_raw (core, id->raw_id);

    if (!task || task->attempt != id->attempt || (task->phase != TASK_PLACED && task->phase != TASK_RUNNING))
        return NULL;
    return task;
}
