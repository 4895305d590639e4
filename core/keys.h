/* keys.h - submits that were made: a token (one sbatch and its retries) or a user's --submit-key leads to its job, for
 * SubmitKeyAge after the submit and as long as the job is known. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/hash.h"
#include "base/units.h"
#include "core/idmap.h"
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
    uint64_t hash;           /* of id; or one of the next few, where that was taken */
    uint8_t *answer;         /* of a bulk, owned; NULL */
    uint32_t answer_len;
    uint32_t id_len : 30, has_hash : 1, listed : 1;
    uint8_t id[]; /* uid, kind, then the bytes; behind it HASH_SIZE bytes of a spec, with has_hash */
};

struct key_table {
    struct idmap by_hash;
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
const uint8_t *key_spec (const struct key *key); /* hash of a KEY_SUBMIT's spec; NULL = none */
/* The parts of an entry, for a snapshot. */
uint32_t key_uid (const struct key *key);
enum key_kind key_kind (const struct key *key);
const uint8_t *key_bytes (const struct key *key, size_t *ret_len);
