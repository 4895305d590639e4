/* promise.h - what is promised to jobs that wait at the head of the queue: so much of these nodes from that time on.
 * EASY backfilling (D. Lifka, "The ANL/IBM SP scheduling system", 1995; A. Mu'alem and D. Feitelson, IEEE TPDS 12(6),
 * 2001): the first waiting heads get a promise, at the earliest time at which what runs leaves them room by its time
 * limits; what goes behind them starts only where it ends before that, or leaves room for them all the same.
 *
 * Promises are hints of the pass, not state: each cycle makes them again, from what runs, and never later than before.
 * A job without a time limit never ends as far as they know; where only such jobs are in the way, the promise is for
 * PROMISE_ONE_DAY, and whatever comes to its nodes afterwards must leave room for it: it starts when those that were
 * there before have gone. */
#pragma once
#include "core/demand.h"
#include "core/rank_tree.h"

struct core;
struct job;
struct shape;

#define PROMISE_ONE_DAY (UINT64_MAX - 1)

struct promise {
    uint64_t job_id;
    struct shape *shape; /* whose head that is: what ranks before it need not keep the promise */
    struct fit fit;      /* so much, on these nodes; by their place in the table */
    usec_t at, until;
    usec_t first_us; /* what it was promised first */
    uint64_t since;  /* sequence when these nodes were promised */
    uint64_t cycle;  /* that made it last */
    struct promise *prev, *next;
};

struct promise_table {
    struct promise *list;
    size_t n;
};

/* A demand, and when: what promises and reservations are asked about. */
struct stay {
    const struct demand *demand;
    const struct shape *shape; /* whose; its own promise does not count against it. NULL: of nobody yet */
    const struct resv *in;     /* the reservation that it names; NULL = none */
    usec_t from, until;        /* until UINT64_MAX: no limit */
    usec_t lasts;              /* so long, as promises see it (expect.h); 0 = until then */
};
/* demand: of the shape. */
struct stay stay_of (const struct core *core, const struct shape *shape, const struct demand *demand, usec_t from);
/* Likewise, with another limit. */
struct stay stay_for (const struct core *core, const struct shape *shape, const struct demand *demand, usec_t from,
                      uint64_t limit);
/* Are there the licences that it asks for, also for the heads that were promised some? */
bool stay_licensed (const struct core *core, const struct stay *stay);

/* May so many tasks of it be on this node all that time? The one place where everything that holds a node for others is
 * asked: promises, and reservations of nodes. */
bool stay_allowed (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks);

/* When the next of the promises that count on this node has been had; UINT64_MAX = there is none. */
usec_t promise_next_end (const struct core *core, const struct stay *stay, const struct node *node, usec_t after);

/* The head of this shape is promised `fit` (taken over; sorted by node) from `at` on, instead of what it was promised.
 */
void promise_make (struct core *core, struct shape *shape, struct fit *fit, usec_t at, usec_t until);
void promise_drop (struct core *core, struct promise *promise);
void promise_drop_old (struct core *core);   /* those that this cycle has not made */
void promise_forget_all (struct core *core); /* nodes come or go */
