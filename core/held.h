/* held.h - what ended attempts keep of a node while processes of theirs cannot be killed: their share stays taken, and
 * nothing else. The node says when they are gone; a new boot ends them all. */
#pragma once
#include "core/job.h"

struct core;

struct held {
    struct share share; /* first; its task is NULL */
    uint64_t raw_id;
    uint32_t attempt;
    usec_t since;
    uint64_t claim;          /* not held by processes, but kept for a claim (claim.h) */
    struct held *claim_next; /* of that claim */
};

static inline struct held *share_held (struct share *share) /* NULL: an attempt's */
{
    return share->task ? NULL : (struct held *) share;
}

/* What to take once the attempt has given its share back: made before, owned by held_take after. */
struct held *held_create (const struct core *core, const struct task *task);
struct held *held_create_of (const struct core *core, const struct task *task, uint32_t share);
void held_let_go (struct core *core, struct held *held);
void held_take (struct core *core, struct held *held);
/* The node is rid of it; false: nothing was held for it. */
bool held_release (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt);
/* A registration: what it does not name is not there any more; nothing is, after a reboot. */
void held_settle (struct core *core, struct node *node, const Moisson__Register *facts, bool rebooted);
/* Take the first of the node's shares out and free it, when the whole node goes. */
void held_drop (struct node *node);
