/* bulk_pack.h - many specs as one request: what all have in common once, then what each has more; blobs once. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "proto/wire.pb-c.h"

struct blob_seen;

struct bulk_pack {
    struct buf specs; /* packed, one behind the other */
    struct packed_spec {
        size_t at, len;
        char *submit_key; /* owned; NULL = none */
    } * list;
    size_t n, room;
    struct buf blobs; /* pieces */
    struct blob_seen *seen;
    struct buf common, lines; /* of the request */
};

void bulk_pack_add (struct bulk_pack *p, const Moisson__JobSpec *spec, const char *submit_key);
void bulk_pack_blob (struct bulk_pack *p, const uint8_t *hash, const void *data, size_t len);
/* Everything but token and each; it borrows from p, but for request->common: free that one. */
void bulk_pack_request (struct bulk_pack *p, Moisson__BulkRequest *request);
void bulk_pack_clear (struct bulk_pack *p);
