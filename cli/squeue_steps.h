/* squeue_steps.h - `squeue --steps`: the columns of a running step, and which steps. Pure. */
#pragma once
#include "base/fields.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define SQUEUE_STEP_FORMAT "%.15i %.8j %.9P %.8u %.9M %N"

struct squeue_step_row {
    const Moisson__JobInfo *job;
    const Moisson__Step *step; /* NULL: the batch script */
    usec_t now;
    const char *time_format;
};

const struct field *squeue_step_fields (size_t *ret_n);

/* Calls fn for the script and for each step of this job that runs. `only` (n of them, beside the jobs of the filter,
 * NULL = all steps of that job) says which. */
typedef void (*squeue_step_fn) (void *arg, const Moisson__JobInfo *job, const Moisson__Step *step);
void squeue_steps_of (const Moisson__JobInfo *job, const Moisson__JobFilter *filter, char *const *only,
                      squeue_step_fn fn, void *arg);
