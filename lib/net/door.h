/* door.h - the controller's listening side: accepts, shakes hands, authenticates (munge in threads of its own), and
 * hands over channels with a known peer. Peers that are not authenticated yet are bounded in number, bytes and time;
 * a flood of them costs the others nothing but a place in the accept queue. */
#pragma once
#include "base/keys.h"
#include "net/channel.h"

struct door;

struct peer {
    bool is_node;
    uint32_t uid, gid; /* of a user */
    const char *node;  /* of a node; borrowed during on_session */
};

struct door_options {
    const char *address;      /* to bind; "" = any */
    uint16_t port;            /* 0 = kernel's choice, see door_port */
    const uint8_t *secret;    /* controller key; copied */
    const char *munge_socket; /* "" = default */
    unsigned munge_threads;
    unsigned max_unknown; /* connections that are not authenticated yet */
    usec_t unknown_timeout;
};

/* on_session takes the channel: set handlers or free it. AUTH_OK has been queued already. */
typedef void (*door_session_fn) (void *arg, struct channel *ch, const struct peer *peer);

int door_open (struct door **ret, struct loop *loop, const struct door_options *options, const struct node_keys *keys,
               door_session_fn fn, void *arg, struct err *err);
struct door *door_free (struct door *door);
DEFINE_CLEANUP (struct door *, door_free)
uint16_t door_port (const struct door *door);

/* What has come to the door since it was opened. */
struct door_stats {
    uint64_t accepted, sessions; /* connections; those that were authenticated */
    uint64_t refused, crowded_out, timed_out;
};
struct door_stats door_stats (const struct door *door);
void door_set_node_keys (struct door *door, const struct node_keys *keys); /* copied */
