/* sbatch_spec.h - what a job inherits from the process that submits it. */
#pragma once
#include "base/err.h"
#include "proto/spec.pb-c.h"
#include "sbatch_script.h"

struct submitter { /* the same for all jobs of one process */
    char *cwd;     /* "" where it cannot be found */
    char host[256];
    uint32_t umask;
};

void submitter_find (struct submitter *ret);
void submitter_clear (struct submitter *s);
/* Name, command, directory, umask, host; args: words after the script. */
int spec_complete (Moisson__JobSpec *spec, const struct submitter *from, const struct script *script, size_t n_args,
                   char *const *args, struct err *err);
void spec_set_hashes (Moisson__JobSpec *spec, const uint8_t *script_hash, const uint8_t *env_hash);
