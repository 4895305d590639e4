/* search.c - when is there room? */
#include "core/search.h"
#include <string.h>
#include "base/mem.h"
#include "core/profile.h"
#include "core/state.h"

#define NODES_A_STEP 2048
#define HORIZON (400ULL * 24 * 3600 * USEC_PER_SEC) /* later than that is one day */

void search_begin (const struct core *core, struct search *search, const struct shape *shape,
                   const struct demand *demand, const struct places *places, struct stay stay)
{
    (void) core;
    *search = (struct search){.demand = *demand, .places = places, .stay = stay, .high = UINT64_MAX};
    search->old = shape ? shape->promise : NULL;
    search->stage = demand->min_nodes > 1 || places->n_must > 1 ? SEARCH_LATER : SEARCH_ONE;
    search->low = stay.from;
}

static bool has_bit (const uint64_t *mask, uint32_t i)
{
    return mask[i / 64] >> i % 64 & 1;
}

static void stay_from (struct search *search, usec_t from)
{
    struct stay *stay = &search->stay;

    if (stay->until != UINT64_MAX)
        stay->until = from + (stay->until - stay->from);
    stay->from = from;
    stay->demand = &search->demand; /* the search may have been moved */
}

/* --- one node ----------------------------------------------------------------------------------------------------- */

static bool was_promised (const struct search *search, const struct node *node)
{
    return search->old && search->old->fit.n == 1 && search->old->fit.picks[0].node == node;
}

/* Where nobody knows when: the node that was promised, else the one that has most free. */
static bool nearer (const struct search *search, const struct node *node)
{
    if (!search->node)
        return true;
    if (search->high != PROMISE_ONE_DAY || was_promised (search, search->node))
        return false;
    return was_promised (search, node) || node_free_cpus (node) > node_free_cpus (search->node);
}

static void look_at_node (const struct core *core, struct search *search, struct node *node)
{
    usec_t best = search->high == PROMISE_ONE_DAY ? UINT64_MAX : search->high, at;

    if (!has_bit (search->places->mask, node->index) || !node_usable (node) ||
        (search->places->n_must && search->places->must[0] != node) || node->cpus < search->demand.cpus_per_task)
        return;
    at = node_when (core, &search->stay, node, search->demand.ntasks, best);
    if (at < search->high || (at == search->high && at != UINT64_MAX && nearer (search, node))) {
        search->high = at;
        search->node = node;
    }
}

/* Others may have come or gone since it was looked at. */
static int end_one (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at)
{
    struct fit_ask ask = {.demand = &search->demand, .places = search->places, .stay = &search->stay};
    usec_t at = node_when (core, &search->stay, search->node, search->demand.ntasks, UINT64_MAX);

    if (at == UINT64_MAX)
        return SEARCH_E_NEVER;
    ask.view = at == PROMISE_ONE_DAY ? FIT_EMPTY : FIT_LATER;
    if (at != PROMISE_ONE_DAY)
        stay_from (search, at);
    *ret_at = at;
    return fit_on (core, &ask, search->node, ret_fit) == 0 ? 0 : SEARCH_E_NEVER;
}

static int step_one (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at)
{
    uint32_t until = search->at_node + NODES_A_STEP;

    for (; search->at_node < core->nodes.n && search->at_node < until; search->at_node++)
        look_at_node (core, search, core->nodes.list[search->at_node]);
    if (search->at_node < core->nodes.n)
        return SEARCH_MORE;
    if (search->node)
        return end_one (core, search, ret_fit, ret_at);
    if (search->demand.max_nodes < 2)
        return SEARCH_E_NEVER;
    search->stage = SEARCH_LATER;
    return SEARCH_MORE;
}

/* --- several nodes ------------------------------------------------------------------------------------------------ */

static bool fits_at (const struct core *core, struct search *search, usec_t at, struct fit *ret)
{
    struct fit_ask ask = {
        .demand = &search->demand, .places = search->places, .view = FIT_LATER, .stay = &search->stay};

    stay_from (search, at);
    return fit_ask (core, &ask, ret) == 0;
}

static bool fits_some_time (const struct core *core, struct search *search, usec_t at)
{
    _cleanup_fit_ struct fit fit = {0};

    return fits_at (core, search, at, &fit);
}

/* Twice as far from now each time, but first where it was promised to be. */
static int step_later (const struct core *core, struct search *search)
{
    usec_t from = search->low, old = search->old ? search->old->at : 0, at = search->high;

    if (at == UINT64_MAX)
        at = old > from && old < PROMISE_ONE_DAY ? old : from + USEC_PER_SEC;
    if (fits_some_time (core, search, at)) {
        search->high = at;
        search->stage = SEARCH_EARLIER;
    } else if (at - from > HORIZON)
        search->stage = SEARCH_ONE_DAY;
    else
        search->high = from + 2 * (at - from);
    return SEARCH_MORE;
}

static int step_earlier (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at)
{
    usec_t low = search->low / USEC_PER_SEC, high = search->high / USEC_PER_SEC, middle = (low + high) / 2;

    if (middle > low && middle < high) {
        if (fits_some_time (core, search, middle * USEC_PER_SEC))
            search->high = middle * USEC_PER_SEC;
        else
            search->low = middle * USEC_PER_SEC;
        return SEARCH_MORE;
    }
    *ret_at = search->high;
    if (fits_at (core, search, search->high, ret_fit))
        return 0;
    search->low = search->high; /* something has come in between */
    search->high = UINT64_MAX;
    search->old = NULL;
    search->stage = SEARCH_LATER;
    return SEARCH_MORE;
}

/* As if nothing ran on the nodes that are up. */
static int step_one_day (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at)
{
    struct places up = *search->places;
    int rc;

    up.mask = xmemdup (up.mask, core->nodes.words * sizeof *up.mask);
    for (uint32_t i = 0; i < core->nodes.n; i++)
        if (!node_usable (core->nodes.list[i]))
            up.mask[i / 64] &= ~(1ULL << i % 64);
    if (resv_any (&core->resvs))
        resv_mask (core, search->stay.in, search->stay.from, search->stay.until, up.mask);
    *ret_at = PROMISE_ONE_DAY;
    rc = fit_find (core, &search->demand, &up, FIT_EMPTY, ret_fit);
    free (up.mask);
    return rc == 0 ? 0 : SEARCH_E_NEVER;
}

int search_step (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at)
{
    stay_from (search, search->stay.from);
    switch (search->stage) {
    case SEARCH_ONE: return step_one (core, search, ret_fit, ret_at);
    case SEARCH_LATER: return step_later (core, search);
    case SEARCH_EARLIER: return step_earlier (core, search, ret_fit, ret_at);
    default: return step_one_day (core, search, ret_fit, ret_at);
    }
}
