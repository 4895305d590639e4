/* sacct_fields.h - the columns of sacct, for a job's row and for the row of its batch script. Pure. */
#pragma once
#include "base/fields.h"
#include "base/units.h"
#include "proto/record.pb-c.h"

struct sacct_row {
    const Moisson__AcctRecord *record;
    bool batch;              /* the row of a step: `ID.batch`, usage and exit of the script, or `step` */
    const char *step;        /* with batch: its number; NULL = the script */
    usec_t now;              /* the controller's clock, for what still runs */
    const char *time_format; /* SLURM_TIME_FORMAT; NULL = standard */
    const char *cluster;
    char unit;      /* --units: K M G T P; 0 = as they are */
    bool noconvert; /* bytes, without a letter */
};

/* The record of one of its steps: borrows what both have. */
Moisson__AcctRecord sacct_step_record (const Moisson__AcctRecord *job, const Moisson__Step *step);
const struct field *sacct_fields (size_t *ret_n);
bool sacct_has_batch_row (const Moisson__AcctRecord *record); /* has it started? */
/* Ended so that it could run again: shown as REQUEUED. One whose node failed stays NODE_FAIL, as Slurm has it. */
bool sacct_was_requeued (const Moisson__AcctRecord *record);
