/* rpc.h - everything the controller can be asked, as one table. What has no row is refused. */
#pragma once
#include <stddef.h>
#include "base/err.h"
#include "ctld/session.h"
#include "proto/wire.pb-c.h"

struct rpc_row {
    Moisson__MsgType type;
    unsigned role; /* the one bit of enum role that may ask it */
    const ProtobufCMessageDescriptor *descriptor;
    void (*handler) (struct request *request);
    const char *meaning; /* for docs/protocol.md */
};

const struct rpc_row *rpc_rows (size_t *ret_n);
/* The row for this message from a peer with these roles. NULL: FAIL_PROTOCOL (no such question for this kind of peer)
 * or FAIL_PERMISSION (a question for operators). */
const struct rpc_row *rpc_find (Moisson__MsgType type, unsigned roles, struct err *err);

/* Who may do what to whose object: the owner of a job, an operator. */
enum action {
    ACTION_JOB_CANCEL,
    ACTION_JOB_HOLD,
    ACTION_JOB_RELEASE,
    ACTION_JOB_RELEASE_ADMIN, /* a hold that an operator placed */
    ACTION_JOB_REQUEUE,
    ACTION_JOB_SUSPEND, /* and resume */
    ACTION_JOB_UPDATE,
    ACTION_JOB_TOP,
    ACTION_JOB_SCRIPT, /* read it */
};
#define JOB_OF_ANOTHER "it is another user's job: its owner may do that, or an operator"
bool action_allowed (enum action action, uint32_t uid, unsigned roles, uint32_t owner_uid);

/* News of nodes: on_node.c, on_report.c. News of a session that has not registered, or has been replaced, is not
 * listened to: it will be said again. */
bool news_current (struct request *request);
/* A message takes one turn of the loop: nobody may make it long (law 8). false: the request has ended, its session too.
 */
bool news_bounded (struct request *request, size_t n, unsigned most);

/* The handlers, one file a subject. */
void rpc_submit (struct request *request);
void rpc_bulk (struct request *request);
void rpc_cancel (struct request *request);
void rpc_job_op (struct request *request);
void rpc_job_update (struct request *request);
void rpc_batch_script (struct request *request);
void rpc_jobs (struct request *request);
void rpc_nodes (struct request *request);
void rpc_partitions (struct request *request);
void rpc_config (struct request *request);
void rpc_ping (struct request *request);
void rpc_stats (struct request *request);
void rpc_wait (struct request *request);
void rpc_acct (struct request *request);
void rpc_events (struct request *request);
void rpc_node_op (struct request *request);
void rpc_partition_op (struct request *request);
void rpc_accounts (struct request *request);
void rpc_accounts_op (struct request *request);
void rpc_resv_op (struct request *request);
void rpc_resvs (struct request *request);
void rpc_licences (struct request *request);
void rpc_reconfigure (struct request *request);
void rpc_shutdown (struct request *request);
void rpc_register (struct request *request);
void rpc_started (struct request *request);
void rpc_exited (struct request *request);
void rpc_steps (struct request *request);
void rpc_blob_get (struct request *request);
void rpc_heartbeat (struct request *request);
void rpc_released (struct request *request);
void rpc_node_report (struct request *request);
void rpc_node_keys (struct request *request);
void rpc_node_key_op (struct request *request);
void rpc_config_get (struct request *request);
void rpc_note_answer (struct request *request);
