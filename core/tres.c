/* tres.c - vectors of what is counted. */
#include "core/tres.h"
#include "core/demand.h"
#include "core/state.h"

#define MB_A_GB 1024

const char *tres_name (enum tres tres)
{
    static const char *const names[N_TRES] = {"cpu", "mem", "node", "gres/gpu", "billing"};

    return names[tres];
}

uint64_t tres_of (const Moisson__Tres *set, enum tres tres)
{
    if (!set)
        return TRES_ANY;
    switch (tres) {
    case TRES_CPU: return set->has_cpu ? set->cpu : TRES_ANY;
    case TRES_MEM: return set->has_mem_mb ? set->mem_mb : TRES_ANY;
    case TRES_NODE: return set->has_node ? set->node : TRES_ANY;
    case TRES_GPU: return set->has_gpu ? set->gpu : TRES_ANY;
    default: return set->has_billing && set->billing < TRES_ANY / 1000 ? set->billing * 1000 : TRES_ANY;
    }
}

/* Thousandths: the sum, or with PriorityFlags=MAX_TRES the dearest kind. */
static uint64_t price (const struct core *core, const Moisson__PartitionConf *conf, const uint64_t tres[N_TRES])
{
    const Moisson__Weights *w = conf ? conf->billing : NULL;
    uint64_t sum = 0, most = 0;

    if (!w)
        return tres[TRES_CPU] * 1000;
    const uint64_t parts[] = {
        tres[TRES_CPU] * w->cpu,
        tres[TRES_MEM] * w->mem_gb / MB_A_GB,
        tres[TRES_NODE] * w->node,
        tres[TRES_GPU] * w->gpu,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        sum += parts[i];
        most = parts[i] > most ? parts[i] : most;
    }
    return core->config->billing_max ? most : sum;
}

void tres_of_shares (const struct core *core, const Moisson__PartitionConf *conf, const struct share *shares, size_t n,
                     uint64_t ret[N_TRES])
{
    ret[TRES_CPU] = ret[TRES_MEM] = ret[TRES_GPU] = 0;
    ret[TRES_NODE] = n;
    for (size_t i = 0; i < n; i++) {
        ret[TRES_CPU] += shares[i].cpus;
        ret[TRES_MEM] += shares[i].mem_mb;
        ret[TRES_GPU] += shares[i].gpus;
    }
    ret[TRES_BILLING] = price (core, conf, ret);
}

void tres_of_demand (const struct core *core, const struct demand *demand, uint64_t ret[N_TRES])
{
    struct gres_parts gres = {0};

    gres_asks_sum (&demand->gres, demand->min_nodes, demand->ntasks, &gres);
    ret[TRES_CPU] = (uint64_t) demand->ntasks * demand->cpus_per_task;
    ret[TRES_NODE] = demand->min_nodes;
    ret[TRES_GPU] = gres_parts_gpus (&gres);
    ret[TRES_MEM] = demand->mem_kind == MEM_NODE  ? demand->mem_mb * demand->min_nodes
                    : demand->mem_kind == MEM_CPU ? demand->mem_mb * ret[TRES_CPU]
                                                  : 0; /* the nodes decide: see tres_of_fit */
    ret[TRES_BILLING] = price (core, demand->partition ? demand->partition->conf : NULL, ret);
    gres_parts_clear (&gres);
}

void tres_of_fit (const struct core *core, const Moisson__PartitionConf *conf, const struct fit *fit,
                  uint64_t ret[N_TRES])
{
    ret[TRES_CPU] = ret[TRES_MEM] = ret[TRES_GPU] = 0;
    ret[TRES_NODE] = fit->n;
    for (size_t i = 0; i < fit->n; i++) {
        ret[TRES_CPU] += fit->picks[i].cpus;
        ret[TRES_MEM] += fit->picks[i].mem_mb;
        ret[TRES_GPU] += gres_parts_gpus (&fit->picks[i].gres);
    }
    ret[TRES_BILLING] = price (core, conf, ret);
}
