/* batch.c - what one commit writes. */
#include "ctld/batch.h"
#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

struct batch {
    struct store_row *rows;
    size_t n_rows, room_rows;
    struct store_record *records;
    size_t n_records, room_records;
    struct store_blob *blobs;
    size_t n_blobs, room_blobs;
    size_t bytes;
};

struct batch *batch_create (void)
{
    return xcalloc (1, sizeof (struct batch));
}

struct batch *batch_free (struct batch *batch)
{
    if (!batch)
        return NULL;
    for (size_t i = 0; i < batch->n_rows; i++)
        free ((void *) batch->rows[i].event);
    for (size_t i = 0; i < batch->n_records; i++)
        free ((void *) batch->records[i].record);
    for (size_t i = 0; i < batch->n_blobs; i++) {
        free ((void *) batch->blobs[i].hash);
        free ((void *) batch->blobs[i].data);
    }
    free (batch->rows);
    free (batch->records);
    free (batch->blobs);
    free (batch);
    return NULL;
}

static uint8_t *packed (const ProtobufCMessage *msg, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size (msg);
    uint8_t *data = xmalloc (len);

    *ret_len = protobuf_c_message_pack (msg, data);
    return data;
}

void batch_add_event (struct batch *batch, uint64_t sequence, const Moisson__Event *event)
{
    struct store_row row = {.sequence = sequence};

    row.event = packed (&event->base, &row.len);
    GROW (batch->rows, batch->n_rows, batch->room_rows);
    batch->rows[batch->n_rows++] = row;
    batch->bytes += row.len;
}

void batch_add_record (struct batch *batch, uint64_t sequence, const Moisson__AcctRecord *record, bool replaces)
{
    struct store_record r = {.sequence = sequence,
                             .replaces = replaces,
                             .raw_id = record->raw_id,
                             .array_id = record->has_array_id ? record->array_id : 0,
                             .attempt = record->attempt,
                             .uid = record->uid,
                             .submit_us = record->has_submit_us ? record->submit_us : 0,
                             .start_us = record->has_start_us ? record->start_us : 0,
                             .end_us = record->has_end_us ? record->end_us : 0};

    r.record = packed (&record->base, &r.len);
    GROW (batch->records, batch->n_records, batch->room_records);
    batch->records[batch->n_records++] = r;
    batch->bytes += r.len;
}

void batch_add_blob (struct batch *batch, const struct store_blob *blob)
{
    GROW (batch->blobs, batch->n_blobs, batch->room_blobs);
    batch->blobs[batch->n_blobs++] = (struct store_blob){.uid = blob->uid,
                                                         .hash = xmemdup (blob->hash, HASH_SIZE),
                                                         .data = xmemdup (blob->data, blob->len),
                                                         .len = blob->len};
    batch->bytes += blob->len;
}

/* dst and src grow alike; the moved elements keep what they own. */
#define JOIN(dst, src, field)                                                                                          \
    do {                                                                                                               \
        for (size_t i_ = 0; i_ < (src)->n_##field; i_++) {                                                             \
            GROW ((dst)->field, (dst)->n_##field, (dst)->room_##field);                                                \
            (dst)->field[(dst)->n_##field++] = (src)->field[i_];                                                       \
        }                                                                                                              \
        (src)->n_##field = 0;                                                                                          \
    } while (0)

void batch_join (struct batch *batch, struct batch *more)
{
    JOIN (batch, more, rows);
    JOIN (batch, more, records);
    JOIN (batch, more, blobs);
    batch->bytes += more->bytes;
    batch_free (more);
}

struct store_batch batch_view (const struct batch *batch)
{
    return (struct store_batch){.rows = batch->rows,
                                .n_rows = batch->n_rows,
                                .records = batch->records,
                                .n_records = batch->n_records,
                                .blobs = batch->blobs,
                                .n_blobs = batch->n_blobs};
}

size_t batch_rows (const struct batch *batch)
{
    return batch->n_rows;
}

size_t batch_bytes (const struct batch *batch)
{
    return batch->bytes;
}

uint64_t batch_last (const struct batch *batch)
{
    return batch->n_rows ? batch->rows[batch->n_rows - 1].sequence : 0;
}
