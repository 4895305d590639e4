/* sbatch_wait.c - asks to be told when a job ends; a job that the controller has dropped already is in the records. */
#include "base/mem.h"
#include "base/states.h"
#include "command.h"
#include "failure.h"
#include "proto/record.pb-c.h"
#include "sbatch_wait.h"

int wait_status (Moisson__JobState state, uint32_t exit_code, uint32_t exit_signal)
{
    if (exit_code > 0)
        return exit_code > 255 ? 255 : (int) exit_code;
    return exit_signal > 0 || state != MOISSON__JOB_STATE__STATE_COMPLETED;
}

struct tally {
    int status;
    bool found;
};

static bool count_page (void *arg, const void *page)
{
    struct tally *tally = arg;
    const Moisson__AcctPage *acct = page;

    for (size_t i = 0; i < acct->n_records; i++) {
        const Moisson__AcctRecord *r = acct->records[i];
        int status = wait_status (r->state, r->exit_code, r->exit_signal);

        if (r->requeued || !state_is_ended (r->state))
            continue;
        tally->found = true;
        tally->status = status > tally->status ? status : tally->status;
    }
    return acct->last;
}

static int ask_records (struct rpc *rpc, uint64_t job_id, struct err *err)
{
    Moisson__JobRef job = MOISSON__JOB_REF__INIT, *jobs[] = {&job};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__AcctRequest request = MOISSON__ACCT_REQUEST__INIT;
    struct tally tally = {0};

    job.job_id = job_id;
    filter.jobs = jobs;
    filter.n_jobs = 1;
    request.filter = &filter;
    if (rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_ACCT, &request.base, MOISSON__MSG_TYPE__MSG_ACCT_PAGE,
                    &moisson__acct_page__descriptor, count_page, &tally, err))
        return COMMAND_ERROR;
    if (tally.found)
        return tally.status;
    err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "job %llu is unknown", (unsigned long long) job_id);
    return COMMAND_ERROR;
}

int sbatch_wait (struct rpc *rpc, uint64_t job_id)
{
    Moisson__WaitRequest request = MOISSON__WAIT_REQUEST__INIT;
    Moisson__WaitReply *reply = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int status;

    fflush (stdout); /* the id must be readable while we wait */
    request.job_id = job_id;
    status = rpc_wait (rpc, MOISSON__MSG_TYPE__MSG_WAIT, &request.base, MOISSON__MSG_TYPE__MSG_WAIT_REPLY,
                       &moisson__wait_reply__descriptor, &reply, &err);
    if (!status) {
        status = wait_status (reply->state, reply->exit_code, reply->exit_signal);
        moisson__wait_reply__free_unpacked (reply, NULL);
        return status;
    }
    if (err.code == MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID) {
        err_clear (&err);
        status = ask_records (rpc, job_id, &err);
        if (status != COMMAND_ERROR)
            return status;
    }
    return failure_report ("sbatch", "Unable to wait for the job", &err);
}
