/* pattern.h - the patterns of --output, --error and --input (sbatch(1), "filename pattern"). Pure.
 *
 *   %j raw id   %J the same for a batch script, ID.STEP for a step   %A array id (a plain job: its id)
 *   %a task (a plain job: 4294967294, as Slurm has it)   %b task modulo 10   %x job name   %u user
 *   %N short node name   %n node index, 0   %t task rank, 0   %s step, "batch" for a script   %% a percent sign
 * A width (%4j, up to 10) pads numbers with zeros. From a backslash on, the rest is taken literally (the backslash
 * goes). Unknown letters stay as they are. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct pattern_names {
    uint64_t job; /* raw id */
    bool has_task;
    uint64_t array; /* with has_task */
    uint32_t task;
    const char *name, *user, *node;
    const char *step; /* its number; NULL = the batch script */
};

/* Expand; the caller frees the result. */
char *pattern_expand (const char *pattern, const struct pattern_names *names);
