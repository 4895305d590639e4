/* paths.h - where the streams of a job go: the patterns of --output, --error and --input (base/pattern.h). Pure. */
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
