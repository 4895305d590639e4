/* id_work.h - a request about a list of jobs: one after the other, a few milliseconds a turn of the loop; the results
 * leave after the commit of all of it. */
#pragma once
#include "ctld/session.h"

struct id_work {
    struct request *request;
    size_t n;    /* items; step may lower it to end the work */
    size_t next; /* the one to do next */
    void (*step) (struct id_work *work, size_t i);
    void *state;
    void (*free_state) (void *state); /* may be NULL */
    Moisson__IdResult **results;
    size_t n_results, room_results;
    uint32_t affected;
    struct timer *timer;
};

/* Owns request and state from now on. */
void id_work_start (struct request *request, size_t n, void (*step) (struct id_work *work, size_t i), void *state,
                    void (*free_state) (void *state));
/* err NULL: done; affected: jobs and tasks that it reached. */
void id_work_result (struct id_work *work, const Moisson__JobRef *ref, const struct err *err, uint32_t affected);
