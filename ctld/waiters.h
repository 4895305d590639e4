/* waiters.h - requests that wait for the end of a job, or of the first of several. */
#pragma once
#include "ctld/session.h"

struct waiters;

struct waiters *waiters_create (struct ctld *ctld);
struct waiters *waiters_free (struct waiters *waiters); /* after the sessions: nobody waits any more */
/* Again for each other job; request->state is theirs then. */
void waiters_add (struct waiters *waiters, uint64_t job_id, struct request *request);
void waiters_wake (struct waiters *waiters, uint64_t job_id); /* it has ended, and that is committed */
size_t waiters_count (const struct waiters *waiters);
