/* demand.c - what one job asks of nodes. */
#include "core/demand.h"
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/constraint.h"
#include "core/state.h"

#define MAX_MEM_MB (1ULL << 36) /* 64 PiB: more than any node has, and its product with cpus still fits */

static uint32_t at_least_1 (bool has, uint32_t value)
{
    return has && value ? value : 1;
}

static const char *text (const char *s)
{
    return s && *s ? s : NULL;
}

static void demand_tasks (const Moisson__JobSpec *spec, struct demand *ret)
{
    uint32_t counted = ret->constraint ? constraint_nodes (ret->constraint) : 0;

    uint64_t ntasks = spec->ntasks;

    ret->tasks_per_node = spec->ntasks_per_node;
    ret->min_nodes = at_least_1 (spec->has_min_nodes, spec->min_nodes);
    if (counted > ret->min_nodes)
        ret->min_nodes = counted;
    if (!ntasks)
        ntasks = (uint64_t) ret->min_nodes * at_least_1 (spec->has_ntasks_per_node, spec->ntasks_per_node);
    if (ret->tasks_per_node && ntasks > (uint64_t) ret->min_nodes * ret->tasks_per_node && !spec->has_max_nodes)
        ret->min_nodes = (uint32_t) ((ntasks + ret->tasks_per_node - 1) / ret->tasks_per_node);
    ret->ntasks = ntasks < ret->min_nodes ? ret->min_nodes : ntasks > UINT32_MAX ? UINT32_MAX : (uint32_t) ntasks;
    if (spec->has_max_nodes && spec->max_nodes)
        ret->max_nodes = spec->max_nodes;
    else
        ret->max_nodes = spec->has_min_nodes && spec->min_nodes ? ret->min_nodes : ret->ntasks;
    if (ret->max_nodes < ret->min_nodes)
        ret->max_nodes = ret->min_nodes;
}

static void demand_memory (const Moisson__PartitionConf *conf, const Moisson__JobSpec *spec, struct demand *ret)
{
    ret->mem_mb = 0;
    ret->memory_free = conf && conf->memory_free;
    if (spec->has_mem_per_node_mb) {
        ret->mem_kind = spec->mem_per_node_mb ? MEM_NODE : MEM_ALL;
        ret->mem_mb = spec->mem_per_node_mb;
    } else if (spec->has_mem_per_cpu_mb && spec->mem_per_cpu_mb) {
        ret->mem_kind = MEM_CPU;
        ret->mem_mb = spec->mem_per_cpu_mb;
    } else if (conf && conf->def_mem_per_cpu_mb) {
        ret->mem_kind = MEM_CPU;
        ret->mem_mb = conf->def_mem_per_cpu_mb;
    } else if (conf && conf->def_mem_per_node_mb) {
        ret->mem_kind = MEM_NODE;
        ret->mem_mb = conf->def_mem_per_node_mb;
    } else
        ret->mem_kind = MEM_SHARE;
    if (ret->mem_mb > MAX_MEM_MB)
        ret->mem_mb = MAX_MEM_MB;
}

void demand_of (const struct core *core, const struct partition *partition, const Moisson__JobSpec *spec,
                struct demand *ret)
{
    *ret = (struct demand){
        .partition = partition,
        .cpus_per_task = at_least_1 (spec->has_cpus_per_task, spec->cpus_per_task),
        .threads_per_core = spec->threads_per_core,
        .tasks_per_core = spec->ntasks_per_core,
        .exclusive = spec->exclusive,
        .exclusive_user = spec->exclusive_user,
        .contiguous = spec->contiguous,
        .min_cpus = spec->min_cpus,
        .tmp_mb = spec->tmp_mb,
        .nodelist = text (spec->nodelist),
        .exclude = text (spec->exclude),
        .constraint = text (spec->constraint),
        .reservation = text (spec->reservation),
        .licenses = text (spec->licenses),
    };
    gres_asks_of (core, spec, &ret->gres);
    demand_tasks (spec, ret);
    demand_memory (partition->conf, spec, ret);
    if (!ret->tasks_per_core && partition->conf && partition->conf->one_task_per_core)
        ret->tasks_per_core = 1;
}

void demand_key (const struct demand *demand, struct buf *out)
{
    const char *texts[] = {demand->partition->name, demand->nodelist,    demand->exclude,
                           demand->constraint,      demand->reservation, demand->licenses};
    uint32_t numbers[] = {
        demand->min_nodes,
        demand->max_nodes,
        demand->ntasks,
        demand->tasks_per_node,
        demand->cpus_per_task,
        demand->gres.n,
        (uint32_t) demand->mem_kind,
        demand->exclusive,
        demand->threads_per_core,
        demand->tasks_per_core,
        demand->exclusive_user,
        demand->contiguous,
        demand->min_cpus,
    };

    buf_add (out, numbers, sizeof numbers);
    buf_add (out, &demand->tmp_mb, sizeof demand->tmp_mb);
    buf_add (out, &demand->shuns, sizeof demand->shuns);
    for (uint32_t i = 0; i < demand->gres.n; i++) {
        const struct gres_ask *ask = &demand->gres.list[i];
        const uint32_t counts[] = {ask->per_node, ask->per_task, ask->per_job};
        buf_add (out, &ask->kind, sizeof ask->kind);
        buf_add (out, counts, sizeof counts);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_add (out, texts[i] ? texts[i] : "", texts[i] ? strlen (texts[i]) + 1 : 1);
}

/* --- CPUs ----------------------------------------------------------------------------------------------------------
 */

/* CPUs of a core that tasks use: the others are given out with them, and stay idle. */
static uint64_t used_of_core (const struct demand *demand, const struct node *node)
{
    uint32_t most = demand->threads_per_core;

    return most && most < node->core_cpus ? most : node->core_cpus;
}

static uint64_t up (uint64_t n, uint64_t by)
{
    return (n + by - 1) / by;
}

/* --mincpus: what a node gives at least. */
static uint32_t at_least_min (const struct demand *demand, const struct node *node, uint32_t cpus)
{
    uint32_t least = (uint32_t) (up (demand->min_cpus, node->core_cpus) * node->core_cpus);

    return cpus < least ? least : cpus;
}

uint32_t demand_cpus (const struct demand *demand, const struct node *node, uint32_t tasks)
{
    uint64_t each = demand->cpus_per_task, use = used_of_core (demand, node), cores;

    if (node->core_cpus == 1)
        return at_least_min (demand, node, tasks * demand->cpus_per_task);
    cores = up (tasks * each, use);
    if (demand->tasks_per_core == 1)
        cores = tasks * up (each, use);
    else if (demand->tasks_per_core && up (tasks, demand->tasks_per_core) > cores)
        cores = up (tasks, demand->tasks_per_core);
    return at_least_min (demand, node, (uint32_t) (cores * node->core_cpus));
}

/* The other way round: how many tasks so many CPUs hold. */
static uint32_t tasks_in (const struct demand *demand, const struct node *node, uint32_t cpus)
{
    uint64_t each = demand->cpus_per_task, use = used_of_core (demand, node), cores = cpus / node->core_cpus, tasks;

    if (node->core_cpus == 1)
        return cpus / demand->cpus_per_task;
    if (demand->tasks_per_core == 1)
        return (uint32_t) (cores / up (each, use));
    tasks = cores * use / each;
    if (demand->tasks_per_core && tasks > cores * demand->tasks_per_core)
        tasks = cores * demand->tasks_per_core;
    return (uint32_t) tasks;
}

/* --- memory --------------------------------------------------------------------------------------------------------
 */

static uint64_t all_memory (const struct demand *demand, const struct node *node)
{
    const Moisson__PartitionConf *conf = demand->partition->conf;
    uint64_t most = conf ? conf->max_mem_per_node_mb : 0;

    return most && most < node->mem_mb ? most : node->mem_mb;
}

uint64_t demand_mem (const struct demand *demand, const struct node *node, uint32_t cpus)
{
    switch (demand->mem_kind) {
    case MEM_NODE: return demand->mem_mb;
    case MEM_CPU: return demand->mem_mb * cpus;
    case MEM_ALL: return all_memory (demand, node);
    default: return node->cpus ? node->mem_mb * cpus / node->cpus : 0;
    }
}

/* The most CPUs that so much memory suffices for; at most `cpus`. */
static uint32_t cpus_with (const struct demand *demand, const struct node *node, uint64_t mem, uint32_t cpus)
{
    uint64_t most = cpus;

    if (demand->mem_kind == MEM_NODE || demand->mem_kind == MEM_ALL)
        return demand_mem (demand, node, cpus) <= mem ? cpus : 0;
    if (demand->mem_kind == MEM_CPU && demand->mem_mb)
        most = mem / demand->mem_mb;
    else if (demand->mem_kind == MEM_SHARE &&
             node->mem_mb) /* the largest n with mem_mb * n / cpus <= mem, rounded down */
        most = ((mem + 1) * node->cpus - 1) / node->mem_mb;
    return most < cpus ? (uint32_t) most : cpus;
}

/* --tmp: the node's temporary disk, as it registered; what is in use there does not count, as in Slurm. */
static bool lacks_disk (const struct demand *demand, const struct node *node)
{
    return demand->tmp_mb && node->facts && node->facts->tmp_disk_mb < demand->tmp_mb;
}

uint32_t demand_fits (const struct demand *demand, const struct node *node, enum fit_view view)
{
    bool now = view == FIT_NOW;
    uint32_t cpus = now ? node_free_cpus (node) : node->cpus;
    uint64_t mem = now && !demand->memory_free ? node_free_mem (node) : node->mem_mb;
    uint32_t tasks;

    if (demand->exclusive && now && node->n_shares)
        return 0;
    if (!demand->memory_free || demand->mem_kind == MEM_NODE || demand->mem_kind == MEM_CPU)
        cpus = cpus_with (demand, node, mem, cpus);
    tasks = cpus < demand->min_cpus || lacks_disk (demand, node) ? 0 : tasks_in (demand, node, cpus);
    if (demand->tasks_per_node && tasks > demand->tasks_per_node)
        tasks = demand->tasks_per_node;
    if (demand->gres.n)
        tasks = gres_tasks (&demand->gres, node, now, tasks, demand->max_nodes, GRES_LAST_PLACE);
    return tasks;
}

bool demand_holds (const struct demand *demand, const struct node *node, enum fit_view view, uint32_t tasks)
{
    return demand_fits (demand, node, view) >= tasks &&
           (tasks < demand->ntasks || !demand->gres.n || gres_tasks (&demand->gres, node, view == FIT_NOW, 1, 1, 0));
}
