/* keys.h - key files and what is made of keys: who the controller is, who a node is. The list of all nodes' keys, which
 * the controller has, is node_keys.h.
 *
 *   StateSaveLocation/controller.key   the controller's X25519 secret key, base64, mode 0600
 *   ControllerKey= in moisson.conf     the public half
 *   SlurmdSpoolDir/node.key            a node's X25519 secret key (agent), 0600
 *   SlurmdSpoolDir/order.key           the key of that node's start orders (launcher), 0600
 *   SlurmdSpoolDir/enroll.key          by which a node is enrolled over the network (root), 0600: who has it is told
 *                                      the order key, so the agent must not */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/hash.h"

int key_read (const char *path, uint8_t ret_key[KEY_SIZE], struct err *err); /* refuses files others can read */
int key_check_private (const char *path, struct err *err);                   /* may others read it? */
int key_write (const char *path, const uint8_t key[KEY_SIZE], struct err *err);
void keypair_make (uint8_t ret_public[KEY_SIZE], uint8_t ret_secret[KEY_SIZE]);
int key_public (const uint8_t secret[KEY_SIZE], uint8_t ret_public[KEY_SIZE]);

/* Another key for one purpose: whoever learns it learns nothing of `key`, nor of keys for other purposes. */
void key_derive (const uint8_t key[KEY_SIZE], const char *purpose, uint8_t ret[KEY_SIZE]);
/* The key that two sides share, by X25519 of one's secret and the other's public key, both public keys, and what `key`,
 * which they share already, makes of it. -1: the other's key shares no secret. */
int key_agree (const uint8_t secret[KEY_SIZE], const uint8_t peer[KEY_SIZE], const uint8_t publics[2 * KEY_SIZE],
               const uint8_t key[KEY_SIZE], uint8_t ret[KEY_SIZE]);

/* A key in a box that only the owner of `public_key` can open. -1: that is no such key; no box for us. */
#define KEY_BOX_SIZE (KEY_SIZE + 48)
int key_box_seal (const uint8_t key[KEY_SIZE], const uint8_t public_key[KEY_SIZE], uint8_t ret_box[KEY_BOX_SIZE]);
int key_box_open (const uint8_t *box, size_t len, const uint8_t secret[KEY_SIZE], uint8_t ret_key[KEY_SIZE]);

/* What people compare: 80 bits of a hash of a node's name and its two public keys, for enrolment (zeros: it has none)
 * and for sessions, as "3f2a-91bc-77d0-0e15-c2a4". */
#define FINGERPRINT_SIZE 25
void key_fingerprint (const char *node, const uint8_t enroll_public[KEY_SIZE], const uint8_t node_public[KEY_SIZE],
                      char ret[FINGERPRINT_SIZE]);
/* Is this text that fingerprint? Case, blanks and dashes do not count. */
bool fingerprint_same (const char *text, const char *fingerprint);
