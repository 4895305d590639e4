/* on_updated.c - what is asked for a job changes after its submit. A task that runs takes what it still can, and keeps
 * the rest as it was started; what is pending takes all of it. */
#include <utlist.h>
#include "base/mem.h"
#include "core/amend.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/branch.h"
#include "core/payer.h"
#include "core/limits.h"
#include "core/state.h"

static bool is_active (const struct task *task)
{
    return task->phase == TASK_PLACED || task->phase == TASK_RUNNING;
}

/* TimeLimit+= and -=: one without a limit stays so; a minute is the least. */
static void shift_limit (const Moisson__JobUpdated *asked, uint64_t limit, Moisson__JobSpec *spec)
{
    int64_t shifted = (int64_t) limit + asked->time_shift_s;

    if (!asked->has_time_shift_s || !limit)
        return;
    spec->has_time_limit_s = true;
    spec->time_limit_s = shifted < 60 ? 60 : (uint64_t) shifted;
}

static void end_at (const struct core *core, const Moisson__JobUpdated *asked, const struct task *task,
                    Moisson__JobSpec *spec)
{
    usec_t from = task->start_us + task_suspended (core, task);

    if (!asked->has_end_us || !task->start_us)
        return;
    spec->has_time_limit_s = true;
    spec->time_limit_s = asked->end_us > from ? (asked->end_us - from) / USEC_PER_SEC : 1;
    if (!spec->time_limit_s)
        spec->time_limit_s = 1;
}

void task_settle_limit (struct core *core, struct task *task, uint64_t limit_s)
{
    const Moisson__Submitted *facts = row_facts (task->job, task);
    Moisson__JobSpec changes = MOISSON__JOB_SPEC__INIT;
    struct spec *old = task->own;

    changes.has_time_limit_s = true;
    changes.time_limit_s = limit_s;
    usage_give_rate (core, task);
    task_own (task, job_spec_with (core, facts, amend_spec (facts->spec, &changes, true)));
    usage_take_rate (core, task);
    if (old)
        job_put_spec (core, old);
}

static void update_task (struct core *core, struct task *task, void *arg)
{
    const Moisson__JobUpdated *asked = arg;
    const Moisson__Submitted *facts = row_facts (task->job, task);
    uint64_t before = task_time_limit (core, task);
    struct spec *own, *old = task->own;
    Moisson__JobSpec *spec;

    if (!is_active (task))
        return;
    spec = amend_spec (facts->spec, asked->changes, true);
    shift_limit (asked, before, spec);
    end_at (core, asked, task, spec);
    own = job_spec_with (core, facts, spec);
    limits_give (core, task); /* its QoS may be another one now */
    usage_give_rate (core, task);
    task_own (task, own);
    limits_take (core, task);
    usage_take_rate (core, task);
    if (old)
        job_put_spec (core, old);
    if (task_time_limit (core, task) == before)
        return;
    task->relimited = true;
    attempt_limit (core, task);
}

/* What runs or has ended stays what it was when the job changes. */
static void keep_records (struct job *job)
{
    struct task *task;

    DL_FOREACH (job->tasks, task)
    if (task->phase != TASK_PENDING && !task->own) {
        job->spec->refs++;
        task_own (task, job->spec);
    }
}

static void change_job (struct core *core, struct job *job, const Moisson__JobUpdated *asked)
{
    Moisson__JobSpec *changed = amend_spec (job_spec (job), asked->changes, false);
    struct spec *old = job->spec;

    shift_limit (asked, job_time_limit (core, job), changed);
    keep_records (job);
    payer_uncount_job (core, job);
    shape_leave (core, job);
    group_leave (core, job);
    job->spec = job_spec_with (core, spec_msg (old), changed);
    if (asked->changes->partition && *asked->changes->partition)
        job->partition = partition_intern (core, asked->changes->partition);
    depend_changed (core, job, asked->changes->dependency != NULL);
    if (asked->changes->dependency || asked->changes->has_begin_us)
        job->eligible_us = 0;
    group_join (core, job);
    branches_changed (core, job);
    job_put_spec (core, old);
}

void job_without_resv (struct core *core, struct job *job, const char *name, bool hold)
{
    Moisson__JobUpdated asked = MOISSON__JOB_UPDATED__INIT;
    Moisson__JobSpec changes = MOISSON__JOB_SPEC__INIT;
    struct task *task;

    changes.reservation = (char *) "";
    asked.changes = &changes;
    change_job (core, job, &asked);
    job_mark_dirty (core, job);
    if (!hold)
        return;
    rest_give (&job->rest, HOLD_USER, rest_take_all (&job->rest, HOLD_NONE));
    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_PENDING && task->hold == HOLD_NONE)
        pending_hold (core, task, HOLD_USER);
    free (job->resv_deleted);
    job->resv_deleted = xstrdup (name);
}

/* What it asks from now on, alone; TimeLimit+= is a limit of its own. */
static void amend_task (struct core *core, struct task *task, const Moisson__JobUpdated *asked)
{
    Moisson__JobSpec changes = *asked->changes;

    if (task->phase == TASK_ENDED)
        return;
    shift_limit (asked, task_time_limit (core, task), &changes);
    task->amended = amend_join (task->amended, &changes);
    if (task->phase == TASK_PENDING)
        branch_again (core, task);
}

static void amend_one (struct core *core, struct task *task, void *arg)
{
    amend_task (core, task, arg);
}

/* Tasks without a record get one: they differ. */
static void amend_rest (struct core *core, struct job *job, const Moisson__JobUpdated *asked)
{
    _cleanup_idset_ struct idset *set = event_rest (job, asked->tasks, asked->n_tasks);

    for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id))
        amend_task (core, task_split (core, job, id), asked);
}

/* What was changed for tasks alone is overtaken where the job as a whole changes. */
static void forget_alone (struct job *job, const Moisson__JobUpdated *asked)
{
    struct task *task;

    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_PENDING || (is_active (task) && !asked->pending_only))
        task->amended = amend_forget (task->amended, asked->changes);
}

int on_job_updated (struct core *core, const Moisson__Event *event, struct err *err)
{
    Moisson__JobUpdated *asked = event->job_updated;
    struct task *only = NULL;
    struct job *job = event_job (core, asked->job_id, &only, err);

    if (!job)
        return -1;
    if (job->ended)
        return 0;
    if (!job_is_array (job))
        only = NULL; /* the whole job */
    if (!asked->pending_only)
        event_tasks (core, job, only, asked->tasks, asked->n_tasks, update_task, asked);
    if (asked->alone && (only || asked->n_tasks)) {
        event_tasks (core, job, only, asked->tasks, asked->n_tasks, amend_one, asked);
        if (!only)
            amend_rest (core, job, asked);
    }
    if (!only && !asked->n_tasks) {
        forget_alone (job, asked);
        change_job (core, job, asked);
    }
    job_mark_dirty (core, job);
    return 0;
}
