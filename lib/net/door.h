/* door.h - the controller's listening side: accepts, shakes hands, authenticates (munge in threads of its own), and
 * hands over channels with a known peer. Peers that are not authenticated yet are bounded in number, bytes and time;
 * a flood of them costs the others nothing but a place in the accept queue. */
#pragma once
#include "base/node_keys.h"
#include "net/channel.h"

#define DOOR_ADDRESS_SIZE 46 /* as inet_ntop writes it */

struct door;

struct peer {
    bool is_node;
    uint32_t uid, gid; /* of a user */
    const char *node;  /* of a node; borrowed during on_session */
    bool next_key;     /* a node that used the next one of its two keys */
};

/* A node without an identity asks to be let in. It has the secret half of enroll_key, the name is a possible one, and
 * that is all that is known. */
struct door_asker {
    const char *node;
    uint8_t enroll_key[KEY_SIZE], public_key[KEY_SIZE]; /* public halves: of its root, of its sessions */
    char address[DOOR_ADDRESS_SIZE];
};

struct door_answer {
    bool accepted; /* else it waits for a decision, and is to ask again */
    uint8_t order_key[KEY_BOX_SIZE];
    const char *cluster, *slurm_user, *agent_user; /* borrowed */
};
/* In words why not: -1. Called from the loop, and to return at once. */
typedef int (*door_enroll_fn) (void *arg, const struct door_asker *asker, struct door_answer *ret, struct err *err);

struct door_options {
    const char *address;      /* to bind; "" = any */
    uint16_t port;            /* 0 = kernel's choice, see door_port */
    const uint8_t *secret;    /* controller key; copied */
    const char *munge_socket; /* "" = default */
    unsigned munge_threads;
    unsigned max_unknown; /* connections that are not authenticated yet */
    usec_t unknown_timeout;
    door_enroll_fn enroll; /* NULL: nobody is let in so */
    void *enroll_arg;
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
    uint64_t enrolling; /* requests of nodes that were answered, refusals not among them */
};
struct door_stats door_stats (const struct door *door);
void door_set_node_keys (struct door *door, const struct node_keys *keys); /* copied */
