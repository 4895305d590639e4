/* rank.c - the facts that orders are told. */
#include "core/rank.h"
#include "core/demand.h"
#include "core/state.h"
#include "core/view.h"

void rank_facts (const struct core *core, const struct job *job, usec_t now, struct order_facts *ret)
{
    const Moisson__JobSpec *spec = job_spec (job);
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
        .cluster_mem_mb = core->nodes.all_mem_mb,
        .has_priority = spec->has_priority,
        .priority = spec->priority,
        .nice = spec->nice,
        .fairshare = 0.5,
    };
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
