/* spec.c - submitted specs, each kept once. */
#include "core/spec.h"
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

struct spec *spec_get (struct spec **table, const Moisson__Submitted *submitted)
{
    Moisson__Submitted plain = *submitted;
    struct spec *fresh, *known;
    size_t len;
    unsigned hash;

    plain.job_id = 0;
    plain.has_token = false;
    plain.submit_key = NULL;
    len = moisson__submitted__get_packed_size (&plain);
    fresh = xmalloc (sizeof *fresh + len);
    moisson__submitted__pack (&plain, fresh->bytes);
    HASH_VALUE (fresh->bytes, len, hash); /* of some hundred bytes: once */
    HASH_FIND_BYHASHVALUE (hh, *table, fresh->bytes, len, hash, known);
    if (known) {
        free (fresh);
        known->refs++;
        return known;
    }
    fresh->msg = moisson__submitted__unpack (NULL, len, fresh->bytes);
    if (!fresh->msg)
        abort (); /* what was packed here unpacks, or memory is gone */
    fresh->shape = NULL;
    fresh->group = NULL;
    fresh->refs = 1;
    fresh->len = len;
    HASH_ADD_KEYPTR_BYHASHVALUE (hh, *table, fresh->bytes, len, hash, fresh);
    return fresh;
}

bool spec_put (struct spec **table, struct spec *spec)
{
    if (--spec->refs)
        return false;
    HASH_DELETE (hh, *table, spec);
    moisson__submitted__free_unpacked (spec->msg, NULL);
    free (spec);
    return true;
}
