/* squeue_steps.c - steps as rows of squeue. */
#include "squeue_steps.h"
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "cells.h"
#include "jobref.h"

static const struct squeue_step_row *row_of (const void *row)
{
    return row;
}

static const Moisson__JobInfo *job_of (const void *row)
{
    return row_of (row)->job;
}

static usec_t start_of (const void *row)
{
    const Moisson__Step *step = row_of (row)->step;

    return step ? step->start_us : job_of (row)->start_us;
}

static void put_id (struct buf *out, const void *row)
{
    _cleanup_free_ char *job = jobref_format (job_of (row));
    const Moisson__Step *step = row_of (row)->step;

    if (step)
        buf_printf (out, "%s.%" PRIu32, job, step->id);
    else
        buf_printf (out, "%s.batch", job);
}

static void put_name (struct buf *out, const void *row)
{
    const Moisson__Step *step = row_of (row)->step;

    put_or (out, step ? step->name : "batch", "");
}

static void put_time_used (struct buf *out, const void *row)
{
    usec_t start = start_of (row), now = row_of (row)->now;
    char text[64];

    buf_puts (out, duration_format_short (start && now > start ? (now - start) / USEC_PER_SEC : 0, text, sizeof text));
}

static void put_start (struct buf *out, const void *row)
{
    char text[128];

    buf_puts (out, time_format (start_of (row), row_of (row)->time_format, "N/A", text, sizeof text));
}

static void put_cpus (struct buf *out, const void *row)
{
    const Moisson__Step *step = row_of (row)->step;

    buf_printf (out, "%" PRIu32, step && step->has_cpus ? step->cpus : job_of (row)->num_cpus);
}

TEXT (put_partition, job_of, partition, "n/a")
TEXT (put_user, job_of, user, "nobody")
TEXT (put_node, job_of, batch_host, "")
NUMBER (put_uid, job_of (row)->uid)
FIXED (put_one, "1")
FIXED (put_running, "RUNNING")

static const struct field fields[] = {
    {'i', "StepID", "STEPID", 0, "id of the step", put_id},
    {'j', "StepName", "NAME", 0, "name", put_name},
    {'P', "Partition", "PARTITION", 0, "partition of the job", put_partition},
    {'u', "UserName", "USER", 0, "user", put_user},
    {'U', "UserID", "USER", 0, "user id", put_uid},
    {'M', "TimeUsed", "TIME", 0, "time that it has run", put_time_used},
    {'S', "StartTime", "START_TIME", 0, "start", put_start},
    {'N', "Nodes", "NODELIST", 0, "node", put_node},
    {'A', "NumTasks", "TASKS", 0, "number of tasks", put_one},
    {'C', "NumCPUs", "CPUS", 0, "CPUs", put_cpus},
    {'T', "StepState", "STATE", 0, "state", put_running},
};

const struct field *squeue_step_fields (size_t *ret_n)
{
    *ret_n = sizeof fields / sizeof *fields;
    return fields;
}

/* --- which ----------------------------------------------------------------------------------------------------------
 */

static bool names_job (const Moisson__JobRef *ref, const Moisson__JobInfo *job)
{
    if (!ref->n_tasks)
        return ref->job_id == job->raw_id || (job->has_array_id && ref->job_id == job->array_id);
    for (size_t i = 0; i < ref->n_tasks && job->has_task && ref->job_id == job->array_id; i++) {
        const Moisson__Range *range = ref->tasks[i];
        uint32_t step = range->step ? range->step : 1;
        if (job->task >= range->first && job->task <= range->last && (job->task - range->first) % step == 0)
            return true;
    }
    return false;
}

static bool is_wanted (const Moisson__JobInfo *job, const char *name, const Moisson__JobFilter *filter,
                       char *const *only)
{
    for (size_t i = 0; only && i < filter->n_jobs; i++)
        if (names_job (filter->jobs[i], job) && (!only[i] || !strcmp (only[i], name)))
            return true;
    return !only;
}

void squeue_steps_of (const Moisson__JobInfo *job, const Moisson__JobFilter *filter, char *const *only,
                      squeue_step_fn fn, void *arg)
{
    char name[16];

    if (job->state != MOISSON__JOB_STATE__STATE_RUNNING && job->state != MOISSON__JOB_STATE__STATE_COMPLETING)
        return;
    if (is_wanted (job, "batch", filter, only))
        fn (arg, job, NULL);
    for (size_t i = 0; i < job->n_steps; i++) {
        snprintf (name, sizeof name, "%" PRIu32, job->steps[i]->id);
        if (!job->steps[i]->has_end_us && is_wanted (job, name, filter, only))
            fn (arg, job, job->steps[i]);
    }
}
