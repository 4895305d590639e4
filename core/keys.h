/* keys.h - submits that were made: a token (one sbatch and its retries) or a user's --submit-key leads to its job, for
 * SubmitKeyAge after the submit and as long as the job is known. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>
#include "base/hash.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

struct core;

enum key_kind {
    KEY_TOKEN,
    KEY_SUBMIT,
};

struct key {
    uint64_t job_id;
    usec_t at_us;
    struct key *prev, *next; /* oldest first */
    UT_hash_handle hh;
    uint8_t *answer; /* of a bulk, owned; NULL */
    size_t answer_len;
    uint8_t *spec_hash; /* HASH_SIZE bytes of a KEY_SUBMIT, behind id; else NULL */
    uint32_t id_len;
    uint8_t id[]; /* uid, kind, then the bytes: the key of the hash */
};

struct key_table {
    struct key *by_id;
    struct key *first; /* first->prev is the newest */
};

void key_spec_hash (const Moisson__JobSpec *spec, uint8_t ret[HASH_SIZE]);
struct key *key_find (const struct core *core, uint32_t uid, enum key_kind kind, const void *bytes, size_t len);
/* spec_hash: NULL for tokens. */
void key_add (struct core *core, uint32_t uid, enum key_kind kind, const void *bytes, size_t len, uint64_t job_id,
              usec_t at, const uint8_t *spec_hash);
void key_answer (struct key *key, const ProtobufCBinaryData *answer); /* what a repeated request is told */
void key_purge (struct core *core);                                   /* those that are too old and lead nowhere */
usec_t key_deadline (const struct core *core);                        /* when key_purge has something to do next */
void key_clear (struct key_table *keys);
/* The parts of an entry, for a snapshot. */
uint32_t key_uid (const struct key *key);
enum key_kind key_kind (const struct key *key);
const uint8_t *key_bytes (const struct key *key, size_t *ret_len);
