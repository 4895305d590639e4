/* job_hooks.h - PrologSlurmctld before a job's START leaves, EpilogSlurmctld after its end. The START of an attempt
 * whose prolog has not ended well waits here, wherever it comes from: a placement, or reconciliation after a restart,
 * which runs the prolog again. Epilogs of what ended while the controller was down, or was just committed as it died,
 * are not run. */
#pragma once
#include "ctld/ctld.h"

struct job_hooks;

struct job_hooks *job_hooks_create (struct ctld *ctld);
struct job_hooks *job_hooks_free (struct job_hooks *hooks);

/* The start of a committed placement: now (nodes_start, or the placement is taken back where the node has no session),
 * or once its prolog has ended. */
void job_hooks_start (struct job_hooks *hooks, const char *node, uint64_t raw_id, uint32_t attempt);
void job_hooks_stop (struct job_hooks *hooks, uint64_t raw_id, uint32_t attempt); /* its prolog is wanted no more */
void job_hooks_ended (struct job_hooks *hooks, const Moisson__AcctRecord *record);
