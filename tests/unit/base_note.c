/* base_note.c - which notes a launcher believes. */
#include <string.h>
#include "base/keys.h"
#include "base/mem.h"
#include "base/note.h"
#include "suite.h"

struct bench {
    uint8_t key[KEY_SIZE], nonce[16];
    struct note_reader reader;
    Moisson__RekeyBegin begin;
    Moisson__Note note;
    struct err err;
};

static void setup (struct bench *b)
{
    memset (b, 0, sizeof *b);
    random_fill (b->key, sizeof b->key);
    random_fill (b->nonce, sizeof b->nonce);
    b->reader = (struct note_reader){.node = "n1", .order_key = b->key, .nonce = b->nonce, .nonce_len = 16, .last = 5};
    moisson__note__init (&b->note);
    moisson__rekey_begin__init (&b->begin);
    b->begin.controller_public = (ProtobufCBinaryData){16, b->nonce};
    b->note.node = (char *) "n1";
    b->note.launcher_nonce = (ProtobufCBinaryData){16, b->nonce};
    b->note.sequence = 6;
    b->note.what_case = MOISSON__NOTE__WHAT_REKEY;
    b->note.rekey = &b->begin;
}

static int take (struct bench *b, const Moisson__SignedNote *s)
{
    Moisson__Note *note = NULL;
    int rc = note_open (&b->reader, s, &note, &b->err);

    ck_assert_int_eq (rc == 0, note != NULL);
    if (note)
        moisson__note__free_unpacked (note, NULL);
    return rc;
}

static void check_refused (struct bench *b, const char *words)
{
    Moisson__SignedNote *s = note_sign (NOTE_DOWN, b->key, &b->note.base);
    uint64_t last = b->reader.last;

    ck_assert_int_eq (take (b, s), -1);
    ck_assert_msg (strstr (b->err.why, words), "'%s' lacks '%s'", b->err.why, words);
    ck_assert_uint_eq (b->reader.last, last);
    err_clear (&b->err);
    moisson__signed_note__free_unpacked (s, NULL);
}

START_TEST (a_good_note_counts_once)
{
    struct bench b;

    setup (&b);
    Moisson__SignedNote *s = note_sign (NOTE_DOWN, b.key, &b.note.base);
    ck_assert_int_eq (take (&b, s), 0);
    ck_assert_uint_eq (b.reader.last, 6);
    ck_assert_int_eq (take (&b, s), -1);
    ck_assert_ptr_nonnull (strstr (b.err.why, "note number 6 comes after number 6: repeated or late"));
    err_clear (&b.err);
    moisson__signed_note__free_unpacked (s, NULL);
}
END_TEST

START_TEST (of_another_node_another_life_or_late_is_refused)
{
    uint8_t other[16] = {1};
    struct bench b;

    setup (&b);
    b.note.sequence = 5;
    check_refused (&b, "repeated or late");
    setup (&b);
    b.note.node = (char *) "n2";
    check_refused (&b, "the note is for node n2, this is n1");
    setup (&b);
    b.note.launcher_nonce.data = other;
    check_refused (&b, "an earlier start of this launcher");
    b.note.launcher_nonce.len = 0;
    check_refused (&b, "an earlier start of this launcher");
}
END_TEST

START_TEST (every_flipped_bit_is_noticed)
{
    struct bench b;

    setup (&b);
    Moisson__SignedNote *s = note_sign (NOTE_DOWN, b.key, &b.note.base);
    for (size_t bit = 0; bit < (s->note.len + s->mac.len) * 8; bit++) {
        uint8_t *at = bit / 8 < s->note.len ? s->note.data + bit / 8 : s->mac.data + (bit / 8 - s->note.len);
        *at ^= (uint8_t) (1u << bit % 8);
        ck_assert_int_eq (take (&b, s), -1);
        ck_assert_ptr_nonnull (strstr (b.err.why, "not signed with this node's order key"));
        *at ^= (uint8_t) (1u << bit % 8);
    }
    ck_assert_int_eq (take (&b, s), 0);
    err_clear (&b.err);
    moisson__signed_note__free_unpacked (s, NULL);
}
END_TEST

/* What the launcher signed cannot be sent back to it; nor is a start order a note, nor a note of another node. */
START_TEST (keys_are_of_one_node_one_way_and_one_purpose)
{
    uint8_t other[KEY_SIZE] = {3};
    struct bench b;

    setup (&b);
    Moisson__SignedNote *up = note_sign (NOTE_UP, b.key, &b.note.base);
    ck_assert (note_ok (NOTE_UP, b.key, up) && !note_ok (NOTE_DOWN, b.key, up));
    ck_assert_int_eq (take (&b, up), -1);
    mac_bytes (up->note.data, up->note.len, b.key, up->mac.data); /* as orders are signed */
    ck_assert_int_eq (take (&b, up), -1);
    Moisson__SignedNote *foreign = note_sign (NOTE_DOWN, other, &b.note.base);
    ck_assert_int_eq (take (&b, foreign), -1);
    err_clear (&b.err);
    moisson__signed_note__free_unpacked (up, NULL);
    moisson__signed_note__free_unpacked (foreign, NULL);
}
END_TEST

START_TEST (a_signed_note_that_is_none_is_refused)
{
    struct bench b;
    uint8_t noise[40];
    Moisson__SignedNote *s;

    setup (&b);
    s = note_sign (NOTE_DOWN, b.key, &b.begin.base); /* well signed, and something else */
    ck_assert_int_eq (take (&b, s), -1);
    ck_assert_ptr_nonnull (strstr (b.err.why, "malformed"));
    err_clear (&b.err);
    moisson__signed_note__free_unpacked (s, NULL);
    memset (noise, 0xff, sizeof noise);
    Moisson__SignedNote empty = MOISSON__SIGNED_NOTE__INIT;
    empty.note = empty.mac = (ProtobufCBinaryData){sizeof noise, noise};
    ck_assert_int_eq (take (&b, &empty), -1);
    err_clear (&b.err);
}
END_TEST

SUITE ("note", a_good_note_counts_once, of_another_node_another_life_or_late_is_refused, every_flipped_bit_is_noticed,
       keys_are_of_one_node_one_way_and_one_purpose, a_signed_note_that_is_none_is_refused)
