/* ledger.h - what really happened, kept apart from the core: the truth that its records are measured against. */
#pragma once
#include <stddef.h>
#include "base/err.h"
#include "core/effects.h"
#include "proto/event.pb-c.h"
#include "vnode.h"

struct ledger;

struct ledger *ledger_create (void);
struct ledger *ledger_free (struct ledger *ledger);

struct ledger_rights {
    bool may_repeat;  /* it asked to be run again, for one reason or other */
    bool may_overlap; /* ... and once its node's time is up, dead or not (law 3) */
    bool urgent;      /* of the higher tier */
};
void ledger_submitted (struct ledger *ledger, uint64_t job_id, uint32_t tasks, struct ledger_rights rights);
/* Only those of a lower tier make room, and for those of a higher one. */
void ledger_preempted (struct ledger *ledger, const Moisson__Preempted *preempted);
/* It takes the place of the final one of its attempt, which is followed by another. */
void ledger_rerecord (struct ledger *l, const Moisson__AcctRecord *rec);
void ledger_requeued (struct ledger *ledger, uint64_t job_id); /* asked: it may run again */
/* Which task a raw id is (from the placement). */
void ledger_placed (struct ledger *ledger, uint64_t job_id, uint64_t raw_id, uint32_t attempt);
/* Called by the nodes. A wrong thing is remembered and told by ledger_check. */
void ledger_ran (struct ledger *ledger, const struct vnode *node, const struct vattempt *a);
void ledger_ended (struct ledger *ledger, const struct vattempt *a);
void ledger_record (struct ledger *ledger, const Moisson__AcctRecord *record);

int ledger_check (const struct ledger *ledger, struct err *err); /* so far */
int ledger_close (const struct ledger *ledger, struct err *err); /* at the end: each task has its one final record */
