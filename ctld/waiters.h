/* waiters.h - requests that wait for a job to end (`sbatch --wait`). */
#pragma once
#include "ctld/session.h"

struct waiters;

struct waiters *waiters_create (struct ctld *ctld);
struct waiters *waiters_free (struct waiters *waiters); /* their requests are ended without an answer */
/* Takes the request over. */
void waiters_add (struct waiters *waiters, uint64_t job_id, struct request *request);
void waiters_wake (struct waiters *waiters, uint64_t job_id); /* the job has ended, and that is committed */
