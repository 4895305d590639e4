/* fit.c - which nodes: one that has room for all tasks, by Weight and then as the partition chooses nodes; else as few
 * as can hold them. */
#include <string.h>
#include "base/mem.h"
#include "core/constraint.h"
#include "core/demand.h"
#include "core/profile.h"
#include "core/promise.h"
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

/* The node as the question sees it: itself, or what it will be. */
static const struct node *seen (const struct fit_ask *ask, const struct node *node, struct node *later)
{
    if (ask->view != FIT_LATER)
        return node;
    node_at (node, ask->stay->from, 0, later);
    return later;
}

static enum fit_view view_of (const struct fit_ask *ask)
{
    return ask->view == FIT_EMPTY ? FIT_EMPTY : FIT_NOW;
}

/* How many tasks have room there; with what is promised to others, all that would have or none. */
static uint32_t room_on (const struct core *core, struct fit_ask *ask, const struct node *node, uint32_t at_least)
{
    struct node later;
    uint32_t tasks = demand_fits (ask->demand, seen (ask, node, &later), view_of (ask));

    if (tasks > ask->demand->ntasks)
        tasks = ask->demand->ntasks;
    if (!tasks || tasks < at_least || !ask->stay || ask->view == FIT_EMPTY)
        return tasks;
    while (tasks >= at_least && !stay_allowed (core, ask->stay, node, tasks)) { /* the largest part that may be there */
        ask->held_back = true;
        tasks = tasks == at_least ? 0 : at_least + (tasks - at_least) / 2;
    }
    return tasks;
}

static bool holds_all (const struct core *core, struct fit_ask *ask, const struct node *node)
{
    struct node later;

    if (!demand_holds (ask->demand, seen (ask, node, &later), view_of (ask), ask->demand->ntasks))
        return false;
    if (!ask->stay || ask->view == FIT_EMPTY || stay_allowed (core, ask->stay, node, ask->demand->ntasks))
        return true;
    ask->held_back = true;
    return false;
}

/* --- candidates --------------------------------------------------------------------------------------------------- */

/* Calls look for each candidate (usable ones, or all when FIT_EMPTY) with at least min_cpus, those first that have few
 * CPUs free (or many: down), until it says stop. */
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

static void each_candidate (const struct core *core, const struct fit_ask *ask, uint32_t min_cpus, bool down,
                            look_fn look, void *arg)
{
    const struct node_table *nodes = &core->nodes;
    uint32_t most = nodes->max_cpus;

    if (ask->view == FIT_EMPTY) {
        look_through (nodes, NULL, ask->places->mask, look, arg);
        return;
    }
    if (ask->view == FIT_LATER)
        min_cpus = 0; /* what is free now does not matter */
    for (uint32_t i = min_cpus; i <= most; i++) {
        uint32_t b = down ? most - (i - min_cpus) : i;
        if (nodes->in_bucket[b] && look_through (nodes, nodes->buckets[b], ask->places->mask, look, arg))
            return;
    }
}

/* --- one node ----------------------------------------------------------------------------------------------------- */

struct one {
    const struct core *core;
    struct fit_ask *ask;
    const struct place_ops *ops; /* NULL: in the order in which they come */
    uint32_t lightest;           /* no node weighs less */
    struct node *found;
    double cost;
};

static double cost_of (const struct place_ops *ops, const struct node *node)
{
    struct place_facts facts = {.cpus = node->cpus,
                                .free_cpus = node_free_cpus (node),
                                .mem_mb = node->mem_mb,
                                .free_mem_mb = node_free_mem (node),
                                .gpus = node->gpus,
                                .free_gpus = node_free_gpus (node)};

    return ops->cost (&facts);
}

/* Nodes come as the partition chooses them, then by weight: the first that fits is taken, but a lighter one that comes
 * later goes before. */
static bool look_one (struct node *node, void *arg)
{
    struct one *one = arg;
    double cost = 0;

    if (one->found && node->weight > one->found->weight)
        return false;
    if (one->found && node->weight == one->found->weight &&
        (!one->ops || one->cost <= (cost = cost_of (one->ops, node))))
        return false;
    if (!holds_all (one->core, one->ask, node))
        return false;
    one->cost = one->ops ? cost_of (one->ops, node) : 0;
    one->found = node;
    return !one->ops && node->weight <= one->lightest;
}

static bool fit_one (const struct core *core, struct fit_ask *ask, struct fit *ret)
{
    const struct demand *demand = ask->demand;
    const struct place_ops *ops = demand->partition->place;
    struct one one = {.core = core,
                      .ask = ask,
                      .ops = ops && !ops->by_free_cpus ? ops : NULL,
                      .lightest = core->nodes.n ? core->nodes.list[0]->weight : 0};
    uint64_t cpus = (uint64_t) demand->ntasks * demand->cpus_per_task;

    if (demand->min_nodes > 1 || ask->places->n_must > 1 || cpus > core->nodes.max_cpus)
        return false;
    if (ask->places->n_must) {
        struct node *node = ask->places->must[0];
        if (ask->view == FIT_EMPTY || node_usable (node))
            look_one (node, &one);
    } else
        each_candidate (core, ask, (uint32_t) cpus, ops && ops->by_free_cpus < 0, look_one, &one);
    if (one.found)
        fit_add (ret, one.found, demand->ntasks);
    return one.found;
}

/* --- several nodes ------------------------------------------------------------------------------------------------ */

struct many {
    const struct core *core;
    struct fit_ask *ask;
    struct fit fit; /* candidates; tasks = how many could go there */
};

static bool look_many (struct node *node, void *arg)
{
    struct many *many = arg;
    uint32_t tasks = room_on (many->core, many->ask, node, 1);

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

/* "rack1*2&rack2*4": behind the nodes that must be had, and with their help, those that are needed for each part. */
static bool order_parts (const struct constraint_parts *parts, struct fit *fit)
{
    size_t used = 0;

    for (size_t p = 0; p < parts->n; p++)
        for (uint32_t need = parts->list[p].nodes; need; need--) {
            size_t i = used;
            while (i < fit->n && !constraint_part_met (&parts->list[p], fit->picks[i].node->conf->features))
                i++;
            if (i == fit->n)
                return false;
            struct pick pick = fit->picks[i];
            memmove (&fit->picks[used + 1], &fit->picks[used], (i - used) * sizeof pick);
            fit->picks[used++] = pick;
        }
    return true;
}

/* Do the first n of them have what is asked for the whole job, spread evenly? */
static bool spreads (const struct fit_ask *ask, const struct fit *fit, size_t n)
{
    const struct demand *demand = ask->demand;
    bool now = ask->view != FIT_EMPTY;
    uint32_t nodes = (uint32_t) n, more = 0;
    struct node later;

    if (!demand->gres.n || !n)
        return true;
    for (size_t i = 0; i < n; i++) {
        const struct node *node = seen (ask, fit->picks[i].node, &later);
        if (!gres_tasks (&demand->gres, node, now, 1, nodes, GRES_LAST_PLACE))
            return false;
        more += gres_tasks (&demand->gres, node, now, 1, nodes, 0);
    }
    return more >= gres_remainder (&demand->gres, nodes);
}

/* Keep as few of the candidates as will do. */
static bool choose (const struct fit_ask *ask, struct fit *fit)
{
    const struct demand *demand = ask->demand;
    size_t min = demand->min_nodes > ask->places->n_must ? demand->min_nodes : ask->places->n_must, n = 0;
    uint64_t room = 0;

    while (n < fit->n && (n < min || room < demand->ntasks || !spreads (ask, fit, n)))
        room += fit->picks[n++].tasks;
    if (n < min || room < demand->ntasks || !spreads (ask, fit, n) || n > demand->max_nodes || n > demand->ntasks)
        return false;
    fit->n = n;
    return true;
}

static bool has_musts (const struct fit_ask *ask, const struct fit *fit)
{
    size_t n = 0;

    for (size_t i = 0; i < fit->n && ask->places->n_must; i++)
        n += is_must (ask->places, fit->picks[i].node);
    return n == ask->places->n_must;
}

/* Nodes that follow one another, as few as will do: from each that is there on. */
static bool choose_run (const struct fit_ask *ask, struct fit *fit)
{
    for (size_t from = 0; from < fit->n; from++) {
        struct fit run = {.picks = fit->picks + from};
        while (from + run.n < fit->n &&
               (!run.n || run.picks[run.n].node->index == run.picks[run.n - 1].node->index + 1))
            run.n++;
        if (!choose (ask, &run) || !has_musts (ask, &run))
            continue;
        memmove (fit->picks, run.picks, run.n * sizeof *run.picks);
        fit->n = run.n;
        return true;
    }
    return false;
}

static int by_place (const void *a, const void *b)
{
    const struct pick *x = a, *y = b;

    return x->node->index < y->node->index ? -1 : 1;
}

static bool choose_ordered (const struct fit_ask *ask, const struct constraint_parts *parts, struct fit *fit)
{
    if (ask->demand->contiguous && fit->n) {
        qsort (fit->picks, fit->n, sizeof *fit->picks, by_place);
        return choose_run (ask, fit);
    }
    return order_candidates (ask->places, fit) && (parts->kind != CONSTRAINT_COUNTS || order_parts (parts, fit)) &&
           choose (ask, fit) && has_musts (ask, fit);
}

/* "[rack1|rack2]": all nodes meet the same part; the first that has enough. */
static bool choose_same (const struct fit_ask *ask, const struct constraint_parts *parts, struct fit *fit)
{
    for (size_t p = 0; p < parts->n; p++) {
        struct fit some = {.picks = xcalloc (fit->n + 1, sizeof *some.picks), .room = fit->n + 1};
        for (size_t i = 0; i < fit->n; i++)
            if (constraint_part_met (&parts->list[p], fit->picks[i].node->conf->features))
                some.picks[some.n++] = fit->picks[i];
        if (choose_ordered (ask, parts, &some)) {
            free (fit->picks);
            *fit = some;
            return true;
        }
        free (some.picks);
    }
    return false;
}

static bool choose_nodes (const struct fit_ask *ask, struct fit *fit)
{
    struct constraint_parts parts = {.kind = CONSTRAINT_PLAIN};

    if (ask->demand->constraint)
        constraint_split (ask->demand->constraint, &parts);
    return parts.kind == CONSTRAINT_SAME ? choose_same (ask, &parts, fit) : choose_ordered (ask, &parts, fit);
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

static bool fit_many (const struct core *core, struct fit_ask *ask, struct fit *ret)
{
    const struct demand *demand = ask->demand;
    struct many many = {.core = core, .ask = ask};

    if (demand->max_nodes < 2 && ask->places->n_must < 2)
        return false;
    each_candidate (core, ask, demand->cpus_per_task, false, look_many, &many);
    if (!choose_nodes (ask, &many.fit)) {
        fit_clear (&many.fit);
        return false;
    }
    spread (demand, &many.fit);
    *ret = many.fit;
    return true;
}

/* --- what each node gives ----------------------------------------------------------------------------------------- */

static bool give_gres (const struct fit_ask *ask, struct fit *fit)
{
    const struct demand *demand = ask->demand;
    uint32_t nodes = (uint32_t) fit->n, place = 0;
    bool now = ask->view != FIT_EMPTY, all = demand->exclusive;
    struct node later;

    for (size_t i = 0; i < fit->n && (demand->gres.n || all); i++) {
        struct pick *pick = &fit->picks[i];
        const struct node *node = seen (ask, pick->node, &later);
        if (gres_choose (&demand->gres, node, now, pick->tasks, nodes, place, all, &pick->gres))
            place++;
        else if (!gres_choose (&demand->gres, node, now, pick->tasks, nodes, GRES_LAST_PLACE, all, &pick->gres))
            return false;
    }
    return place >= gres_remainder (&demand->gres, nodes);
}

static int give (const struct fit_ask *ask, struct fit *fit, struct fit *ret)
{
    const struct demand *demand = ask->demand;

    for (size_t i = 0; i < fit->n; i++) {
        struct pick *pick = &fit->picks[i];
        pick->cpus = demand->exclusive ? pick->node->cpus : demand_cpus (demand, pick->node, pick->tasks);
        pick->mem_mb = demand_mem (demand, pick->node, pick->cpus);
        if (demand->exclusive && pick->mem_mb > pick->node->mem_mb)
            pick->mem_mb = pick->node->mem_mb; /* it gets more cpus than it asked memory for */
        if (demand->memory_free)
            pick->mem_mb = 0;
    }
    if (!give_gres (ask, fit)) {
        fit_clear (fit);
        return FIT_E_NO;
    }
    *ret = *fit;
    return 0;
}

int fit_ask (const struct core *core, struct fit_ask *ask, struct fit *ret)
{
    struct fit fit = {0};

    if (!fit_one (core, ask, &fit) && !fit_many (core, ask, &fit))
        return FIT_E_NO;
    return give (ask, &fit, ret);
}

int fit_on (const struct core *core, struct fit_ask *ask, struct node *node, struct fit *ret)
{
    struct fit fit = {0};

    if (!(ask->places->mask[node->index / 64] >> node->index % 64 & 1) || ask->places->n_must > 1 ||
        ask->demand->min_nodes > 1 || (ask->places->n_must == 1 && ask->places->must[0] != node) ||
        !holds_all (core, ask, node))
        return FIT_E_NO;
    fit_add (&fit, node, ask->demand->ntasks);
    return give (ask, &fit, ret);
}

int fit_find (const struct core *core, const struct demand *demand, const struct places *places, enum fit_view view,
              struct fit *ret)
{
    struct fit_ask ask = {.demand = demand, .places = places, .view = view};

    return fit_ask (core, &ask, ret);
}
