/* shun.h - nodes where tasks of one kind fail fast, one after the other, while they pass on others: no more of that
 * kind goes there.
 *
 * A kind is what one user submits under one name (digits left out: they count) to one partition, asking for the same.
 * A failure is fast within FastFailTime of the start; nothing but a failure of the job itself counts (no cancel, no
 * time limit, no lost node). A node is shunned when so many failures in a row would be one in a million, had it the
 * failure rate that the kind has elsewhere - so never where it fails everywhere, and never by chance. It is for
 * FastFailExclude, until somebody says `State=RESUME`, or until the node was rebooted.
 *
 * Memory is bounded: KINDS_MOST kinds, the one that was not heard of for longest goes; SHUN_NODES nodes of each. At
 * most a quarter of the nodes that are up are shunned by one kind, one at least, but never the only one. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/states.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

#define KINDS_MOST 256
#define SHUN_NODES 16

struct core;
struct demand;
struct job;
struct node;
struct places;
struct task;

struct shun_table {
    struct kind *kinds; /* the one heard of last comes first */
    size_t n;
    size_t n_shunned; /* nodes, in all kinds */
};

/* An attempt is over, and still holds its shares: was it a pass or a fast failure? */
void shun_hear (struct core *core, const struct task *task, job_state_t state, usec_t end_us);
/* Which kind it is, if that kind shuns any node; else 0. For demand.shuns: it splits families. */
uint64_t shun_kind (const struct core *core, const struct job *job);
void shun_places (const struct core *core, uint64_t id, struct places *places); /* without the nodes that it shuns */
void shun_clear_node (struct core *core, const struct node *node);              /* it is given another chance by all */
void shun_configured (struct core *core);                                       /* nodes may have gone */
void shun_clock (struct core *core);
usec_t shun_deadline (const struct core *core);
void shun_free (struct core *core);

void shun_note_node (const struct core *core, const struct node *node, struct buf *out); /* in words, for people */
void shun_note_job (const struct core *core, const struct job *job, struct buf *out);

Moisson__ImageKind **shun_save (const struct core *core, size_t *ret_n);
void shun_load (struct core *core, Moisson__ImageKind *const *kinds, size_t n);
int shun_check (const struct core *core, struct err *err);
