/* limits.h - may it run now, may it be submitted, as far as limits of its user, account and QoS go? Not of nodes: those
 * are the pass's.
 *
 * The pass asks limits_gate for the head of a shape before it looks for nodes, and limits_gate_fit once it has found
 * some (what nodes give is whole cores, their own memory: more than what was asked). A pass that holds a lane back asks
 * nothing of it again until something has ended. Answers rest on counters, so they cost the same however many jobs run.
 *
 * Which limit counts where several are set, as in Slurm: that of the partition's QoS, else of the job's QoS (the other
 * way round with its flag OverPartQOS), else of the association and what is above it; what a QoS limits, associations
 * do not. Limits hold where AccountingStorageEnforce says so. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/units.h"
#include "proto/spec.pb-c.h"

struct core;
struct demand;
struct fit;
struct job;
struct task;

enum gate {
    GATE_OPEN,
    GATE_SHAPE, /* this shape waits: a smaller or shorter job may still start */
    GATE_LANE,  /* everything of this user, account, QoS and partition waits */
};

/* demand: what its shape asks for. now: of the pass; it only matters for budgets that running jobs use up. */
enum gate limits_gate (const struct core *core, const struct job *job, const struct demand *demand, usec_t now);
enum gate limits_gate_fit (const struct core *core, const struct job *job, const struct fit *fit, usec_t now);
/* The word for why limits_gate says no, in Slurm's words; NULL: it does not. text (may be NULL): a sentence with
 * numbers is added. */
const char *limits_reason (const struct core *core, const struct job *job, struct buf *text);

/* At the door: may this user submit it (tasks: of the array, 1 of a plain job)? The spec has its defaults
 * (lane_settle). -1 with Slurm's words and the numbers. */
int limits_admit (const struct core *core, const char *user, const Moisson__JobSpec *spec, uint64_t tasks, usec_t now,
                  struct err *err);

/* An attempt has taken its shares, or is about to give them back. */
void limits_take (struct core *core, const struct task *task);
void limits_give (struct core *core, const struct task *task);
