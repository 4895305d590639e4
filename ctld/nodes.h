/* nodes.h - sessions of node agents: what is to be sent to each is gathered during a turn of the loop and leaves as one
 * message of each kind at its end; silence is noticed; a node without a session for SlurmdTimeout is told to the core
 * as down (unreachable, not dead). */
#pragma once
#include "ctld/session.h"

struct nodes;

struct nodes *nodes_create (struct ctld *ctld); /* after the core has its configuration */
struct nodes *nodes_free (struct nodes *nodes);

/* A session said who it is and what it has. Replaces an older session of the same node. -1: not a node of ours. */
int nodes_registered (struct nodes *nodes, struct session *session, const Moisson__Register *facts, struct err *err);
/* It has registered, and that is not committed yet: what it should start, reconciliation has seen. */
bool nodes_registering (const struct nodes *nodes, const char *name);
/* Its facts are committed: acknowledge, and let orders through. false: the session is not the current one any more. */
bool nodes_ready (struct nodes *nodes, struct session *session);
void nodes_left (struct nodes *nodes, struct session *session);
void nodes_heard (struct nodes *nodes, const struct session *session, const Moisson__Heartbeat *beat);
/* The one that speaks for the node now, or NULL. */
struct session *nodes_session (const struct nodes *nodes, const char *name);
/* Of a node that was told to be down and has not come back since: the number of this silence, from 1. Else 0. */
unsigned nodes_silence (const struct nodes *nodes, const char *name);

/* Orders: only for what is committed. nodes_start: false if the node has no session, so that nothing will be sent. */
bool nodes_start (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt);
void nodes_stop (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how,
                 const char *note, uint32_t grace_s); /* KILL after so long; 0 = KillWait */
void nodes_limit (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, uint64_t limit_s);
/* Stand still, or go on. */
void nodes_suspend (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, bool on);
struct node_signal {
    uint64_t raw_id;
    uint32_t attempt;
    int signal;
    bool batch_only, children_only;
};
bool nodes_signal (struct nodes *nodes, const char *name, const struct node_signal *what); /* false: no session */
void nodes_forget (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt);

/* Rises from call to call, over restarts of the controller, too. */
uint64_t nodes_next_sequence (struct nodes *nodes);
/* Of the launcher behind the session that is ready; borrowed. Empty: there is none. */
ProtobufCBinaryData nodes_nonce (const struct nodes *nodes, const char *name);

/* May this node have that blob: does an order that it was given name it? */
bool nodes_may_read (const struct nodes *nodes, const char *name, uint32_t uid, const uint8_t *hash, size_t hash_len);
void nodes_let_read (struct nodes *nodes, const char *name, const struct start_facts *facts);

void nodes_reconfigured (struct nodes *nodes); /* nodes that are no longer configured lose their sessions */

/* What is known only here: load, free memory, when it was last heard. Fills the row. */
void nodes_describe (const struct nodes *nodes, Moisson__NodeInfo *row);
size_t nodes_connected (const struct nodes *nodes);
