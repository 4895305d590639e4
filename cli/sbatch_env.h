/* sbatch_env.h - the environment that travels with a job: NAME=value strings, each ended by a NUL, byte for byte as
 * they are here. Pure. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "base/err.h"

#define ENV_BLOB_MAX (16u << 20)

/* mode is the text of --export: NULL or "ALL" everything; "NONE" and "NIL" only SLURM_* and SPANK_*; else a list of
 * ALL, NAME (its value here; ignored if unset) and NAME=value (quotes protect commas), and always SLURM_* and SPANK_*.
 * What a surrounding job was told about itself (SLURM_NTASKS and such; known by SLURM_JOB_ID being set) is not passed
 * on unless it is named: it would speak of another job. Nor is SBATCH_SUBMIT_KEY, which is this job's alone, nor what
 * belongs to the login session that submits (sockets, ids: the table of_a_login, docs/environment.md). file:
 * contents of --export-file (NUL-separated definitions, which win), NULL = none. */
/* Does the node add the environment of a login? Where nothing of this one is to be passed on (NIL: not even then). */
bool env_wants_login (const char *mode);
int env_build (struct buf *ret, char *const *environment, const char *mode, const char *file, size_t file_len,
               struct err *err);
