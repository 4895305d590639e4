/* order_multifactor.c - age, fairshare, size, partition, QoS, association, TRES; less nice. */
#include "plugins/order_multifactor.h"

#define MAX_AGE_S (7 * 86400)
#define BASE 2147483648U /* what all have: PRIORITY_BASE of core.h */

static double age (const struct order_facts *facts, const struct order_params *params)
{
    double most = (double) (params->max_age_s ? params->max_age_s : MAX_AGE_S);
    double waited = facts->now_us > facts->eligible_us ? (double) (facts->now_us - facts->eligible_us) / 1e6 : 0;

    return waited < most ? waited / most : 1;
}

/* How much of the cluster it asks for, or leaves: the mean of nodes and CPUs. */
static double size (const struct order_facts *facts, const struct order_params *params)
{
    double cpus = facts->cluster_cpus ? (double) facts->cpus / facts->cluster_cpus : 0;
    double nodes = facts->cluster_nodes ? (double) facts->nodes / facts->cluster_nodes : 0;
    double part = (cpus + nodes) / 2;

    part = part < 1 ? part : 1;
    return params->favor_small ? 1 - part : part;
}

static double part_of (uint64_t n, uint64_t all)
{
    return !all ? 0 : n < all ? (double) n / (double) all : 1;
}

static double score (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts)
{
    struct order_parts p = {.nice = facts->nice};

    if (facts->has_priority && facts->priority != BASE) { /* an operator's word goes for all of it */
        if (parts)
            *parts = p;
        return (double) facts->priority - facts->nice;
    }
    p.age = params->weight_age * age (facts, params);
    p.fairshare = params->weight_fairshare * facts->fairshare;
    p.size = params->weight_size * size (facts, params);
    p.partition = params->weight_partition * facts->partition;
    p.qos = params->weight_qos * facts->qos;
    p.assoc = params->weight_assoc * facts->assoc;
    p.tres = params->weight_cpu * part_of (facts->cpus, facts->cluster_cpus) +
             params->weight_mem * part_of (facts->mem_mb, facts->cluster_mem_mb) +
             params->weight_gpu * part_of (facts->gpus, facts->cluster_gpus);
    if (parts)
        *parts = p;
    return p.age + p.fairshare + p.size + p.partition + p.qos + p.assoc + p.tres - p.nice;
}

const struct order_ops *order_multifactor (void)
{
    static const struct order_ops ops = {.abi = PLUGIN_ABI, .type = "order/multifactor", .score = score};

    return &ops;
}
