/* branch.h - pending tasks that ask for something else than their job does, because a retry gives them more or they
 * were changed alone: tasks of a job that ask for the same are a branch of it. To the shapes and the pass a branch is a
 * job like any other; its id is its job's, its rest is empty, and what it may run is in its `again`. It is in no table,
 * and follows from its tasks.
 */
#pragma once
#include "core/job.h"

struct core;

/* What a job in a shape stands for: itself, or the job that it is a branch of. */
static inline const struct job *job_whole (const struct job *job)
{
    return job->of ? job->of : job;
}
/* In whose name this task queues while it is pending. */
static inline struct job *task_queue (const struct task *task)
{
    return task->branch ? task->branch : task->job;
}

/* A pending record is free to be placed, or not: its queue's `again` holds exactly those that are. */
void again_set (struct task *task, bool in);
/* Its own changes are others now: in its branch for that, or in none. It is pending. */
void branch_again (struct core *core, struct task *task);
/* It has become pending: where it asks for something else than its job, it is in a branch, and owns that spec. */
void branch_enter (struct core *core, struct task *task);
void branch_leave (struct core *core, struct task *task);   /* it keeps the spec; a no-op when it is in none */
void branches_changed (struct core *core, struct job *job); /* the job's spec or partition has changed */
void branches_refresh (struct core *core, struct job *job); /* in their shapes, or not */
int branch_check (const struct core *core, const struct job *job, struct err *err);
