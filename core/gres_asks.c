/* gres_asks.c - what a job asks of the generic resources of nodes, and which of them it gets. */
#include <string.h>
#include "core/gres.h"
#include "core/state.h"

/* --- what is asked ------------------------------------------------------------------------------------------------ */

static void add (struct gres_asks *asks, const struct gres_kind *kind, uint32_t n, Moisson__GresPer per)
{
    uint32_t at = 0;

    if (!n)
        return;
    while (at < asks->n && (asks->list[at].kind != kind || !kind))
        at++;
    if (at == GRES_A_JOB)
        return; /* admission lets none through that asks for so many */
    if (at == asks->n)
        asks->list[asks->n++] = (struct gres_ask){.kind = kind};
    uint32_t *slots[] = {
        [MOISSON__GRES_PER__GRES_PER_NODE] = &asks->list[at].per_node,
        [MOISSON__GRES_PER__GRES_PER_JOB] = &asks->list[at].per_job,
        [MOISSON__GRES_PER__GRES_PER_TASK] = &asks->list[at].per_task,
    };
    uint32_t *slot = per < sizeof slots / sizeof *slots && slots[per] ? slots[per] : &asks->list[at].per_node;
    *slot = n > *slot ? n : *slot;
}

void gres_asks_of (const struct core *core, const Moisson__JobSpec *spec, struct gres_asks *ret)
{
    *ret = (struct gres_asks){0};
    for (size_t i = 0; i < spec->n_gres_asks; i++) {
        const Moisson__GresAsk *ask = spec->gres_asks[i];
        add (ret, gres_find (core, ask->gres->name, ask->gres->type), ask->gres->count, ask->per);
    }
    if (!spec->n_gres_asks)
        add (ret, gres_find (core, "gpu", NULL), spec->gpus_per_node, MOISSON__GRES_PER__GRES_PER_NODE);
}

static uint32_t at_most (uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t) n : UINT32_MAX;
}

static uint32_t larger (uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* On one node of so many: the remainder of what is for all goes to the first ones. */
static uint32_t need (const struct gres_ask *ask, uint32_t tasks, uint32_t nodes, uint32_t place)
{
    uint32_t of_job = ask->per_job / nodes + (place < ask->per_job % nodes);

    return larger (larger (ask->per_node, of_job), at_most ((uint64_t) ask->per_task * tasks));
}

static uint32_t parts_of_name (const struct gres_parts *parts, const struct gres_kind *any)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < parts->n; i++)
        n += parts->list[i].kind->any == any ? parts->list[i].n : 0;
    return n;
}

uint32_t gres_remainder (const struct gres_asks *asks, uint32_t nodes)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < asks->n; i++)
        most = larger (most, asks->list[i].per_job % nodes);
    return most;
}

static bool is_typed (const struct gres_ask *ask)
{
    return ask->kind && ask->kind->type;
}

void gres_asks_sum (const struct gres_asks *asks, uint32_t nodes, uint32_t tasks, struct gres_parts *ret)
{
    for (int typed = 1; typed >= 0; typed--) /* what has a type counts towards what is asked without one */
        for (uint32_t i = 0; i < asks->n; i++) {
            const struct gres_ask *ask = &asks->list[i];
            if (!ask->kind || is_typed (ask) != typed)
                continue;
            uint32_t n =
                larger (at_most ((uint64_t) ask->per_node * nodes), at_most ((uint64_t) ask->per_task * tasks));
            uint32_t has = typed ? 0 : parts_of_name (ret, ask->kind);
            n = larger (n, ask->per_job);
            gres_parts_add (ret, ask->kind, n > has ? n - has : 0);
        }
}

/* --- what fits ---------------------------------------------------------------------------------------------------- */

static uint32_t room_of (const struct gres_have *have, bool now)
{
    uint32_t used = now ? have->used : 0;

    return have->total > used ? have->total - used : 0;
}

static uint32_t room (const struct node *node, const struct gres_kind *kind, bool now)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < node->n_gres; i++)
        n += node->gres[i].kind == kind || node->gres[i].kind->any == kind ? room_of (&node->gres[i], now) : 0;
    return n;
}

uint32_t gres_tasks (const struct gres_asks *asks, const struct node *node, bool now, uint32_t tasks, uint32_t nodes,
                     uint32_t place)
{
    for (uint32_t i = 0; i < asks->n && tasks; i++) {
        const struct gres_ask *ask = &asks->list[i];
        uint32_t n = ask->kind ? room (node, ask->kind, now) : 0;
        if (!ask->kind || n < need (ask, 0, nodes, place) || (ask->per_job && !n))
            return 0;
        if (ask->per_task && n / ask->per_task < tasks)
            tasks = n / ask->per_task;
    }
    return tasks;
}

uint32_t gres_node_free (const struct node *node, const struct gres_kind *kind)
{
    return room (node, kind, true);
}

static uint32_t has_of (const struct gres_parts *parts, const struct gres_kind *kind)
{
    for (uint32_t i = 0; i < parts->n; i++)
        if (parts->list[i].kind == kind)
            return parts->list[i].n;
    return 0;
}

/* The kind of this name with the fewest left that still has so many, else the one with the most: GPUs of one job
 * should be alike, and large gaps stay for large jobs. */
static const struct gres_kind *next_kind (const struct node *node, const struct gres_kind *any, bool now,
                                          uint32_t wanted, const struct gres_parts *taken, uint32_t *ret_left)
{
    const struct gres_kind *best = NULL;

    *ret_left = 0;
    for (uint32_t i = 0; i < node->n_gres; i++) {
        const struct gres_have *have = &node->gres[i];
        uint32_t left = have->kind->any == any ? room_of (have, now) - has_of (taken, have->kind) : 0;
        bool enough = left >= wanted, best_enough = *ret_left >= wanted;
        if (left && (!best || (enough && !best_enough) ||
                     (enough == best_enough && (enough ? left < *ret_left : left > *ret_left)))) {
            best = have->kind;
            *ret_left = left;
        }
    }
    return best;
}

static bool choose_any (const struct gres_ask *ask, uint32_t wanted, const struct node *node, bool now,
                        struct gres_parts *parts)
{
    uint32_t has = parts_of_name (parts, ask->kind), left;

    for (wanted = wanted > has ? wanted - has : 0; wanted;) {
        const struct gres_kind *kind = next_kind (node, ask->kind, now, wanted, parts, &left);
        if (!kind)
            return false;
        left = left < wanted ? left : wanted;
        gres_parts_add (parts, kind, left);
        wanted -= left;
    }
    return true;
}

bool gres_choose (const struct gres_asks *asks, const struct node *node, bool now, uint32_t tasks, uint32_t nodes,
                  uint32_t place, bool all, struct gres_parts *ret)
{
    struct gres_parts parts = {0};
    bool fits = true;

    for (int typed = 1; typed >= 0; typed--)
        for (uint32_t i = 0; i < asks->n && fits; i++) {
            const struct gres_ask *ask = &asks->list[i];
            uint32_t n = need (ask, tasks, nodes, place);
            if (is_typed (ask) != typed)
                continue;
            fits = ask->kind && (typed ? n <= room (node, ask->kind, now) : choose_any (ask, n, node, now, &parts));
            if (fits && typed)
                gres_parts_add (&parts, ask->kind, n);
        }
    for (uint32_t i = 0; i < node->n_gres && all && fits; i++)
        gres_parts_add (&parts, node->gres[i].kind,
                        room_of (&node->gres[i], now) - has_of (&parts, node->gres[i].kind));
    if (!fits)
        gres_parts_clear (&parts);
    *ret = parts;
    return fits;
}
