/* claim.h - what preempted attempts leave is kept for the job they made room for, and for nobody else.
 *
 * A claim is for one task of a job. It waits for the ends of its victims (task->claim); what each held of its nodes
 * then stays taken in the claim's name (held.h). Once all have ended the pass offers that to the job, and the Placed
 * event names the claim. A claim goes when the job has no task for it any more, when its time is up, or when the pass
 * finds that what was freed does not do. */
#pragma once
#include <stdint.h>
#include "base/err.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

struct core;
struct held;
struct job;
struct task;

#define CLAIMS_MOST 1024

struct claim {
    uint64_t id; /* sequence of the event that made it */
    uint64_t job_id;
    uint32_t waiting; /* victims that have not ended */
    usec_t until_us;
    struct held *first; /* what was left so far, by held->claim_next */
    struct claim *prev, *next;
};

struct claim_table {
    struct claim *list; /* the oldest first */
    size_t n;
};

struct claim *claim_find (const struct core *core, uint64_t id);
uint32_t claims_of (const struct core *core, uint64_t job_id);
struct claim *claim_make (struct core *core, uint64_t id, uint64_t job_id, usec_t until);
void claim_drop (struct core *core, struct claim *claim); /* all that it has is free */
void claims_clear (struct core *core);

/* The attempt has given back what it held: that is the claim's. */
struct claim *claim_of_victim (const struct core *core, const struct task *task); /* NULL = it is none */
void claim_hear (struct core *core, struct claim *claim);                         /* one victim less */
struct held *claim_part (const struct core *core, const struct claim *claim, const struct task *task, uint32_t share);
void claim_add (struct core *core, struct claim *claim, struct held *held);

/* For a look at what would be free without it: away, and back as it was. */
void claim_lift (struct core *core, const struct claim *claim);
void claim_lower (struct core *core, const struct claim *claim);

void claims_trim (struct core *core, const struct job *job); /* no more of them than it has tasks that could start */
void claims_clock (struct core *core);
usec_t claims_deadline (const struct core *core);

Moisson__ImageClaim **claims_save (const struct core *core, size_t *ret_n);
void claims_load (struct core *core, Moisson__ImageClaim *const *claims, size_t n);
int claims_check (const struct core *core, struct err *err);
