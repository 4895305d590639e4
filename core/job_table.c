/* job_table.c - jobs by id, and in the order of their ids. */
#include <string.h>
#include "base/mem.h"
#include "core/expect.h"
#include "core/payer.h"
#include "core/state.h"

static struct id_key id_of (const void *item)
{
    return id_key_of (((const struct job *) item)->id);
}

struct job *job_find (const struct core *core, uint64_t id)
{
    return idmap_find (&core->jobs.by_id, id_key_of (id), id_of);
}

/* Ids rise, so order stays sorted by appending; but a line of a bulk comes before what was submitted while the bulk was
 * unfolded. A job that goes leaves a hole (its id stays, for the search), and when half is holes they are closed. */
static void order_append (struct job_table *jobs, struct job *job)
{
    size_t at = jobs->n_order;

    GROW (jobs->order, jobs->n_order, jobs->order_room);
    while (at && jobs->order[at - 1].id > job->id)
        at--;
    memmove (&jobs->order[at + 1], &jobs->order[at], (jobs->n_order - at) * sizeof *jobs->order);
    jobs->order[at] = (struct job_place){job->id, job};
    jobs->n_order++;
}

static size_t order_search (const struct job_table *jobs,
                            uint64_t id) /* the first place with this id or a higher one */
{
    size_t lo = 0, hi = jobs->n_order;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (jobs->order[mid].id >= id)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static void order_compact (struct job_table *jobs)
{
    size_t n = 0;

    for (size_t i = 0; i < jobs->n_order; i++)
        if (jobs->order[i].job)
            jobs->order[n++] = jobs->order[i];
    jobs->n_order = n;
    jobs->holes = 0;
}

static void order_remove (struct job_table *jobs, uint64_t id)
{
    jobs->order[order_search (jobs, id)].job = NULL;
    if (++jobs->holes > 64 && jobs->holes > jobs->n_order / 2)
        order_compact (jobs);
}

struct job *job_from (const struct core *core, uint64_t id)
{
    const struct job_table *jobs = &core->jobs;

    for (size_t at = order_search (jobs, id); at < jobs->n_order; at++)
        if (jobs->order[at].job)
            return jobs->order[at].job;
    return NULL;
}

struct job *job_add (struct core *core, uint64_t id, struct spec *spec, usec_t submit_us)
{
    struct job *job = xcalloc (1, sizeof *job);

    job->id = id;
    job->spec = spec;
    job->submit_us = submit_us;
    job->rest.array = spec_msg (spec)->spec->n_array > 0;
    idmap_add (&core->jobs.by_id, job, id_of);
    order_append (&core->jobs, job);
    core->stats.jobs++;
    return job;
}

static void job_unmark (struct core *core, struct job *job)
{
    struct job **at = &core->dirty;

    if (!job->dirty)
        return;
    while (*at != job)
        at = &(*at)->dirty_next;
    *at = job->dirty_next;
}

void job_remove (struct core *core, struct job *job)
{
    struct spec *spec = job->spec;

    while (job->tasks)
        task_remove (core, job->tasks);
    payer_uncount_job (core, job);
    expect_forget (core, job->id);
    depend_drop (core, job);
    group_leave (core, job);
    shape_leave (core, job);
    job_unmark (core, job);
    heap_remove (&core->timers, &job->timer);
    core->stats.pending -= rest_total (&job->rest);
    rest_clear (&job->rest);
    idset_free (job->again);
    free (job->resv_deleted);
    idmap_remove (&core->jobs.by_id, job, id_of);
    order_remove (&core->jobs, job->id);
    core->stats.jobs--;
    free (job);
    job_put_spec (core, spec);
}

void job_put_spec (struct core *core, struct spec *spec)
{
    if (spec->refs == 1) {
        shape_forget_spec (core, spec);
        group_put (core, spec->group);
    }
    spec_put (&core->specs, spec);
}

struct spec *job_spec_with (struct core *core, const Moisson__Submitted *like, Moisson__JobSpec *spec)
{
    Moisson__Submitted submitted = *like;
    struct spec *ret;

    submitted.spec = spec;
    ret = spec_get (&core->specs, &submitted);
    gres_intern_spec (core, spec);
    moisson__job_spec__free_unpacked (spec, NULL);
    return ret;
}

static uint64_t time_limit (const struct core *core, const struct job *job, const struct task *task)
{
    return partition_time_limit (partition_find (core, row_partition (job, task)), row_facts (job, task)->spec);
}

uint32_t job_priority (const Moisson__JobSpec *spec)
{
    int64_t priority = (int64_t) (spec->has_priority ? spec->priority : PRIORITY_BASE) - spec->nice;

    return priority < 1 ? 1 : priority > UINT32_MAX ? UINT32_MAX : (uint32_t) priority;
}

uint64_t job_time_limit (const struct core *core, const struct job *job)
{
    return time_limit (core, job, NULL);
}

uint64_t task_time_limit (const struct core *core, const struct task *task)
{
    return time_limit (core, task->job, task);
}

bool job_wants_requeue (const struct core *core, const struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);

    return spec->has_requeue ? spec->requeue : core->config->requeue_default;
}

job_state_t job_state (const struct job *job)
{
    if (!job_is_array (job) && job->tasks)
        return task_state (job->tasks);
    if (!job->ended)
        return job->n_active ? MOISSON__JOB_STATE__STATE_RUNNING : MOISSON__JOB_STATE__STATE_PENDING;
    if (job->failed)
        return MOISSON__JOB_STATE__STATE_FAILED;
    return job->cancelled ? MOISSON__JOB_STATE__STATE_CANCELLED : MOISSON__JOB_STATE__STATE_COMPLETED;
}
