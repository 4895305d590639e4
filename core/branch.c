/* branch.c - pending tasks that ask for something else than their job. */
#include "core/branch.h"
#include <utlist.h>
#include "base/mem.h"
#include "core/amend.h"
#include "core/retry.h"
#include "core/state.h"

void again_set (struct task *task, bool in)
{
    struct job *queue = task_queue (task);

    if (!in) {
        if (queue->again)
            idset_remove (queue->again, task->index);
        return;
    }
    if (!queue->again)
        queue->again = idset_create ();
    idset_add (queue->again, task->index);
}

static struct job *branch_with (struct job *job, const struct spec *spec)
{
    struct job *branch = job->branches;

    while (branch && branch->spec != spec)
        branch = branch->branches;
    return branch;
}

static struct job *branch_create (struct job *job, struct spec *spec)
{
    struct job *branch = xcalloc (1, sizeof *branch);

    branch->id = job->id;
    branch->of = job;
    branch->spec = spec;
    spec->refs++;
    branch->partition = job->partition;
    branch->submit_us = job->submit_us;
    branch->rest.array = job->rest.array;
    branch->part = ++job->part;
    branch->branches = job->branches;
    job->branches = branch;
    return branch;
}

static void branch_free (struct core *core, struct job *branch)
{
    struct spec *spec = branch->spec;
    struct job *before = branch->of;

    while (before->branches != branch)
        before = before->branches;
    before->branches = branch->branches;
    shape_leave (core, branch);
    idset_free (branch->again);
    free (branch);
    job_put_spec (core, spec);
}

void branch_enter (struct core *core, struct task *task)
{
    struct job *job = task->job;
    Moisson__JobSpec *spec = task->amended ? amend_spec (job_spec (job), task->amended, false) : NULL;
    Moisson__JobSpec *more = task->retry ? retry_spec (task->retry, spec ? spec : job_spec (job)) : NULL;

    if (more && spec)
        moisson__job_spec__free_unpacked (spec, NULL);
    if (!more && !spec)
        return;
    struct spec *own = job_spec_with (core, spec_msg (job->spec), more ? more : spec);
    if (own == job->spec) { /* what was changed says the same as the job does */
        job_put_spec (core, own);
        return;
    }
    task_own (task, own);
    task->branch = branch_with (job, task->own);
    if (!task->branch)
        task->branch = branch_create (job, task->own);
    task->branch->n_pending++;
    job_mark_dirty (core, job);
}

void branch_leave (struct core *core, struct task *task)
{
    struct job *branch = task->branch;

    task->branch = NULL;
    if (branch && !--branch->n_pending)
        branch_free (core, branch);
}

void branch_again (struct core *core, struct task *task)
{
    again_set (task, false);
    branch_leave (core, task);
    task_disown (core, task);
    branch_enter (core, task);
    again_set (task, task->hold == HOLD_NONE);
}

void branches_changed (struct core *core, struct job *job)
{
    struct task *task;

    for (struct job *branch = job->branches; branch; branch = branch->branches)
        shape_leave (core, branch);
    DL_FOREACH (job->tasks, task)
    {
        if (task->phase == TASK_PENDING && (task->retry || task->amended || task->branch))
            branch_again (core, task);
    }
}

void branches_refresh (struct core *core, struct job *job)
{
    for (struct job *branch = job->branches; branch; branch = branch->branches) {
        if (!job_startable (core, branch))
            shape_leave (core, branch);
        else if (!branch->shape) {
            branch->eligible_us = job->eligible_us;
            shape_enter (core, branch);
            core->want_pass = true;
        }
    }
}

int branch_check (const struct core *core, const struct job *job, struct err *err)
{
    const struct task *task;
    unsigned long id = job->id;

    (void) core;
    for (const struct job *branch = job->branches; branch; branch = branch->branches) {
        uint32_t pending = 0;
        DL_FOREACH (job->tasks, task)
        {
            pending += task->branch == branch;
            if (task->branch == branch &&
                (task->own != branch->spec || task->phase != TASK_PENDING || (!task->retry && !task->amended)))
                return err_set (err, 0, "task %u of job %lu is wrongly in a branch", task->index, id);
        }
        if (!pending || pending != branch->n_pending || branch->of != job || branch->spec == job->spec ||
            branch->partition != job->partition)
            return err_set (err, 0, "a branch of job %lu has %u tasks, it counts %u", id, pending, branch->n_pending);
    }
    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_PENDING && (task->own != NULL) != (task->branch != NULL))
        return err_set (err, 0, "task %u of job %lu is pending with a spec of its own", task->index, id);
    return 0;
}
