/* spec.c - submitted specs, each kept once. */
#include "core/spec.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/mem.h"

void *message_copy (const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size (message);
    uint8_t *bytes = xmalloc (len + 1);
    void *copy;

    protobuf_c_message_pack (message, bytes);
    copy = protobuf_c_message_unpack (message->descriptor, NULL, len, bytes);
    free (bytes);
    if (!copy)
        abort (); /* what was packed here unpacks, or memory is gone */
    return copy;
}

#ifdef __SANITIZE_ADDRESS__
#define OPEN_MOST 1 /* so that tests find who borrows for too long */
#else
#define OPEN_MOST 4096
#endif

static struct id_key hash_of (const void *item)
{
    return id_key_of (((const struct spec *) item)->hash);
}

static uint64_t hash_bytes_of (const uint8_t *bytes, size_t len)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a, 64 bit */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 1099511628211ULL;
    return hash ? hash : 1;
}

struct spec *spec_get (struct spec_table *table, const Moisson__Submitted *submitted)
{
    Moisson__Submitted plain = *submitted;
    struct spec *fresh, *known;
    size_t len;

    plain.job_id = 0;
    plain.has_token = false;
    plain.submit_key = NULL;
    len = moisson__submitted__get_packed_size (&plain);
    fresh = xcalloc (1, sizeof *fresh + len);
    moisson__submitted__pack (&plain, fresh->bytes);
    fresh->hash = hash_bytes_of (fresh->bytes, len);
    for (; (known = idmap_find (&table->by_hash, id_key_of (fresh->hash), hash_of)); fresh->hash++)
        if (known->len == len && !memcmp (known->bytes, fresh->bytes, len)) {
            free (fresh);
            known->refs++;
            return known;
        }
    fresh->table = table;
    fresh->refs = 1;
    fresh->uid = submitted->uid;
    fresh->len = (uint32_t) len;
    idmap_add (&table->by_hash, fresh, hash_of);
    return fresh;
}

static void fold (struct spec *spec)
{
    if (!spec->unpacked)
        return;
    DL_DELETE2 (spec->table->open, spec, open_prev, open_next);
    spec->table->n_open--;
    moisson__submitted__free_unpacked (spec->unpacked, NULL);
    spec->unpacked = NULL;
}

bool spec_put (struct spec_table *table, struct spec *spec)
{
    if (--spec->refs)
        return false;
    fold (spec);
    idmap_remove (&table->by_hash, spec, hash_of);
    free (spec);
    return true;
}

Moisson__Submitted *spec_copy (const struct spec *spec)
{
    Moisson__Submitted *msg = moisson__submitted__unpack (NULL, spec->len, spec->bytes);

    if (!msg)
        abort (); /* what was packed here unpacks, or memory is gone */
    return msg;
}

void spec_unpack (struct spec *spec)
{
    spec->unpacked = spec_copy (spec);
    DL_APPEND2 (spec->table->open, spec, open_prev, open_next);
    spec->table->n_open++;
}

void specs_fold (struct spec_table *table)
{
    while (table->n_open > OPEN_MOST)
        fold (table->open);
}

void specs_clear (struct spec_table *table)
{
    idmap_clear (&table->by_hash);
    *table = (struct spec_table){0};
}

/* --- without unpacking -------------------------------------------------------------------------------------------- */

static bool read_number (const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        *ret |= (uint64_t) (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* The last field of that number that has a length, in a packed message. */
static ProtobufCBinaryData find_field (const uint8_t *at, size_t len, uint64_t field)
{
    const uint8_t *end = at + len;
    ProtobufCBinaryData found = {0, NULL};
    uint64_t tag, n;

    while (read_number (&at, end, &tag)) {
        n = (tag & 7) == 1 ? 8 : 4; /* fixed64, fixed32 */
        if ((tag & 7) == 0 || (tag & 7) == 2)
            if (!read_number (&at, end, &n))
                break;
        if ((tag & 7) == 0)
            continue;
        if (n > (uint64_t) (end - at))
            break;
        if ((tag & 7) == 2 && tag >> 3 == field)
            found = (ProtobufCBinaryData){n, (uint8_t *) at};
        at += n;
    }
    return found;
}

static uint32_t number_of (const ProtobufCMessageDescriptor *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name (message, name)->id;
}

void spec_blobs (const struct spec *spec, ProtobufCBinaryData *ret_script, ProtobufCBinaryData *ret_env)
{
    ProtobufCBinaryData asked =
        find_field (spec->bytes, spec->len, number_of (&moisson__submitted__descriptor, "spec"));

    *ret_script = find_field (asked.data, asked.len, number_of (&moisson__job_spec__descriptor, "script_hash"));
    *ret_env = find_field (asked.data, asked.len, number_of (&moisson__job_spec__descriptor, "env_hash"));
}
