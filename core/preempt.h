/* preempt.h - who gives way to whom, and the cheapest that will do.
 *
 * A head that has no room may take that of attempts of lower rank: of partitions with a lower PriorityTier
 * (preempt/partition_prio), or of a QoS that its own names in Preempt (preempt/qos). Victims are chosen node by node:
 * the cheapest first (fewest core-seconds lost, then the youngest) until it fits, and then whoever can be spared is; of
 * all nodes the cheapest set counts. A job for several nodes takes from all of them together. The choice is a hint of
 * the pass, looked for in steps; the decision is an event (Preempted). */
#pragma once
#include "base/units.h"
#include "core/demand.h"
#include "proto/event.pb-c.h"

struct core;
struct job;
struct shape;
struct task;

struct preempt_work {    /* of the pass: what is looked for now */
    struct shape *shape; /* for a job of which; NULL = nothing */
    uint64_t job_id;
    uint32_t at_node;
    struct node *best;
    uint64_t best_cost;
    size_t best_n;
};

Moisson__PreemptMode preempt_mode_of (const struct core *core, const Moisson__PartitionConf *conf);
const char *preempt_mode_word (Moisson__PreemptMode mode);

/* Seconds between TERM and KILL of one that is preempted; 0: KillWait. */
uint32_t preempt_grace (const struct core *core, const struct task *task);

/* Is there a job in this shape that may preempt others, and has not done so? Then work is for that one. */
bool preempt_begin (const struct core *core, struct preempt_work *work, struct shape *shape);
/* PREEMPT_MORE: not known yet. 0: *ret is the event. PREEMPT_E_NOBODY: whom it may preempt would not make room. */
enum { PREEMPT_MORE = 1, PREEMPT_E_NOBODY };
int preempt_step (struct core *core, struct preempt_work *work, usec_t now, Moisson__Event **ret);
/* The first claim for which all victims have ended: a placement in its room, or that it is given up. NULL = none. */
Moisson__Event *preempt_settle (struct core *core, usec_t now);
