/* apply.h - the one way in which the running controller changes state: apply to the core, append to the journal, queue
 * what follows from it behind the commit. */
#pragma once
#include "ctld/ctld.h"

/* Sets now_us. The event stays the caller's. 0, or -1: it contradicts the state, nothing happened. */
int ctld_apply (struct ctld *ctld, Moisson__Event *event, struct err *err);
/* The same with blobs that are committed along with the event (copied). */
int ctld_apply_with (struct ctld *ctld, Moisson__Event *event, const struct store_blob *blobs, size_t n_blobs,
                     struct err *err);

/* fn, once everything applied so far is committed. */
void ctld_after (struct ctld *ctld, journal_fn fn, void *arg);
