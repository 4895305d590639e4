/* on_requests.c - what people ask: cancel, hold, release, requeue. Each names a job, some tasks of an array, or one
 * task by its raw id. A request that finds nothing to do (all of it has ended, or waits already) changes nothing and is
 * no contradiction; one about an unknown id is. */
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/correspond.h"
#include "core/state.h"

/* --- cancel ------------------------------------------------------------------------------------------------------- */

static void cancel_task (struct core *core, struct task *task, void *arg)
{
    const Moisson__CancelRequested *asked = arg;
    enum phase phase = task->phase;

    if (!phase_find (phase, ON_CANCELLED) || (phase == TASK_PENDING ? asked->running_only : asked->pending_only))
        return;
    if (phase == TASK_PENDING) {
        pending_cancel (core, task, &asked->uid, "cancelled while pending");
        return;
    }
    phase_move (&task->phase, ON_CANCELLED, NULL);
    task->has_cancelled_by = true;
    task->cancelled_by = asked->uid;
    attempt_stop (core, task, STOP_BY_CANCEL, MOISSON__STOP_HOW__STOP_CANCEL, NULL);
}

static void cancel_set (struct core *core, struct job *job, struct idset *set, const Moisson__CancelRequested *asked)
{
    if (!set || idset_empty (set)) {
        idset_free (set);
        return;
    }
    rest_cancel (core, job, set, &asked->uid, "cancelled while pending");
}

static void cancel_rest (struct core *core, struct job *job, const Moisson__CancelRequested *asked)
{
    struct idset *set = NULL;

    if (asked->n_tasks) {
        set = event_rest (job, asked->tasks, asked->n_tasks);
        for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id))
            rest_take (&job->rest, id);
        cancel_set (core, job, set, asked);
        return;
    }
    for (int h = 0; h < N_HOLDS; h++) { /* one record for all of it: the first set takes the others in */
        struct idset *more = rest_take_all (&job->rest, h);
        if (!set) {
            set = more;
            continue;
        }
        for (size_t i = 0; more && i < idset_ranges (more); i++) {
            uint32_t first, last;
            idset_range (more, i, &first, &last);
            idset_add_range (set, first, last, 1);
        }
        idset_free (more);
    }
    cancel_set (core, job, set, asked);
}

int on_cancel_requested (struct core *core, const Moisson__Event *event, struct err *err)
{
    Moisson__CancelRequested *asked = event->cancel_requested;
    struct task *only = NULL;
    struct job *job = event_job (core, asked->job_id, &only, err);

    if (!job)
        return -1;
    event_tasks (core, job, only, asked->tasks, asked->n_tasks, cancel_task, asked);
    if (!only && !asked->running_only)
        cancel_rest (core, job, asked);
    job_mark_dirty (core, job);
    return 0;
}

/* --- hold and release --------------------------------------------------------------------------------------------- */

/* The hold that follows: an admin's outweighs a user's, and only an admin lifts it. */
static enum hold hold_after (enum hold now, const Moisson__Held *asked)
{
    if (now == HOLD_NEVER || (!asked->held && now == HOLD_CORR))
        return now;
    if (!asked->held)
        return now == HOLD_ADMIN && !asked->by_admin ? HOLD_ADMIN : HOLD_NONE;
    return asked->by_admin ? HOLD_ADMIN : now == HOLD_ADMIN ? HOLD_ADMIN : HOLD_USER;
}

static void hold_task (struct core *core, struct task *task, void *arg)
{
    if (task->phase == TASK_PENDING)
        pending_hold (core, task, hold_after (task->hold, arg));
}

static void hold_rest (struct job *job, const Moisson__Held *asked)
{
    if (asked->n_tasks) {
        _cleanup_idset_ struct idset *set = event_rest (job, asked->tasks, asked->n_tasks);
        for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id)) {
            enum hold now;
            if (rest_find (&job->rest, id, &now))
                rest_move (&job->rest, id, hold_after (now, asked));
        }
        return;
    }
    struct idset *sets[N_HOLDS];
    for (int h = 0; h < N_HOLDS; h++)
        sets[h] = rest_take_all (&job->rest, h);
    for (int h = 0; h < N_HOLDS; h++)
        rest_give (&job->rest, hold_after (h, asked), sets[h]);
}

int on_held (struct core *core, const Moisson__Event *event, struct err *err)
{
    Moisson__Held *asked = event->held;
    struct task *only = NULL;
    struct job *job = event_job (core, asked->job_id, &only, err);

    if (!job)
        return -1;
    event_tasks (core, job, only, asked->tasks, asked->n_tasks, hold_task, asked);
    if (!only)
        hold_rest (job, asked);
    if (!asked->held)
        corr_sort (core, job);
    free (job->resv_deleted); /* from now on it is held, or not, for what was asked here */
    job->resv_deleted = NULL;
    job_mark_dirty (core, job);
    return 0;
}

/* --- requeue ------------------------------------------------------------------------------------------------------ */

static void hold_pending (struct core *core, struct task *task, const Moisson__Requeued *asked)
{
    if (!asked->hold)
        return;
    if (task->hold == HOLD_NONE || task->hold == HOLD_CORR)
        pending_hold (core, task, HOLD_USER);
    task->special |= asked->special;
}

/* What ended without an attempt (cancelled while pending) has nothing to run again. */
static void requeue_task (struct core *core, struct task *task, void *arg)
{
    const Moisson__Requeued *asked = arg;

    if (task->phase == TASK_PENDING) {
        hold_pending (core, task, asked);
        return;
    }
    if (!phase_find (task->phase, ON_REQUEUED) ||
        (task->phase == TASK_ENDED ? !task->n_last : task->stop == STOP_BY_CANCEL))
        return;
    task->again_hold = asked->hold ? HOLD_USER : HOLD_NONE;
    task->again_special = asked->hold && asked->special;
    if (task->phase == TASK_ENDED) {
        attempt_reopen (core, task);
        return;
    }
    phase_move (&task->phase, ON_REQUEUED, NULL);
    attempt_stop (core, task, STOP_BY_REQUEUE, MOISSON__STOP_HOW__STOP_CANCEL, "DUE TO JOB REQUEUE");
}

int on_requeued (struct core *core, const Moisson__Event *event, struct err *err)
{
    Moisson__Requeued *asked = event->requeued;
    struct task *only = NULL;
    struct job *job = event_job (core, asked->job_id, &only, err);

    if (!job)
        return -1;
    event_tasks (core, job, only, asked->tasks, asked->n_tasks, requeue_task, asked);
    if (asked->hold && !only) {
        Moisson__Held held = MOISSON__HELD__INIT;
        held.tasks = asked->tasks;
        held.n_tasks = asked->n_tasks;
        held.held = true;
        hold_rest (job, &held);
    }
    job_mark_dirty (core, job);
    return 0;
}
