/* rank.c - the facts that orders are told. */
#include "core/rank.h"
#include "core/demand.h"
#include "core/payer.h"
#include "core/state.h"
#include "core/view.h"

static double share_of (uint32_t n, uint32_t highest)
{
    return highest ? (double) n / highest : 0;
}

static uint32_t job_factor (const Moisson__PartitionConf *conf)
{
    return conf->has_job_factor ? conf->job_factor : 1;
}

/* Its own, or of what is above it. */
static uint32_t priority_of (const struct assoc *assoc)
{
    while (assoc && !assoc->priority)
        assoc = assoc->parent;
    return assoc ? assoc->priority : 0;
}

void rank_facts (const struct core *core, const struct job *job, usec_t now, struct order_facts *ret)
{
    const Moisson__JobSpec *spec = job_spec (job);
    const struct partition *partition = partition_find (core, job->partition);
    const struct payer payer = payer_of (core, spec_msg (job->spec), job->partition);
    _cleanup_size_ struct size size = asked_size (core, job, NULL);

    *ret = (struct order_facts){
        .now_us = now,
        .job_id = job->id,
        .submit_us = job->submit_us,
        .eligible_us = job->eligible_us ? job->eligible_us : job->submit_us,
        .time_s = job_time_limit (core, job),
        .cpus = size.cpus,
        .nodes = size.nodes,
        .gpus = gres_parts_gpus (&size.gres),
        .mem_mb = size.all_mem_mb,
        .cluster_cpus = core->nodes.all_cpus,
        .cluster_nodes = (uint32_t) core->nodes.n,
        .cluster_gpus = core->nodes.all_gpus,
        .cluster_mem_mb = core->nodes.all_mem_mb,
        .has_priority = spec->has_priority,
        .priority = spec->priority,
        .nice = spec->nice,
        .fairshare = payer.assoc ? payer.assoc->fairshare : 1,
    };
    ret->partition =
        share_of (partition && partition->conf ? job_factor (partition->conf) : 0, core->partitions.highest_factor);
    ret->qos = share_of (payer.qos ? payer.qos->conf->priority : 0, core->qos.highest);
    ret->assoc = share_of (priority_of (payer.assoc), core->assocs.highest);
}

double rank_score (const struct core *core, const struct job *job, usec_t now, struct order_parts *parts)
{
    struct order_facts facts;

    if (!core->policies.order) {
        if (parts)
            *parts = (struct order_parts){.nice = job_spec (job)->nice};
        return job_priority (job_spec (job));
    }
    rank_facts (core, job, now, &facts);
    return core->policies.order->score (&facts, &core->policies.params, parts);
}
