/* view.c - rows of jobs for squeue and scontrol. */
#include "core/view.h"
#include "base/mem.h"
#include "core/attempt.h"
#include "core/retry.h"
#include "core/rank.h"
#include "core/state.h"

#define SET(info, field, value) ((info)->has_##field = true, (info)->field = (value))
#define SET_IF(info, field, value) ((info)->has_##field = (value) != 0, (info)->field = (value))

/* Texts that a row borrows while it is shown. */
struct texts {
    struct buf reason;
    struct buf gres, depends;
    char *nodes, *tres, *req_tres, *rest;
};

static void texts_clear (struct texts *texts)
{
    buf_clear (&texts->reason);
    free (texts->nodes);
    buf_clear (&texts->gres);
    buf_clear (&texts->depends);
    free (texts->tres);
    free (texts->req_tres);
    free (texts->rest);
}

static void fill_job (const struct core *core, const struct row *row, Moisson__JobInfo *info)
{
    const struct job *job = row->job;
    const Moisson__Submitted *submitted = row_facts (job, row->task);

    info->raw_id = job->id;
    if (job_is_array (job))
        SET (info, array_id, job->id);
    info->uid = submitted->uid;
    info->user = submitted->user;
    SET (info, gid, submitted->gid);
    info->group = submitted->group;
    SET (info, submit_us, job->submit_us);
    SET_IF (info, eligible_us, job->eligible_us ? job->eligible_us : job_spec (job)->begin_us);
    SET (info, time_limit_s, row->task ? task_time_limit (core, row->task) : job_time_limit (core, job));
    SET (info, requeue, job_wants_requeue (core, row->job));
    info->partition = (char *) row_partition (job, row->task);
    info->spec = submitted->spec;
}

static void fill_size (const struct core *core, const struct row *row, Moisson__JobInfo *info, struct texts *texts)
{
    _cleanup_size_ struct size size = job_size (core, row->job, row->task);
    _cleanup_size_ struct size asked = asked_size (core, row->job, row->task);

    SET (info, num_nodes, size.nodes);
    SET (info, num_cpus, size.cpus);
    SET (info, num_tasks, size.tasks);
    SET (info, mem_mb, size.mem_mb ? size.mem_mb : job_likely_mem (core, row->job));
    SET_IF (info, mem_per_cpu_mb, asked.mem_per_cpu ? asked.req_mem_mb : 0);
    SET (info, gpus, size.gpus);
    info->tres = texts->tres = size_tres (&size);
    info->req_tres = texts->req_tres = size_tres (&asked);
    gres_parts_show (&size.gres, &texts->gres);
    info->gres_detail = texts->gres.len ? texts->gres.data : NULL;
}

/* As the order in force sees it: the sum of its factors, or what was given with --priority and --nice. */
static uint32_t shown_priority (const struct core *core, const struct row *row)
{
    double score;

    if (!core->config->multifactor)
        return job_priority (row_facts (row->job, row->task)->spec);
    score = rank_score (core, row->job, core->now, NULL);
    return score < 1 ? 1 : score > UINT32_MAX ? UINT32_MAX : (uint32_t) score;
}

static void fill_held (const struct core *core, const struct row *row, enum hold hold, Moisson__JobInfo *info)
{
    SET (info, held, hold_is_hold (hold));
    SET (info, priority, hold_is_hold (hold) ? 0 : shown_priority (core, row));
}

static void fill_end (const struct core *core, const struct task *task, Moisson__JobInfo *info)
{
    usec_t by = task_end_by (core, task);

    if (task->phase == TASK_ENDED) {
        SET_IF (info, end_us, task->end_us);
        task_exit_status (task, &info->exit_code, &info->exit_signal);
        info->has_exit_code = info->has_exit_signal = true;
    } else
        SET_IF (info, end_us, by);
}

static void fill_task (const struct core *core, const struct task *task, Moisson__JobInfo *info, struct texts *texts)
{
    if (task->raw_id)
        info->raw_id = task->raw_id;
    if (job_is_array (task->job) && (!task->rest || idset_count (task->rest) == 1))
        SET (info, task, task->index);
    else if (task->rest)
        info->tasks = texts->rest = idset_format (task->rest, 0, 0);
    SET_IF (info, eligible_us, task->eligible_us ? task->eligible_us : task->job->eligible_us);
    SET_IF (info, start_us, task->start_us);
    SET_IF (info, suspended_at, task->suspended_at);
    SET_IF (info, suspended_us, task->suspended_us);
    SET (info, restarts, task->restarts);
    SET_IF (info, attempt, task->attempt);
    SET (info, start_unconfirmed, task->phase == TASK_PLACED);
    info->cause = task->cause;
    info->last_end = task->retry && task->phase != TASK_ENDED ? task->retry->words : NULL;
    info->cpu_ids = task->cpu_ids;
    info->gpu_ids = task->gpu_ids;
    info->nodes = texts->nodes = task_nodes (task);
    if (task->n_shares || task->n_last)
        info->batch_host = task->n_shares ? task->shares[0].node->conf->name : task->last[0].node;
    fill_end (core, task, info);
}

struct jobs_walk {
    const struct core *core;
    bool steps, parts;
    core_job_fn fn;
    void *arg;
    bool estimate; /* still to be made: it looks at many nodes, so one row has it */
};

/* When running jobs will have made room for it, if they all last as long as they may. What is promised is known. */
static void fill_estimate (struct jobs_walk *walk, const struct row *row, Moisson__JobInfo *info, struct texts *texts)
{
    const struct core *core = walk->core;
    const struct job *queue = row_queue (row);
    usec_t at;

    if (info->state != MOISSON__JOB_STATE__STATE_PENDING || !queue->shape || info->held)
        return;
    at = walk->estimate ? estimate_of_job (core, queue) : promised_to (queue);
    if (walk->estimate && info->reason_text) {
        row_reason_more (core, row, &texts->reason);
        info->reason_text = texts->reason.data;
    }
    walk->estimate = false;
    SET_IF (info, start_estimate_us, at);
}

/* What its priority is the sum of, where the order adds parts up. What no part accounts for was given. */
static void fill_parts (const struct core *core, const struct row *row, Moisson__JobInfo *info,
                        Moisson__PriorityParts *parts)
{
    struct order_parts p;
    double score;

    if (info->state != MOISSON__JOB_STATE__STATE_PENDING || info->held || !core->config->multifactor)
        return;
    score = rank_score (core, row->job, core->now, &p);
    SET (parts, age, p.age);
    SET (parts, fairshare, p.fairshare);
    SET (parts, size, p.size);
    SET (parts, partition, p.partition);
    SET (parts, qos, p.qos);
    SET (parts, assoc, p.assoc);
    SET (parts, tres, p.tres);
    SET (parts, nice, p.nice);
    SET (parts, site, score + p.nice - p.age - p.fairshare - p.size - p.partition - p.qos - p.assoc - p.tres);
    info->parts = parts;
}

static bool give_row (void *arg, const struct row *row)
{
    struct jobs_walk *walk = arg;
    __attribute__ ((cleanup (texts_clear))) struct texts texts = {0};
    Moisson__JobInfo info = MOISSON__JOB_INFO__INIT;
    Moisson__PriorityParts parts = MOISSON__PRIORITY_PARTS__INIT;

    fill_job (walk->core, row, &info);
    info.state = row_state (row);
    fill_size (walk->core, row, &info, &texts);
    if (row->task)
        fill_task (walk->core, row->task, &info, &texts);
    else if (row->single && job_is_array (row->job))
        SET (&info, task, row->index);
    else
        info.tasks = (char *) row->tasks;
    if (walk->steps && row->task) {
        info.steps = row->task->steps;
        info.n_steps = row->task->n_steps;
    }
    fill_held (walk->core, row, row->task ? row->task->hold : row->hold, &info);
    info.reason = (char *) row_reason (walk->core, row, &texts.reason);
    info.reason_text = texts.reason.len ? texts.reason.data : NULL;
    if (info.state == MOISSON__JOB_STATE__STATE_PENDING)
        depend_show (row->job, walk->core->now, &texts.depends);
    info.depends = texts.depends.len ? texts.depends.data : NULL;
    fill_estimate (walk, row, &info, &texts);
    if (walk->parts)
        fill_parts (walk->core, row, &info, &parts);
    return walk->fn (walk->arg, &info);
}

uint64_t core_jobs (const struct core *core, const Moisson__JobsRequest *request, uint64_t cursor, size_t budget,
                    core_job_fn fn, void *arg)
{
    struct jobs_walk walk = {.core = core,
                             .steps = request && request->steps,
                             .parts = request && request->parts,
                             .estimate = request && request->estimate && !cursor && request->filter &&
                                         request->filter->n_jobs == 1, /* it is dear */
                             .fn = fn,
                             .arg = arg};
    struct walk_how how = {
        .filter = request ? request->filter : NULL,
        .ended = request && request->ended,
        .expand = request && request->expand,
    };

    return rows_walk (core, &how, cursor, budget, give_row, &walk);
}

void core_jobs_of (const struct core *core, Moisson__JobRef *ref, bool ended, core_job_fn fn, void *arg)
{
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;

    filter.jobs = &ref;
    filter.n_jobs = 1;
    request.filter = &filter;
    request.has_ended = request.ended = ended;
    core_jobs (core, &request, 0, 0, fn, arg);
}
