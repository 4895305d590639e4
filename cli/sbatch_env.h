/* sbatch_env.h - the environment that travels with a job: NAME=value strings, each ended by a NUL, byte for byte as
 * they are here. Pure. */
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define ENV_BLOB_MAX (16u << 20)

/* mode is the text of --export: NULL or "ALL" everything; "NONE" and "NIL" only SLURM_* and SPANK_*; else a list of
 * ALL, NAME (its value here; ignored if unset) and NAME=value (quotes protect commas), and always SLURM_* and SPANK_*.
 * What a surrounding job was told about itself (SLURM_NTASKS and such; known by SLURM_JOB_ID being set) is not passed
 * on unless it is named: it would speak of another job. Nor is SBATCH_SUBMIT_KEY, which is this job's alone. file:
 * contents of --export-file (NUL-separated definitions, which win), NULL = none. */
int env_build (struct buf *ret, char *const *environment, const char *mode, const char *file, size_t file_len,
               struct err *err);
