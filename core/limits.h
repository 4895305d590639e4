/* limits.h - may it run now, as far as limits of its user, account and QoS go? Not of nodes: those are the pass's.
 *
 * The pass asks limits_gate for the head of a shape before it looks for nodes, and limits_gate_fit once it has found
 * some (what nodes give is whole cores, their own memory: more than what was asked). A pass that holds a lane back asks
 * nothing of it again until something has ended. Answers rest on counters, so they cost the same however many jobs run.
 */
#pragma once
#include "base/units.h"

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

/* An attempt has taken its shares, or is about to give them back. */
void limits_take (struct core *core, const struct task *task);
void limits_give (struct core *core, const struct task *task);
