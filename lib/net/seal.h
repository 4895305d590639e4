/* seal.h - the cryptography of a session, without I/O: Noise-NK-like handshake (X25519, BLAKE2b), then libsodium
 * secretstream (XChaCha20-Poly1305) each way. docs/protocol.md draws the bytes.
 *
 *   client -> controller   "MOIS" version_min version_max client_ephemeral[32]
 *   controller -> client   "MOIS" version controller_ephemeral[32] stream_header[24] proof[32]
 *   client -> controller   stream_header[24], then sealed frames: 4 bytes length (of what follows), ciphertext
 *
 * Both keys come from BLAKE2b over X25519 (ee) || X25519 (e, controller static) || transcript, so only the owner of the
 * configured controller key can answer, and a recorded session is worthless once the ephemerals are gone. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/hash.h"

#define PROTOCOL_VERSION 1
#define PROTOCOL_VERSION_MIN 1  /* the oldest spoken: N - 1 once there is one */
#define FRAME_MAX (64u << 20)   /* of an authenticated peer */
#define FRAME_MAX_UNKNOWN 8192u /* before authentication */
#define HELLO_SIZE (4 + 1 + 1 + 32)
#define WELCOME_SIZE (4 + 1 + 32 + 24 + 32)
#define CLIENT_HEADER_SIZE 24

struct seal;
struct seal *seal_free (struct seal *s);
DEFINE_CLEANUP (struct seal *, seal_free)

/* Client side: make the hello; then take the welcome (-1: not the controller of this key, or no common version), which
 * also yields the client's stream header to send first. */
struct seal *seal_client (const uint8_t controller_key[KEY_SIZE], uint8_t ret_hello[HELLO_SIZE]);
int seal_client_welcome (struct seal *s, const uint8_t welcome[WELCOME_SIZE], uint8_t ret_header[CLIENT_HEADER_SIZE],
                         struct err *err);
/* Controller side. SEAL_E_VERSION: no common version; ret_welcome then is the refusal to send before closing ("MOIS" 0
 * min max, zeros), and there is no seal. -1: not a hello at all, or a key that no honest peer sends: just close. */
enum { SEAL_E_VERSION = 1 };
int seal_server (struct seal **ret, const uint8_t secret[KEY_SIZE], const uint8_t hello[HELLO_SIZE],
                 uint8_t ret_welcome[WELCOME_SIZE], struct err *err);
int seal_server_header (struct seal *s, const uint8_t header[CLIENT_HEADER_SIZE], struct err *err);

int seal_version (const struct seal *s); /* the one agreed on */

/* Ciphertext length for a plain text of len bytes. Frames must be opened in the order they were sealed. */
size_t seal_size (size_t len);
void seal_frame (struct seal *s, const void *plain, size_t len, uint8_t *out);
int seal_open (struct seal *s, const uint8_t *cipher, size_t len, uint8_t *out, size_t *ret_len, struct err *err);

/* What a munge credential must carry to belong to this session: context, client ephemeral, controller key. */
#define SEAL_BINDING_SIZE (16 + 32 + 32)
void seal_binding (const struct seal *s, uint8_t ret[SEAL_BINDING_SIZE]);
/* Node authentication: keyed hash of the transcript under X25519 (node static, controller ephemeral). */
int seal_node_proof (const struct seal *s, const uint8_t node_secret[KEY_SIZE], const char *node,
                     uint8_t ret_proof[HASH_SIZE]);
bool seal_node_proof_ok (const struct seal *s, const uint8_t node_public[KEY_SIZE], const char *node,
                         const uint8_t *proof, size_t len);
