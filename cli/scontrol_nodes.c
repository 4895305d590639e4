/* scontrol_nodes.c - update, reboot and cancel_reboot of nodes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "command.h"
#include "failure.h"
#include "scontrol.h"

static int refused (const char *what, const char *why, const char *fix)
{
    fprintf (stderr, "scontrol: error: %s: %s\n        fix: %s\n", what, why, fix);
    return COMMAND_ERROR;
}

static int send (struct scontrol *s, const Moisson__NodeOpRequest *request, const char *call)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_NODE_OP, &request->base, MOISSON__MSG_TYPE__MSG_OK, NULL,
                     NULL, &err))
        return failure_report_query (call, &err);
    return 0;
}

/* --- update NodeName= State= Reason= ---------------------------------------------------------------------------- */

static const char example[] = "scontrol update NodeName=n1 State=DRAIN Reason='new disk'";

/* state NULL: a word of Slurm's that is refused, and why. */
static const struct {
    const char *word, *state;
    bool needs_reason;
    const char *why;
} node_states[] = {
    {"DRAIN", "DRAIN", true, NULL},
    {"DRAINING", "DRAIN", true, NULL},
    {"DRAINED", "DRAIN", true, NULL},
    {"DOWN", "DOWN", true, NULL},
    {"FAIL", "FAIL", true, NULL},
    {"FAILING", "FAIL", true, NULL},
    {"RESUME", "RESUME", false, NULL},
    {"UNDRAIN", "UNDRAIN", false, NULL},
    {"IDLE", "IDLE", false, NULL},
    {"POWER_UP", NULL, false, "nodes are not powered up and down from here"},
    {"POWER_DOWN", NULL, false, "nodes are not powered up and down from here"},
    {"POWER_DOWN_ASAP", NULL, false, "nodes are not powered up and down from here"},
    {"POWER_DOWN_FORCE", NULL, false, "nodes are not powered up and down from here"},
    {"FUTURE", NULL, false, "nodes come and go with the NodeName lines of moisson.conf"},
    {"CLOUD", NULL, false, "nodes come and go with the NodeName lines of moisson.conf"},
    {"NORESP", NULL, false, "whether a node answers is not for people to say"},
    {"CANCEL_REBOOT", "CANCEL_REBOOT", false, NULL},
};

static int check_update (Moisson__NodeOpRequest *request)
{
    if (!request->state && request->reason) {
        request->state = (char *) "REASON";
        return 0;
    }
    for (size_t i = 0; i < sizeof node_states / sizeof *node_states; i++) {
        if (!request->state || strcasecmp (request->state, node_states[i].word) != 0)
            continue;
        if (!node_states[i].state)
            return refused ("update", node_states[i].why, "DRAIN, UNDRAIN, DOWN, FAIL and RESUME are known");
        request->state = (char *) node_states[i].state;
        if (node_states[i].needs_reason && (!request->reason || !*request->reason))
            return refused ("update", "You must specify a reason when DOWNING or DRAINING a node. Request denied",
                            "add Reason='words for your colleagues'");
        return 0;
    }
    return refused ("update", "a node's State can be set to DRAIN, UNDRAIN, DOWN, FAIL or RESUME", example);
}

static char *value_of (char *word, const char *key)
{
    size_t len = strlen (key);

    return !strncasecmp (word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

int scontrol_update_nodes (struct scontrol *s, int argc, char **argv)
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
        else
            return refused ("update", argv[i], "known words are NodeName=, State= and Reason=");
    }
    if (!request.nodes)
        return refused ("update", "nothing is named", example);
    if (check_update (&request))
        return COMMAND_ERROR;
    return send (s, &request, "slurm_update");
}

/* --- reboot ------------------------------------------------------------------------------------------------------- */

int scontrol_reboot (struct scontrol *s, int argc, char **argv)
{
    static const char how[] = "scontrol reboot ASAP nextstate=RESUME reason='new kernel' n[1-4]";
    Moisson__NodeOpRequest request = MOISSON__NODE_OP_REQUEST__INIT;

    request.state = (char *) "REBOOT";
    for (int i = 0; i < argc; i++) {
        char *value;

        if (!strcasecmp (argv[i], "ASAP"))
            request.has_asap = request.asap = true;
        else if ((value = value_of (argv[i], "nextstate")))
            request.next_state = value;
        else if ((value = value_of (argv[i], "reason")))
            request.reason = value;
        else if (strchr (argv[i], '=') || request.nodes)
            return refused ("reboot", argv[i], how);
        else
            request.nodes = argv[i];
    }
    if (!request.nodes)
        return refused ("reboot", "no node is named", how);
    if (request.next_state && strcasecmp (request.next_state, "RESUME") && strcasecmp (request.next_state, "DOWN"))
        return refused ("reboot", "nextstate is RESUME or DOWN", how);
    return send (s, &request, "slurm_reboot_nodes");
}

int scontrol_cancel_reboot (struct scontrol *s, int argc, char **argv)
{
    Moisson__NodeOpRequest request = MOISSON__NODE_OP_REQUEST__INIT;

    if (argc != 1)
        return refused ("cancel_reboot", argc ? "one list of nodes is taken" : "no node is named",
                        "scontrol cancel_reboot n[1-4]");
    request.state = (char *) "CANCEL_REBOOT";
    request.nodes = argv[0];
    return send (s, &request, "slurm_update");
}
