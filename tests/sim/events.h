/* events.h - whom the dice strike, and what happens to jobs after their submit. */
#pragma once
#include "base/idset.h"
#include "world.h"

struct pick {
    struct dice *dice;
    uint64_t job_id;
    uint32_t task;
    job_state_t state;
    unsigned seen;
    bool ended; /* one that has ended */
};

/* For core_select: a reservoir of one. */
void pick_one (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state);
bool pick_job (struct world *w, struct pick *p); /* any that has not ended */
Moisson__Range **one_task (uint32_t task, size_t *ret_n);

void reserve (struct world *w); /* or change, or delete one */
void every_reservation_ends (struct world *w);
void requeue_ended (struct world *w);
void suspend_or_resume (struct world *w);
void everything_goes_on (struct world *w); /* what stands still */
