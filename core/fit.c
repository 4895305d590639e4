/* fit.c - first fit: the emptiest enough node that is fullest, else as few nodes as can hold all tasks. */
#include <string.h>
#include "base/mem.h"
#include "core/demand.h"
#include "core/state.h"

void fit_clear (struct fit *fit)
{
    for (size_t i = 0; i < fit->n; i++)
        gres_parts_clear (&fit->picks[i].gres);
    free (fit->picks);
    *fit = (struct fit){0};
}

static void fit_add (struct fit *fit, struct node *node, uint32_t tasks)
{
    GROW (fit->picks, fit->n, fit->room);
    fit->picks[fit->n++] = (struct pick){.node = node, .tasks = tasks};
}

/* Calls look for each candidate (usable now, or all when FIT_EMPTY) with at least min_cpus, the fullest first, until it
 * says stop. */
typedef bool (*look_fn) (struct node *node, void *arg);

static bool look_through (const struct node_table *nodes, const uint64_t *in, const uint64_t *mask, look_fn look,
                          void *arg)
{
    for (size_t w = 0; w < nodes->words; w++)
        for (uint64_t bits = (in ? in[w] : UINT64_MAX) & mask[w]; bits; bits &= bits - 1)
            if (look (nodes->list[w * 64 + (size_t) __builtin_ctzll (bits)], arg))
                return true;
    return false;
}

static void each_candidate (const struct core *core, const struct places *places, enum fit_view view, uint32_t min_cpus,
                            look_fn look, void *arg)
{
    const struct node_table *nodes = &core->nodes;

    if (view == FIT_EMPTY) {
        look_through (nodes, NULL, places->mask, look, arg);
        return;
    }
    for (uint32_t b = min_cpus; b <= nodes->max_cpus; b++)
        if (nodes->in_bucket[b] && look_through (nodes, nodes->buckets[b], places->mask, look, arg))
            return;
}

/* --- one node ----------------------------------------------------------------------------------------------------- */

struct one {
    const struct demand *demand;
    enum fit_view view;
    uint32_t lightest; /* no node weighs less */
    struct node *found;
};

/* Nodes come by free cpus, then weight: the first that fits is taken, but a lighter one of another bucket goes before.
 */
static bool look_one (struct node *node, void *arg)
{
    struct one *one = arg;

    if ((!one->found || node->weight < one->found->weight) &&
        demand_holds (one->demand, node, one->view, one->demand->ntasks))
        one->found = node;
    return one->found && one->found->weight <= one->lightest;
}

static bool fit_one (const struct core *core, const struct demand *demand, const struct places *places,
                     enum fit_view view, struct fit *ret)
{
    struct one one = {.demand = demand, .view = view, .lightest = core->nodes.n ? core->nodes.list[0]->weight : 0};
    uint64_t cpus = (uint64_t) demand->ntasks * demand->cpus_per_task;

    if (demand->min_nodes > 1 || places->n_must > 1 || cpus > core->nodes.max_cpus)
        return false;
    if (places->n_must) {
        struct node *node = places->must[0];
        if (view == FIT_EMPTY || node_usable (node))
            look_one (node, &one);
    } else
        each_candidate (core, places, view, (uint32_t) cpus, look_one, &one);
    if (one.found)
        fit_add (ret, one.found, demand->ntasks);
    return one.found;
}

/* --- several nodes ------------------------------------------------------------------------------------------------ */

struct many {
    const struct demand *demand;
    enum fit_view view;
    struct fit fit; /* candidates; tasks = how many could go there */
};

static bool look_many (struct node *node, void *arg)
{
    struct many *many = arg;
    uint32_t tasks = demand_fits (many->demand, node, many->view);

    if (tasks)
        fit_add (&many->fit, node, tasks);
    return false;
}

static int by_room (const void *a, const void *b)
{
    const struct pick *x = a, *y = b;

    if (x->tasks != y->tasks)
        return x->tasks > y->tasks ? -1 : 1;
    return x->node->index < y->node->index ? -1 : 1;
}

static bool is_must (const struct places *places, const struct node *node)
{
    for (size_t i = 0; i < places->n_must; i++)
        if (places->must[i] == node)
            return true;
    return false;
}

/* The nodes that must be had first, then those with most room. False: one of the former has none. */
static bool order_candidates (const struct places *places, struct fit *fit)
{
    size_t at = 0;

    if (fit->n)
        qsort (fit->picks, fit->n, sizeof *fit->picks, by_room);
    for (size_t i = 0; i < fit->n && at < places->n_must; i++)
        if (is_must (places, fit->picks[i].node)) {
            struct pick pick = fit->picks[i];
            memmove (&fit->picks[at + 1], &fit->picks[at], (i - at) * sizeof pick);
            fit->picks[at++] = pick;
        }
    return at == places->n_must;
}

/* Do the first n of them have what is asked for the whole job, spread evenly? */
static bool spreads (const struct demand *demand, const struct fit *fit, size_t n, enum fit_view view)
{
    uint32_t nodes = (uint32_t) n, more = 0;

    if (!demand->gres.n || !n)
        return true;
    for (size_t i = 0; i < n; i++) {
        const struct node *node = fit->picks[i].node;
        if (!gres_tasks (&demand->gres, node, view == FIT_NOW, 1, nodes, GRES_LAST_PLACE))
            return false;
        more += gres_tasks (&demand->gres, node, view == FIT_NOW, 1, nodes, 0);
    }
    return more >= gres_remainder (&demand->gres, nodes);
}

/* Keep as few of the candidates as will do. */
static bool choose (const struct demand *demand, const struct places *places, enum fit_view view, struct fit *fit)
{
    size_t min = demand->min_nodes > places->n_must ? demand->min_nodes : places->n_must, n = 0;
    uint64_t room = 0;

    while (n < fit->n && (n < min || room < demand->ntasks || !spreads (demand, fit, n, view)))
        room += fit->picks[n++].tasks;
    if (n < min || room < demand->ntasks || !spreads (demand, fit, n, view) || n > demand->max_nodes ||
        n > demand->ntasks)
        return false;
    fit->n = n;
    return true;
}

/* One task for each node in turn, as long as it has room: an even spread. */
static void spread (const struct demand *demand, struct fit *fit)
{
    uint32_t left = demand->ntasks, level = 0;

    for (size_t i = 0; i < fit->n; i++) {
        fit->picks[i].cpus = fit->picks[i].tasks; /* room, for a moment */
        fit->picks[i].tasks = 0;
    }
    while (left) {
        level++;
        for (size_t i = 0; i < fit->n && left; i++)
            if (fit->picks[i].cpus >= level) {
                fit->picks[i].tasks++;
                left--;
            }
    }
}

static bool fit_many (const struct core *core, const struct demand *demand, const struct places *places,
                      enum fit_view view, struct fit *ret)
{
    struct many many = {.demand = demand, .view = view};

    if (demand->max_nodes < 2 && places->n_must < 2)
        return false;
    each_candidate (core, places, view, demand->cpus_per_task, look_many, &many);
    if (!order_candidates (places, &many.fit) || !choose (demand, places, view, &many.fit)) {
        fit_clear (&many.fit);
        return false;
    }
    spread (demand, &many.fit);
    *ret = many.fit;
    return true;
}

static bool give_gres (const struct demand *demand, enum fit_view view, struct fit *fit)
{
    uint32_t nodes = (uint32_t) fit->n, place = 0;
    bool now = view == FIT_NOW, all = demand->exclusive;

    for (size_t i = 0; i < fit->n && (demand->gres.n || all); i++) {
        struct pick *pick = &fit->picks[i];
        if (gres_choose (&demand->gres, pick->node, now, pick->tasks, nodes, place, all, &pick->gres))
            place++;
        else if (!gres_choose (&demand->gres, pick->node, now, pick->tasks, nodes, GRES_LAST_PLACE, all, &pick->gres))
            return false;
    }
    return place >= gres_remainder (&demand->gres, nodes);
}

int fit_find (const struct core *core, const struct demand *demand, const struct places *places, enum fit_view view,
              struct fit *ret)
{
    struct fit fit = {0};

    if (!fit_one (core, demand, places, view, &fit) && !fit_many (core, demand, places, view, &fit))
        return FIT_E_NO;
    for (size_t i = 0; i < fit.n; i++) {
        struct pick *pick = &fit.picks[i];
        pick->cpus = demand->exclusive ? pick->node->cpus : demand_cpus (demand, pick->node, pick->tasks);
        pick->mem_mb = demand_mem (demand, pick->node, pick->cpus);
        if (demand->exclusive && pick->mem_mb > pick->node->mem_mb)
            pick->mem_mb = pick->node->mem_mb; /* it gets more cpus than it asked memory for */
        if (demand->memory_free)
            pick->mem_mb = 0;
    }
    if (!give_gres (demand, view, &fit)) {
        fit_clear (&fit);
        return FIT_E_NO;
    }
    *ret = fit;
    return 0;
}
