/* squeue_fields.h - the columns of squeue: letters of -o, names of -O. Pure. */
#pragma once
#include "base/fields.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

struct squeue_row {
    const Moisson__JobInfo *job;
    usec_t now;              /* the controller's clock, for times used and left */
    const char *time_format; /* SLURM_TIME_FORMAT; NULL = standard */
    size_t task_text;        /* SLURM_BITSTR_LEN: longest list of pending tasks, then "..."; 0 = no limit */
    bool noconvert;          /* memory always in M */
};

#define SQUEUE_TASK_TEXT 64

const struct field *squeue_fields (size_t *ret_n);
/* When it started or is thought to start, 0 = unknown; how long it has run. */
usec_t squeue_start (const struct squeue_row *row);
uint64_t squeue_used_seconds (const struct squeue_row *row);
