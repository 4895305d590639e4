/* correspond.c - tasks that wait for their namesakes. */
#include "core/correspond.h"
#include <utlist.h>
#include "base/mem.h"
#include "core/attempt.h"
#include "core/state.h"

bool edge_pairs_tasks (const struct edge *edge)
{
    return edge->asked.type == MOISSON__DEPEND_TYPE__DEP_AFTERCORR && edge->target && edge->task == IDSET_NONE &&
           job_is_array (edge->waiter) && job_is_array (edge->target);
}

bool corr_asked (const struct job *job)
{
    for (size_t i = 0; job->depend && i < job->depend->n; i++)
        if (job->depend->edges[i].asked.type == MOISSON__DEPEND_TYPE__DEP_AFTERCORR)
            return true;
    return false;
}

static bool is_asked (const struct job *job, uint32_t index)
{
    const Moisson__JobSpec *spec = job_spec (job);

    for (size_t i = 0; i < spec->n_array; i++) {
        const Moisson__Range *range = spec->array[i];
        uint32_t step = range->step ? range->step : 1;
        if (index >= range->first && index <= range->last && (index - range->first) % step == 0)
            return true;
    }
    return false;
}

static bool in_cancelled_rest (const struct job *job, uint32_t index)
{
    const struct task *task;

    DL_FOREACH (job->tasks, task)
    if (task->rest && idset_has (task->rest, index))
        return true;
    return false;
}

/* What the namesake in this array says. */
static enum edge_state look (const struct core *core, const struct job *target, uint32_t index)
{
    const struct task *task = task_find (core, target, index);
    enum hold hold;

    if (task && !task->rest)
        return task->phase != TASK_ENDED                            ? EDGE_WAIT
               : task->state == MOISSON__JOB_STATE__STATE_COMPLETED ? EDGE_MET
                                                                    : EDGE_NEVER;
    if (rest_find (&target->rest, index, &hold))
        return EDGE_WAIT;
    if (!is_asked (target, index) || in_cancelled_rest (target, index))
        return EDGE_NEVER;
    return EDGE_MET; /* it has been forgotten */
}

static enum edge_state state_of (const struct core *core, const struct job *job, uint32_t index)
{
    enum edge_state all = EDGE_MET;

    for (size_t i = 0; job->depend && i < job->depend->n; i++) {
        const struct edge *edge = &job->depend->edges[i];
        enum edge_state one = edge->corr && edge->target ? look (core, edge->target, index) : EDGE_MET;
        if (one == EDGE_NEVER)
            return EDGE_NEVER;
        all = one == EDGE_WAIT ? EDGE_WAIT : all;
    }
    return all;
}

static enum hold class_of (enum edge_state state)
{
    return state == EDGE_MET ? HOLD_NONE : state == EDGE_NEVER ? HOLD_NEVER : HOLD_CORR;
}

void corr_sort (struct core *core, struct job *job)
{
    struct task *task;

    if (!job_is_array (job) || !corr_asked (job))
        return;
    struct idset *free_ones = rest_take_all (&job->rest, HOLD_NONE);
    for (uint32_t id = free_ones ? idset_first (free_ones) : IDSET_NONE; id != IDSET_NONE;
         id = idset_next (free_ones, id))
        rest_add (&job->rest, class_of (state_of (core, job, id)), id, id, 1);
    idset_free (free_ones);
    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_PENDING && task->hold == HOLD_NONE && !task->begun)
        pending_hold (core, task, class_of (state_of (core, job, task->index)));
    job_mark_dirty (core, job);
}

void corr_forget (struct core *core, struct job *job)
{
    struct task *task;

    rest_give (&job->rest, HOLD_NONE, rest_take_all (&job->rest, HOLD_CORR));
    rest_give (&job->rest, HOLD_NONE, rest_take_all (&job->rest, HOLD_NEVER));
    DL_FOREACH (job->tasks, task)
    if (task->phase == TASK_PENDING && (task->hold == HOLD_CORR || task->hold == HOLD_NEVER))
        pending_hold (core, task, HOLD_NONE);
}

/* One task of a job that waits. What can never run stays so, held or not. */
static void settle (struct core *core, struct job *job, uint32_t index)
{
    struct task *task = task_find (core, job, index);
    enum hold now;

    if (task && !task->rest) {
        now = task->hold;
        if (task->phase != TASK_PENDING || task->begun)
            return;
    } else if (!rest_find (&job->rest, index, &now))
        return;
    enum hold next = class_of (state_of (core, job, index));
    if (next == now || (next != HOLD_NEVER && now != HOLD_CORR))
        return;
    if (task && !task->rest)
        pending_hold (core, task, next);
    else
        rest_move (&job->rest, index, next);
    job_mark_dirty (core, job);
}

void corr_news (struct core *core, const struct task *task)
{
    struct edge *edge;

    DL_FOREACH (task->job->dependents, edge)
    {
        if (!edge->corr || edge->waiter->ended)
            continue;
        if (!task->rest)
            settle (core, edge->waiter, task->index);
        for (uint32_t id = task->rest ? idset_first (task->rest) : IDSET_NONE; id != IDSET_NONE;
             id = idset_next (task->rest, id))
            settle (core, edge->waiter, id);
    }
}

int corr_check (const struct core *core, const struct job *job, struct err *err)
{
    unsigned long id = job->id;

    if (!corr_asked (job) && (rest_count (&job->rest, HOLD_CORR) || rest_count (&job->rest, HOLD_NEVER)))
        return err_set (err, 0, "tasks of job %lu wait for namesakes, and it asks for none", id);
    for (uint32_t at = rest_first (&job->rest, HOLD_CORR); at != IDSET_NONE && job_is_array (job);
         at = rest_next (&job->rest, HOLD_CORR, at))
        if (state_of (core, job, at) != EDGE_WAIT)
            return err_set (err, 0, "task %u of job %lu waits for what has ended", at, id);
    return 0;
}
