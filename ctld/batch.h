/* batch.h - what one commit writes: rows, records and blobs, with the memory they point to. */
#pragma once
#include "base/cleanup.h"
#include "core/effects.h"
#include "plugins/abi.h"
#include "proto/event.pb-c.h"

struct batch;

struct batch *batch_create (void);
struct batch *batch_free (struct batch *batch);
DEFINE_CLEANUP (struct batch *, batch_free)

void batch_add_event (struct batch *batch, uint64_t sequence, const Moisson__Event *event);
/* replaces: the one that this attempt has */
void batch_add_record (struct batch *batch, uint64_t sequence, const Moisson__AcctRecord *record, bool replaces);
void batch_add_blob (struct batch *batch, const struct store_blob *blob);

/* Move everything of more (which follows batch) into batch, and free more. */
void batch_join (struct batch *batch, struct batch *more);

struct store_batch batch_view (const struct batch *batch); /* borrowed; valid until the next add */
size_t batch_rows (const struct batch *batch);
size_t batch_bytes (const struct batch *batch);
uint64_t batch_last (const struct batch *batch); /* sequence of the last row, 0 = empty */
