/* sbatch_wait.h - sbatch --wait: until the job has ended, however often the controller restarts meanwhile. */
#pragma once
#include <stdint.h>
#include "proto/spec.pb-c.h"
#include "rpc.h"

/* Returns the exit status for sbatch: the job's code; 1 where a signal or the system ended it. COMMAND_ERROR when the
 * end cannot be found out (said on stderr). */
int sbatch_wait (struct rpc *rpc, uint64_t job_id);
/* Pure: the rule behind it. */
int wait_status (Moisson__JobState state, uint32_t exit_code, uint32_t exit_signal);
