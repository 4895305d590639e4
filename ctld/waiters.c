/* waiters.c - lists of requests by job id. */
#include "ctld/waiters.h"
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>
#include "base/mem.h"

struct waiter {
    struct waiter *prev, *next;
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

static void drop (struct waiters *waiters, struct waiter *w)
{
    struct job_wait *job = w->job;

    DL_DELETE (job->list, w);
    w->request->on_gone = NULL;
    waiters->n--;
    free (w);
    if (!job->list) {
        HASH_DEL (waiters->jobs, job);
        free (job);
    }
}

static void on_gone (struct request *request)
{
    struct waiter *w = request->state;

    drop (request->ctld->waiters, w);
    request_end (request);
}

void waiters_add (struct waiters *waiters, uint64_t job_id, struct request *request)
{
    struct waiter *w = xcalloc (1, sizeof *w);
    struct job_wait *job;

    HASH_FIND (hh, waiters->jobs, &job_id, sizeof job_id, job);
    if (!job) {
        job = xcalloc (1, sizeof *job);
        job->job_id = job_id;
        HASH_ADD (hh, waiters->jobs, job_id, sizeof job->job_id, job);
    }
    w->job = job;
    w->request = request;
    DL_APPEND (job->list, w);
    request->state = w;
    request->on_gone = on_gone;
    waiters->n++;
}

void waiters_wake (struct waiters *waiters, uint64_t job_id)
{
    struct job_wait *job;
    Moisson__WaitReply reply = MOISSON__WAIT_REPLY__INIT;

    _cleanup_err_ struct err err = ERR_INIT;

    HASH_FIND (hh, waiters->jobs, &job_id, sizeof job_id, job);
    int rc = job ? core_job_ended (waiters->ctld->core, job_id, &reply) : 0;
    if (rc == 0)
        return; /* nobody waits, or it was requeued in the meantime: a later end wakes again */
    reply.job_id = job_id;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "job %llu has ended and is no longer known here",
             (unsigned long long) job_id);
    for (struct waiter *w = job->list, *next; w; w = next) {
        struct request *request = w->request;

        next = w->next;
        drop (waiters, w);
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

        drop (waiters, waiters->jobs->list);
        request_end (request);
    }
    free (waiters);
    return NULL;
}
