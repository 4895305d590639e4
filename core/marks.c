/* marks.c - what is wrong with a node, who said so, and how that looks. */
#include "base/mem.h"
#include "core/held.h"
#include "core/state.h"

#define REBOOT_MARKS ((unsigned) (MARK_REBOOT | MARK_REBOOTING))

static void set_marks (struct core *core, struct node *node, unsigned marks)
{
    core->nodes.n_reboots += (uint32_t) ((marks & REBOOT_MARKS) != 0);
    core->nodes.n_reboots -= (uint32_t) ((node->marks & REBOOT_MARKS) != 0);
    node->marks = marks;
    node_reindex (core, node);
}

void node_clear_reason (struct node *node)
{
    free (node->reason);
    node->reason = NULL;
    node->by = BY_PERSON;
    node->reason_us = 0;
    node->has_reason_uid = false;
    node->reason_uid = 0;
}

void node_set_reason (struct core *core, struct node *node, enum marked_by by, const uint32_t *uid, const char *reason)
{
    char *copy = xstrdup (reason); /* may be made of the old one */

    node_clear_reason (node);
    node->reason = copy;
    node->by = by;
    node->reason_us = core->now;
    node->has_reason_uid = uid != NULL;
    node->reason_uid = uid ? *uid : 0;
}

void node_mark (struct core *core, struct node *node, unsigned marks, enum marked_by by, const uint32_t *uid,
                const char *reason)
{
    if (by == BY_PERSON || !node->reason || node->by == BY_SILENCE)
        node_set_reason (core, node, by, uid, reason);
    set_marks (core, node, node->marks | marks);
}

void node_unmark (struct core *core, struct node *node, unsigned marks)
{
    set_marks (core, node, node->marks & ~marks);
    if (!node->marks && !(node->lost && node->by == BY_SILENCE))
        node_clear_reason (node);
}

/* --- how it looks ------------------------------------------------------------------------------------------------- */

static const struct {
    unsigned mark, flag;
} flags[] = {
    {MARK_DRAIN, NODE_DRAIN},
    {MARK_FAIL, NODE_FAIL},
    {MARK_INVALID, NODE_INVALID_REG | NODE_DRAIN},
    {MARK_REBOOTING, NODE_REBOOT_ISSUED},
};

/* How many of its attempts are to go on. */
static uint32_t count_going (const struct node *node)
{
    uint32_t n = 0;

    for (const struct share *share = node->shares; share; share = share->next)
        n += share->task && !share->task->stop;
    return n;
}

static enum node_base node_base (const struct node *node, uint32_t going)
{
    if (node->lost || node->marks & MARK_DOWN)
        return NODE_DOWN;
    if (!node->up)
        return NODE_UNKNOWN;
    if (!going)
        return NODE_IDLE;
    return node_free_cpus (node) ? NODE_MIXED : NODE_ALLOCATED;
}

struct node_look node_look (const struct node *node)
{
    uint32_t going = count_going (node);
    struct node_look look = {.base = node_base (node, going)};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (node->marks & flags[i].mark)
            look.flags |= flags[i].flag;
    if ((node->marks & REBOOT_MARKS) == MARK_REBOOT)
        look.flags |= NODE_REBOOT_REQUESTED;
    if (node_left (node))
        look.flags |= NODE_DRAIN;
    if (going < node->n_shares)
        look.flags |= NODE_COMPLETING;
    if (!node->session || !node->up)
        look.flags |= NODE_NOT_RESPONDING;
    return look;
}

void node_put_held (const struct node *node, struct buf *out)
{
    for (struct share *share = node->shares; node->n_held && share; share = share->next) {
        const struct held *held = share_held (share);
        if (held && held->claim)
            buf_printf (out, "%s%u cpu%s, %lu MB and %u gpu%s of job %lu are kept for the job it was preempted for",
                        out->len ? "; " : "", share->cpus, share->cpus == 1 ? "" : "s", (unsigned long) share->mem_mb,
                        share->gpus, share->gpus == 1 ? "" : "s", (unsigned long) held->raw_id);
        else if (held)
            buf_printf (out, "%s%u cpu%s, %lu MB and %u gpu%s are held by processes of job %lu that cannot be killed",
                        out->len ? "; " : "", share->cpus, share->cpus == 1 ? "" : "s", (unsigned long) share->mem_mb,
                        share->gpus, share->gpus == 1 ? "" : "s", (unsigned long) held->raw_id);
    }
}

bool node_is_quiet (const struct node *node)
{
    return node->n_shares == node->n_held;
}
