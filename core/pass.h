/* pass.h - the pass, for the files of this room.
 *
 * A cycle looks at every shape once, in the order of their ranks. What becomes free meanwhile or later is offered to
 * all that wait, again in that order, without a new cycle; a new cycle is wanted where that is not enough. Everything
 * here is a hint, in no snapshot: what comes out is events. */
#pragma once
#include "core/demand.h"
#include "core/preempt.h"
#include "core/search.h"
#include "proto/event.pb-c.h"

struct core;
struct job;
struct shape;

struct pass_work {
    usec_t now;
    uint64_t stamp; /* of what is walked now: the cycle or an offer; lanes and partitions that are closed have it */
    uint64_t cycle; /* the stamp of the cycle */
    bool wanted;    /* a new cycle, when there is time for one */
    bool gated;     /* limits hold something back: what ends may let it go */
    usec_t wake;    /* when time alone lets something go that was held back (start_rate.h); UINT64_MAX = never */
    bool settled;   /* this cycle has come to its end */
    struct shape *searching; /* for whose head `search` is; NULL = for nobody's */
    struct preempt_work preempt;
    struct search search;
    struct places places; /* of the search: its own, as shapes may go */
};

/* Something has changed that may let go what was looked at in this cycle: a new one is wanted. */
void pass_look_again (struct core *core);
/* That shape is going, or has another head. */
void pass_forget (struct core *core, const struct shape *shape);

/* proposal.c: the next task of this job, on these nodes. */
Moisson__Event *proposal_make (const struct core *core, const struct job *job, const struct fit *fit, usec_t now);
