/* note.h - notes between the controller and a launcher, passed on by the node's agent, which can neither make nor
 * change one: the key is made from the node's order key, another one for each direction. What keeps an old note from
 * being used again is in it (nonce, sequence) and for the reader to check. */
#pragma once
#include "base/err.h"
#include "base/hash.h"
#include "proto/enroll.pb-c.h"

enum note_way { NOTE_DOWN, NOTE_UP }; /* to the launcher; to the controller */

/* Free with moisson__signed_note__free_unpacked. */
Moisson__SignedNote *note_sign (enum note_way way, const uint8_t order_key[KEY_SIZE], const ProtobufCMessage *note);
bool note_ok (enum note_way way, const uint8_t order_key[KEY_SIZE], const Moisson__SignedNote *note);

/* A launcher's view: who it is, and which note it has taken last. */
struct note_reader {
    const char *node;
    const uint8_t *order_key; /* KEY_SIZE bytes */
    const uint8_t *nonce;     /* new in each life of the launcher */
    size_t nonce_len;
    uint64_t last; /* sequence */
};
/* May the launcher believe it? In this order: signed with its node's key, for this node, for this life of the launcher,
 * later than the last one. Then its sequence is used up, and *ret is set (free it with moisson__note__free_unpacked).
 */
int note_open (struct note_reader *reader, const Moisson__SignedNote *note, Moisson__Note **ret, struct err *err);

/* What a controller shows to have understood: a MAC under the new order key, over the node's name and new public keys.
 */
void rekey_proof (const char *node, const uint8_t node_public[KEY_SIZE], const uint8_t enroll_public[KEY_SIZE],
                  const uint8_t new_order_key[KEY_SIZE], uint8_t ret[HASH_SIZE]);
