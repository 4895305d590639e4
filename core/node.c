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

#define STRAYS_MOST 4096

/* --- strays and refusals ------------------------------------------------------------------------------------------ */

void node_stray_add (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt)
{
    if (node->n_strays == STRAYS_MOST)
        return; /* more than ever ran there: nothing is placed while these are there */
    GROW (node->strays, node->n_strays, node->room_strays);
    node->strays[node->n_strays++] = (struct stray){raw_id, attempt};
    node_reindex (core, node);
}

bool node_has_stray (const struct node *node, uint64_t raw_id, uint32_t attempt)
{
    for (size_t i = 0; i < node->n_strays; i++)
        if (node->strays[i].raw_id == raw_id && node->strays[i].attempt == attempt)
            return true;
    return false;
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

void node_refused (struct core *core, struct node *node, uint64_t placed_at, uint32_t uid, const char *cause)
{
    _cleanup_free_ char *reason = NULL;

    if (placed_at < node->refused_at)
        return; /* was on its way when the last one came */
    if (uid && uid == node->refused_uid)
        return; /* the user that nobody knows, again: it takes several to say that the node knows nobody */
    node->refused_at = core->sequence + 1;
    node->refused_uid = uid;
    if (++node->refusals < REFUSALS_A_NODE)
        return;
    node->refusals = 0;
    if (node->marks & MARKS_CLOSED)
        return;
    reason = xasprintf ("cannot start jobs: %s", cause);
    node_mark (core, node, MARK_DRAIN, BY_NODE, NULL, reason);
}

void node_began (struct node *node)
{
    node->refusals = 0;
}

/* --- shares ------------------------------------------------------------------------------------------------------- */

int share_check (struct core *core, const Moisson__Share *asked, struct share *share, struct err *err)
{
    struct node *node = node_find (core, asked->node);
    struct gres_parts gres;

    if (!node)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "placed on a node that does not exist: %s",
                        asked->node);
    if (asked->cpus % node->core_cpus)
        return err_set (err, 0, "%u cpus placed on %s, which gives out %u together", asked->cpus, asked->node,
                        node->core_cpus);
    if (!asked->cpus || asked->cpus > node_free_cpus (node) || asked->mem_mb > node_free_mem (node))
        return err_set (err, 0, "%u cpus and %lu MB placed on %s, which has %u and %lu free", asked->cpus,
                        (unsigned long) asked->mem_mb, asked->node, node_free_cpus (node),
                        (unsigned long) node_free_mem (node));
    gres_parts_load (core, asked, node, &gres);
    if (gres_check_free (node, &gres, err)) {
        gres_parts_clear (&gres);
        return -1;
    }
    *share =
        (struct share){.node = node, .cpus = asked->cpus, .tasks = asked->tasks, .mem_mb = asked->mem_mb, .gres = gres};
    share->gpus = gres_parts_gpus (&gres);
    return 0;
}

bool node_over (const struct node *node)
{
    return node->used_cpus > node->cpus || node->used_mem_mb > node->mem_mb || gres_node_over (node);
}

void share_list (struct share *share)
{
    struct node *node = share->node;
    struct share *before = node->last_share; /* most come later than all others */

    while (before && before->until > share->until)
        before = before->prev;
    share->prev = before;
    share->next = before ? before->next : node->shares;
    if (before)
        before->next = share;
    else
        node->shares = share;
    if (share->next)
        share->next->prev = share;
    else
        node->last_share = share;
}

void share_unlist (struct share *share)
{
    struct node *node = share->node;

    if (share->prev)
        share->prev->next = share->next;
    else
        node->shares = share->next;
    if (share->next)
        share->next->prev = share->prev;
    else
        node->last_share = share->prev;
}

static bool user_only (const struct share *share)
{
    return share->task && row_facts (share->task->job, share->task)->spec->exclusive_user;
}

void share_take (struct core *core, struct share *share)
{
    struct node *node = share->node;

    node->used_cpus += node_hold (node, share->cpus);
    node->used_mem_mb += share->mem_mb;
    gres_node_take (node, &share->gres);
    node->n_shares++;
    node->n_licensed += share->licensed;
    node->n_user_only += user_only (share);
    share_list (share);
    node_reindex (core, node);
}

void share_lift (struct core *core, struct share *share)
{
    struct node *node = share->node;

    node->used_cpus -= node_hold (node, share->cpus);
    node->used_mem_mb -= share->mem_mb;
    gres_node_give (node, &share->gres);
    node->n_shares--;
    node->n_licensed -= share->licensed;
    node->n_user_only -= user_only (share);
    share_unlist (share);
    node_reindex (core, node);
}

void share_give (struct core *core, struct share *share)
{
    struct node *node = share->node;

    share_lift (core, share);
    gres_parts_clear (&share->gres);
    if (!node_over (node))
        node->excess = false;
    node_freed (core, node);
}
