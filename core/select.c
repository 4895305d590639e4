/* select.c - what a filter selects, for cancel, hold and requeue. */
#include <utlist.h>
#include "base/hostlist.h"
#include "core/filter.h"
#include "core/state.h"

struct selection {
    const struct core *core;
    const Moisson__JobFilter *filter;
    const struct hostlist *names;
    core_select_fn fn;
    void *arg;
};

static void select_task (const struct selection *s, const struct task *task)
{
    const struct job *job = task->job;
    job_state_t state = task_state (task);

    if (!filter_state (s->filter, state) || !filter_nodes (s->names, task) ||
        (state_is_ended (state) && !s->filter->n_states))
        return;
    if (job_is_array (job) && !task->rest)
        s->fn (s->arg, job->id, task->raw_id ? task->raw_id : job->id, task->index, state);
    else
        s->fn (s->arg, job->id, job->id, IDSET_NONE, state);
}

static void select_rest (const struct selection *s, const struct job *job, const struct wanted *wanted)
{
    if (s->names || !filter_state (s->filter, MOISSON__JOB_STATE__STATE_PENDING) || !rest_total (&job->rest))
        return;
    if (!wanted || (wanted->only == IDSET_NONE && !wanted->ref->n_tasks)) {
        s->fn (s->arg, job->id, job->id, IDSET_NONE, MOISSON__JOB_STATE__STATE_PENDING);
        return;
    }
    for (int h = 0; h < N_HOLDS; h++) {
        _cleanup_idset_ struct idset *set = wanted_rest (wanted, job, h);
        for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id))
            s->fn (s->arg, job->id, job->id, job_is_array (job) ? id : IDSET_NONE, MOISSON__JOB_STATE__STATE_PENDING);
    }
}

static void select_job (const struct selection *s, const struct job *job, const struct wanted *wanted)
{
    bool whole =
        !s->filter->n_states && !s->names && (!wanted || (wanted->only == IDSET_NONE && !wanted->ref->n_tasks));

    if (!filter_job (s->filter, job))
        return;
    if (whole) {
        if (!job->ended)
            s->fn (s->arg, job->id, job->id, IDSET_NONE, job_state (job));
        return;
    }
    select_rest (s, job, wanted);
    for (const struct task *task = job->tasks; task; task = task->next)
        if (!wanted || wanted_task (wanted, task))
            select_task (s, task);
}

void core_select (const struct core *core, const Moisson__JobFilter *filter, core_select_fn fn, void *arg)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    struct selection s = {.core = core, .filter = filter, .fn = fn, .arg = arg};

    if (filter->nodelist && *filter->nodelist && hostlist_parse (&names, filter->nodelist, NULL))
        return; /* a malformed list names no node; the door refuses it before */
    s.names = names;
    if (filter->n_jobs) {
        size_t n;
        _cleanup_free_ struct wanted *list = wanted_list (core, filter, &n);
        for (size_t i = 0; i < n; i++)
            select_job (&s, job_find (core, list[i].job_id), &list[i]);
        return;
    }
    core_select_from (core, filter, 0, 0, SIZE_MAX, fn, arg);
}

uint64_t core_select_from (const struct core *core, const Moisson__JobFilter *filter, uint64_t from, uint64_t end,
                           size_t budget, core_select_fn fn, void *arg)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    struct selection s = {.core = core, .filter = filter, .fn = fn, .arg = arg};
    const struct job *job;
    size_t seen = 0;

    if (filter->nodelist && *filter->nodelist && hostlist_parse (&names, filter->nodelist, NULL))
        return 0;
    s.names = names;
    for (job = job_from (core, from); job && (!end || job->id < end) && seen < budget;
         job = job_from (core, job->id + 1)) {
        seen += 1 + job->n_tasks;
        select_job (&s, job, NULL);
    }
    return job && (!end || job->id < end) ? job->id : 0;
}
