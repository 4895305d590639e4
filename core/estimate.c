/* estimate.c - when could this start (`sbatch --test-only`, `squeue --start`, `moisson why`)? By the same search as
 * that which makes promises: running attempts are taken to last as long as they may, and promises to those that wait
 * are kept. */
#include "base/hostlist.h"
#include "core/profile.h"
#include "core/search.h"
#include "core/state.h"

static int refuse (struct err *err)
{
    return err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Requested node configuration is not available");
}

/* The first of the list is the one that runs the script. */
static void answer (const struct fit *fit, const char **ret_node, uint32_t *ret_cpus)
{
    const struct node *first = fit->picks[0].node;

    *ret_cpus = 0;
    for (size_t i = 0; i < fit->n; i++) {
        *ret_cpus += fit->picks[i].cpus;
        if (host_compare (node_name (fit->picks[i].node), node_name (first)) < 0)
            first = fit->picks[i].node;
    }
    *ret_node = node_name (first);
}

static int look (const struct core *core, struct search *search, struct fit *fit, usec_t *ret_at)
{
    int rc;

    while ((rc = search_step (core, search, fit, ret_at)) == SEARCH_MORE)
        ;
    return rc;
}

/* Where no node that is up has it: as on all nodes, and nobody knows when. */
static int look_everywhere (const struct core *core, const struct demand *demand, const struct places *places,
                            struct stay stay, struct fit *fit, usec_t *ret_at)
{
    struct search search;

    stay.from = licences_when (core, &stay);
    stay.until = stay.from == UINT64_MAX ? UINT64_MAX : stay.until;
    if (stay.from != UINT64_MAX) {
        search_begin (core, &search, stay.shape, demand, places, stay);
        if (look (core, &search, fit, ret_at) == 0)
            return 0;
    }
    *ret_at = PROMISE_ONE_DAY;
    return fit_find (core, demand, places, FIT_EMPTY, fit);
}

static uint64_t limit_of (const struct partition *partition, const Moisson__JobSpec *spec)
{
    if (spec->has_time_limit_s)
        return spec->time_limit_s;
    return partition->conf->default_time_s ? partition->conf->default_time_s : partition->conf->max_time_s;
}

static int estimate (const struct core *core, const Moisson__JobSpec *spec, const struct shape *shape, usec_t now,
                     struct fit *fit, usec_t *ret_us, struct err *err)
{
    const struct partition *partition = partition_of_spec (core, spec);
    usec_t from = spec->begin_us > now ? spec->begin_us : now, at;
    struct places places;
    struct demand demand;
    struct stay stay;
    int rc;

    demand_of (core, partition, spec, &demand);
    if (places_of (core, &demand, &places, err))
        return -1;
    stay = (struct stay){.demand = &demand,
                         .shape = shape,
                         .in = resv_find (core, demand.reservation),
                         .from = from,
                         .until = resv_until (from, limit_of (partition, spec))};
    rc = look_everywhere (core, &demand, &places, stay, fit, &at);
    places_clear (&places);
    if (rc)
        return refuse (err);
    *ret_us = at == PROMISE_ONE_DAY ? from + ESTIMATE_UNKNOWN_US : at;
    return 0;
}

int core_estimate (const struct core *core, const Moisson__JobSpec *spec, usec_t now, usec_t *ret_us,
                   const char **ret_node, uint32_t *ret_cpus, struct err *err)
{
    _cleanup_fit_ struct fit fit = {0};

    if (core_admit (core, spec, NULL, now, err) || estimate (core, spec, NULL, now, &fit, ret_us, err))
        return -1;
    answer (&fit, ret_node, ret_cpus);
    return 0;
}

usec_t estimate_of_job (const struct core *core, const struct job *job)
{
    _cleanup_fit_ struct fit fit = {0};
    Moisson__JobSpec spec = *job_spec (job);
    usec_t at = promised_to (job);

    if (at)
        return at;
    spec.partition = (char *) job->partition;
    if (estimate (core, &spec, shape_first (job->shape) == job ? job->shape : NULL, core->now, &fit, &at, NULL) ||
        at - core->now >= ESTIMATE_UNKNOWN_US)
        return 0;
    return at;
}

usec_t promised_to (const struct job *job)
{
    const struct promise *promise = job->shape ? job->shape->promise : NULL;

    return promise && promise->job_id == job->id && promise->at != PROMISE_ONE_DAY ? promise->at : 0;
}
