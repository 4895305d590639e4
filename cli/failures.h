/* failures.h - what went wrong in a job or array, grouped by cause. Pure. */
#pragma once
#include <jansson.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "proto/record.pb-c.h"

struct failures;

struct failures *failures_create (void);
struct failures *failures_free (struct failures *failures);
DEFINE_CLEANUP (struct failures *, failures_free)
#define _cleanup_failures_ _cleanup_ (failures_freep)

/* A record that was followed by another attempt counts nowhere. */
void failures_add (struct failures *failures, const Moisson__AcctRecord *record);
uint64_t failures_total (const struct failures *failures); /* tasks that were added */
/* "40 of 10000 tasks failed:", a line a cause, the largest first, and the command that runs them again. */
void failures_put (const struct failures *failures, struct buf *out);
json_t *failures_json (const struct failures *failures);
