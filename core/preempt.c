/* preempt.c - whom a head may preempt, and the cheapest that will do. */
#include "core/preempt.h"
#include <stdlib.h>
#include <strings.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/limits.h"
#include "core/pass.h"
#include "core/payer.h"
#include "core/promise.h"
#include "core/state.h"

#define NODES_A_STEP 32
#define JOBS_LOOKED_AT 64
#define VICTIMS_MOST 256 /* of one event */

/* --- rules -------------------------------------------------------------------------------------------------------- */

Moisson__PreemptMode preempt_mode_of (const struct core *core, const Moisson__PartitionConf *conf)
{
    const Moisson__Config *config = core->config;

    if (!config->has_preempt_type || config->preempt_type == MOISSON__PREEMPT_TYPE__PREEMPT_NONE)
        return MOISSON__PREEMPT_MODE__PREEMPT_OFF;
    if (conf->has_preempt_mode)
        return conf->preempt_mode;
    return config->has_preempt_mode ? config->preempt_mode : MOISSON__PREEMPT_MODE__PREEMPT_OFF;
}

const char *preempt_mode_word (Moisson__PreemptMode mode)
{
    return mode == MOISSON__PREEMPT_MODE__PREEMPT_CANCEL    ? "CANCEL"
           : mode == MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE ? "REQUEUE"
                                                            : "OFF";
}

static uint32_t tier_of (const struct partition *partition)
{
    return partition && partition->conf && partition->conf->has_priority ? partition->conf->priority : 1;
}

struct side { /* of those who take and those who give way */
    const struct partition *partition;
    const struct qos *qos; /* NULL = none */
};

static struct side side_of (const struct core *core, const Moisson__Submitted *facts, const char *partition)
{
    return (struct side){partition_find (core, partition), payer_of (core, facts, partition).qos};
}

static bool by_qos (const struct core *core)
{
    return core->config->preempt_type == MOISSON__PREEMPT_TYPE__PREEMPT_QOS;
}

static bool is_lower (const struct core *core, const struct side *mine, const struct side *its)
{
    const Moisson__Qos *conf = mine->qos ? mine->qos->conf : NULL;

    if (!by_qos (core))
        return its->partition && its->partition->conf && tier_of (its->partition) < tier_of (mine->partition);
    for (size_t i = 0; conf && its->qos && i < conf->n_preempt; i++)
        if (!strcasecmp (conf->preempt[i], its->qos->name))
            return true;
    return false;
}

static Moisson__PreemptMode mode_of (const struct core *core, const struct side *its)
{
    const Moisson__Qos *conf = its->qos ? its->qos->conf : NULL;
    Moisson__PreemptMode mode;

    if (!its->partition || !its->partition->conf)
        return MOISSON__PREEMPT_MODE__PREEMPT_OFF;
    mode = preempt_mode_of (core, its->partition->conf);
    bool spared = its->partition->conf->has_preempt_mode && mode == MOISSON__PREEMPT_MODE__PREEMPT_OFF;
    if (!by_qos (core) || !conf || !conf->preempt_mode || spared)
        return mode;
    return !strcasecmp (conf->preempt_mode, "REQUEUE")  ? MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE
           : !strcasecmp (conf->preempt_mode, "CANCEL") ? MOISSON__PREEMPT_MODE__PREEMPT_CANCEL
           : !strcasecmp (conf->preempt_mode, "OFF")    ? MOISSON__PREEMPT_MODE__PREEMPT_OFF
                                                        : mode;
}

uint32_t preempt_grace (const struct core *core, const struct task *task)
{
    struct side its = side_of (core, row_facts (task->job, task), row_partition (task->job, task));

    if (by_qos (core) && its.qos && its.qos->conf && its.qos->conf->grace_time_s)
        return (uint32_t) its.qos->conf->grace_time_s;
    return its.partition && its.partition->conf ? its.partition->conf->grace_s : 0;
}

static bool may_preempt (const struct core *core, const struct side *mine, const struct task *task, usec_t now)
{
    struct side its;
    usec_t exempt = core->config->preempt_exempt_s * USEC_PER_SEC;

    if (task->stop || task->claim)
        return false;
    its = side_of (core, row_facts (task->job, task), row_partition (task->job, task));
    if (by_qos (core) && its.qos && its.qos->conf && its.qos->conf->has_preempt_exempt_s)
        exempt = its.qos->conf->preempt_exempt_s * USEC_PER_SEC;
    if (!is_lower (core, mine, &its) || (exempt && (!task->start_us || now < task->start_us + exempt)))
        return false;
    return mode_of (core, &its) != MOISSON__PREEMPT_MODE__PREEMPT_OFF;
}

/* Is anybody of lower rank there at all? */
static bool has_lower (const struct core *core, const struct side *mine)
{
    const struct partition *its, *next;

    if (by_qos (core))
        return mine->qos && mine->qos->conf && mine->qos->conf->n_preempt;
    if (core->config->preempt_type != MOISSON__PREEMPT_TYPE__PREEMPT_PARTITION)
        return false;
    HASH_ITER (hh, core->partitions.by_name, its, next)
    if (its->conf && tier_of (its) < tier_of (mine->partition) &&
        preempt_mode_of (core, its->conf) != MOISSON__PREEMPT_MODE__PREEMPT_OFF)
        return true;
    return false;
}

/* --- victims ------------------------------------------------------------------------------------------------------ */

struct victim {
    struct task *task;
    uint64_t cost; /* core-seconds that are lost */
    bool spared;
};

struct victims {
    struct victim *list;
    size_t n, room;
};

#define _cleanup_victims_ __attribute__ ((cleanup (victims_clear)))
static void victims_clear (struct victims *victims)
{
    free (victims->list);
}

static uint64_t lost_by (const struct task *task, usec_t now)
{
    uint64_t ran = task->start_us && now > task->start_us ? (now - task->start_us) / USEC_PER_SEC : 0, cpus = 0;

    for (uint32_t i = 0; i < task->n_shares; i++)
        cpus += task->shares[i].cpus;
    return cpus * ran;
}

static int by_cost (const void *a, const void *b)
{
    const struct victim *x = a, *y = b;

    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    if (x->task->start_us != y->task->start_us)
        return x->task->start_us > y->task->start_us ? -1 : 1;
    return x->task->raw_id > y->task->raw_id ? -1 : x->task->raw_id < y->task->raw_id;
}

static void gather (const struct core *core, const struct side *mine, const struct node *node, bool first_only,
                    usec_t now, struct victims *out)
{
    for (struct share *share = node->shares; share; share = share->next) {
        if (!share->task || (first_only && share != &share->task->shares[0]) ||
            !may_preempt (core, mine, share->task, now))
            continue;
        GROW (out->list, out->n, out->room);
        out->list[out->n++] = (struct victim){.task = share->task, .cost = lost_by (share->task, now)};
    }
}

static void sort_victims (struct victims *victims)
{
    if (victims->n)
        qsort (victims->list, victims->n, sizeof *victims->list, by_cost);
}

static void lift (struct core *core, const struct task *task)
{
    for (uint32_t i = 0; i < task->n_shares; i++)
        share_lift (core, &task->shares[i]);
}

static void lower (struct core *core, struct task *task)
{
    for (uint32_t i = 0; i < task->n_shares; i++)
        share_take (core, &task->shares[i]);
}

/* --- one node ----------------------------------------------------------------------------------------------------- */

static const struct share *share_on (const struct task *task, const struct node *node)
{
    for (uint32_t i = 0; i < task->n_shares; i++)
        if (task->shares[i].node == node)
            return &task->shares[i];
    return NULL;
}

static void put_on (struct node *copy, const struct share *share, bool on)
{
    uint32_t cpus = node_hold (copy, share->cpus);

    if (on)
        gres_node_take (copy, &share->gres);
    else
        gres_node_give (copy, &share->gres);
    copy->used_cpus = on ? copy->used_cpus + cpus : copy->used_cpus - cpus;
    copy->used_mem_mb = on ? copy->used_mem_mb + share->mem_mb : copy->used_mem_mb - share->mem_mb;
    copy->n_shares = on ? copy->n_shares + 1 : copy->n_shares - 1;
}

/* The cheapest first until it fits; then, the dearest first, whoever can be spared. False: all of them do not do. */
static bool choose_on (const struct demand *demand, struct node *node, struct victims *victims)
{
    struct node copy = *node;
    size_t n = 0;

    sort_victims (victims);
    while (!demand_holds (demand, &copy, FIT_NOW, demand->ntasks)) {
        if (n == victims->n)
            return false;
        put_on (&copy, share_on (victims->list[n++].task, node), false);
    }
    for (size_t i = n; i-- > 0;) {
        const struct share *share = share_on (victims->list[i].task, node);
        put_on (&copy, share, true);
        victims->list[i].spared = demand_holds (demand, &copy, FIT_NOW, demand->ntasks);
        if (!victims->list[i].spared)
            put_on (&copy, share, false);
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!victims->list[i].spared)
            victims->list[kept++] = victims->list[i];
    victims->n = kept;
    return kept > 0;
}

static uint64_t cost_of (const struct victims *victims)
{
    uint64_t cost = 0;

    for (size_t i = 0; i < victims->n; i++)
        cost += victims->list[i].cost;
    return cost;
}

/* With them gone, and everything that is promised kept. */
static bool does (struct core *core, struct fit_ask *ask, struct node *node, const struct victims *victims)
{
    _cleanup_fit_ struct fit fit = {0};
    bool fits;

    for (size_t i = 0; i < victims->n; i++)
        lift (core, victims->list[i].task);
    fits = node ? fit_on (core, ask, node, &fit) == 0 : fit_ask (core, ask, &fit) == 0;
    for (size_t i = victims->n; i-- > 0;)
        lower (core, victims->list[i].task);
    return fits;
}

static bool is_single (const struct demand *demand, const struct places *places)
{
    return demand->max_nodes < 2 && places->n_must < 2;
}

static void look_at_node (struct core *core, struct preempt_work *work, const struct side *mine, struct fit_ask *ask,
                          struct node *node, usec_t now)
{
    _cleanup_victims_ struct victims victims = {0};
    uint64_t cost;

    if (!(ask->places->mask[node->index / 64] >> node->index % 64 & 1) || !node_usable (node) ||
        (ask->places->n_must && ask->places->must[0] != node))
        return;
    gather (core, mine, node, false, now, &victims);
    if (!victims.n || !choose_on (ask->demand, node, &victims))
        return;
    cost = cost_of (&victims);
    if (work->best && (cost > work->best_cost || (cost == work->best_cost && victims.n >= work->best_n)))
        return;
    if (!does (core, ask, node, &victims))
        return;
    work->best = node;
    work->best_cost = cost;
    work->best_n = victims.n;
}

/* --- several nodes ------------------------------------------------------------------------------------------------ */

/* As many of the cheapest as it takes, found by doubling; then all that can be spared are. */
static bool choose_everywhere (struct core *core, struct fit_ask *ask, struct victims *victims)
{
    struct victims some = *victims;

    sort_victims (victims);
    if (some.n > VICTIMS_MOST)
        some.n = VICTIMS_MOST;
    victims->n = some.n;
    if (!victims->n || !does (core, ask, NULL, victims))
        return false;
    for (some.n = 1; some.n < victims->n && !does (core, ask, NULL, &some); some.n *= 2)
        ;
    if (some.n < victims->n)
        victims->n = some.n;
    for (size_t i = victims->n; i-- > 0;) { /* the dearest first */
        struct victim spared = victims->list[i];
        victims->list[i] = victims->list[victims->n - 1];
        victims->n--;
        if (does (core, ask, NULL, victims))
            continue;
        victims->n++;
        victims->list[i] = spared;
    }
    return victims->n > 0;
}

/* --- the event ---------------------------------------------------------------------------------------------------- */

static bool runs_again (const struct core *core, const struct task *task)
{
    struct side its = side_of (core, row_facts (task->job, task), row_partition (task->job, task));

    return mode_of (core, &its) == MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE && job_wants_requeue (core, task->job);
}

static Moisson__PreemptVictim *make_victim (const struct core *core, const struct task *task)
{
    Moisson__PreemptVictim *victim = xmalloc (sizeof *victim);

    moisson__preempt_victim__init (victim);
    victim->raw_id = task->raw_id;
    victim->attempt = task->attempt;
    victim->has_requeue = victim->requeue = runs_again (core, task);
    victim->grace_s = preempt_grace (core, task);
    victim->has_grace_s = victim->grace_s > 0;
    return victim;
}

static Moisson__Event *make_event (const struct core *core, uint64_t job_id, const struct victims *victims, usec_t now)
{
    Moisson__Event *event = xmalloc (sizeof *event);
    Moisson__Preempted *preempted = xmalloc (sizeof *preempted);

    moisson__event__init (event);
    moisson__preempted__init (preempted);
    event->now_us = now > core->now ? now : core->now;
    event->what_case = MOISSON__EVENT__WHAT_PREEMPTED;
    event->preempted = preempted;
    preempted->job_id = job_id;
    if (!victims)
        return event;
    preempted->victims = xcalloc (victims->n, sizeof *preempted->victims);
    for (size_t i = 0; i < victims->n; i++)
        preempted->victims[preempted->n_victims++] = make_victim (core, victims->list[i].task);
    return event;
}

/* --- the search --------------------------------------------------------------------------------------------------- */

/* How many tasks of it could start? More than one is not counted apart. */
static uint64_t startable (const struct job *job)
{
    return rest_count (&job->rest, HOLD_NONE) + (job->again ? idset_count (job->again) : 0);
}

/* The first of the shape for which nobody makes room yet. */
static const struct job *next_in (const struct core *core, const struct shape *shape)
{
    const struct lineup_item *item = shape->jobs.list;
    const struct job *head = shape_first (shape);
    int looks = JOBS_LOOKED_AT;

    if (claims_of (core, head->id) < startable (head))
        return head;
    for (; item && looks--; item = item->next) {
        const struct job *job = container_of (item, const struct job, queue);
        if (claims_of (core, job->id) < startable (job))
            return job;
    }
    return NULL;
}

bool preempt_begin (const struct core *core, struct preempt_work *work, struct shape *shape)
{
    const struct job *job = shape_first (shape);
    struct side mine = side_of (core, spec_msg (job->spec), job->partition);
    struct demand demand;
    struct stay stay;

    if (!has_lower (core, &mine) || core->claims.n >= CLAIMS_MOST || !shape_places (shape))
        return false;
    demand = shape_demand (shape);
    stay = stay_of (core, shape, &demand, core->pass.now);
    if (!stay_licensed (core, &stay)) /* the room of others would be no use to it */
        return false;
    job = next_in (core, shape);
    if (!job)
        return false;
    *work = (struct preempt_work){.shape = shape, .job_id = job->id};
    return true;
}

static int decide (struct core *core, struct preempt_work *work, const struct side *mine, struct fit_ask *ask,
                   usec_t now, Moisson__Event **ret)
{
    _cleanup_victims_ struct victims victims = {0};
    bool single = is_single (ask->demand, ask->places);

    if (single && work->best) {
        gather (core, mine, work->best, false, now, &victims);
        single = choose_on (ask->demand, work->best, &victims) && does (core, ask, work->best, &victims);
    } else if (!single) {
        for (size_t i = 0; i < core->nodes.n; i++)
            if ((ask->places->mask[i / 64] >> i % 64 & 1) && node_usable (core->nodes.list[i]))
                gather (core, mine, core->nodes.list[i], true, now, &victims);
        single = choose_everywhere (core, ask, &victims);
    } else
        return PREEMPT_E_NOBODY;
    if (!single || !victims.n || victims.n > VICTIMS_MOST)
        return PREEMPT_E_NOBODY;
    *ret = make_event (core, work->job_id, &victims, now);
    return 0;
}

int preempt_step (struct core *core, struct preempt_work *work, usec_t now, Moisson__Event **ret)
{
    struct shape *shape = work->shape;
    const struct job *head = shape_first (shape);
    struct side mine = side_of (core, spec_msg (head->spec), head->partition);
    struct demand demand = shape_demand (shape);
    struct stay stay = stay_of (core, shape, &demand, now);
    struct fit_ask ask = {.demand = &demand, .places = shape_places (shape), .view = FIT_NOW, .stay = &stay};

    if (is_single (&demand, ask.places))
        for (int i = 0; work->at_node < core->nodes.n; i++) {
            if (i == NODES_A_STEP)
                return PREEMPT_MORE;
            look_at_node (core, work, &mine, &ask, core->nodes.list[work->at_node++], now);
        }
    return decide (core, work, &mine, &ask, now, ret);
}

/* --- when all have ended ------------------------------------------------------------------------------------------ */

static Moisson__Event *place_in (struct core *core, const struct claim *claim, const struct job *queue, usec_t now)
{
    struct shape *shape = queue->shape;
    struct demand demand = shape_demand (shape);
    struct stay stay = stay_of (core, shape, &demand, now);
    struct fit_ask ask = {.demand = &demand, .places = shape_places (shape), .view = FIT_NOW, .stay = &stay};
    _cleanup_fit_ struct fit fit = {0};
    Moisson__Event *event;
    int rc;

    if (!ask.places || !stay_licensed (core, &stay) || limits_gate (core, queue, &demand, now) != GATE_OPEN)
        return NULL;
    claim_lift (core, claim);
    rc = fit_ask (core, &ask, &fit);
    claim_lower (core, claim);
    if (rc || limits_gate_fit (core, queue, &fit, now) != GATE_OPEN)
        return NULL;
    event = proposal_make (core, queue, &fit, now);
    event->placed->has_claim = true;
    event->placed->claim = claim->id;
    return event;
}

Moisson__Event *preempt_settle (struct core *core, usec_t now)
{
    for (const struct claim *claim = core->claims.list; claim; claim = claim->next) {
        const struct job *job = job_find (core, claim->job_id);
        Moisson__Event *event = NULL;
        if (claim->waiting)
            continue;
        for (const struct job *at = job; at && !event; at = at->branches)
            if (at->shape)
                event = place_in (core, claim, at, now);
        if (event)
            return event;
        event = make_event (core, claim->job_id, NULL, now);
        event->preempted->has_drop = true;
        event->preempted->drop = claim->id;
        return event;
    }
    return NULL;
}
