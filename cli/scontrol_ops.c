/* scontrol_ops.c - the subcommands that change something, and ping. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "scontrol.h"

/* State=SpecialExit, of requeuehold. */
static int take_special (const char *text, Moisson__JobOpRequest *request)
{
    const char *state = text + 6;

    request->has_special = request->special = request->op == MOISSON__JOB_OP__OP_REQUEUE_HOLD &&
                                              (!strcasecmp (state, "SpecialExit") || !strcasecmp (state, "SE"));
    if (request->special)
        return 0;
    fprintf (stderr,
             "scontrol: error: invalid keyword: %s\n        fix: name jobs; State=SpecialExit goes with "
             "requeuehold, and is the only one\n",
             text);
    return COMMAND_ERROR;
}

static int take_jobs (int argc, char **argv, Moisson__JobOpRequest *request)
{
    _cleanup_err_ struct err err = ERR_INIT;

    for (int i = 0; i < argc; i++) {
        const char *text = argv[i];

        if (!strncasecmp (text, "state=", 6)) {
            if (take_special (text, request))
                return COMMAND_ERROR;
            continue;
        }
        if (!strncasecmp (text, "job=", 4) || !strncasecmp (text, "jobid=", 6))
            text = strchr (text, '=') + 1;
        if (jobref_list_add (text, &request->jobs, &request->n_jobs, &err)) {
            err_report ("scontrol", &err);
            return COMMAND_ERROR;
        }
    }
    if (request->n_jobs)
        return 0;
    fprintf (stderr, "too few arguments: no job named\n        fix: name jobs as 12, 12_3 or 12_[1-5]\n");
    return COMMAND_ERROR;
}

int scontrol_judge (const Moisson__IdResults *reply)
{
    int status = 0;

    for (size_t i = 0; i < reply->n_results; i++) {
        const Moisson__IdResult *result = reply->results[i];
        const char *sentence = failure_sentence ((int) result->code);

        if (result->code == MOISSON__FAIL_CODE__FAIL_OTHER && !result->why)
            continue;
        if (result->code == MOISSON__FAIL_CODE__FAIL_JOB_FINISHED)
            sentence = "Job has already finished";
        fprintf (stderr, "%s for job %s\n", sentence ? sentence : result->why,
                 result->job->text ? result->job->text : "?");
        failure_why ((int) result->code, result->why);
        status = COMMAND_ERROR;
    }
    return status;
}

static int ask (struct scontrol *s, const Moisson__JobOpRequest *request, const char *call)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__IdResults *reply = NULL;
    int status;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_JOB_OP, &request->base,
                     MOISSON__MSG_TYPE__MSG_ID_RESULTS, &moisson__id_results__descriptor, &reply, &err))
        return failure_report_query (call, &err);
    status = scontrol_judge (reply);
    moisson__id_results__free_unpacked (reply, NULL);
    return status;
}

static int job_op (struct scontrol *s, int argc, char **argv, Moisson__JobOp op, const char *call)
{
    Moisson__JobOpRequest request = MOISSON__JOB_OP_REQUEST__INIT;
    int status;

    request.op = op;
    status = take_jobs (argc, argv, &request);
    if (!status)
        status = ask (s, &request, call);
    jobref_list_clear (&request.jobs, &request.n_jobs);
    return status;
}

int scontrol_hold (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_HOLD, "slurm_update");
}

int scontrol_uhold (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_UHOLD, "slurm_update");
}

int scontrol_release (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_RELEASE, "slurm_update");
}

int scontrol_requeue (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_REQUEUE, "slurm_requeue");
}

int scontrol_requeuehold (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_REQUEUE_HOLD, "slurm_requeue");
}

int scontrol_suspend (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_SUSPEND, "slurm_suspend");
}

int scontrol_resume (struct scontrol *s, int argc, char **argv)
{
    return job_op (s, argc, argv, MOISSON__JOB_OP__OP_RESUME, "slurm_suspend");
}

/* --- ping, shutdown --------------------------------------------------------------------------------------------- */

int scontrol_ping (struct scontrol *s, int argc, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__PingReply *reply = NULL;
    const char *host;
    int r;

    (void) argc;
    (void) argv;
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    host = rpc_config (s->rpc)->controller_host;
    r = rpc_request (s->rpc, RPC_PROBE, MOISSON__MSG_TYPE__MSG_PING, NULL, MOISSON__MSG_TYPE__MSG_PING_REPLY,
                     &moisson__ping_reply__descriptor, &reply, &err);
    printf ("Slurmctld(primary) at %s is %s\n", host, r ? "DOWN" : "UP");
    if (!r) {
        moisson__ping_reply__free_unpacked (reply, NULL);
        return 0;
    }
    return failure_report ("scontrol", NULL, &err);
}

int scontrol_reconfigure (struct scontrol *s, int argc, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;

    (void) argv;
    if (argc) {
        fprintf (stderr, "too many arguments: reconfigure takes none\n");
        return COMMAND_ERROR;
    }
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_RECONFIGURE, NULL, MOISSON__MSG_TYPE__MSG_OK, NULL, NULL,
                     &err))
        return failure_report_query ("slurm_reconfigure", &err);
    return 0;
}

int scontrol_shutdown (struct scontrol *s, int argc, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (argc > 1 || (argc == 1 && strcasecmp (argv[0], "slurmctld") != 0 && strcasecmp (argv[0], "controller") != 0)) {
        fprintf (stderr, "scontrol: error: shutdown stops the controller, nothing else\n"
                         "        fix: stop a node's moissond with SIGTERM on that node\n");
        return COMMAND_ERROR;
    }
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_PROBE, MOISSON__MSG_TYPE__MSG_SHUTDOWN, NULL, MOISSON__MSG_TYPE__MSG_OK, NULL, NULL,
                     &err))
        return failure_report_query ("slurm_shutdown", &err);
    return 0;
}
