/* waiters.c - lists of requests by job id. */
#include "ctld/waiters.h"
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>
#include "base/mem.h"

struct waiter {
    struct waiter *prev, *next;
    struct waiter *also; /* of the same request, for another job */
    struct job_wait *job;
    struct request *request;
};

struct job_wait {
    uint64_t job_id;
    struct waiter *list;
    UT_hash_handle hh;
};

struct waiters {
    struct ctld *ctld;
    struct job_wait *jobs;
    size_t n;
};

/* All that the request waits for. */
static void drop (struct waiters *waiters, struct request *request)
{
    struct waiter *w = request->state;

    request->state = NULL;
    request->on_gone = NULL;
    waiters->n--;
    while (w) {
        struct waiter *also = w->also;
        struct job_wait *job = w->job;
        DL_DELETE (job->list, w);
        free (w);
        if (!job->list) {
            HASH_DEL (waiters->jobs, job);
            free (job);
        }
        w = also;
    }
}

static void on_gone (struct request *request)
{
    drop (request->ctld->waiters, request);
    request_end (request);
}

static struct job_wait *find (const struct waiters *waiters, uint64_t job_id)
{
    struct job_wait *job;

    HASH_FIND (hh, waiters->jobs, &job_id, sizeof job_id, job);
    return job;
}

void waiters_add (struct waiters *waiters, uint64_t job_id, struct request *request)
{
    struct waiter *w = xcalloc (1, sizeof *w);
    struct job_wait *job = find (waiters, job_id);

    if (!job) {
        job = xcalloc (1, sizeof *job);
        job->job_id = job_id;
        HASH_ADD (hh, waiters->jobs, job_id, sizeof job->job_id, job);
    }
    w->job = job;
    w->request = request;
    w->also = request->state;
    DL_APPEND (job->list, w);
    waiters->n += !request->state;
    request->state = w;
    request->on_gone = on_gone;
}

void waiters_wake (struct waiters *waiters, uint64_t job_id)
{
    struct job_wait *job = find (waiters, job_id);
    Moisson__WaitReply reply = MOISSON__WAIT_REPLY__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = job ? core_job_ended (waiters->ctld->core, job_id, &reply) : 0;

    if (rc == 0)
        return; /* nobody waits, or it was requeued in the meantime: a later end wakes again */
    reply.job_id = job_id;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "job %llu has ended and is no longer known here",
             (unsigned long long) job_id);
    for (; job; job = find (waiters, job_id)) {
        struct request *request = job->list->request;

        drop (waiters, request);
        if (rc > 0)
            request_reply (request, MOISSON__MSG_TYPE__MSG_WAIT_REPLY, &reply.base);
        else
            request_fail (request, &err);
    }
}

size_t waiters_count (const struct waiters *waiters)
{
    return waiters->n;
}

struct waiters *waiters_create (struct ctld *ctld)
{
    struct waiters *waiters = xcalloc (1, sizeof *waiters);

    waiters->ctld = ctld;
    return waiters;
}

struct waiters *waiters_free (struct waiters *waiters)
{
    if (!waiters)
        return NULL;
    while (waiters->jobs) {
        struct request *request = waiters->jobs->list->request;

        drop (waiters, request);
        request_end (request);
    }
    free (waiters);
    return NULL;
}
