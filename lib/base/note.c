/* note.c - notes between the controller and a launcher. */
#include "base/note.h"
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include "base/buf.h"
#include "base/keys.h"
#include "base/mem.h"

static void note_key (enum note_way way, const uint8_t order_key[KEY_SIZE], uint8_t ret[KEY_SIZE])
{
    static const char *const purposes[] = {
        [NOTE_DOWN] = "moisson 1 note to launcher", [NOTE_UP] = "moisson 1 note to controller"};

    key_derive (order_key, purposes[way], ret);
}

Moisson__SignedNote *note_sign (enum note_way way, const uint8_t order_key[KEY_SIZE], const ProtobufCMessage *note)
{
    Moisson__SignedNote *s = xmalloc (sizeof *s);
    size_t len = protobuf_c_message_get_packed_size (note);
    uint8_t key[KEY_SIZE];

    moisson__signed_note__init (s);
    s->note = (ProtobufCBinaryData){len, xmalloc (len ? len : 1)};
    protobuf_c_message_pack (note, s->note.data);
    s->mac = (ProtobufCBinaryData){HASH_SIZE, xmalloc (HASH_SIZE)};
    note_key (way, order_key, key);
    mac_bytes (s->note.data, len, key, s->mac.data);
    sodium_memzero (key, sizeof key);
    return s;
}

bool note_ok (enum note_way way, const uint8_t order_key[KEY_SIZE], const Moisson__SignedNote *note)
{
    uint8_t key[KEY_SIZE];
    bool ok;

    note_key (way, order_key, key);
    ok = mac_ok (note->note.data, note->note.len, key, note->mac.data, note->mac.len);
    sodium_memzero (key, sizeof key);
    return ok;
}

static int check_facts (const struct note_reader *r, const Moisson__Note *note, struct err *err)
{
    if (strcmp (note->node, r->node) != 0)
        return err_set (err, 0, "the note is for node %s, this is %s", note->node, r->node);
    if (note->launcher_nonce.len != r->nonce_len || memcmp (note->launcher_nonce.data, r->nonce, r->nonce_len) != 0)
        return err_set (err, 0, "the note was made for an earlier start of this launcher");
    if (note->sequence <= r->last)
        return err_set (err, 0, "note number %" PRIu64 " comes after number %" PRIu64 ": repeated or late",
                        note->sequence, r->last);
    return 0;
}

int note_open (struct note_reader *reader, const Moisson__SignedNote *signed_note, Moisson__Note **ret, struct err *err)
{
    Moisson__Note *note;

    if (!note_ok (NOTE_DOWN, reader->order_key, signed_note))
        return err_set (err, 0, "the note is not signed with this node's order key");
    note = moisson__note__unpack (NULL, signed_note->note.len, signed_note->note.data);
    if (!note)
        return err_set (err, 0, "the note is malformed");
    if (check_facts (reader, note, err) < 0) {
        moisson__note__free_unpacked (note, NULL);
        return -1;
    }
    reader->last = note->sequence;
    *ret = note;
    return 0;
}

void rekey_proof (const char *node, const uint8_t node_public[KEY_SIZE], const uint8_t enroll_public[KEY_SIZE],
                  const uint8_t new_order_key[KEY_SIZE], uint8_t ret[HASH_SIZE])
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    uint8_t key[KEY_SIZE];

    buf_add (&text, node_public, KEY_SIZE);
    buf_add (&text, enroll_public, KEY_SIZE);
    buf_puts (&text, node);
    key_derive (new_order_key, "moisson 1 rekey proof", key);
    mac_bytes (text.data, text.len, key, ret);
    sodium_memzero (key, sizeof key);
}
