/* scontrol_ops.c - the subcommands that change something, and ping. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "scontrol.h"

static int take_jobs (int argc, char **argv, Moisson__JobOpRequest *request)
{
    _cleanup_err_ struct err err = ERR_INIT;

    for (int i = 0; i < argc; i++) {
        const char *text = argv[i];

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

static int judge (const char *call, const Moisson__IdResults *reply)
{
    int status = 0;

    for (size_t i = 0; i < reply->n_results; i++) {
        const Moisson__IdResult *result = reply->results[i];
        const char *sentence = failure_sentence ((int) result->code);

        if (result->code == MOISSON__FAIL_CODE__FAIL_OTHER && !result->why)
            continue;
        fprintf (stderr, "%s error: %s for job %s\n", call, sentence ? sentence : result->why,
                 result->job->text ? result->job->text : "?");
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
    status = judge (call, reply);
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

/* --- update NodeName= State= Reason= ---------------------------------------------------------------------------- */

static int update_refused (const char *why, const char *fix)
{
    fprintf (stderr, "scontrol: error: update: %s\n        fix: %s\n", why, fix);
    return COMMAND_ERROR;
}

static const struct {
    const char *word, *state;
    bool needs_reason;
} node_states[] = {
    {"DRAIN", "DRAIN", true},    {"DRAINING", "DRAIN", true},  {"DRAINED", "DRAIN", true}, {"DOWN", "DOWN", true},
    {"RESUME", "RESUME", false}, {"UNDRAIN", "RESUME", false}, {"IDLE", "RESUME", false},
};

static int check_node_update (Moisson__NodeOpRequest *request)
{
    for (size_t i = 0; i < sizeof node_states / sizeof *node_states; i++) {
        if (!request->state || strcasecmp (request->state, node_states[i].word) != 0)
            continue;
        request->state = (char *) node_states[i].state;
        if (node_states[i].needs_reason && (!request->reason || !*request->reason))
            return update_refused ("You must specify a reason when DOWNING or DRAINING a node. Request denied",
                                   "add Reason='words for your colleagues'");
        return 0;
    }
    return update_refused ("a node's State can be set to DRAIN, RESUME or DOWN",
                           "scontrol update NodeName=n1 State=DRAIN Reason='new disk'");
}

static int update_node (struct scontrol *s, Moisson__NodeOpRequest *request)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (check_node_update (request) || scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_NODE_OP, &request->base, MOISSON__MSG_TYPE__MSG_OK, NULL,
                     NULL, &err))
        return failure_report_query ("slurm_update", &err);
    return 0;
}

static char *value_of (char *word, const char *key)
{
    size_t len = strlen (key);

    return !strncasecmp (word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

int scontrol_update (struct scontrol *s, int argc, char **argv)
{
    Moisson__NodeOpRequest request = MOISSON__NODE_OP_REQUEST__INIT;

    for (int i = 0; i < argc; i++) {
        char *value;

        if ((value = value_of (argv[i], "NodeName")) || (value = value_of (argv[i], "Node")))
            request.nodes = value;
        else if ((value = value_of (argv[i], "State")))
            request.state = value;
        else if ((value = value_of (argv[i], "Reason")))
            request.reason = value;
        else if (value_of (argv[i], "JobId") || value_of (argv[i], "Job") || !strcasecmp (argv[i], "job"))
            return update_refused ("changing a job is known, not available yet",
                                   "scancel it and submit it again, or use hold, release and requeue");
        else if (value_of (argv[i], "PartitionName") || value_of (argv[i], "Partition"))
            return update_refused ("changing a partition is known, not available yet",
                                   "edit moisson.conf and restart moissonctld; jobs keep running");
        else
            return update_refused (argv[i], "known words are NodeName=, State= and Reason=");
    }
    if (!request.nodes)
        return update_refused ("nothing is named", "scontrol update NodeName=n1 State=DRAIN Reason='new disk'");
    return update_node (s, &request);
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
