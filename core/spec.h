/* spec.h - what was submitted, kept once for all jobs that were submitted alike (same spec, same user's facts). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>
#include "proto/event.pb-c.h"

struct shape;
struct name_group;

struct spec {
    Moisson__Submitted *msg;  /* job_id 0, no token, no key */
    struct shape *shape;      /* the shape its jobs had last, or NULL (see shape.h) */
    struct name_group *group; /* jobs of this user and name (see depend.h) */
    size_t refs;
    UT_hash_handle hh;
    size_t len;
    uint8_t bytes[]; /* msg, packed: the key */
};

/* The spec of this submit, with one reference more. */
struct spec *spec_get (struct spec **table, const Moisson__Submitted *submitted);
/* One reference less; with the last one it goes, and true is returned. */
bool spec_put (struct spec **table, struct spec *spec);

/* A copy of any message; free it with its own free_unpacked. */
void *message_copy (const ProtobufCMessage *message);
