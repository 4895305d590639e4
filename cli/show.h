/* show.h - `scontrol show`: records of Key=Value words, from one table a kind of record. Pure: appends to a buffer.
 *
 * Multi-line form: continuation lines are indented by 3 blanks, records end with an empty line. One-line form: the same
 * words separated by blanks. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "base/units.h"
#include "proto/accounts.pb-c.h"
#include "proto/wire.pb-c.h"

struct show_style {
    bool oneline;
    int detail;              /* number of -d */
    const char *time_format; /* SLURM_TIME_FORMAT; NULL = standard */
    usec_t now;              /* the controller's clock */
};

struct show_field {
    const char *key;
    bool line;        /* begins a new line */
    const char *text; /* a constant; NULL: print */
    void (*print) (struct buf *out, const void *row, const struct show_style *style);
    bool (*present) (const void *row, const struct show_style *style); /* NULL: always */
};

void show_record (struct buf *out, const struct show_field *fields, size_t n, const void *row,
                  const struct show_style *style);

void show_job (struct buf *out, const Moisson__JobInfo *job, const struct show_style *style);
struct show_step_row {
    const Moisson__JobInfo *job;
    const Moisson__Step *step;
};
void show_step (struct buf *out, const struct show_step_row *row, const struct show_style *style);
void show_node (struct buf *out, const Moisson__NodeInfo *node, const struct show_style *style);
void show_resv (struct buf *out, const Moisson__ResvInfo *row, const struct show_style *style);
struct show_assoc_row { /* of an association or a QoS */
    const Moisson__AssocInfo *info;
    const Moisson__Limits *limits; /* NULL: none */
    const Moisson__Qos *qos;       /* NULL: not declared, or an association */
    const char *cluster, *priority;
    bool is_default; /* of its user */
};
void show_assoc (struct buf *out, const struct show_assoc_row *row, const struct show_style *style);
void show_qos (struct buf *out, const struct show_assoc_row *row, const struct show_style *style);
void show_licence (struct buf *out, const Moisson__LicenceInfo *row, const struct show_style *style);
void show_partition (struct buf *out, const Moisson__PartitionInfo *partition, const struct show_style *style);

/* For the tables: control characters become '?', so that no name can forge a record; show_text: NULL and "" are
 * "(null)"; times in the style's format, 0 = unset. */
void show_plain (struct buf *out, const char *s);
void show_text (struct buf *out, const char *s);
/* How long it ran from start to until, less the time that it stood still: still_us, and since still_at (0 = it does
 * not). */
usec_t show_running (usec_t start, usec_t until, usec_t still_us, usec_t still_at);
void show_time (struct buf *out, usec_t t, const char *unset, const struct show_style *style);

/* "gres:gpu:2,gres:disk:4" of "gpu:2,disk:4"; prefix "gres:" or "gres:gpu:". */
void show_gres (struct buf *out, const char *words, const char *prefix);

/* Where a stream of the job goes: pattern (NULL: the default one) with everything known filled in, relative names under
 * the working directory. Letters whose value is not known yet stay. The caller frees it. */
char *show_path (const Moisson__JobInfo *job, const char *pattern);
