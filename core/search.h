/* search.h - the earliest time at which a demand has room, by the time limits of what runs and with all promises kept;
 * found in steps of at most a millisecond or so, however large the cluster. */
#pragma once
#include "core/promise.h"

struct search {
    struct demand demand;
    const struct places *places;
    struct stay stay;          /* from: not earlier */
    const struct promise *old; /* NULL = none; its time is looked at first, so that a promise never gets worse */
    enum {
        SEARCH_ONE,     /* the node that has room first */
        SEARCH_LATER,   /* several nodes: a time at which they have room... */
        SEARCH_EARLIER, /* ... and the earliest one, to a second */
        SEARCH_ONE_DAY, /* when all that runs has gone */
    } stage;
    uint32_t at_node;
    struct node *node; /* the best so far */
    usec_t low, high;  /* no room at low; room at high */
};

/* shape: whose head it is for; NULL: a demand of nobody. What is given must stay until the end. */
void search_begin (const struct core *core, struct search *search, const struct shape *shape,
                   const struct demand *demand, const struct places *places, struct stay stay);
/* estimate.c: when could this pending job start; what its head was promised. 0: nobody knows. */
usec_t estimate_of_job (const struct core *core, const struct job *job);
usec_t promised_to (const struct job *job);

enum { SEARCH_MORE = 1, SEARCH_E_NEVER = 2 };
/* 0: *ret_fit from *ret_at on (PROMISE_ONE_DAY: nobody knows when). SEARCH_E_NEVER: not on the nodes that are up. */
int search_step (const struct core *core, struct search *search, struct fit *ret_fit, usec_t *ret_at);
