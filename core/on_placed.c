/* on_placed.c - a task is given shares of nodes, or a placement that was never sent is taken back. */
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/profile.h"
#include "core/state.h"

/* Nothing may be placed twice, from a hold, under a wrong number, or on what is not free. */
static int check_ids (const struct core *core, const struct job *job, const struct task *task,
                      const Moisson__Placed *placed, struct err *err)
{
    uint32_t index = placed->has_task ? placed->task : 0;
    uint64_t raw = task && task->raw_id ? task->raw_id : job_is_array (job) ? core->next_id : job->id;
    uint32_t attempt = task ? task->attempt + 1 : 1;
    enum hold hold = task ? task->hold : HOLD_NONE;

    if (placed->has_task != job_is_array (job))
        return err_set (err, 0, "job %lu placed %s a task number", (unsigned long) job->id,
                        placed->has_task ? "with" : "without");
    if (task && !phase_find (task->phase, ON_PLACED))
        return err_set (err, 0, "task %u of job %lu placed while it is %s", index, (unsigned long) job->id,
                        phase_name (task->phase));
    if (!task && !rest_find (&job->rest, index, &hold))
        return err_set (err, 0, "job %lu has no task %u to place", (unsigned long) job->id, index);
    if (hold != HOLD_NONE)
        return err_set (err, 0, "task %u of job %lu placed while it is held", index, (unsigned long) job->id);
    if (placed->raw_id != raw || placed->attempt != attempt)
        return err_set (err, 0, "task %u of job %lu placed as %lu.%u, which should be %lu.%u", index,
                        (unsigned long) job->id, (unsigned long) placed->raw_id, placed->attempt, (unsigned long) raw,
                        attempt);
    return 0;
}

static void forget_shares (struct share *shares, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gres_parts_clear (&shares[i].gres);
    free (shares);
}

static struct share *check_shares (struct core *core, const Moisson__Placed *placed, struct err *err)
{
    struct share *shares;

    if (!placed->n_shares) {
        err_set (err, 0, "job %lu placed nowhere", (unsigned long) placed->job_id);
        return NULL;
    }
    shares = xcalloc (placed->n_shares, sizeof *shares);
    for (size_t i = 0; i < placed->n_shares; i++) {
        if (share_check (core, placed->shares[i], &shares[i], err)) {
            forget_shares (shares, i);
            return NULL;
        }
        for (size_t k = 0; k < i; k++)
            if (shares[k].node == shares[i].node) {
                err_set (err, 0, "job %lu placed twice on %s", (unsigned long) placed->job_id,
                         node_name (shares[i].node));
                forget_shares (shares, i + 1);
                return NULL;
            }
    }
    return shares;
}

int on_placed (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Placed *placed = event->placed;
    struct job *job = job_find (core, placed->job_id);
    uint32_t index = placed->has_task ? placed->task : 0;
    struct task *task = job ? task_find (core, job, index) : NULL;
    struct claim *claim = NULL;
    struct share *shares;

    if (!job)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "job %lu placed, which is not known",
                        (unsigned long) placed->job_id);
    if (check_ids (core, job, task, placed, err))
        return -1;
    if (placed->has_claim) {
        claim = claim_find (core, placed->claim);
        if (!claim || claim->waiting || claim->job_id != job->id)
            return err_set (err, 0, "job %lu placed in room that is not made for it", (unsigned long) job->id);
        claim_lift (core, claim);
    }
    shares = check_shares (core, placed, err);
    if (claim)
        claim_lower (core, claim);
    if (!shares)
        return -1;
    if (claim)
        claim_drop (core, claim);
    if (!task)
        task = task_split (core, job, index);
    if (!task->raw_id) {
        task_set_raw (core, task, placed->raw_id);
        core->next_id += placed->raw_id == core->next_id;
    }
    attempt_begin (core, task, placed->attempt, shares, (uint32_t) placed->n_shares);
    start_count (core, job);
    if (placed->time_limit_s)
        task_settle_limit (core, task, placed->time_limit_s);
    attempt_reckon (core, task);
    return 0;
}

/* What was to be stopped anyway ends, or waits again, as it would have after its stop. */
static void withdraw_stopped (struct core *core, struct task *task, enum stop_why stop)
{
    uint32_t uid = task->cancelled_by;
    bool by_uid = task->has_cancelled_by;

    attempt_withdraw (core, task);
    if (stop == STOP_BY_CANCEL)
        pending_cancel (core, task, by_uid ? &uid : NULL, "cancelled before it started");
}

int on_unplaced (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Unplaced *unplaced = event->unplaced;
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    struct node *host;
    struct task *task;

    id.raw_id = unplaced->raw_id;
    id.attempt = unplaced->attempt;
    task = news_task (core, &id);
    if (!task || phase_move (&task->phase, ON_UNPLACED, err))
        return APPLY_E_STALE;
    host = task_host (task);
    if (unplaced->refused && task->stop != STOP_BY_CANCEL) { /* the controller's own prolog failed: no node's fault */
        attempt_refused (core, task, unplaced->why && *unplaced->why ? unplaced->why : "it could not be prepared",
                         false);
        return 0;
    }
    host->session =
        unplaced->refused && host->session; /* it could not be reached: nothing more goes there until it is back */
    withdraw_stopped (core, task, task->stop);
    node_reindex (core, host);
    return 0;
}
