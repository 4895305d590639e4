/* client.h - two ways to dial the controller: blocking (commands) and on a loop (agents). */
#pragma once
#include "base/keys.h"
#include "net/channel.h"

/* --- blocking, for commands ------------------------------------------------------------------------------------- */
struct client;

struct client_target {
    const char *address;
    uint16_t port;
    uint8_t key[KEY_SIZE]; /* the controller's public key */
    bool has_next_key;     /* it may also be this one */
    uint8_t next_key[KEY_SIZE];
    const char *munge_socket; /* "" = default */
    uint32_t controller_uid;  /* the credential can be decoded by this uid only */
};

enum { CLIENT_E_CONNECT = 1, CLIENT_E_TIMEOUT = 2, CLIENT_E_CLOSED = 3 };

/* Connect and authenticate within `timeout`. 0; CLIENT_E_CONNECT (nobody listens, refused, unreachable), _E_TIMEOUT,
 * _E_CLOSED (dropped during the handshake): worth retrying, err says why; -1: not worth it (munge, wrong key). */
int client_open (struct client **ret, const struct client_target *target, usec_t timeout, struct err *err);
/* The same without saying who we are: for a node that has no identity yet. All the controller takes then is MSG_ENROLL,
 * with the proof that we have the secret key of the node's public one. */
int client_open_stranger (struct client **ret, const struct client_target *target, usec_t timeout, struct err *err);
int client_node_proof (const struct client *c, const uint8_t node_secret[KEY_SIZE], const char *node,
                       uint8_t ret_proof[HASH_SIZE]);
struct client *client_free (struct client *c);
DEFINE_CLEANUP (struct client *, client_free)
/* 0, CLIENT_E_TIMEOUT, CLIENT_E_CLOSED or -1. *ret_data is valid until the next receive. timeout 0 = for ever. */
int client_send (struct client *c, Moisson__MsgType type, const ProtobufCMessage *msg, usec_t timeout, struct err *err);
int client_receive (struct client *c, Moisson__MsgType *ret_type, const uint8_t **ret_data, size_t *ret_len,
                    usec_t timeout, struct err *err);

/* --- on a loop, for agents -------------------------------------------------------------------------------------- */
struct dial;

struct dial_options {
    const char *address;
    uint16_t port;
    const uint8_t *controller_key;
    const char *node;
    const uint8_t *node_secret;
    usec_t timeout; /* to connect and authenticate */
};

/* Tries once. on_up takes the channel (authenticated); on_failed says why; exactly one of them is called, from the
 * loop, after which the dial is spent (free it). Host names are looked up in a thread; each of a name's addresses
 * gets its share of the time. */
struct dial *dial_start (struct loop *loop, const struct dial_options *options,
                         void (*on_up) (void *arg, struct channel *ch),
                         void (*on_failed) (void *arg, const struct err *why), void *arg);
struct dial *dial_free (struct dial *d); /* cancels */
