/* pass.c - the next placement in rank order, as an event for the caller to apply. */
#include "core/pass.h"
#include <utlist.h>
#include "base/mem.h"
#include "core/fairshare.h"
#include "core/limits.h"
#include "core/profile.h"
#include "core/shorten.h"
#include "core/state.h"

#define WORK_A_STEP 128 /* in looks at a shape that is known not to fit */
#define WORK_OF_FIT 16
#define NODES_OF_WORK 64 /* so many may be looked at for one such look */
#define LOOKS_AN_OFFER 256

void pass_look_again (struct core *core)
{
    core->pass.wanted = true;
}

void pass_forget (struct core *core, const struct shape *shape)
{
    if (core->pass.preempt.shape == shape)
        core->pass.preempt.shape = NULL;
    if (core->pass.searching != shape)
        return;
    core->pass.searching = NULL;
    places_clear (&core->pass.places);
}

static bool orders_by_time (const struct core *core)
{
    return core->policies.order && !core->policies.order->timeless;
}

void core_pass_begin (struct core *core, usec_t now)
{
    struct pass_work *pass = &core->pass;
    usec_t ranked = core->shapes.ranked_us;

    pass->now = now > core->now ? now : core->now;
    pass->cycle = ++pass->stamp;
    pass->wanted = pass->gated = pass->settled = false;
    pass->wake = UINT64_MAX;
    fairshare_refresh (core);
    pass_forget (core, pass->searching);
    pass->preempt.shape = NULL;
    core->shapes.cycle++;
    while (core->nodes.freed) /* the cycle looks at all nodes */
        node_offered (core, core->nodes.freed);
    if (orders_by_time (core) && (pass->now < ranked || pass->now - ranked >= core->policies.rank_period_us))
        ranking_begin (core, pass->now);
}

bool core_pass_wanted (const struct core *core)
{
    return core->pass.wanted;
}

/* --- may it go there? --------------------------------------------------------------------------------------------- */

enum answer { GOES, NO_ROOM, NOT_NOW };

/* What holds it back besides nodes; stamp: of this walk. */
static bool is_shut (const struct shape *shape, uint64_t stamp)
{
    const struct partition *partition = shape->key.family->demand.partition;

    return !shape->key.family->somewhere || !partition_starts (partition) || partition->blocked == stamp ||
           shape->key.lane->closed == stamp;
}

static enum answer behind_gate (struct core *core, struct shape *shape, enum gate gate, uint64_t stamp)
{
    if (gate == GATE_OPEN)
        return GOES;
    core->pass.gated = true;
    if (gate == GATE_LANE)
        shape->key.lane->closed = stamp;
    return NOT_NOW;
}

#define PORTION (100 * 1000) /* microseconds: starts that have become possible are not looked for more often */

/* Has its user, or its partition, started as much as may start in so short a time? */
static enum answer ask_start (struct core *core, struct shape *shape, uint64_t stamp)
{
    struct pass_work *pass = &core->pass;
    usec_t at;

    if (start_gate (core, shape_first (shape), pass->now, &at) == GATE_OPEN)
        return GOES;
    if (at < pass->now + PORTION)
        at = pass->now + PORTION;
    if (at < pass->wake)
        pass->wake = at;
    shape->key.lane->closed = stamp;
    return NOT_NOW;
}

static enum answer ask_limits (struct core *core, struct shape *shape, const struct demand *demand,
                               const struct fit *fit, uint64_t stamp)
{
    const struct job *head = shape_first (shape);
    enum gate gate =
        fit ? limits_gate_fit (core, head, fit, core->pass.now) : limits_gate (core, head, demand, core->pass.now);

    if (gate == GATE_OPEN && !fit)
        return ask_start (core, shape, stamp);
    return behind_gate (core, shape, gate, stamp);
}

usec_t core_pass_wake (const struct core *core)
{
    return core->pass.wake;
}

/* Without backfill what waits holds back all of its partition that goes behind it. */
static void hold_back (const struct core *core, const struct shape *shape, uint64_t stamp)
{
    struct partition *partition = (struct partition *) shape->key.family->demand.partition;

    if (!core->policies.in_order)
        return;
    partition->blocked = stamp;
    partition->blocker = shape->node.rank.id;
}

/* --- an offer ----------------------------------------------------------------------------------------------------- */

/* Could several nodes be had? Counted from the index, before any of them is looked at. */
static bool enough_open (const struct core *core, const struct demand *demand)
{
    uint64_t nodes = 0, cpus = 0;

    for (uint32_t b = demand->cpus_per_task; b <= core->nodes.max_cpus; b++) {
        nodes += core->nodes.in_bucket[b];
        cpus += (uint64_t) core->nodes.in_bucket[b] * b;
    }
    return nodes >= demand->min_nodes && cpus >= (uint64_t) demand->ntasks * demand->cpus_per_task;
}

static enum answer try_on (struct core *core, struct shape *shape, struct node *node, uint64_t stamp, struct fit *ret,
                           uint64_t *ret_limit_s)
{
    struct demand demand = shape_demand (shape);
    struct stay stay = stay_of (core, shape, &demand, core->pass.now);
    struct fit_ask ask = {.demand = &demand, .places = shape_places (shape), .view = FIT_NOW, .stay = &stay};
    bool one = demand.max_nodes < 2 && ask.places->n_must < 2;
    enum answer answer;

    if ((!one && !enough_open (core, &demand)) || fit_shortened (core, &ask, one ? node : NULL, ret, ret_limit_s))
        return NO_ROOM;
    answer = ask_limits (core, shape, &demand, NULL, stamp);
    if (answer == GOES)
        answer = ask_limits (core, shape, NULL, ret, stamp);
    if (answer != GOES)
        fit_clear (ret);
    return answer;
}

static Moisson__Event *propose (const struct core *core, const struct shape *shape, const struct fit *fit,
                                uint64_t limit_s)
{
    Moisson__Event *event = proposal_make (core, shape_first (shape), fit, core->pass.now);

    event->placed->has_time_limit_s = limit_s > 0;
    event->placed->time_limit_s = limit_s;
    return event;
}

/* What is free on this node goes to the first that can use it. NULL: nobody can. */
static Moisson__Event *offer (struct core *core, struct node *node)
{
    bool all = core->policies.in_order; /* also those that ask for more: they hold others back */
    uint32_t cpus = all ? UINT32_MAX : node_free_cpus (node), looks = LOOKS_AN_OFFER;
    uint64_t mem = all ? UINT64_MAX : node_free_mem (node), stamp = ++core->pass.stamp;
    struct rank_node *at = rank_tree_first_within (core->shapes.ranks, cpus, mem);
    _cleanup_fit_ struct fit fit = {0};
    uint64_t limit_s;

    for (; at && node_usable (node) && node_free_cpus (node); at = rank_tree_next_within (at, cpus, mem)) {
        struct shape *shape = shape_at (at);
        if (!looks--) {
            core->pass.wanted = true;
            return NULL;
        }
        if (is_shut (shape, stamp))
            continue;
        enum answer answer = try_on (core, shape, node, stamp, &fit, &limit_s);
        if (answer == GOES)
            return propose (core, shape, &fit, limit_s);
        if (answer == NO_ROOM)
            hold_back (core, shape, stamp);
    }
    return NULL;
}

/* --- the cycle ---------------------------------------------------------------------------------------------------- */

static void close_shape (struct core *core, struct shape *shape)
{
    rank_tree_seen (&shape->node, core->shapes.cycle);
    if (shape->promise) /* what holds it back now is not what it was promised */
        promise_drop (core, shape->promise);
}

/* How many more of the partition's heads may get a promise in this cycle? */
static uint32_t promises_left (struct core *core, struct partition *partition)
{
    int most = core->policies.promises ? core->policies.promises : 1;

    if (partition->promised != core->shapes.cycle)
        partition->n_promises = 0;
    partition->promised = core->shapes.cycle;
    return most > 0 && (uint32_t) most > partition->n_promises ? (uint32_t) most - partition->n_promises : 0;
}

/* It outranks one that has a promise: in the next cycle it will have one itself. */
static void want_promise (struct core *core, const struct shape *shape)
{
    const struct promise *promise;

    DL_FOREACH (core->promises.list, promise)
    if (promise->shape != shape &&
        promise->shape->key.family->demand.partition == shape->key.family->demand.partition &&
        rank_before (&shape->node.rank, &promise->shape->node.rank))
        core->pass.wanted = true;
}

/* Nothing that is free does: it waits, and may be told until when. */
static void wait_for_room (struct core *core, struct shape *shape)
{
    if (shape->spared != core->pass.cycle && preempt_begin (core, &core->pass.preempt, shape))
        return; /* it may have the room of others */
    struct partition *partition = (struct partition *) shape->key.family->demand.partition;
    struct pass_work *pass = &core->pass;
    const struct places *places = shape_places (shape);
    struct demand demand;
    struct stay stay;

    rank_tree_seen (&shape->node, core->shapes.cycle);
    hold_back (core, shape, pass->cycle);
    if (core->policies.in_order || !promises_left (core, partition)) {
        want_promise (core, shape);
        if (shape->promise)
            promise_drop (core, shape->promise);
        return;
    }
    demand = shape_demand (shape);
    stay = stay_of (core, shape, &demand, pass->now);
    stay.from = licences_when (core, &stay);
    if (stay.from == UINT64_MAX) { /* those who have its licences have no limit: nodes are no use to it */
        if (shape->promise)
            promise_drop (core, shape->promise);
        return;
    }
    stay.until = resv_until (stay.from, shape->key.time_s);
    pass->searching = shape;
    pass->places.mask = xmemdup (places->mask, core->nodes.words * sizeof *places->mask);
    pass->places.must = places->n_must ? xmemdup (places->must, places->n_must * sizeof *places->must) : NULL;
    pass->places.n_must = places->n_must;
    search_begin (core, &pass->search, shape, &demand, &pass->places, stay);
}

static void search_on (struct core *core)
{
    struct shape *shape = core->pass.searching;
    struct partition *partition = (struct partition *) shape->key.family->demand.partition;
    _cleanup_fit_ struct fit fit = {0};
    usec_t at;
    int rc = search_step (core, &core->pass.search, &fit, &at);

    if (rc == SEARCH_MORE)
        return;
    pass_forget (core, shape);
    if (rc == 0) {
        struct stay stay = stay_of (core, shape, NULL, at);
        promises_left (core, partition);
        partition->n_promises++;
        promise_make (core, shape, &fit, at, at == PROMISE_ONE_DAY ? UINT64_MAX : stay.until);
    } else if (shape->promise)
        promise_drop (core, shape->promise);
}

/* Without looking at any node: the common case where much waits. */
static bool is_known_to_wait (struct core *core, struct shape *shape)
{
    if (is_shut (shape, core->pass.cycle))
        close_shape (core, shape);
    else if (family_is_closed (core, shape->key.family, shape->key.mem_mb, shape_least_s (core, shape),
                               &shape->held_back))
        wait_for_room (core, shape);
    else
        return false;
    return true;
}

static Moisson__Event *preempt_on (struct core *core)
{
    struct pass_work *pass = &core->pass;
    struct shape *shape = pass->preempt.shape;
    struct demand demand = shape_demand (shape);
    Moisson__Event *event = NULL;
    int rc = ask_limits (core, shape, &demand, NULL, pass->cycle) == GOES
                 ? preempt_step (core, &pass->preempt, pass->now, &event)
                 : PREEMPT_E_NOBODY;

    if (rc == PREEMPT_MORE)
        return NULL;
    if (rc == PREEMPT_E_NOBODY)
        shape->spared = pass->cycle; /* it is looked at again, and waits */
    pass->preempt.shape = NULL;
    return event;
}

static Moisson__Event *look_at (struct core *core, struct shape *shape, uint32_t *work)
{
    uint64_t stamp = core->pass.cycle;
    struct demand demand = shape_demand (shape);
    struct stay stay = stay_of (core, shape, &demand, core->pass.now);
    struct fit_ask ask = {.demand = &demand, .places = shape_places (shape), .view = FIT_NOW, .stay = &stay};
    _cleanup_fit_ struct fit fit = {0};
    uint32_t looks = shape->key.time_min_s ? 2 : 1;
    uint64_t limit_s;

    *work += looks * (WORK_OF_FIT + (uint32_t) core->nodes.n_open / NODES_OF_WORK);
    if (ask_limits (core, shape, &demand, NULL, stamp) != GOES)
        close_shape (core, shape);
    else if (fit_shortened (core, &ask, NULL, &fit, &limit_s) && ask.unlicensed) {
        core->pass.gated = true; /* what ends may give some back, wherever it ran */
        wait_for_room (core, shape);
    } else if (!fit.n) {
        shape->held_back = ask.held_back;
        family_close (core, shape, !ask.held_back);
        wait_for_room (core, shape);
    } else if (ask_limits (core, shape, NULL, &fit, stamp) != GOES)
        close_shape (core, shape);
    else
        return propose (core, shape, &fit, limit_s);
    return NULL;
}

static void settle (struct core *core)
{
    if (!core->pass.settled)
        promise_drop_old (core);
    core->pass.settled = true;
}

int core_pass_step (struct core *core, usec_t now, Moisson__Event **ret)
{
    uint32_t most = core->policies.step_work ? core->policies.step_work : WORK_A_STEP;
    struct rank_node *next;

    *ret = NULL;
    specs_fold (&core->specs);
    core->pass.now = now > core->now ? now : core->now;
    if (core->shapes.ranking.going) {
        ranking_step (core);
        return CORE_E_MORE;
    }
    for (uint32_t work = 0; work < most; work++) {
        struct node *node = core->nodes.freed;
        if (core->claims.n && (*ret = preempt_settle (core, core->pass.now)))
            return 0;
        if (node) {
            *ret = offer (core, node);
            if (!*ret)
                node_offered (core, node);
            work += WORK_OF_FIT;
        } else if (core->pass.preempt.shape) {
            *ret = preempt_on (core);
            work += WORK_OF_FIT;
        } else if (core->pass.searching) {
            search_on (core);
            work = most;
        } else if ((next = rank_tree_unseen (core->shapes.ranks, core->shapes.cycle))) {
            if (!is_known_to_wait (core, shape_at (next)))
                *ret = look_at (core, shape_at (next), &work);
        } else {
            settle (core);
            return CORE_E_NOTHING;
        }
        if (*ret)
            return 0;
    }
    return CORE_E_MORE;
}

int core_next_placement (struct core *core, usec_t now, Moisson__Event **ret)
{
    int rc;

    do
        rc = core_pass_step (core, now, ret);
    while (rc == CORE_E_MORE);
    return rc;
}
