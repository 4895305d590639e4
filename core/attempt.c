/* attempt.c - the life of attempts. */
#include "core/attempt.h"
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/acct.h"
#include "core/correspond.h"
#include "core/branch.h"
#include "core/limits.h"
#include "core/profile.h"
#include "core/state.h"
#include "core/steps.h"
#include "core/usage.h"

/* --- pending records ---------------------------------------------------------------------------------------------- */

struct task *task_split (struct core *core, struct job *job, uint32_t index)
{
    struct task *task;
    enum hold hold;

    if (!rest_find (&job->rest, index, &hold))
        return NULL;
    rest_take (&job->rest, index);
    core->stats.pending--;
    task = task_add (core, job, index);
    task->hold = hold;
    again_set (task, hold == HOLD_NONE);
    return task;
}

void pending_hold (struct core *core, struct task *task, enum hold hold)
{
    task->hold = hold;
    if (hold == HOLD_NONE && task->cause) {
        free (task->cause); /* why it was held */
        task->cause = NULL;
    }
    task->special &= hold_is_hold (hold);
    again_set (task, hold == HOLD_NONE);
    job_mark_dirty (core, task->job);
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

void task_exit_status (const struct task *task, uint32_t *ret_code, uint32_t *ret_signal)
{
    *ret_code = task->exit ? task->exit->code : task->state == MOISSON__JOB_STATE__STATE_NODE_FAIL;
    *ret_signal = task->exit ? task->exit->signal : 0;
}

static Moisson__AcctRecord *add_record_as (struct core *core, enum fx_kind kind, const struct task *task,
                                           uint32_t attempt, bool requeued, bool sudden)
{
    struct fx *fx = effects_add (core->fx, kind);

    if (!fx)
        return NULL;
    fx->job_id = task->job->id;
    fx->raw_id = task->raw_id;
    fx->attempt = attempt;
    fx->sudden = sudden;
    fx->record = acct_record (core, task);
    fx->record->attempt = attempt;
    if (requeued) {
        fx->record->has_requeued = true;
        fx->record->requeued = true;
    }
    return fx->record;
}

static void add_record (struct core *core, const struct task *task, uint32_t attempt, bool requeued, bool sudden)
{
    add_record_as (core, FX_RECORD, task, attempt, requeued, sudden);
}

static void job_check_end (struct core *core, struct job *job)
{
    struct fx *fx;

    if (job->ended || job->n_active || job->n_pending || rest_total (&job->rest))
        return;
    job->ended = true;
    job->end_us = core->now;
    group_leave (core, job);
    fx = effects_add (core->fx, FX_JOB_ENDED);
    if (fx)
        fx->job_id = job->id;
}

/* What this ended task says of its job as a whole. */
static void count_outcome (struct job *job, const struct task *task)
{
    uint32_t code, signal;

    task_exit_status (task, &code, &signal);
    if (task->state == MOISSON__JOB_STATE__STATE_CANCELLED)
        job->cancelled = true;
    else if (task->state != MOISSON__JOB_STATE__STATE_COMPLETED)
        job->failed = true;
    if (code > job->max_exit_code)
        job->max_exit_code = code;
    if (signal > job->max_exit_signal)
        job->max_exit_signal = signal;
}

void outcome_keep (const struct task *task)
{
    struct job *job = task->job;
    uint32_t code, signal;

    task_exit_status (task, &code, &signal);
    job->gone.cancelled |= task->state == MOISSON__JOB_STATE__STATE_CANCELLED;
    job->gone.failed |=
        task->state != MOISSON__JOB_STATE__STATE_CANCELLED && task->state != MOISSON__JOB_STATE__STATE_COMPLETED;
    job->gone.code = code > job->gone.code ? code : job->gone.code;
    job->gone.signal = signal > job->gone.signal ? signal : job->gone.signal;
}

/* The task is over for good: what its job and those that wait for it must know. */
static void task_final (struct core *core, struct task *task)
{
    struct job *job = task->job;

    if (!task->begun)
        job->n_unbegun--;
    task->begun = true;
    task->over_us = core->now;
    task->end_sequence = core->sequence + 1;
    core->stats.ended++;
    task_append_ended (core, task);
    count_outcome (job, task);
    job_check_end (core, job);
    corr_news (core, task);
    depend_news (core, job);
    job_mark_dirty (core, job);
}

static void keep_where_it_ran (struct task *task)
{
    if (!task->n_shares)
        return;
    task->last = xcalloc (task->n_shares, sizeof *task->last);
    task->n_last = task->n_shares;
    for (uint32_t i = 0; i < task->n_shares; i++) {
        const struct share *share = &task->shares[i];
        task->last[i] = (Moisson__Share) MOISSON__SHARE__INIT;
        task->last[i].node = xstrdup (node_name (share->node));
        task->last[i].cpus = share->cpus;
        task->last[i].has_mem_mb = task->last[i].has_gpus = true;
        task->last[i].mem_mb = share->mem_mb;
        task->last[i].has_tasks = share->tasks > 0;
        task->last[i].tasks = share->tasks;
        task->last[i].gpus = share->gpus;
        task->last[i].gres = gres_parts_save (&share->gres, &task->last[i].n_gres);
    }
}

static void release (struct core *core, struct task *task)
{
    struct claim *claim = claim_of_victim (core, task);

    resv_leave (core, task);
    licence_give (core, task);
    usage_end (core, task, task->end_us ? task->end_us : core->now);
    limits_give (core, task);
    for (uint32_t i = 0; i < task->n_shares; i++) {
        struct held *kept = claim ? claim_part (core, claim, task, i) : NULL;
        core->left_empty |= !kept && node_left (task->shares[i].node) && task->shares[i].node->n_shares == 1;
        share_give (core, &task->shares[i]);
        if (kept)
            claim_add (core, claim, kept);
    }
    if (claim)
        claim_hear (core, claim);
    task->claim = 0;
    free (task->shares);
    task->shares = NULL;
    task->n_shares = 0;
    task->configuring = false;
    task->job->n_active--;
    core->stats.running--;
    core->want_pass = true;
    if (core->pass.gated)
        pass_look_again (core);
}

static void note_end (struct core *core, struct task *task, const struct over *over)
{
    const Moisson__Exit *exit = over->exit;

    task->state = over->state;
    task->end_us = exit && exit->has_end_us ? exit->end_us : core->now;
    if (exit && exit->has_start_us && !task->start_us)
        task->start_us = exit->start_us;
    if (task->start_us && !task->job->first_start_us)
        task->job->first_start_us = task->start_us;
    if (task->end_us < task->start_us)
        task->end_us = task->start_us; /* a node's clock was set back */
    if (exit) {
        task->exit = message_copy (&exit->base);
        if (exit->cpu_ids && !task->cpu_ids)
            task->cpu_ids = xstrdup (exit->cpu_ids);
        if (exit->gpu_ids && !task->gpu_ids)
            task->gpu_ids = xstrdup (exit->gpu_ids);
    }
    if (over->cause || (exit && exit->cause)) {
        char *cause = xstrdup (over->cause ? over->cause : exit->cause); /* may be task->cause itself */
        free (task->cause);
        task->cause = cause;
    }
}

static void become_pending (struct core *core, struct task *task)
{
    if (task->exit)
        moisson__exit__free_unpacked (task->exit, NULL);
    task_forget_last (task);
    steps_free (task);
    free (task->cause);
    free (task->cpu_ids);
    free (task->gpu_ids);
    task->exit = NULL;
    task->cause = task->cpu_ids = task->gpu_ids = NULL;
    task->state = MOISSON__JOB_STATE__STATE_PENDING;
    task->start_us = task->end_us = 0;
    task->suspended_at = task->suspended_us = 0;
    task->was_suspended = false;
    task->boot = 0;
    task->stop = STOP_NO;
    task->has_cancelled_by = false;
    task->cancelled_by = 0;
    task->claimed_for = 0;
    task->preempt_again = false;
    task_disown (core, task);
    task->job->n_pending++;
    core->stats.pending++;
    branch_enter (core, task);
    task->special = task->again_special;
    pending_hold (core, task, task->again_hold);
    task->again_hold = HOLD_NONE;
    task->again_special = false;
}

/* Of what stands still, the time until now counts as such. */
static void suspension_close (struct core *core, struct task *task)
{
    task->suspended_us = task_suspended (core, task);
    task->suspended_at = 0;
}

void attempt_over (struct core *core, struct task *task, const struct over *over)
{
    bool began = task->start_us != 0;

    suspension_close (core, task);
    note_end (core, task, over);
    shun_hear (core, task, over->state, task->end_us);
    steps_close (task);
    keep_where_it_ran (task);
    usage_whole (core, task);
    release (core, task);
    add_record (core, task, task->attempt, over->again, !began && task->start_us);
    if (!over->again) {
        task_final (core, task);
        return;
    }
    phase_move (&task->phase, ON_AGAIN, NULL);
    task->restarts++;
    task->eligible_us = core->now;
    become_pending (core, task);
}

void attempt_again (struct core *core, struct task *task, struct over *over, struct retry_answer *answer)
{
    over->again = answer->again;
    if (answer->words)
        over->cause = answer->words;
    if (answer->again)
        task->again_hold = answer->hold;
    attempt_over (core, task, over);
    if (answer->again && answer->hold != HOLD_NONE && answer->words) {
        free (task->cause);
        task->cause = steal (&answer->words);
    }
    free (answer->words);
}

/* Its job has ended otherwise than it looked: what the records that are left, and those that are gone, say of it. */
static void job_reopen (struct core *core, struct job *job)
{
    const struct task *task;

    job->failed = job->gone.failed;
    job->cancelled = job->gone.cancelled;
    job->max_exit_code = job->gone.code;
    job->max_exit_signal = job->gone.signal;
    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_ENDED)
        count_outcome (job, task);
    if (!job->ended)
        return;
    job->ended = false;
    job->end_us = 0;
    group_join (core, job);
}

void attempt_reopen (struct core *core, struct task *task)
{
    Moisson__AcctRecord *record = add_record_as (core, FX_RERECORD, task, task->attempt, true, false);

    if (record) {
        record->has_superseded = true;
        record->superseded = core->sequence + 1;
    }
    phase_move (&task->phase, ON_REQUEUED, NULL);
    DL_DELETE2 (core->jobs.ended_first, task, ended_prev, ended_next);
    core->stats.ended--;
    task->over_us = 0;
    task->end_sequence = 0;
    task->restarts++;
    task->eligible_us = core->now;
    become_pending (core, task);
    job_reopen (core, task->job);
}

static void pending_end (struct core *core, struct task *task, enum task_event on, job_state_t state,
                         const uint32_t *by_uid, const char *cause)
{
    phase_move (&task->phase, on, NULL);
    again_set (task, false);
    branch_leave (core, task);
    task->hold = HOLD_NONE;
    task->special = false;
    task->state = state;
    task->has_cancelled_by = by_uid != NULL;
    task->cancelled_by = by_uid ? *by_uid : 0;
    free (task->cause);
    task->cause = xstrdup (cause);
    task->end_us = core->now;
    task->job->n_pending--;
    core->stats.pending--;
    add_record (core, task, 0, false, false);
    task_final (core, task);
}

void pending_cancel (struct core *core, struct task *task, const uint32_t *by_uid, const char *cause)
{
    pending_end (core, task, ON_CANCELLED, MOISSON__JOB_STATE__STATE_CANCELLED, by_uid, cause);
}

void pending_overdue (struct core *core, struct task *task)
{
    pending_end (core, task, ON_OVERDUE, MOISSON__JOB_STATE__STATE_DEADLINE, NULL,
                 "it could no longer end before its deadline");
}

/* One record, pending, for all of these. */
static struct task *rest_record (struct core *core, struct job *job, struct idset *set)
{
    struct task *task;

    core->stats.pending -= idset_count (set);
    task = task_add (core, job, job_is_array (job) ? idset_first (set) : 0);
    if (job_is_array (job))
        task->rest = set;
    else
        idset_free (set);
    return task;
}

void rest_cancel (struct core *core, struct job *job, struct idset *set, const uint32_t *by_uid, const char *cause)
{
    pending_cancel (core, rest_record (core, job, set), by_uid, cause);
}

void rest_overdue (struct core *core, struct job *job, struct idset *set)
{
    pending_overdue (core, rest_record (core, job, set));
}

/* --- attempts ----------------------------------------------------------------------------------------------------- */

static struct fx *add_node_effect (struct core *core, enum fx_kind kind, const struct task *task)
{
    struct fx *fx = effects_add (core->fx, kind);

    if (!fx)
        return NULL;
    fx->job_id = task->job->id;
    fx->raw_id = task->raw_id;
    fx->attempt = task->attempt;
    fx->node = xstrdup (node_name (task_host (task)));
    return fx;
}

void attempt_limit (struct core *core, struct task *task)
{
    struct fx *fx = add_node_effect (core, FX_LIMIT, task);

    attempt_reckon (core, task);
    if (fx)
        fx->limit_s = task_time_limit (core, task);
}

void attempt_begin (struct core *core, struct task *task, uint32_t attempt, struct share *shares, uint32_t n_shares)
{
    phase_move (&task->phase, ON_PLACED, NULL);
    again_set (task, false);
    branch_leave (core, task);
    task->attempt = attempt;
    task->placed_at = core->sequence + 1;
    task->shares = shares;
    task->n_shares = n_shares;
    for (uint32_t i = 0; i < n_shares; i++) {
        shares[i].task = task;
        shares[i].licensed = !i && attempt_is_licensed (task);
        shares[i].until = i ? shares[0].until : attempt_until (core, task);
        share_take (core, &shares[i]);
    }
    resv_enter (core, task);
    attempt_reckon (core, task);
    licence_take (core, task);
    limits_take (core, task);
    usage_pledge (core, task);
    task->boot = shares[0].node->boot;
    task->job->n_pending--;
    task->job->n_active++;
    core->stats.pending--;
    core->stats.running++;
    add_node_effect (core, FX_START, task);
    job_mark_dirty (core, task->job);
}

void attempt_start (struct core *core, struct task *task, const Moisson__Started *started)
{
    struct job *job = task->job;

    task->refusals = 0;
    node_began (task_host (task));
    task->start_us = started->start_us;
    if (started->cpu_ids) {
        free (task->cpu_ids);
        task->cpu_ids = xstrdup (started->cpu_ids);
    }
    if (started->gpu_ids) {
        free (task->gpu_ids);
        task->gpu_ids = xstrdup (started->gpu_ids);
    }
    task->boot = task_host (task)->boot;
    attempt_reckon (core, task);
    if (!job->first_start_us)
        job->first_start_us = task->start_us;
    if (!task->begun)
        job->n_unbegun--;
    task->begun = true;
    usage_begin (core, task, task->start_us);
    if (task->relimited)
        attempt_limit (core, task); /* what was sent before may have overtaken the order */
    depend_news (core, job);
}

void attempt_withdraw (struct core *core, struct task *task)
{
    release (core, task);
    become_pending (core, task);
}

#define REFUSALS_A_TASK 5
#define REFUSALS_COSTLY 3 /* two of them are too many */

void attempt_refused (struct core *core, struct task *task, const char *cause, bool costly)
{
    attempt_withdraw (core, task);
    task->refusals += costly ? REFUSALS_COSTLY : 1;
    if (task->refusals < REFUSALS_A_TASK)
        return;
    task->refusals = 0; /* a release gives it as many again */
    pending_hold (core, task, HOLD_ADMIN);
    free (task->cause);
    task->cause = costly ? xasprintf ("held after refused starts for which nodes were drained: %s", cause)
                         : xasprintf ("held after %d refused starts: %s", REFUSALS_A_TASK, cause);
}

void attempt_suspend (struct core *core, struct task *task, bool on)
{
    struct fx *fx = add_node_effect (core, FX_SUSPEND, task);

    if (fx)
        fx->suspend = on;
    suspension_close (core, task);
    if (on)
        usage_end (core, task, core->now); /* what stands still is not charged */
    task->suspended_at = on ? core->now : 0;
    task->was_suspended = true;
    if (!on)
        usage_begin (core, task, core->now);
    attempt_reckon (core, task);
}

void attempt_stop (struct core *core, struct task *task, enum stop_why why, Moisson__StopHow how, const char *note)
{
    struct fx *fx = add_node_effect (core, FX_STOP, task);

    bool stood = task->suspended_at > 0;

    task->stop = why;
    suspension_close (core, task);
    if (stood)
        usage_begin (core, task, core->now); /* it goes on, to its end */
    attempt_reckon (core, task);
    if (fx) {
        fx->how = how;
        fx->note = xstrdup (note);
    }
}

void attempt_preempt (struct core *core, struct task *task, uint32_t grace_s)
{
    size_t before = core->fx ? core->fx->n : 0;

    attempt_stop (core, task, STOP_BY_PREEMPT, MOISSON__STOP_HOW__STOP_CANCEL, "DUE TO PREEMPTION");
    if (core->fx && core->fx->n > before)
        core->fx->list[before].grace_s = grace_s;
}
