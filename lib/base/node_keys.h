/* node_keys.h - StateSaveLocation/node_keys: which nodes there are, and by what keys they are known. 0600, one line a
 * node, each file whole (written by rename):
 *
 *   NAME PUBLIC_KEY ORDER_KEY [since=MICROSECONDS] [revoked] [enroll=KEY] [next=PUBLIC_KEY:ORDER_KEY:ENROLL_KEY]
 *
 * `enroll` is the public key of its enrolment over the network: who has its secret half is told the order key. `next`
 * are keys that the node has made and not used yet (rekey): both are good until it does. A revoked line keeps the
 * public keys, so that they stay known as some that must not come back. */
#pragma once
#include "base/keys.h"

struct node_key {
    char *node;
    uint8_t public_key[KEY_SIZE];
    uint8_t order_key[KEY_SIZE];  /* zeros when revoked */
    uint8_t enroll_key[KEY_SIZE]; /* zeros: it was not enrolled over the network */
    uint64_t since_us;            /* accepted or revoked; 0 = not known */
    bool revoked;
    bool has_next;
    uint8_t next_public[KEY_SIZE], next_order[KEY_SIZE], next_enroll[KEY_SIZE];
};

struct node_keys {
    struct node_key *rows;
    size_t n;
};

int node_keys_read (const char *path, struct node_keys *ret, struct err *err); /* a missing file is an empty list */
const struct node_key *node_keys_find (const struct node_keys *keys, const char *node);
void node_keys_put (struct node_keys *keys, const struct node_key *row); /* copied; replaces the one of that name */
void node_keys_clear (struct node_keys *keys);
/* Read the list, let fn change it, write it again: no other writer comes in between. *ret (may be NULL) is the list as
 * it is now. fn says whether there is anything to write. The file belongs to whom the directory belongs. */
typedef bool (*node_keys_fn) (void *arg, struct node_keys *keys);
int node_keys_update (const char *path, node_keys_fn fn, void *arg, struct node_keys *ret, struct err *err);

/* May a node be called so? In words when it may not. */
int node_name_check (const char *node, struct err *err);
/* Make keys for a node: writes node.key and order.key into spool and adds or replaces the line in state/node_keys. */
int node_enroll_local (const char *state_dir, const char *spool_dir, const char *node, struct err *err);
