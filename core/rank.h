/* rank.h - what an order (plugins/abi.h) is told about a job, and the score it gives. */
#pragma once
#include "base/units.h"
#include "plugins/abi.h"

struct core;
struct job;

/* Of what of this job waits: the spec's own time limit, sizes, priority; factors of its account and QoS. */
void rank_facts (const struct core *core, const struct job *job, usec_t now, struct order_facts *ret);
/* By the order in force; without one by --priority and --nice alone. parts may be NULL. */
double rank_score (const struct core *core, const struct job *job, usec_t now, struct order_parts *parts);
