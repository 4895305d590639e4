/* state_alias.h - StateAliases: states that are shown as others, for clients that do not know all of them.
 *
 * "OUT_OF_MEMORY:FAILED,PREEMPTED:CANCELLED:partition=grid,TIMEOUT:FAILED:user=arc": FROM:TO for everybody, for the
 * jobs of a partition, or where that user asks. The first entry that applies counts. Pure. */
#pragma once
#include "base/cleanup.h"
#include "base/err.h"
#include "base/states.h"

struct state_aliases;

int state_aliases_parse (struct state_aliases **ret, const char *text, struct err *err);
struct state_aliases *state_aliases_free (struct state_aliases *aliases);
DEFINE_CLEANUP (struct state_aliases *, state_aliases_free)
#define _cleanup_state_aliases_ _cleanup_ (state_aliases_freep)

/* What is shown for this state of a job of `partition`; each may be NULL. */
job_state_t state_alias (const struct state_aliases *aliases, job_state_t state, const char *partition,
                         const char *user);
