/* on_wait.c - answer when a job has ended. */
#include "ctld/apply.h"
#include "ctld/rpc.h"
#include "ctld/waiters.h"

static void answer (void *arg, bool committed)
{
    struct request *request = arg;
    const Moisson__WaitRequest *ask = request->msg;
    Moisson__WaitReply reply = MOISSON__WAIT_REPLY__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!committed || request_gone (request)) {
        request_end (request);
        return;
    }
    int rc = core_job_ended (request->ctld->core, ask->job_id, &reply);
    reply.job_id = ask->job_id;
    if (rc > 0) {
        request_reply (request, MOISSON__MSG_TYPE__MSG_WAIT_REPLY, &reply.base);
    } else if (rc == 0) {
        waiters_add (request->ctld->waiters, ask->job_id, request);
    } else {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
        err_fix (&err, "a job is known here until MinJobAge after its end; for older ones see sacct");
        request_fail (request, &err);
    }
}

void rpc_wait (struct request *request)
{
    ctld_after (request->ctld, answer, request);
}
