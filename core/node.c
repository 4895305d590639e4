/* node.c - one node: its states, and the shares of it that attempts hold. */
#include "core/node.h"
#include "base/mem.h"
#include "core/state.h"

void node_set_up (struct core *core, struct node *node, bool up)
{
    core->nodes.n_up += (uint32_t) up - (uint32_t) node->up;
    node->up = up;
    node->session = up;
    node_reindex (core, node);
}

void node_set_admin (struct node *node, enum admin admin, const char *reason, uint32_t uid, usec_t now)
{
    free (node->reason);
    node->admin = admin;
    node->reason = admin == ADMIN_NONE ? NULL : xstrdup (reason);
    node->reason_uid = admin == ADMIN_NONE ? 0 : uid;
    node->reason_us = admin == ADMIN_NONE ? 0 : now;
}

/* --- strays and refusals ------------------------------------------------------------------------------------------ */

void node_stray_add (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt)
{
    GROW (node->strays, node->n_strays, node->room_strays);
    node->strays[node->n_strays++] = (struct stray){raw_id, attempt};
    node_reindex (core, node);
}

void node_stray_gone (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt)
{
    for (size_t i = node->n_strays; i--;)
        if (node->strays[i].raw_id == raw_id && node->strays[i].attempt == attempt)
            node->strays[i] = node->strays[--node->n_strays];
    node_reindex (core, node);
}

void node_strays_clear (struct core *core, struct node *node)
{
    node->n_strays = 0;
    node_reindex (core, node);
}

#define REFUSALS_A_NODE 3

void node_refused (struct core *core, struct node *node, uint64_t placed_at, const char *cause)
{
    _cleanup_free_ char *reason = NULL;

    if (placed_at < node->refused_at)
        return; /* was on its way when the last one came */
    node->refused_at = core->sequence + 1;
    if (++node->refusals < REFUSALS_A_NODE)
        return;
    node->refusals = 0;
    if (node->admin != ADMIN_NONE)
        return;
    reason = xasprintf ("cannot start jobs: %s", cause);
    node_set_admin (node, ADMIN_DRAIN, reason, 0, core->now);
    node_reindex (core, node);
}

void node_began (struct node *node)
{
    node->refusals = 0;
}

/* --- shares ------------------------------------------------------------------------------------------------------- */

int share_check (const struct core *core, const Moisson__Share *asked, struct share *share, struct err *err)
{
    struct node *node = node_find (core, asked->node);

    if (!node)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "placed on a node that does not exist: %s",
                        asked->node);
    if (!asked->cpus || asked->cpus > node_free_cpus (node) || asked->mem_mb > node_free_mem (node) ||
        asked->gpus > node_free_gpus (node))
        return err_set (err, 0, "%u cpus, %lu MB and %u gpus placed on %s, which has %u, %lu MB and %u free",
                        asked->cpus, (unsigned long) asked->mem_mb, asked->gpus, asked->node, node_free_cpus (node),
                        (unsigned long) node_free_mem (node), node_free_gpus (node));
    *share = (struct share){.node = node, .cpus = asked->cpus, .gpus = asked->gpus, .mem_mb = asked->mem_mb};
    return 0;
}

void share_take (struct core *core, struct share *share)
{
    struct node *node = share->node;

    node->used_cpus += share->cpus;
    node->used_mem_mb += share->mem_mb;
    node->used_gpus += share->gpus;
    node->n_shares++;
    share->prev = NULL;
    share->next = node->shares;
    if (node->shares)
        node->shares->prev = share;
    node->shares = share;
    node_reindex (core, node);
}

void share_give (struct core *core, struct share *share)
{
    struct node *node = share->node;

    node->used_cpus -= share->cpus;
    node->used_mem_mb -= share->mem_mb;
    node->used_gpus -= share->gpus;
    node->n_shares--;
    if (share->prev)
        share->prev->next = share->next;
    else
        node->shares = share->next;
    if (share->next)
        share->next->prev = share->prev;
    if (node->used_cpus <= node->cpus && node->used_mem_mb <= node->mem_mb && node->used_gpus <= node->gpus)
        node->excess = false;
    node_reindex (core, node);
}

static const char *base_state (const struct node *node)
{
    if (node->admin == ADMIN_DOWN || !node->up)
        return node->admin == ADMIN_DRAIN && !node->n_shares ? "drained" : "down";
    if (node->admin == ADMIN_DRAIN || node_left (node))
        return node->n_shares ? "draining" : "drained";
    if (!node->n_shares)
        return "idle";
    return node_free_cpus (node) ? "mixed" : "allocated";
}

void node_state_text (const struct node *node, struct buf *out)
{
    buf_puts (out, base_state (node));
    if (!node->session || !node->up)
        buf_putc (out, '*');
}
