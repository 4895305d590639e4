/* paths.h - the patterns of --output, --error and --input (sbatch(1), "filename pattern"). Pure.
 *
 *   %j raw id   %J the same for a batch script   %A array id (a plain job: its id)   %a task (a plain job: 4294967294,
 *   as Slurm has it)   %b task modulo 10   %x job name   %u user   %N short node name   %n node index, 0
 *   %t task rank, 0   %s step, "batch"   %% a percent sign
 * A width (%4j, up to 10) pads numbers with zeros. From a backslash on, the rest is taken literally (the backslash
 * goes). Unknown letters stay as they are. */
#pragma once
#include <stdbool.h>
#include "proto/node.pb-c.h"
#include "proto/spec.pb-c.h"

/* Expand; the caller frees the result. */
char *path_expand (const char *pattern, const Moisson__Order *order, const Moisson__JobSpec *spec);

/* Where the streams of a job go: absolute paths. */
struct job_paths {
    char *in;  /* /dev/null unless asked */
    char *out; /* slurm-%j.out or slurm-%A_%a.out unless asked */
    char *err; /* NULL: with out */
    bool append;
};

void job_paths_make (const Moisson__Order *order, const Moisson__JobSpec *spec, struct job_paths *ret);
void job_paths_clear (struct job_paths *p);
