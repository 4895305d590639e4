/* start_rate.h - how fast jobs may start: StartRate of a partition, and StartRatePerUser of each user in it. So many at
 * once, and then so many in each period, as a token bucket; kept as the time at which the bucket is full again (the
 * generic cell rate algorithm, ITU-T I.371). It counts placements by the time of their events, so a replay counts the
 * same. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "core/limits.h"
#include "proto/event.pb-c.h"

struct core;
struct job;
struct start_mark;

struct start_table {
    struct start_mark *marks; /* of those that started something lately */
    uint32_t since_sweep;     /* placements since the full ones were thrown away */
};

/* May another job of its user and partition start? GATE_LANE: not before *ret_at. */
enum gate start_gate (const struct core *core, const struct job *job, usec_t now, usec_t *ret_at);
/* Why not, in words with numbers; nothing where it may. */
bool start_explain (const struct core *core, const struct job *job, struct buf *text);
void start_count (struct core *core, const struct job *job); /* it was placed now */
void start_configured (struct core *core);                   /* rates may have changed */
void start_clear (struct start_table *starts);

Moisson__StartMark **start_save (const struct core *core, size_t *ret_n); /* free it with each of its messages */
void start_load (struct core *core, Moisson__StartMark *const *marks, size_t n);
int start_check (const struct core *core, struct err *err);
