/* rpc.h - a command's way to the controller: configuration, target, session, retries. Connects at the first request;
 * a lost connection is opened again and the request repeated while the policy's time lasts, which is harmless because
 * every request but a signal is idempotent (submits carry a token). */
#pragma once
#include "base/cleanup.h"
#include "base/config.h"
#include "base/err.h"
#include "base/units.h"
#include "net/client.h"

struct rpc;

enum rpc_policy {
    RPC_QUERY,  /* 10 s, then Slurm's words for an absent controller */
    RPC_SUBMIT, /* 60 s */
    RPC_ONCE,   /* as RPC_QUERY, but never repeated once it may have been received: signals */
    RPC_PROBE,  /* one attempt of at most 5 s: ping */
};

/* Outcome of rpc_request and rpc_stream: the controller could not be reached in time. err->why is Slurm's sentence
 * ("Unable to contact slurm controller (connect failure)" or "Socket timed out on send/recv operation"), err->fix says
 * what was tried. */
enum { RPC_E_CONTACT = 1 };

/* Load the configuration: path, or if NULL from $MOISSON_CONF, $SLURM_CONF, or the default place. */
int rpc_create (struct rpc **ret, const char *path, struct err *err);
struct rpc *rpc_free (struct rpc *rpc);
DEFINE_CLEANUP (struct rpc *, rpc_free)
#define _cleanup_rpc_ _cleanup_ (rpc_freep)

const struct config *rpc_config (const struct rpc *rpc);
/* The text of -M/--clusters: the name of this cluster, or "all". Anything else is an error with Slurm's words. NULL and
 * "" are fine. */
int rpc_check_clusters (const struct rpc *rpc, const char *clusters, struct err *err);
/* After a request that failed: may the controller have done it all the same? True from the moment before it is sent
 * until an answer to it has come, a refusal included; a later attempt that could not even log in changes nothing. */
bool rpc_in_doubt (const struct rpc *rpc);
/* Called before each new attempt, with the time since the first: for a progress line. */
void rpc_on_retry (struct rpc *rpc, void (*fn) (void *arg, usec_t waited, const struct err *why), void *arg);

/* One request, one reply of type `reply`, unpacked: free *ret with protobuf_c_message_free_unpacked. `message` NULL
 * sends Nothing; ret NULL: the reply's body is not wanted. 0, RPC_E_CONTACT, or -1: refused (MSG_ERROR: err->code is a
 * Moisson__FailCode, why and fix the controller's) or not possible here (munge, key). */
int rpc_request (struct rpc *rpc, enum rpc_policy policy, Moisson__MsgType type, const ProtobufCMessage *message,
                 Moisson__MsgType reply, const ProtobufCMessageDescriptor *descriptor, void *ret, struct err *err);

/* One request, pages until fn returns true (that was the last). The page is freed after the call. A connection lost
 * before the first page is tried again; later it is RPC_E_CONTACT. */
typedef bool (*rpc_page_fn) (void *arg, const void *page);
int rpc_stream (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType page,
                const ProtobufCMessageDescriptor *descriptor, rpc_page_fn fn, void *arg, struct err *err);

/* One request, pages for as long as the controller sends any: it says something at least every 30 s. Not tried again:
 * RPC_E_CONTACT when the connection cannot be made, or is lost. 0: fn returned true. */
int rpc_follow (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType page,
                const ProtobufCMessageDescriptor *descriptor, rpc_page_fn fn, void *arg, struct err *err);

/* Wait for an answer as long as it takes (sbatch --wait): reconnects while the controller is away. */
int rpc_wait (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType reply,
              const ProtobufCMessageDescriptor *descriptor, void *ret, struct err *err);
