/* reader.h - a thread with a read-only connection to the store, for what may take long: pages of records, blobs. */
#pragma once
#include "base/cleanup.h"
#include "net/loop.h"
#include "plugins/abi.h"

struct reader;

/* In the reader's thread. */
typedef int (*reader_work_fn) (void *arg, struct store_reader *store);
/* In the loop, in the order of asking. run = false: the reader is being freed and work was not done; release arg. */
typedef void (*reader_done_fn) (void *arg, int rc, bool run);

int reader_create (struct reader **ret, struct loop *loop, const struct store_ops *ops, const char *dir,
                   struct err *err);
struct reader *reader_free (struct reader *reader);
DEFINE_CLEANUP (struct reader *, reader_free)

void reader_run (struct reader *reader, reader_work_fn work, reader_done_fn done, void *arg);
