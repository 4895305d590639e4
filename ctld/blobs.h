/* blobs.h - scripts and environments by (uid, hash): a bounded cache before the store. */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "ctld/reader.h"

struct blobs;

/* data NULL: there is no such blob (or why: it could not be read). Borrowed during the call. */
typedef void (*blob_fn) (void *arg, const uint8_t *data, size_t len, const struct err *why);

struct blobs *blobs_create (struct reader *reader, const struct store_ops *ops, size_t max_bytes);
/* After reader_free. */
struct blobs *blobs_free (struct blobs *blobs);
DEFINE_CLEANUP (struct blobs *, blobs_free)

void blobs_put (struct blobs *blobs, uint32_t uid, const uint8_t hash[HASH_SIZE], const void *data, size_t len);
/* Calls fn once, at once if the blob is in memory. */
void blobs_get (struct blobs *blobs, uint32_t uid, const uint8_t hash[HASH_SIZE], blob_fn fn, void *arg);
