/* spec.h - what was submitted, kept once for all jobs that were submitted alike (same spec, same user's facts). It is
 * kept packed: a message takes three times as much. Those that are looked at are unpacked, some thousand at a time. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/idmap.h"
#include "proto/event.pb-c.h"

struct shape;
struct name_group;

struct spec_table {
    struct idmap by_hash;
    struct spec *open; /* unpacked, in the order in which they were */
    size_t n_open;
};

struct spec {
    Moisson__Submitted *unpacked; /* NULL: it is not. Only for spec.c: see spec_msg */
    struct spec_table *table;
    struct shape *shape;      /* the shape its jobs had last, or NULL (see shape.h) */
    struct name_group *group; /* jobs of this user and name (see depend.h) */
    struct spec *open_prev, *open_next;
    uint64_t hash; /* of bytes; the next free number where two are the same */
    size_t refs;
    uint32_t uid, len;
    uint8_t bytes[]; /* job_id 0, no token, no key; packed */
};

/* The spec of this submit, with one reference more. */
struct spec *spec_get (struct spec_table *table, const Moisson__Submitted *submitted);
/* One reference less; with the last one it goes, and true is returned. */
bool spec_put (struct spec_table *table, struct spec *spec);

void spec_unpack (struct spec *spec);
/* What it says, borrowed until specs_fold: that is until the event has been applied or the question answered. */
static inline const Moisson__Submitted *spec_msg (const struct spec *spec)
{
    if (!spec->unpacked)
        spec_unpack ((struct spec *) spec);
    return spec->unpacked;
}
/* Nobody borrows from any spec: but for some thousand, they are packed again. */
void specs_fold (struct spec_table *table);
void specs_clear (struct spec_table *table);
/* A copy of its own, for who keeps it. */
Moisson__Submitted *spec_copy (const struct spec *spec);
/* The hashes of its script and its environment, where it has them (else len 0), without unpacking it. */
void spec_blobs (const struct spec *spec, ProtobufCBinaryData *ret_script, ProtobufCBinaryData *ret_env);

/* A copy of any message; free it with its own free_unpacked. */
void *message_copy (const ProtobufCMessage *message);
