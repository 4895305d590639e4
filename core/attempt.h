/* attempt.h - the life of attempts: verbs that the event handlers share. Each keeps counters, indexes and the shape of
 * the job right, and appends what follows to core->fx. */
#pragma once
#include "core/job.h"
#include "core/retry.h"

struct core;

/* Take this task out of the rest of its job, as a record of its own (pending). */
struct task *task_split (struct core *core, struct job *job, uint32_t index);
/* A record of its own for all of these tasks, which were never placed and now end as cancelled; takes the set over. */
void rest_cancel (struct core *core, struct job *job, struct idset *set, const uint32_t *by_uid, const char *cause);

/* Placed: takes the shares (already checked) over. */
void attempt_begin (struct core *core, struct task *task, uint32_t attempt, struct share *shares, uint32_t n_shares);
void attempt_start (struct core *core, struct task *task, const Moisson__Started *started);
/* Taken back before it was sent: pending again, at its old rank, without a record. */
void attempt_withdraw (struct core *core, struct task *task);
/* Its node could not start it: pending again likewise, or held once that has happened too often. costly: the node was
 * drained for it, so that counts for more. */
void attempt_refused (struct core *core, struct task *task, const char *cause, bool costly);
void task_settle_limit (struct core *core, struct task *task, uint64_t limit_s); /* it keeps this one */
void attempt_limit (struct core *core, struct task *task); /* tell its node the time limit in force */
/* It runs: let it stand still, or go on; its node is told. */
void attempt_suspend (struct core *core, struct task *task, bool on);
/* Ask its node to stop it; one that stands still goes on for that. */
void attempt_stop (struct core *core, struct task *task, enum stop_why why, Moisson__StopHow how, const char *note);

/* It makes room for another; KILL after so many seconds, 0: KillWait. */
void attempt_preempt (struct core *core, struct task *task, uint32_t grace_s);

struct over {
    job_state_t state;
    const Moisson__Exit *exit; /* NULL: no word from the node */
    const char *cause;         /* NULL: what exit says */
    bool again;                /* another attempt is asked for */
};
/* The record of an ended task goes: what it said of its job as a whole stays. */
void outcome_keep (const struct task *task);
/* The phase has moved to ENDED: give the resources back, record, and then end for good or become pending again. */
void attempt_over (struct core *core, struct task *task, const struct over *over);
/* Likewise, with what was decided about another attempt; takes its words. */
void attempt_again (struct core *core, struct task *task, struct over *over, struct retry_answer *answer);
/* It has ended for good, after an attempt, and is to run again: pending once more; the record of that attempt says so
 * from now on. */
void attempt_reopen (struct core *core, struct task *task);
/* A pending record ends as cancelled. */
void pending_cancel (struct core *core, struct task *task, const uint32_t *by_uid, const char *cause);
/* A pending record, or tasks that have none (the set is taken over), end as DEADLINE. */
void pending_overdue (struct core *core, struct task *task);
void rest_overdue (struct core *core, struct job *job, struct idset *set);
/* Hold or free a pending record. */
void pending_hold (struct core *core, struct task *task, enum hold hold);

/* Code and signal as shown: those of an exit or those that the state stands for. */
void task_exit_status (const struct task *task, uint32_t *ret_code, uint32_t *ret_signal);
