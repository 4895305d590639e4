/* acct.c - accounting records, and rows in the same form for what has not ended. */
#include "core/acct.h"
#include <utlist.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/attempt.h"
#include "core/filter.h"
#include "core/state.h"
#include "core/steps.h"
#include "core/view.h"

#define SET(record, field, value) ((record)->has_##field = true, (record)->field = (value))

static void set_time (usec_t value, protobuf_c_boolean *has, uint64_t *field)
{
    *has = value != 0;
    *field = value;
}

/* What the job is, whichever task of it. */
static void fill_job (const struct core *core, const struct job *job, const struct task *task,
                      Moisson__AcctRecord *record)
{
    const Moisson__Submitted *submitted = row_facts (job, task);
    const Moisson__JobSpec *spec = submitted->spec;

    if (job_is_array (job))
        SET (record, array_id, job->id);
    record->uid = submitted->uid;
    SET (record, gid, submitted->gid);
    record->user = xstrdup (submitted->user);
    record->group = xstrdup (submitted->group);
    record->account = xstrdup (spec->account);
    record->qos = xstrdup (spec->qos);
    record->partition = xstrdup (row_partition (job, task));
    record->name = xstrdup (spec->name);
    set_time (job->submit_us, &record->has_submit_us, &record->submit_us);
    SET (record, time_limit_s, task ? task_time_limit (core, task) : job_time_limit (core, job));
    record->work_dir = xstrdup (spec->work_dir);
    record->comment = xstrdup (spec->comment);
    record->std_out = xstrdup (spec->std_out);
    record->command = xstrdup (spec->command);
    record->script_args = xcalloc (spec->n_script_args + 1, sizeof *record->script_args);
    for (size_t i = 0; i < spec->n_script_args; i++)
        record->script_args[record->n_script_args++] = xstrdup (spec->script_args[i]);
    record->reservation = xstrdup (spec->reservation);
    record->licences = xstrdup (spec->licenses);
}

static void fill_size (const struct core *core, const struct job *job, const struct task *task,
                       Moisson__AcctRecord *record)
{
    _cleanup_size_ struct size size = job_size (core, job, task), asked = asked_size (core, job, task);

    SET (record, num_nodes, size.nodes);
    SET (record, num_cpus, size.cpus);
    SET (record, req_cpus, size.req_cpus);
    SET (record, num_tasks, size.tasks);
    SET (record, req_mem_mb, size.req_mem_mb ? size.req_mem_mb : job_likely_mem (core, job));
    SET (record, mem_per_cpu, size.mem_per_cpu);
    SET (record, gpus, size.gpus);
    record->tres = size_tres (&size);
    record->req_tres = size_tres (&asked);
    record->nodes = task ? task_nodes (task) : NULL;
}

static void fill_exit (const struct task *task, Moisson__AcctRecord *record)
{
    const Moisson__Exit *exit = task->exit;

    task_exit_status (task, &record->exit_code, &record->exit_signal);
    record->has_exit_code = record->has_exit_signal = true;
    if (!exit)
        return;
    record->has_cpu_user_us = exit->has_cpu_user_us;
    record->cpu_user_us = exit->cpu_user_us;
    record->has_cpu_sys_us = exit->has_cpu_sys_us;
    record->cpu_sys_us = exit->cpu_sys_us;
    record->has_max_rss_kb = exit->has_max_rss_kb;
    record->max_rss_kb = exit->max_rss_kb;
}

static void fill_task (const struct task *task, Moisson__AcctRecord *record)
{
    record->raw_id = task->raw_id ? task->raw_id : task->job->id;
    /* what was cancelled while pending has no attempt, whatever it had before */
    record->attempt = task->phase == TASK_PENDING || (task->phase == TASK_ENDED && !task->n_last) ? 0 : task->attempt;
    record->state = task_state (task);
    if (job_is_array (task->job) && (!task->rest || idset_count (task->rest) == 1))
        SET (record, task, task->index);
    if (task->rest)
        record->tasks = idset_format (task->rest, 0, 0);
    set_time (task->eligible_us ? task->eligible_us : task->job->eligible_us, &record->has_eligible_us,
              &record->eligible_us);
    set_time (task->start_us, &record->has_start_us, &record->start_us);
    set_time (task->end_us, &record->has_end_us, &record->end_us);
    SET (record, restarts, task->restarts);
    record->cause = xstrdup (task->cause);
    record->cpu_ids = xstrdup (task->cpu_ids);
    record->gpu_ids = xstrdup (task->gpu_ids);
    if (task->has_cancelled_by)
        SET (record, cancelled_by, task->cancelled_by);
    if (task->was_suspended)
        SET (record, suspended_us, task->suspended_us);
    set_time (task->suspended_at, &record->has_suspended_at, &record->suspended_at);
    if (task->phase == TASK_ENDED)
        fill_exit (task, record);
    record->steps = steps_copy (task, &record->n_steps);
}

static Moisson__AcctRecord *record_create (void)
{
    Moisson__AcctRecord *record = xmalloc (sizeof *record);

    moisson__acct_record__init (record);
    return record;
}

Moisson__AcctRecord *acct_record (const struct core *core, const struct task *task)
{
    Moisson__AcctRecord *record = record_create ();

    fill_job (core, task->job, task, record);
    fill_task (task, record);
    fill_size (core, task->job, task, record);
    return record;
}

/* --- rows for what has not ended ---------------------------------------------------------------------------------- */

static Moisson__AcctRecord *rest_record (const struct core *core, const struct row *row)
{
    Moisson__AcctRecord *record = record_create ();
    const struct job *job = row->job;

    fill_job (core, job, NULL, record);
    record->raw_id = job->id;
    record->state = MOISSON__JOB_STATE__STATE_PENDING;
    set_time (job->eligible_us ? job->eligible_us : job_spec (job)->begin_us, &record->has_eligible_us,
              &record->eligible_us);
    if (row->single && job_is_array (job))
        SET (record, task, row->index);
    else if (job_is_array (job))
        record->tasks = xstrdup (row->tasks);
    fill_size (core, job, NULL, record);
    return record;
}

struct acct_walk {
    const struct core *core;
    uint64_t since;
    core_acct_fn fn;
    void *arg;
};

static bool give_record (void *arg, const struct row *row)
{
    struct acct_walk *walk = arg;
    const struct task *task = row->task;
    Moisson__AcctRecord *record;
    bool more;

    if (task && task->phase == TASK_ENDED && task->end_sequence <= walk->since)
        return true;
    record = task ? acct_record (walk->core, task) : rest_record (walk->core, row);
    record->reason = xstrdup (task && task->phase == TASK_ENDED ? NULL : row_reason (walk->core, row, NULL));
    more = walk->fn (walk->arg, record);
    moisson__acct_record__free_unpacked (record, NULL);
    return more;
}

uint64_t core_acct (const struct core *core, const Moisson__JobFilter *filter, uint64_t since_sequence, uint64_t cursor,
                    size_t budget, core_acct_fn fn, void *arg)
{
    struct acct_walk walk = {.core = core, .since = since_sequence, .fn = fn, .arg = arg};
    struct walk_how how = {.filter = filter, .ended = true, .expand = false};

    return rows_walk (core, &how, cursor, budget, give_record, &walk);
}
