/* task.c - the records of tasks: by raw id, by (job, index), and in order of their end. */
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/retry.h"
#include "core/state.h"
#include "core/steps.h"

static struct id_key index_of (const void *item)
{
    const struct task *task = item;

    return (struct id_key){task->job->id, task->index};
}

static struct id_key raw_of (const void *item)
{
    const struct task *task = item;

    return id_key_of (task->raw_id);
}

/* What is no array has one record at most: it needs no index. */
struct task *task_find (const struct core *core, const struct job *job, uint32_t index)
{
    if (!job_is_array (job))
        return job->tasks && job->tasks->index == index ? job->tasks : NULL;
    return job->tasks ? idmap_find (&core->jobs.by_index, (struct id_key){job->id, index}, index_of) : NULL;
}

struct task *task_by_raw (const struct core *core, uint64_t raw_id)
{
    return raw_id ? idmap_find (&core->jobs.by_raw, id_key_of (raw_id), raw_of) : NULL;
}

/* Keep the list of a job sorted by index. Tasks mostly come in rising order, so look from the end. */
static void list_insert (struct job *job, struct task *task)
{
    struct task *at = job->tasks ? job->tasks->prev : NULL;

    while (at && at->index > task->index)
        at = at == job->tasks ? NULL : at->prev;
    if (at)
        DL_APPEND_ELEM (job->tasks, at, task);
    else
        DL_PREPEND (job->tasks, task);
}

struct task *task_add (struct core *core, struct job *job, uint32_t index)
{
    struct task *task = xcalloc (1, sizeof *task);

    task->job = job;
    task->index = index;
    task->eligible_us = job->eligible_us;
    if (job_is_array (job))
        idmap_add (&core->jobs.by_index, task, index_of);
    list_insert (job, task);
    job->n_tasks++;
    job->n_pending++;
    job->n_unbegun++;
    core->stats.pending++;
    return task;
}

void task_set_raw (struct core *core, struct task *task, uint64_t raw_id)
{
    task->raw_id = raw_id;
    idmap_add (&core->jobs.by_raw, task, raw_of);
}

static void counters_leave (struct core *core, struct task *task)
{
    struct job *job = task->job;

    job->n_tasks--;
    job->n_unbegun -= !task->begun;
    if (task->phase == TASK_PENDING) {
        job->n_pending--;
        core->stats.pending--;
    } else if (task->phase != TASK_ENDED) {
        job->n_active--;
        core->stats.running--;
    } else
        core->stats.ended--;
}

void task_forget_last (struct task *task)
{
    for (uint32_t i = 0; i < task->n_last; i++) {
        free (task->last[i].node);
        gres_list_free (task->last[i].gres, task->last[i].n_gres);
    }
    free (task->last);
    task->last = NULL;
    task->n_last = 0;
}

void task_remove (struct core *core, struct task *task)
{
    for (uint32_t i = 0; i < task->n_shares; i++)
        share_give (core, &task->shares[i]);
    counters_leave (core, task);
    if (task->phase == TASK_ENDED)
        DL_DELETE2 (core->jobs.ended_first, task, ended_prev, ended_next);
    if (task->raw_id)
        idmap_remove (&core->jobs.by_raw, task, raw_of);
    if (job_is_array (task->job))
        idmap_remove (&core->jobs.by_index, task, index_of);
    DL_DELETE (task->job->tasks, task);
    if (task->exit)
        moisson__exit__free_unpacked (task->exit, NULL);
    task_forget_last (task);
    free (task->shares);
    branch_leave (core, task);
    retry_free (task->retry);
    if (task->amended)
        moisson__job_spec__free_unpacked (task->amended, NULL);
    free (task->cause);
    free (task->cpu_ids);
    free (task->gpu_ids);
    resv_forget (core, task);
    steps_free (task);
    task_disown (core, task);
    idset_free (task->rest);
    free (task);
}

void task_own (struct task *task, struct spec *spec)
{
    if (!task->own)
        task->own_partition = task->job->partition;
    task->own = spec;
}

void task_disown (struct core *core, struct task *task)
{
    struct spec *spec = task->own;

    task->own = NULL;
    task->own_partition = NULL;
    task->relimited = false;
    if (spec)
        job_put_spec (core, spec);
}

void task_append_ended (struct core *core, struct task *task)
{
    DL_APPEND2 (core->jobs.ended_first, task, ended_prev, ended_next);
}

struct node *task_host (const struct task *task)
{
    return task->n_shares ? task->shares[0].node : NULL;
}

job_state_t task_state (const struct task *task)
{
    switch (task->phase) {
    case TASK_PENDING:
        return task->special ? MOISSON__JOB_STATE__STATE_SPECIAL_EXIT : MOISSON__JOB_STATE__STATE_PENDING;
    case TASK_PLACED:
        if (task->stop)
            return MOISSON__JOB_STATE__STATE_COMPLETING;
        return task->configuring ? MOISSON__JOB_STATE__STATE_CONFIGURING : MOISSON__JOB_STATE__STATE_PENDING;
    case TASK_RUNNING:
        if (task->stop)
            return MOISSON__JOB_STATE__STATE_COMPLETING;
        return task->suspended_at ? MOISSON__JOB_STATE__STATE_SUSPENDED : MOISSON__JOB_STATE__STATE_RUNNING;
    default: return task->state;
    }
}

usec_t task_suspended (const struct core *core, const struct task *task)
{
    return task->suspended_us + (task->suspended_at ? core->now - task->suspended_at : 0);
}

usec_t task_end_by (const struct core *core, const struct task *task)
{
    uint64_t limit = task_time_limit (core, task);

    return limit && task->start_us ? task->start_us + limit * USEC_PER_SEC + task_suspended (core, task) : 0;
}
