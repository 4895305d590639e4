/* bulk_pack.c - what specs have in common, found in their encoding: fields come in the order of their numbers, all
 * values of a repeated one behind each other, so that equal fields are equal bytes
 * (https://protobuf.dev/programming-guides/encoding). A field counts as common where every spec has it, and the same.
 */
#include "bulk_pack.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/pieces.h"
#include "proto/event.pb-c.h"

struct blob_seen {
    uint8_t hash[HASH_SIZE];
    UT_hash_handle hh;
};

struct field { /* of an encoded message: all its values */
    uint64_t number;
    const uint8_t *at;
    size_t len;
};

#define FIELDS_MOST 256

static uint64_t take_varint (const uint8_t **at)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        n |= (uint64_t) (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return n;
}

/* Behind the value of a field; what is walked was packed here, so it is whole. */
static void skip_value (const uint8_t **at, unsigned wire_type)
{
    uint64_t len;

    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT: take_varint (at); break;
    case PROTOBUF_C_WIRE_TYPE_64BIT: *at += 8; break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        len = take_varint (at);
        *at += len;
        break;
    default: *at += 4;
    }
}

static size_t split (const uint8_t *at, size_t len, struct field fields[FIELDS_MOST])
{
    const uint8_t *end = at + len;
    size_t n = 0;

    while (at < end) {
        const uint8_t *from = at;
        uint64_t tag = take_varint (&at);
        skip_value (&at, tag & 7);
        if (n && fields[n - 1].number == tag >> 3)
            fields[n - 1].len += (size_t) (at - from);
        else if (n < FIELDS_MOST)
            fields[n++] = (struct field){tag >> 3, from, (size_t) (at - from)};
    }
    return n;
}

static bool same (const struct field *a, const struct field *b)
{
    return a->number == b->number && a->len == b->len && !memcmp (a->at, b->at, a->len);
}

/* Keep of common what these have, too. */
static size_t meet (struct field *common, size_t n, const struct field *fields, size_t n_fields)
{
    size_t kept = 0, at = 0;

    for (size_t i = 0; i < n; i++) {
        while (at < n_fields && fields[at].number < common[i].number)
            at++;
        if (at < n_fields && same (&common[i], &fields[at]))
            common[kept++] = common[i];
    }
    return kept;
}

static void rest_of (const struct field *fields, size_t n_fields, const struct field *common, size_t n, struct buf *ret)
{
    size_t at = 0;

    for (size_t i = 0; i < n_fields; i++) {
        while (at < n && common[at].number < fields[i].number)
            at++;
        if (at == n || common[at].number != fields[i].number)
            buf_add (ret, fields[i].at, fields[i].len);
    }
}

static const uint8_t *spec_at (const struct bulk_pack *p, size_t i)
{
    return (const uint8_t *) p->specs.data + p->list[i].at;
}

static void add_line (struct bulk_pack *p, size_t i, const struct field *common, size_t n, struct buf *own)
{
    struct field fields[FIELDS_MOST];
    Moisson__BulkLine line = MOISSON__BULK_LINE__INIT;
    _cleanup_free_ uint8_t *packed = NULL;

    buf_reset (own);
    rest_of (fields, split (spec_at (p, i), p->list[i].len, fields), common, n, own);
    line.spec = (ProtobufCBinaryData){own->len, (uint8_t *) own->data};
    line.submit_key = p->list[i].submit_key;
    packed = xmalloc (moisson__bulk_line__get_packed_size (&line) + 1);
    pieces_add (&p->lines, packed, moisson__bulk_line__pack (&line, packed));
}

void bulk_pack_request (struct bulk_pack *p, Moisson__BulkRequest *request)
{
    struct field common[FIELDS_MOST], fields[FIELDS_MOST];
    _cleanup_buf_ struct buf own = BUF_INIT;
    size_t n = p->n ? split (spec_at (p, 0), p->list[0].len, common) : 0;

    for (size_t i = 1; i < p->n && n; i++)
        n = meet (common, n, fields, split (spec_at (p, i), p->list[i].len, fields));
    buf_reset (&p->common);
    buf_reset (&p->lines);
    for (size_t i = 0; i < n; i++)
        buf_add (&p->common, common[i].at, common[i].len);
    for (size_t i = 0; i < p->n; i++)
        add_line (p, i, common, n, &own);
    request->common = moisson__job_spec__unpack (NULL, p->common.len, (const uint8_t *) buf_str (&p->common));
    if (!request->common)
        abort (); /* what was packed here unpacks, or memory is gone */
    request->lines = (ProtobufCBinaryData){p->lines.len, (uint8_t *) p->lines.data};
    request->count = (uint32_t) p->n;
    request->has_blobs = true;
    request->blobs = (ProtobufCBinaryData){p->blobs.len, (uint8_t *) p->blobs.data};
}

void bulk_pack_add (struct bulk_pack *p, const Moisson__JobSpec *spec, const char *submit_key)
{
    size_t len = moisson__job_spec__get_packed_size (spec);
    _cleanup_free_ uint8_t *data = xmalloc (len + 1);

    moisson__job_spec__pack (spec, data);
    GROW (p->list, p->n, p->room);
    p->list[p->n++] = (struct packed_spec){p->specs.len, len, xstrdup (submit_key)};
    buf_add (&p->specs, data, len);
}

void bulk_pack_blob (struct bulk_pack *p, const uint8_t *hash, const void *data, size_t len)
{
    struct blob_seen *seen;

    HASH_FIND (hh, p->seen, hash, HASH_SIZE, seen);
    if (seen)
        return;
    seen = xmalloc (sizeof *seen);
    memcpy (seen->hash, hash, HASH_SIZE);
    HASH_ADD (hh, p->seen, hash, HASH_SIZE, seen);
    pieces_add (&p->blobs, data, len);
}

void bulk_pack_clear (struct bulk_pack *p)
{
    struct blob_seen *seen, *next;

    HASH_ITER (hh, p->seen, seen, next)
    {
        HASH_DEL (p->seen, seen);
        free (seen);
    }
    for (size_t i = 0; i < p->n; i++)
        free (p->list[i].submit_key);
    free (p->list);
    buf_clear (&p->specs);
    buf_clear (&p->blobs);
    buf_clear (&p->common);
    buf_clear (&p->lines);
    *p = (struct bulk_pack){0};
}
