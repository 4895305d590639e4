/* rpc.c - the table of questions and the table of rights. */
#include "ctld/rpc.h"
#include "proto/enroll.pb-c.h"

#define ROW(name, role, message, handler, meaning)                                                                     \
    {                                                                                                                  \
        MOISSON__MSG_TYPE__MSG_##name, role, &moisson__##message##__descriptor, handler, meaning                       \
    }

static const struct rpc_row rows[] = {
    ROW (SUBMIT, ROLE_USER, submit_request, rpc_submit, "make a job"),
    ROW (BULK, ROLE_USER, bulk_request, rpc_bulk, "make many jobs"),
    ROW (CANCEL, ROLE_USER, cancel_request, rpc_cancel, "end or signal jobs"),
    ROW (JOB_OP, ROLE_USER, job_op_request, rpc_job_op, "hold, release, requeue, suspend jobs"),
    ROW (JOB_UPDATE, ROLE_USER, job_update_request, rpc_job_update, "change jobs"),
    ROW (BATCH_SCRIPT, ROLE_USER, job_ref, rpc_batch_script, "read the script of a job"),
    ROW (JOBS, ROLE_USER, jobs_request, rpc_jobs, "list jobs"),
    ROW (NODES, ROLE_USER, nothing, rpc_nodes, "list nodes"),
    ROW (PARTITIONS, ROLE_USER, nothing, rpc_partitions, "list partitions"),
    ROW (RESVS, ROLE_USER, nothing, rpc_resvs, "list reservations"),
    ROW (LICENCES, ROLE_USER, nothing, rpc_licences, "list licences"),
    ROW (CONFIG, ROLE_USER, nothing, rpc_config, "show the configuration in force"),
    ROW (PING, ROLE_USER, nothing, rpc_ping, "is the controller there?"),
    ROW (STATS, ROLE_USER, nothing, rpc_stats, "counters of the controller"),
    ROW (WAIT, ROLE_USER, wait_request, rpc_wait, "answer when a job has ended"),
    ROW (ACCT, ROLE_USER, acct_request, rpc_acct, "list accounting records"),
    ROW (EVENTS, ROLE_USER, events_request, rpc_events, "follow what happens"),
    ROW (NODE_OP, ROLE_OPERATOR, node_op_request, rpc_node_op, "drain, resume, set down, reboot nodes"),
    ROW (PARTITION_OP, ROLE_OPERATOR, partition_op_request, rpc_partition_op, "change partitions"),
    ROW (ACCOUNTS, ROLE_USER, accounts_request, rpc_accounts, "show accounts and QoS"),
    ROW (ACCOUNTS_OP, ROLE_OPERATOR, accounts_op_request, rpc_accounts_op, "change accounts and QoS"),
    ROW (RESV_OP, ROLE_OPERATOR, resv_op_request, rpc_resv_op, "make, change, delete reservations"),
    ROW (RECONFIGURE, ROLE_OPERATOR, nothing, rpc_reconfigure, "apply the configuration file"),
    ROW (NODE_KEYS, ROLE_OPERATOR, nothing, rpc_node_keys, "list the keys of nodes"),
    ROW (NODE_KEY_OP, ROLE_OPERATOR, node_key_op, rpc_node_key_op, "accept, revoke, exchange keys of nodes"),
    ROW (SHUTDOWN, ROLE_OPERATOR, nothing, rpc_shutdown, "end the controller; jobs go on"),
    ROW (REGISTER, ROLE_NODE, register, rpc_register, "an agent's first message: everything it has"),
    ROW (STARTED, ROLE_NODE, started_batch, rpc_started, "attempts run"),
    ROW (EXITED, ROLE_NODE, exited_batch, rpc_exited, "attempts have ended"),
    ROW (STEPS, ROLE_NODE, step_batch, rpc_steps, "steps of attempts have begun or ended"),
    ROW (BLOB_GET, ROLE_NODE, blob_ids, rpc_blob_get, "scripts and environments of orders"),
    ROW (HEARTBEAT, ROLE_NODE, heartbeat, rpc_heartbeat, "still here"),
    ROW (RELEASED, ROLE_NODE, attempt_ids, rpc_released, "processes that could not be killed are gone"),
    ROW (NODE_REPORT, ROLE_NODE, node_report, rpc_node_report, "what a program of the node says"),
    ROW (CONFIG_GET, ROLE_NODE, config_get, rpc_config_get, "the configuration, before it registers"),
    ROW (NOTE_ANSWER, ROLE_NODE, signed_note, rpc_note_answer, "what its launcher says to a note"),
};

const struct rpc_row *rpc_rows (size_t *ret_n)
{
    *ret_n = sizeof rows / sizeof *rows;
    return rows;
}

const struct rpc_row *rpc_find (Moisson__MsgType type, unsigned roles, struct err *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].type != type)
            continue;
        if (rows[i].role & roles)
            return &rows[i];
        if (rows[i].role == ROLE_OPERATOR && (roles & ROLE_USER)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "only an operator may %s", rows[i].meaning);
            err_fix (err, "ask as root, as the user of SlurmUser=, or as one of Operators=");
            return NULL;
        }
        err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "a message of type %d is not for this kind of peer",
                 (int) type);
        return NULL;
    }
    err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "there is no request of type %d", (int) type);
    err_fix (err, "use commands of the controller's version (%s)", MOISSON_VERSION);
    return NULL;
}

enum { OWNER = 1, OPERATOR = 2 };

static const unsigned rights[] = {
    [ACTION_JOB_CANCEL] = OWNER | OPERATOR,  [ACTION_JOB_HOLD] = OWNER | OPERATOR,
    [ACTION_JOB_RELEASE] = OWNER | OPERATOR, [ACTION_JOB_RELEASE_ADMIN] = OPERATOR,
    [ACTION_JOB_REQUEUE] = OWNER | OPERATOR, [ACTION_JOB_SUSPEND] = OPERATOR,
    [ACTION_JOB_UPDATE] = OWNER | OPERATOR,  [ACTION_JOB_TOP] = OPERATOR,
    [ACTION_JOB_SCRIPT] = OWNER | OPERATOR,
};

bool action_allowed (enum action action, uint32_t uid, unsigned roles, uint32_t owner_uid)
{
    unsigned who = (uid == owner_uid ? OWNER : 0u) | (roles & ROLE_OPERATOR ? OPERATOR : 0u);

    return (size_t) action < sizeof rights / sizeof *rights && (rights[action] & who);
}
