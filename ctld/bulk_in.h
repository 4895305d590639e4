/* bulk_in.h - a bulk as it was asked for, read some lines at a time: what each is, and what is to be made of it. */
#pragma once
#include <uthash.h>
#include "base/hash.h"
#include "base/pieces.h"
#include "ctld/batch.h"
#include "ctld/session.h"

#define BULK_LINES_MOST 100000u
#define BULK_BYTES_MOST (8u << 20) /* of lines; blobs have the rest of a frame */
#define BULK_REFUSALS_TOLD 20u     /* where one is enough to refuse all */

struct bulk_name; /* a blob that was sent along, or a submit key of a line before */

struct bulk_in {
    const Moisson__BulkRequest *msg;
    uint32_t uid;
    const Moisson__Submitted *who; /* borrowed */
    bool is_operator;
    uint8_t *common; /* packed */
    size_t common_len;
    struct pieces blobs, lines; /* what is left of them */
    struct bulk_name *hashes, *keys;
    struct batch *store; /* the blobs, to be committed with the event */
    size_t n_blobs;
    uint32_t line;    /* the next one */
    struct buf taken; /* pieces of the lines that become jobs */
    uint32_t n_taken, n_refused;
    uint64_t n_tasks; /* of those taken */
    Moisson__BulkException **exceptions;
    size_t n_exceptions, exceptions_room;
};

void bulk_in_init (struct bulk_in *in, const struct request *request);
void bulk_in_clear (struct bulk_in *in);
/* Is it one at all? -1 with a sentence. */
int bulk_in_check (const struct bulk_in *in, struct err *err);
/* The next blob or line: 1; 0: there is none left; -1: the request cannot be read. */
int bulk_in_step (struct bulk_in *in, struct ctld *ctld, struct err *err);
bool bulk_in_refused (const struct bulk_in *in); /* nothing is to be made of it */
