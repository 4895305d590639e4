/* blobs.h - scripts and environments on disk, keyed by user and content; what is there has the hash of its name. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/hash.h"

struct blobs;
struct blob_key {
    uint32_t uid;
    uint8_t hash[HASH_SIZE];
};

#define BLOBS_KEPT 1000 /* of those that nothing refers to, the ones used last */

int blobs_open (struct blobs **ret, const char *spool, struct err *err);
struct blobs *blobs_free (struct blobs *b);
DEFINE_CLEANUP (struct blobs *, blobs_free)

/* Is it there? Found on disk for the first time, its hash is checked: a file that a crash has damaged is removed. */
bool blobs_have (struct blobs *b, const struct blob_key *key);
/* Somebody could not use it: its hash is checked again before it counts as there. */
void blobs_doubt (struct blobs *b, const struct blob_key *key);
/* Store; -1 if the hash differs or the disk says no. */
int blobs_put (struct blobs *b, const struct blob_key *key, const void *data, size_t len, struct err *err);
/* While held it is not pruned. Each hold needs its release; both may name blobs that are not there (yet). */
void blobs_hold (struct blobs *b, const struct blob_key *key);
void blobs_release (struct blobs *b, const struct blob_key *key);
size_t blobs_count (const struct blobs *b);
