/* gres_explain.c - why no node has what a job asks of generic resources, in words. */
#include <stdio.h>
#include <string.h>
#include "core/gres.h"
#include "core/state.h"

/* Every kind of this name that a node of the cluster has: "gpu:a100, gpu:v100". */
static void list_kinds (const struct core *core, const char *name, struct buf *out)
{
    const struct gres_kind *kind, *next;

    HASH_ITER (hh, core->kinds, kind, next)
    {
        bool here = false;
        for (size_t i = 0; i < core->nodes.n && !here; i++)
            for (uint32_t k = 0; k < core->nodes.list[i]->n_gres && !here; k++)
                here = core->nodes.list[i]->gres[k].kind == kind && core->nodes.list[i]->gres[k].total;
        if (here && (!name || !strcmp (kind->name, name)))
            buf_printf (out, "%s%s%s%s", out->len ? ", " : "", kind->name, kind->type ? ":" : "",
                        kind->type ? kind->type : "");
    }
}

static int explain_unknown (const struct core *core, const Moisson__Gres *asked, struct err *err)
{
    _cleanup_buf_ struct buf alike = BUF_INIT, all = BUF_INIT;

    list_kinds (core, asked->name, &alike);
    if (alike.len) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                 "Requested node configuration is not available: no node has %s of type %s", asked->name,
                 asked->type ? asked->type : "(none)");
        return err_fix (err, "ask for one of %s, or leave the type out (see: sinfo -o '%%P %%n %%G')", alike.data);
    }
    list_kinds (core, NULL, &all);
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "Invalid generic resource (gres) specification: no node has %s",
             asked->name);
    return all.len ? err_fix (err, "ask for one of %s", all.data)
                   : err_fix (err, "leave it out: the nodes of this cluster have none (see: sinfo -o '%%n %%G')");
}

static uint32_t total_of (const struct node *node, const struct gres_kind *kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < node->n_gres; i++)
        n += node->gres[i].kind == kind || node->gres[i].kind->any == kind ? node->gres[i].total : 0;
    return n;
}

static const struct node *node_with_most (const struct core *core, const struct partition *partition,
                                          const struct gres_kind *kind, uint64_t *ret_sum)
{
    const struct node *most = NULL;

    *ret_sum = 0;
    for (size_t i = 0; i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        if (!(partition->nodes[i / 64] >> i % 64 & 1))
            continue;
        *ret_sum += total_of (node, kind);
        if (!most || total_of (node, kind) > total_of (most, kind))
            most = node;
    }
    return most;
}

/* "3 gpus", "3 gpus of type a100", "3 of shards" */
static void put_amount (uint64_t n, const struct gres_kind *kind, struct buf *out)
{
    if (kind->gpu)
        buf_printf (out, "%llu gpu%s", (unsigned long long) n, n == 1 ? "" : "s");
    else
        buf_printf (out, "%llu of %s", (unsigned long long) n, kind->name);
    if (kind->type)
        buf_printf (out, " of type %s", kind->type);
}

static int explain_ask (const struct core *core, const struct demand *demand, const struct gres_ask *ask,
                        struct err *err)
{
    const struct partition *partition = demand->partition;
    uint64_t sum, all = (uint64_t) ask->per_task * demand->ntasks;
    const struct node *most = node_with_most (core, partition, ask->kind, &sum);
    uint32_t on_one = demand->max_nodes > 1 ? ask->per_task : all < UINT32_MAX ? (uint32_t) all : UINT32_MAX;
    uint32_t of_job = (ask->per_job + demand->max_nodes - 1) / demand->max_nodes;
    uint32_t has = most ? total_of (most, ask->kind) : 0;
    const char *type = ask->kind->type ? ask->kind->type : "", *colon = ask->kind->type ? ":" : "";
    _cleanup_buf_ struct buf amount = BUF_INIT;

    on_one = ask->per_node > on_one ? ask->per_node : on_one;
    on_one = of_job > on_one ? of_job : on_one;
    all = ask->per_job > all ? ask->per_job : all;
    put_amount (on_one > has ? on_one : all, ask->kind, &amount);
    if (on_one > has) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                 "Requested node configuration is not available: %s on one node asked, the largest (%s) has %u",
                 amount.data, most ? node_name (most) : "there is none", has);
        return err_fix (err, "ask --gres=%s%s%s:%u or less, or use another partition (see: sinfo -o '%%P %%n %%G')",
                        ask->kind->name, colon, type, has);
    }
    if (all <= sum)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Requested node configuration is not available: %s asked in all, partition %s has %lu", amount.data,
             partition->name, (unsigned long) sum);
    return err_fix (err, "ask %lu or less, or use another partition (see: sinfo -o '%%P %%n %%G')",
                    (unsigned long) sum);
}

int gres_explain (const struct core *core, const Moisson__JobSpec *spec, const struct demand *demand, struct err *err)
{
    for (size_t i = 0; i < spec->n_gres_asks; i++) {
        const Moisson__Gres *asked = spec->gres_asks[i]->gres;
        const struct gres_kind *kind = gres_find (core, asked->name, asked->type);
        uint64_t sum = 0;
        for (size_t k = 0; k < core->nodes.n && kind; k++)
            sum += total_of (core->nodes.list[k], kind);
        if (!sum && asked->count)
            return explain_unknown (core, asked, err);
    }
    for (uint32_t i = 0; i < demand->gres.n; i++)
        if (demand->gres.list[i].kind && explain_ask (core, demand, &demand->gres.list[i], err))
            return -1;
    return 0;
}
