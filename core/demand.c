/* demand.c - what one job asks of nodes. */
#include "core/demand.h"
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
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
    uint64_t ntasks = spec->ntasks;

    ret->tasks_per_node = spec->ntasks_per_node;
    ret->min_nodes = at_least_1 (spec->has_min_nodes, spec->min_nodes);
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

void demand_of (const struct partition *partition, const Moisson__JobSpec *spec, struct demand *ret)
{
    *ret = (struct demand){
        .partition = partition,
        .cpus_per_task = at_least_1 (spec->has_cpus_per_task, spec->cpus_per_task),
        .gpus = spec->gpus_per_node,
        .exclusive = spec->exclusive,
        .nodelist = text (spec->nodelist),
        .exclude = text (spec->exclude),
        .constraint = text (spec->constraint),
    };
    demand_tasks (spec, ret);
    demand_memory (partition->conf, spec, ret);
}

void demand_key (const struct demand *demand, struct buf *out)
{
    const char *texts[] = {demand->partition->name, demand->nodelist, demand->exclude, demand->constraint};
    uint32_t numbers[] = {
        demand->min_nodes,           demand->max_nodes,     demand->ntasks,
        demand->tasks_per_node,      demand->cpus_per_task, demand->gpus,
        (uint32_t) demand->mem_kind, demand->exclusive,
    };

    buf_add (out, numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_add (out, texts[i] ? texts[i] : "", texts[i] ? strlen (texts[i]) + 1 : 1);
}

uint64_t demand_mem (const struct demand *demand, const struct node *node, uint32_t cpus)
{
    switch (demand->mem_kind) {
    case MEM_NODE: return demand->mem_mb;
    case MEM_CPU: return demand->mem_mb * cpus;
    case MEM_ALL: return node->mem_mb;
    default: return node->cpus ? node->mem_mb * cpus / node->cpus : 0;
    }
}

uint32_t demand_fits (const struct demand *demand, const struct node *node, enum fit_view view)
{
    bool now = view == FIT_NOW;
    uint32_t cpus = now ? node_free_cpus (node) : node->cpus;
    uint64_t mem = now ? node_free_mem (node) : node->mem_mb;
    uint32_t tasks = cpus / demand->cpus_per_task;

    if ((now ? node_free_gpus (node) : node->gpus) < demand->gpus || (demand->exclusive && now && node->n_shares))
        return 0;
    if (demand->tasks_per_node && tasks > demand->tasks_per_node)
        tasks = demand->tasks_per_node;
    if (demand->mem_kind == MEM_NODE || demand->mem_kind == MEM_ALL)
        return demand_mem (demand, node, 0) <= mem ? tasks : 0;
    while (tasks && demand_mem (demand, node, tasks * demand->cpus_per_task) > mem) {
        uint64_t each = demand_mem (demand, node, demand->cpus_per_task), room = each ? mem / each : tasks;
        tasks = room < tasks ? (uint32_t) room : tasks - 1; /* a share is rounded down: then one task less is tried */
    }
    return tasks;
}
