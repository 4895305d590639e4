/* job_env.h - the SLURM_* variables of a batch job (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES"). Some exist only where
 * their option was given: programs take SLURM_NTASKS as "the user asked for n tasks". What only the node knows (task
 * pid, cpu ids, GPUs) is added there. */
#pragma once
#include "core/core.h"
#include "ctld/strings.h"

/* Appends NAME=value lines for this attempt, started at `now`. */
void job_env_add (struct strings *out, const struct start_facts *facts, const char *cluster, usec_t now);
