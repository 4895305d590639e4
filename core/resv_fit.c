/* resv_fit.c - what reservations leave to whom: for the pass, and for the words about it. */
#include "base/mem.h"
#include "core/resv_inside.h"
#include "core/state.h"

/* Do jobs of `in` keep off what `other` has? As in Slurm, those in a reservation that may lie over others do not. */
static bool keeps_off (const struct resv *in, const struct resv *other)
{
    return other != in && !(in && in->msg->flags & (RESV_MAINT | RESV_OVERLAP));
}

/* Does it bind its jobs to its nodes? */
static bool binds (const struct resv *in)
{
    return in && !(in->msg->flags & (RESV_FLEX | RESV_ANY_NODES));
}

static void take_out (const struct core *core, const struct resv *resv, uint64_t *mask)
{
    if (!resv->partial) {
        for (size_t w = 0; w < core->nodes.words && w < resv->words; w++)
            mask[w] &= ~resv->mask[w];
        return;
    }
    for (size_t i = 0; i < resv->msg->n_nodes; i++) {
        const struct node *node = resv->list[i].node;
        if (node && resv->list[i].whole)
            mask[node->index / 64] &= ~(1ULL << node->index % 64);
    }
}

void resv_mask (const struct core *core, const struct resv *in, usec_t from, usec_t until, uint64_t *mask)
{
    const struct resv *resv, *next;

    if (in && !resv_open (in, from)) {
        for (size_t w = 0; w < core->nodes.words; w++)
            mask[w] = 0;
        return;
    }
    for (size_t w = 0; binds (in) && w < core->nodes.words; w++)
        mask[w] &= w < in->words ? in->mask[w] : 0;
    HASH_ITER (hh, core->resvs.by_name, resv, next)
    if (keeps_off (in, resv) && resv_touches (resv, from, until, NULL, NULL))
        take_out (core, resv, mask);
}

static bool has (const struct resv *resv, const struct node *node)
{
    return node->index / 64 < resv->words && (resv->mask[node->index / 64] >> node->index % 64 & 1);
}

/* What it has of this node and its jobs do not use; all: the whole node is its. */
static uint32_t left_of (const struct resv *resv, const struct node *node, bool *ret_all)
{
    for (size_t i = 0; i < resv->msg->n_nodes; i++) {
        const struct resv_node *have = &resv->list[i];
        if (have->node != node)
            continue;
        *ret_all = have->whole;
        return have->cpus > have->used ? have->cpus - have->used : 0;
    }
    return 0;
}

bool resv_allows (const struct core *core, const struct resv *in, const struct node *node, uint32_t free_cpus,
                  uint32_t cpus, usec_t from, usec_t until)
{
    const struct resv *resv, *next;
    uint64_t kept = 0;
    bool all = false;

    if (!core->resvs.by_name)
        return true;
    if (in && (!resv_open (in, from) || (binds (in) && !has (in, node))))
        return false;
    if (binds (in) && in->partial && left_of (in, node, &all) < cpus && !all)
        return false;
    HASH_ITER (hh, core->resvs.by_name, resv, next)
    {
        all = false;
        if (!has (resv, node) || !keeps_off (in, resv) || !resv_touches (resv, from, until, NULL, NULL))
            continue;
        kept += left_of (resv, node, &all);
        if (all)
            return false;
    }
    return cpus + kept <= free_cpus;
}

bool resv_node_reserved (const struct core *core, const struct node *node, bool *ret_maint)
{
    const struct resv *resv, *next;
    bool reserved = false;

    *ret_maint = false;
    HASH_ITER (hh, core->resvs.by_name, resv, next)
    if (has (resv, node) && resv_touches (resv, core->now, core->now + 1, NULL, NULL)) {
        reserved = true;
        *ret_maint |= (resv->msg->flags & RESV_MAINT) != 0;
    }
    return reserved;
}

const struct resv *resv_between (const struct core *core, const struct resv *in, const struct node *node, usec_t until)
{
    const struct resv *resv, *next, *found = NULL;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    if (keeps_off (in, resv) && has (resv, node) && resv_touches (resv, core->now, until, NULL, NULL) &&
        (!found || resv->msg->flags & RESV_MAINT))
        found = resv;
    return found;
}
