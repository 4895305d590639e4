/* start_facts.c - what a start order is made of. */
#include "base/mem.h"
#include "core/scratch.h"
#include "core/state.h"

static void take_back (struct scratch *scratch)
{
    for (size_t i = 0; i < scratch->n; i++)
        gres_list_free (scratch->shares[i].gres, scratch->shares[i].n_gres);
    scratch->n = 0;
}

struct scratch *scratch_create (void)
{
    return xcalloc (1, sizeof (struct scratch));
}

struct scratch *scratch_free (struct scratch *scratch)
{
    take_back (scratch);
    free (scratch->shares);
    free (scratch->list);
    free (scratch);
    return NULL;
}

static void lend_shares (struct scratch *scratch, const struct task *task)
{
    take_back (scratch);
    if (task->n_shares > scratch->room) {
        scratch->room = task->n_shares;
        scratch->shares = xrealloc (scratch->shares, scratch->room * sizeof *scratch->shares);
        scratch->list = xrealloc (scratch->list, scratch->room * sizeof *scratch->list);
    }
    for (uint32_t i = 0; i < task->n_shares; i++) {
        Moisson__Share *share = &scratch->shares[i];
        *share = (Moisson__Share) MOISSON__SHARE__INIT;
        share->node = task->shares[i].node->conf->name;
        share->cpus = task->shares[i].cpus;
        share->has_mem_mb = share->has_gpus = true;
        share->mem_mb = task->shares[i].mem_mb;
        share->has_tasks = task->shares[i].tasks > 0;
        share->tasks = task->shares[i].tasks;
        share->gpus = task->shares[i].gpus;
        share->gres = gres_parts_save (&task->shares[i].gres, &share->n_gres);
        scratch->list[i] = share;
        scratch->n++;
    }
}

static void array_facts (const struct job *job, struct start_facts *ret)
{
    const Moisson__JobSpec *spec = job_spec (job); /* the ids of an array never change */
    uint64_t count = 0;

    ret->task_min = UINT32_MAX;
    ret->task_step = 1;
    for (size_t i = 0; i < spec->n_array; i++) {
        const Moisson__Range *range = spec->array[i];
        uint32_t step = range->step ? range->step : 1, last = range->first + (range->last - range->first) / step * step;
        count += (range->last - range->first) / step + 1;
        if (range->first < ret->task_min)
            ret->task_min = range->first;
        if (last > ret->task_max)
            ret->task_max = last;
        if (spec->n_array == 1)
            ret->task_step = step;
    }
    ret->task_count = (uint32_t) count;
}

static void memory_facts (const struct core *core, const struct task *task, struct start_facts *ret)
{
    struct demand demand;

    demand_of (core, partition_find (core, ret->partition), row_facts (task->job, task)->spec, &demand);
    ret->mem_per_cpu_mb = demand.mem_kind == MEM_CPU ? demand.mem_mb : 0;
    ret->mem_per_node_mb = demand.mem_kind == MEM_NODE ? demand.mem_mb : 0;
}

static uint64_t over_limit (const struct core *core, const struct task *task)
{
    const struct partition *partition = partition_find (core, row_partition (task->job, task));

    if (task->inside && resv_ends (core, task) != UINT64_MAX)
        return 0; /* it must be over with its reservation */
    return partition && partition->conf && partition->conf->has_over_time_limit_s ? partition->conf->over_time_limit_s
                                                                                  : core->config->over_time_limit_s;
}

int core_start_facts (const struct core *core, uint64_t raw_id, uint32_t attempt, struct start_facts *ret)
{
    const struct task *task = task_by_raw (core, raw_id);
    struct scratch *scratch = core->scratch;

    if (!task || task->attempt != attempt || task->phase != TASK_PLACED || task->stop)
        return -1;
    lend_shares (scratch, task);
    scratch->submitted = *row_facts (task->job, task);
    scratch->submitted.job_id = task->job->id;
    *ret = (struct start_facts){
        .submitted = &scratch->submitted,
        .raw_id = raw_id,
        .array_id = job_is_array (task->job) ? task->job->id : 0,
        .task = job_is_array (task->job) ? task->index : IDSET_NONE,
        .attempt = attempt,
        .restarts = task->restarts,
        .shares = scratch->list,
        .n_shares = task->n_shares,
        .time_limit_s = task_time_limit (core, task),
        .over_limit_s = over_limit (core, task),
        .partition = row_partition (task->job, task),
    };
    if (job_is_array (task->job))
        array_facts (task->job, ret);
    memory_facts (core, task, ret);
    return 0;
}

const char *core_attempt_host (const struct core *core, uint64_t raw_id, uint32_t attempt)
{
    const struct task *task = task_by_raw (core, raw_id);

    if (!task || task->attempt != attempt || (task->phase != TASK_PLACED && task->phase != TASK_RUNNING))
        return NULL;
    return node_name (task_host (task));
}

bool core_has_stray (const struct core *core, const char *node, uint64_t raw_id, uint32_t attempt)
{
    const struct node *n = node_find (core, node);

    return n && node_has_stray (n, raw_id, attempt);
}
