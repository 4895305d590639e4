/* estimate.c - when could this start (`sbatch --test-only`)? Running attempts are taken to last as long as they may;
 * jobs that wait are not counted. */
#include "base/mem.h"
#include "core/state.h"

static usec_t share_until (const struct core *core, const struct share *share)
{
    const struct task *task = share->task;
    uint64_t limit = task_time_limit (core, task);

    if (!limit)
        return UINT64_MAX;
    return task->start_us ? task_end_by (core, task) : core->now + limit * USEC_PER_SEC;
}

static int by_end (const void *a, const void *b)
{
    usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

    return x < y ? -1 : x > y;
}

/* When will this node have let go enough of its attempts? Looked at in order of their ends. */
static usec_t node_ready (const struct core *core, const struct demand *demand, const struct node *node, uint32_t tasks,
                          usec_t now)
{
    _cleanup_free_ usec_t *ends = xcalloc (node->n_shares + 1, sizeof *ends);
    struct node later = *node;
    size_t n = 0;

    if (demand_holds (demand, &later, FIT_NOW, tasks))
        return now;
    for (const struct share *share = node->shares; share; share = share->next)
        ends[n++] = share_until (core, share);
    qsort (ends, n, sizeof *ends, by_end);
    for (size_t i = 0; i < n && ends[i] != UINT64_MAX; i++) {
        for (const struct share *share = node->shares; share; share = share->next)
            if (share_until (core, share) == ends[i]) {
                later.used_cpus -= node_hold (node, share->cpus);
                later.used_mem_mb -= share->mem_mb;
                gres_node_give (&later, &share->gres);
                later.n_shares--;
            }
        while (i + 1 < n && ends[i + 1] == ends[i])
            i++; /* all that end then were taken off at once */
        if (demand_holds (demand, &later, FIT_NOW, tasks))
            return ends[i] > now ? ends[i] : now;
    }
    return UINT64_MAX;
}

/* Of several nodes the last to be ready decides. */
static usec_t ready_all (const struct core *core, const struct demand *demand, const struct fit *fit, usec_t now)
{
    usec_t at = now;

    for (size_t i = 0; i < fit->n; i++) {
        usec_t ready = node_ready (core, demand, fit->picks[i].node, fit->picks[i].tasks, now);
        at = ready > at ? ready : at;
    }
    return at;
}

/* Of nodes of which one will do, the first to be ready decides. */
static usec_t ready_first (const struct core *core, const struct demand *demand, const struct places *places,
                           struct pick *pick, usec_t at, usec_t now)
{
    for (uint32_t i = 0; at > now && i < core->nodes.n; i++) {
        struct node *node = core->nodes.list[i];
        usec_t ready;
        if (!(places->mask[i / 64] >> i % 64 & 1) || !node_usable (node) ||
            !demand_holds (demand, node, FIT_EMPTY, demand->ntasks))
            continue;
        ready = node_ready (core, demand, node, demand->ntasks, now);
        if (ready < at) {
            at = ready;
            pick->node = node;
        }
    }
    return at;
}

int core_estimate (const struct core *core, const Moisson__JobSpec *spec, usec_t now, usec_t *ret_us,
                   const char **ret_node, uint32_t *ret_cpus, struct err *err)
{
    _cleanup_fit_ struct fit fit = {0};
    struct places places;
    struct demand demand;
    usec_t at;

    if (core_admit (core, spec, NULL, now, err))
        return -1;
    demand_of (core, partition_of_spec (core, spec), spec, &demand);
    if (places_of (core, &demand, &places, err))
        return -1;
    if (fit_find (core, &demand, &places, FIT_NOW, &fit) && fit_find (core, &demand, &places, FIT_EMPTY, &fit)) {
        places_clear (&places);
        return err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Requested node configuration is not available");
    }
    at = ready_all (core, &demand, &fit, now);
    if (fit.n == 1 && !places.n_must)
        at = ready_first (core, &demand, &places, &fit.picks[0], at, now);
    places_clear (&places);
    *ret_cpus = 0;
    for (size_t i = 0; i < fit.n; i++)
        *ret_cpus += fit.picks[i].cpus;
    at = at == UINT64_MAX ? now + ESTIMATE_UNKNOWN_US : at;
    *ret_us = spec->begin_us > at ? spec->begin_us : at;
    *ret_node = node_name (fit.picks[0].node);
    return 0;
}
