/* usage.h - what was used: TRES-seconds by association (each with all above it) and QoS, charged while it runs.
 *
 * Each account of usage keeps what runs now as a rate and until when it was counted, so a charge costs the same however
 * many jobs run, and is whole seconds: from the second of the start to that of the end, whenever the news of them came.
 * All of it decays as Slurm's does: at every PriorityCalcPeriod by 2^-(time since the last one /
 * PriorityDecayHalfLife). The arithmetic is that of IEEE doubles in a fixed order, without the C library's: a replay
 * gives the same bits. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/units.h"
#include "core/tres.h"

struct core;
struct task;

enum charge {
    CHARGE_NONE,
    CHARGE_PLEDGED, /* placed: its time limit is spoken for */
    CHARGE_RUNS,
};

struct usage {
    uint64_t at_s;            /* counted until here */
    uint64_t rate[N_TRES];    /* of what runs, thousandths: whole numbers, so that sums are exact */
    uint64_t jobs;            /* thousandths of wall seconds a second */
    uint64_t ends[N_TRES];    /* sum of rate x second of its end at its time limit; wraps around, differences do not */
    uint64_t pledged[N_TRES]; /* of what is placed and has not begun: rate x its time limit */
    double used[N_TRES];      /* thousandths of TRES-seconds */
    double wall;              /* thousandths of seconds */
};

/* An attempt is placed, begins or ends to be charged, at that time (of its node: it may be some time ago). A no-op
 * where it is so already. One that is suspended is not charged. */
void usage_pledge (struct core *core, struct task *task);
void usage_begin (struct core *core, struct task *task, usec_t at);
void usage_end (struct core *core, struct task *task, usec_t at);
/* One that has ended without the news of its start: all of it at once. */
void usage_whole (struct core *core, struct task *task);
/* It runs on in the name of others (they have changed): take it out, and in again, without a charge. */
void usage_give_rate (struct core *core, const struct task *task);
void usage_take_rate (struct core *core, const struct task *task);
/* It is placed or runs in a state that is being loaded: what was counted until then stays as it is. */
void usage_load_rate (struct core *core, struct task *task);

void usage_accrue (struct usage *usage, usec_t now); /* count until now */
bool usage_is_nothing (const struct usage *usage);
double usage_at (const struct usage *usage, enum tres tres, usec_t now); /* thousandths of TRES-seconds */
double usage_wall_at (const struct usage *usage, usec_t now);
/* What runs now, or is placed, will have used from now on if it runs to its time limits. */
double usage_ahead (const struct usage *usage, enum tres tres, usec_t now);
void usage_reset (struct usage *usage, usec_t now);

/* Decay until now if that is due. */
void usage_tick (struct core *core);
usec_t usage_deadline (const struct core *core); /* UINT64_MAX: nobody waits for it */
/* 2^-(dt / half), for half > 0. */
double usage_factor (uint64_t dt_s, uint64_t half_life_s);
