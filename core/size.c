/* size.c - what a job asks for or holds, in the forms that views use. */
#include "base/buf.h"
#include "base/hostlist.h"
#include "core/state.h"
#include "core/view.h"

struct size asked_size (const struct core *core, const struct job *job, const struct task *task)
{
    const struct partition *partition = partition_find (core, row_partition (job, task));
    struct size size = {0};
    struct demand demand;

    demand_of (core, partition, row_facts (job, task)->spec, &demand);
    size.nodes = demand.min_nodes;
    size.tasks = demand.ntasks;
    size.cpus = size.req_cpus = demand.ntasks * demand.cpus_per_task;
    gres_asks_sum (&demand.gres, demand.min_nodes, demand.ntasks, &size.gres);
    size.gpus = (gres_parts_gpus (&size.gres) + demand.min_nodes - 1) / demand.min_nodes;
    size.mem_per_cpu = demand.mem_kind == MEM_CPU;
    size.req_mem_mb = demand.mem_mb;
    size.mem_mb = demand.mem_mb;
    if (demand.mem_kind == MEM_CPU)
        size.mem_mb =
            demand.mem_mb * ((demand.ntasks + demand.min_nodes - 1) / demand.min_nodes) * demand.cpus_per_task;
    size.all_mem_mb = size.mem_mb * size.nodes;
    return size;
}

uint64_t job_likely_mem (const struct core *core, const struct job *job)
{
    const struct partition *partition = partition_find (core, job->partition);
    struct demand demand;

    demand_of (core, partition, job_spec (job), &demand);
    if (demand.memory_free)
        return 0;
    for (size_t w = 0; partition->nodes && w < core->nodes.words; w++)
        if (partition->nodes[w]) {
            const struct node *node = core->nodes.list[w * 64 + (size_t) __builtin_ctzll (partition->nodes[w])];
            uint32_t tasks = (demand.ntasks + demand.min_nodes - 1) / demand.min_nodes;
            return demand_mem (&demand, node, demand_cpus (&demand, node, tasks));
        }
    return 0;
}

void size_clear (struct size *size)
{
    gres_parts_clear (&size->gres);
}

static void held_gres (const struct core *core, const struct task *task, struct size *size)
{
    gres_parts_clear (&size->gres);
    for (uint32_t i = 0; i < task->n_shares; i++)
        for (uint32_t k = 0; k < task->shares[i].gres.n; k++)
            gres_parts_add (&size->gres, task->shares[i].gres.list[k].kind, task->shares[i].gres.list[k].n);
    for (uint32_t i = 0; !task->n_shares && i < task->n_last; i++)
        for (size_t k = 0; k < task->last[i].n_gres; k++) {
            const Moisson__Gres *g = task->last[i].gres[k];
            gres_parts_add (&size->gres, gres_find (core, g->name, g->type), g->count);
        }
    size->gpus = task->n_shares ? task->shares[0].gpus : task->last[0].gpus;
}

struct size job_size (const struct core *core, const struct job *job, const struct task *task)
{
    struct size size = asked_size (core, job, task);
    uint32_t n = task ? task->n_shares ? task->n_shares : task->n_last : 0;

    if (!n)
        return size;
    size.nodes = n;
    held_gres (core, task, &size);
    size.cpus = 0;
    size.all_mem_mb = 0;
    for (uint32_t i = 0; i < n; i++) {
        size.cpus += task->n_shares ? task->shares[i].cpus : task->last[i].cpus;
        size.all_mem_mb += task->n_shares ? task->shares[i].mem_mb : task->last[i].mem_mb;
    }
    size.mem_mb = task->n_shares ? task->shares[0].mem_mb : task->last[0].mem_mb;
    if (!size.req_mem_mb)
        size.req_mem_mb = size.mem_mb;
    return size;
}

char *size_tres (const struct size *size)
{
    struct buf out = BUF_INIT;
    char mem[32];

    buf_printf (&out, "cpu=%u", size->cpus);
    if (size->all_mem_mb)
        buf_printf (&out, ",mem=%s", mem_format (size->all_mem_mb, mem, sizeof mem));
    buf_printf (&out, ",node=%u,billing=%u", size->nodes, size->cpus);
    gres_parts_tres (&size->gres, &out);
    return buf_steal (&out);
}

char *task_nodes (const struct task *task)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;

    if (!task->n_shares && !task->n_last)
        return NULL;
    names = hostlist_create ();
    for (uint32_t i = 0; i < task->n_shares; i++)
        hostlist_add (names, node_name (task->shares[i].node));
    for (uint32_t i = 0; !task->n_shares && i < task->n_last; i++)
        hostlist_add (names, task->last[i].node);
    hostlist_sort_unique (names);
    return hostlist_compress (names);
}
