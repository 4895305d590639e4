/* why_words.h - a job's state in plain words: what it waits for, or how it ended. Pure. */
#pragma once
#include "base/buf.h"
#include "base/units.h"
#include "proto/record.pb-c.h"
#include "proto/wire.pb-c.h"

struct why_style {
    const char *time_format; /* SLURM_TIME_FORMAT; NULL = standard */
    usec_t now;
};

/* Some lines, the first is a sentence about the job, those with more about it are indented. */
void why_put_job (struct buf *out, const Moisson__JobInfo *job, const struct why_style *style); /* has not ended */
/* canceller: the name of who ended it; NULL = not known. */
void why_put_record (struct buf *out, const Moisson__AcctRecord *record, const char *canceller,
                     const struct why_style *style);
/* "exit code 3", "signal 11 (SEGV)", "" where there is nothing to say. */
void why_put_exit (struct buf *out, uint32_t code, uint32_t sig);
/* "12", "12_3", "12_[1-5]". */
void why_put_id (struct buf *out, const Moisson__AcctRecord *record);
