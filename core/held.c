/* held.c - shares of attempts that have ended without being gone. */
#include "core/held.h"
#include <string.h>
#include "base/mem.h"
#include "core/state.h"

static struct held *find (struct node *node, uint64_t raw_id, uint32_t attempt)
{
    for (struct share *share = node->shares; share; share = share->next) {
        struct held *held = share_held (share);
        if (held && !held->claim && held->raw_id == raw_id && held->attempt == attempt)
            return held;
    }
    return NULL;
}

struct held *held_create (const struct core *core, const struct task *task)
{
    return held_create_of (core, task, 0); /* its processes are where its batch script is */
}

struct held *held_create_of (const struct core *core, const struct task *task, uint32_t share)
{
    const struct share *like = &task->shares[share];
    struct held *held = xcalloc (1, sizeof *held);

    held->share = *like;
    held->share.task = NULL;
    held->share.until = UINT64_MAX;
    held->share.licensed = false;
    if (like->gres.n)
        held->share.gres.list = xmemdup (like->gres.list, like->gres.n * sizeof *like->gres.list);
    held->raw_id = task->raw_id;
    held->attempt = task->attempt;
    held->since = core->now;
    return held;
}

void held_take (struct core *core, struct held *held)
{
    held->share.node->n_held++;
    share_take (core, &held->share);
    held->share.node->excess = node_over (held->share.node); /* as it was before the attempt gave it back */
}

void held_let_go (struct core *core, struct held *held)
{
    struct node *node = held->share.node;

    node->n_held--;
    share_give (core, &held->share);
    free (held);
    core->left_empty |= node_left (node) && !node->n_shares;
    core->want_pass = true;
}

bool held_release (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt)
{
    struct held *held = find (node, raw_id, attempt);

    if (held)
        held_let_go (core, held);
    return held;
}

static bool is_named (const Moisson__Register *facts, const struct held *held)
{
    for (size_t i = 0; i < facts->n_held; i++)
        if (facts->held[i]->raw_id == held->raw_id && facts->held[i]->attempt == held->attempt)
            return true;
    return false;
}

/* Its end, with what it leaves behind, is still to be told. */
static bool is_under_way (const struct core *core, const struct node *node, const Moisson__AttemptId *id)
{
    const char *host = core_attempt_host (core, id->raw_id, id->attempt);

    return host && strcmp (host, node_name (node)) == 0;
}

void held_settle (struct core *core, struct node *node, const Moisson__Register *facts, bool rebooted)
{
    struct share *next;

    for (struct share *share = node->shares; share; share = next) {
        struct held *held = share_held (share);
        next = share->next;
        if (held && !held->claim && (rebooted || !is_named (facts, held)))
            held_let_go (core, held);
    }
    for (size_t i = 0; !rebooted && i < facts->n_held; i++) { /* whose share nobody knows any more: all of it waits */
        const Moisson__AttemptId *id = facts->held[i];
        if (!find (node, id->raw_id, id->attempt) && !is_under_way (core, node, id))
            node_stray_add (core, node, id->raw_id, id->attempt);
    }
}

void held_drop (struct node *node)
{
    struct share *share = node->shares;

    node->shares = share->next;
    gres_parts_clear (&share->gres);
    free (share_held (share));
}
