/* session.h - authenticated peers and their requests.
 *
 * A user has one request at a time: reading pauses until it is answered. A handler owns its request and ends it with
 * exactly one of request_reply, request_fail, request_end, now or later from a callback; the peer may be gone by then.
 */
#pragma once
#include "ctld/ctld.h"

enum role {
    ROLE_USER = 1,
    ROLE_OPERATOR = 2, /* also a user */
    ROLE_NODE = 4,
};

struct sessions;

struct session {
    struct session *next, *prev;
    struct sessions *all;
    struct ctld *ctld;
    struct channel *channel; /* NULL: the peer is gone */
    unsigned roles;
    uint32_t uid, gid;
    char *node; /* name, for ROLE_NODE */
    struct request *current;
    unsigned refs;
};

struct request {
    struct ctld *ctld;
    struct session *session; /* holds a reference */
    void *msg;               /* the decoded message, owned */
    /* A request that waits for the peer sets these: */
    void (*on_gone) (struct request *request);    /* the peer left; must end the request */
    void (*on_drained) (struct request *request); /* output has room again */
    void *state;                                  /* of the handler */
};

struct sessions *sessions_create (struct ctld *ctld);
/* Closes all. Requests under way are ended by whoever holds them. */
struct sessions *sessions_free (struct sessions *all);
void sessions_accept (void *arg, struct channel *channel, const struct peer *peer); /* for door_open; arg = sessions */
/* A node must not speak any more: close whatever sessions it has, registered or not. */
void sessions_cut_node (struct sessions *all, const char *node, const struct err *why);
void sessions_reconfigured (struct sessions *all); /* who is an operator may have changed */
size_t sessions_count (const struct sessions *all);
size_t sessions_queued (const struct sessions *all); /* bytes of output not yet written, of all */

struct session *session_ref (struct session *session);
struct session *session_unref (struct session *session);
void session_send (struct session *session, Moisson__MsgType type, const ProtobufCMessage *msg);
/* Tell the peer why (if err), flush and close. */
void session_close (struct session *session, const struct err *err);

bool request_gone (const struct request *request);
void request_send (struct request *request, Moisson__MsgType type, const ProtobufCMessage *msg);  /* a part */
void request_reply (struct request *request, Moisson__MsgType type, const ProtobufCMessage *msg); /* ends it */
void request_ok (struct request *request);                                                        /* ends it */
void request_fail (struct request *request, const struct err *err);                               /* ends it */
void request_end (struct request *request); /* no answer (node messages, peers that left) */
