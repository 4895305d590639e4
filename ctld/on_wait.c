/* on_wait.c - answer when a job has ended, or the first of several. */
#include "ctld/apply.h"
#include "ctld/rpc.h"
#include "ctld/waiters.h"

#define MOST_JOBS 4096 /* that one request may wait for */

static void refuse_unknown (struct request *request, uint64_t job_id)
{
    _cleanup_err_ struct err err = ERR_INIT;

    err_set (&err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    err_what (&err, "job %llu", (unsigned long long) job_id);
    err_fix (&err, "a job is known here until MinJobAge after its end; for older ones see sacct");
    request_fail (request, &err);
}

/* Has it ended, or is it not known? Then that is answered. */
static bool settled (struct request *request, uint64_t job_id)
{
    Moisson__WaitReply reply = MOISSON__WAIT_REPLY__INIT;
    int rc = core_job_ended (request->ctld->core, job_id, &reply);

    reply.job_id = job_id;
    if (rc > 0)
        request_reply (request, MOISSON__MSG_TYPE__MSG_WAIT_REPLY, &reply.base);
    else if (rc < 0)
        refuse_unknown (request, job_id);
    return rc != 0;
}

static void answer (void *arg, bool committed)
{
    struct request *request = arg;
    const Moisson__WaitRequest *ask = request->msg;

    if (!committed || request_gone (request)) {
        request_end (request);
        return;
    }
    if (settled (request, ask->job_id))
        return;
    for (size_t i = 0; i < ask->n_others; i++)
        if (settled (request, ask->others[i]))
            return;
    waiters_add (request->ctld->waiters, ask->job_id, request);
    for (size_t i = 0; i < ask->n_others; i++)
        waiters_add (request->ctld->waiters, ask->others[i], request);
}

void rpc_wait (struct request *request)
{
    const Moisson__WaitRequest *ask = request->msg;
    _cleanup_err_ struct err err = ERR_INIT;

    if (ask->n_others >= MOST_JOBS) {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "%zu jobs to wait for at once", ask->n_others + 1);
        err_fix (&err, "name at most %d", MOST_JOBS);
        request_fail (request, &err);
        return;
    }
    ctld_after (request->ctld, answer, request);
}
