/* keys.c - tokens and submit keys, so that a submit happens once. */
#include "core/keys.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/state.h"

#define HEAD (sizeof (uint32_t) + 1)
#define MAX_ID 1024 /* longer submit keys are refused at the door; here they are told apart by their first bytes */

static size_t make_id (uint8_t id[MAX_ID], uint32_t uid, enum key_kind kind, const void *bytes, size_t len)
{
    if (len > MAX_ID - HEAD)
        len = MAX_ID - HEAD;
    memcpy (id, &uid, sizeof uid);
    id[sizeof uid] = (uint8_t) kind;
    if (len)
        memcpy (id + HEAD, bytes, len);
    return HEAD + len;
}

/* What makes two submits the same. The environment and the host do not count: a submit key is for another process,
 * which has its own SSH_CONNECTION, process ids and perhaps login node. What --export says does. */
void key_spec_hash (const Moisson__JobSpec *spec, uint8_t ret[HASH_SIZE])
{
    Moisson__JobSpec asked = *spec; /* shallow: only packed */
    asked.has_env_hash = false;
    asked.submit_host = NULL;
    size_t len = moisson__job_spec__get_packed_size (&asked);
    uint8_t *bytes = xmalloc (len + 1);

    moisson__job_spec__pack (&asked, bytes);
    hash_bytes (bytes, len, ret);
    free (bytes);
}

static struct id_key hash_of (const void *item)
{
    return id_key_of (((const struct key *) item)->hash);
}

static uint64_t hash_id (const uint8_t *id, size_t len)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a, 64 bit */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ id[i]) * 1099511628211ULL;
    return hash;
}

#define SAME_HASH 4 /* so many may have one: a user who finds more has only his own, and his retries are new jobs */

struct key *key_find (const struct core *core, uint32_t uid, enum key_kind kind, const void *bytes, size_t len)
{
    uint8_t id[MAX_ID];
    size_t id_len = make_id (id, uid, kind, bytes, len);
    uint64_t hash = hash_id (id, id_len);

    for (uint64_t i = 0; i < SAME_HASH; i++) {
        struct key *key = idmap_find (&core->keys.by_hash, id_key_of (hash + i), hash_of);
        if (key && key->id_len == id_len && !memcmp (key->id, id, id_len))
            return key;
    }
    return NULL;
}

static void enlist (struct key_table *keys, struct key *key)
{
    uint64_t hash = hash_id (key->id, key->id_len);

    for (uint64_t i = 0; i < SAME_HASH && !key->listed; i++) {
        key->hash = hash + i;
        if (idmap_find (&keys->by_hash, id_key_of (key->hash), hash_of))
            continue;
        idmap_add (&keys->by_hash, key, hash_of);
        key->listed = true;
    }
}

void key_add (struct core *core, uint32_t uid, enum key_kind kind, const void *bytes, size_t len, uint64_t job_id,
              usec_t at, const uint8_t *spec_hash)
{
    uint8_t id[MAX_ID];
    size_t id_len = make_id (id, uid, kind, bytes, len);
    struct key *key = xcalloc (1, sizeof *key + id_len + (spec_hash ? HASH_SIZE : 0));

    key->job_id = job_id;
    key->at_us = at;
    key->id_len = (uint32_t) id_len & 0x3fffffff;
    key->has_hash = spec_hash != NULL;
    memcpy (key->id, id, id_len);
    if (spec_hash)
        memcpy (key->id + id_len, spec_hash, HASH_SIZE);
    enlist (&core->keys, key);
    DL_APPEND (core->keys.first, key);
}

const uint8_t *key_spec (const struct key *key)
{
    return key->has_hash ? key->id + key->id_len : NULL;
}

void key_answer (struct key *key, const ProtobufCBinaryData *answer)
{
    free (key->answer);
    key->answer = xmalloc (answer->len + 1);
    key->answer_len = (uint32_t) answer->len;
    if (answer->len)
        memcpy (key->answer, answer->data, answer->len);
}

static void key_free (struct key *key)
{
    free (key->answer);
    free (key);
}

static usec_t expires (const struct core *core, const struct key *key)
{
    return key->at_us + (core->config ? core->config->submit_key_age_s : 0) * USEC_PER_SEC;
}

void key_purge (struct core *core)
{
    struct key *key;

    while ((key = core->keys.first) && expires (core, key) <= core->now) {
        DL_DELETE (core->keys.first, key);
        if (job_find (core, key->job_id)) { /* its age counts from when its job was last seen */
            key->at_us = core->now;
            DL_APPEND (core->keys.first, key);
            if (expires (core, key) <= core->now)
                return; /* an age of 0: keys live exactly as long as their jobs; look again at the next Clock */
            continue;
        }
        if (key->listed)
            idmap_remove (&core->keys.by_hash, key, hash_of);
        key_free (key);
    }
}

usec_t key_deadline (const struct core *core)
{
    const struct key *key = core->keys.first;
    usec_t at = key ? expires (core, key) : UINT64_MAX;

    return key && at <= core->now ? core->now + USEC_PER_SEC : at;
}

void key_clear (struct key_table *keys)
{
    struct key *key;

    while ((key = keys->first)) {
        DL_DELETE (keys->first, key);
        key_free (key);
    }
    idmap_clear (&keys->by_hash);
}

uint32_t key_uid (const struct key *key)
{
    uint32_t uid;

    memcpy (&uid, key->id, sizeof uid);
    return uid;
}

enum key_kind key_kind (const struct key *key)
{
    return key->id[sizeof (uint32_t)];
}

const uint8_t *key_bytes (const struct key *key, size_t *ret_len)
{
    *ret_len = key->id_len - HEAD;
    return key->id + HEAD;
}
