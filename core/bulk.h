/* bulk.h - many jobs that were accepted by one event. Until it is unfolded a line of it is counted as a job
 * (MaxJobCount) and has its id, and is nothing else: Unfold events make jobs of the lines, in order, some at a time. */
#pragma once
#include "base/pieces.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

struct core;

struct bulk {
    struct bulk *prev, *next; /* oldest first */
    Moisson__Bulk *msg;
    struct pieces left; /* of msg->lines */
    uint32_t done;      /* lines that are jobs */
    usec_t submit_us;
};

/* A line's whole spec and submit key; NULL: it cannot be read. Free it with moisson__job_spec__free_unpacked. */
Moisson__JobSpec *bulk_spec (const uint8_t *common, size_t common_len, const uint8_t *line, size_t len, char **ret_key);
void bulk_add (struct core *core, const Moisson__Bulk *msg, uint32_t done, usec_t submit_us);
void bulk_free (struct core *core, struct bulk *bulk);
