/* on_suspended.c - what runs is to stand still, or to go on. It keeps its share of its nodes either way. */
#include "core/apply.h"
#include "core/attempt.h"
#include "core/state.h"

static void suspend_task (struct core *core, struct task *task, void *arg)
{
    const Moisson__Suspended *asked = arg;

    if (task->stop || !phase_find (task->phase, ON_SUSPENDED) || (task->suspended_at != 0) == asked->suspended)
        return;
    attempt_suspend (core, task, asked->suspended);
}

int on_suspended (struct core *core, const Moisson__Event *event, struct err *err)
{
    Moisson__Suspended *asked = event->suspended;
    struct task *only = NULL;
    struct job *job = event_job (core, asked->job_id, &only, err);

    if (!job)
        return -1;
    event_tasks (core, job, only, asked->tasks, asked->n_tasks, suspend_task, asked);
    return 0;
}
