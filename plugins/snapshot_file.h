/* snapshot_file.h - a snapshot of the core as a file beside the database: 8 bytes "MOISNAP1", the sequence of the last
 * event in it (64 bits, little endian), then images, each after its length (32 bits, little endian, never 0), then a
 * length of 0, then the BLAKE2b-256 of everything before.
 *
 * The writer is for the controller's forked child: it touches nothing but its own file. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"

struct snapshot_writer;

/* Begin DIR/snapshot.SEQUENCE; until it is finished it has a temporary name. */
int snapshot_writer_create (struct snapshot_writer **ret, const char *dir, uint64_t sequence, struct err *err);
/* Add one packed Image; len > 0. */
int snapshot_writer_add (struct snapshot_writer *w, const uint8_t *image, size_t len, struct err *err);
/* Hash, sync, rename, sync the directory. *ret_file (the caller frees it) is the name for store_ops.add_snapshot. The
 * writer can only be freed afterwards. */
int snapshot_writer_finish (struct snapshot_writer *w, char **ret_file, struct err *err);
/* Removes what was not finished. */
struct snapshot_writer *snapshot_writer_free (struct snapshot_writer *w);
DEFINE_CLEANUP (struct snapshot_writer *, snapshot_writer_free)
#define _cleanup_snapshot_writer_ _cleanup_ (snapshot_writer_freep)

/* Is the file whole, and of this sequence? Only then are its images given to fn, in order. fn returns < 0 to refuse.
 * -1 with a sentence where anything is wrong. */
int snapshot_read (const char *path, uint64_t sequence, int (*fn) (void *arg, const uint8_t *image, size_t len),
                   void *arg, struct err *err);
