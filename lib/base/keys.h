/* keys.h - key files: who the controller is, who the nodes are.
 *
 *   StateSaveLocation/controller.key   the controller's X25519 secret key, base64, mode 0600
 *   ControllerKey= in moisson.conf     the public half
 *   SlurmdSpoolDir/node.key            a node's X25519 secret key (agent), 0600
 *   SlurmdSpoolDir/order.key           the key of that node's start orders (launcher), 0600
 *   StateSaveLocation/node_keys        one line a node, 0600: NAME PUBLIC_KEY ORDER_KEY */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/hash.h"

struct node_key {
    char *node;
    uint8_t public_key[KEY_SIZE];
    uint8_t order_key[KEY_SIZE];
};

struct node_keys {
    struct node_key *rows;
    size_t n;
};

int key_read (const char *path, uint8_t ret_key[KEY_SIZE], struct err *err); /* refuses files others can read */
int key_write (const char *path, const uint8_t key[KEY_SIZE], struct err *err);
void keypair_make (uint8_t ret_public[KEY_SIZE], uint8_t ret_secret[KEY_SIZE]);
int key_public (const uint8_t secret[KEY_SIZE], uint8_t ret_public[KEY_SIZE]);

int node_keys_read (const char *path, struct node_keys *ret, struct err *err); /* a missing file is an empty list */
const struct node_key *node_keys_find (const struct node_keys *keys, const char *node);
void node_keys_clear (struct node_keys *keys);
/* Make keys for a node: writes node.key and order.key into spool and adds or replaces the line in state/node_keys. */
int node_enroll_local (const char *state_dir, const char *spool_dir, const char *node, struct err *err);
