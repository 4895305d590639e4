/* trace.h - a workload to simulate: what was submitted when, and how long it ran. Read from a file in the Standard
 * Workload Format (SWF 2.2, Feitelson: cs.huji.ac.il/labs/parallel/workload/swf.html) or in the form of `sacct -P`,
 * plain or gzip. A damaged line refuses the whole file, with its number: figures of half a trace mislead.
 * docs/simulate.md says which field becomes what. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"

enum trace_memory {                     /* what field 10 of SWF means */
                    TRACE_MEM_STANDARD, /* KB for each processor */
                    TRACE_MEM_BYTES,    /* bytes for the whole job */
                    TRACE_MEM_IGNORE,
};

struct trace_job {
    uint64_t number; /* as the trace counts; a job id */
    uint64_t submit_s, run_s;
    uint64_t limit_s;                       /* what was asked for, else the run time; 0 = no limit */
    uint32_t cpus;                          /* of the whole job; > 0 */
    uint32_t nodes;                         /* at least so many; 0 = as few as hold it */
    uint64_t cpu_mem_mb;                    /* for each processor; 0 = not known */
    uint32_t gpus;                          /* of the whole job */
    uint32_t user, account, qos, partition; /* places in the names; names[0] is "": not known */
};

struct trace_left { /* lines that are no jobs to simulate, and what was filled in */
    size_t never_ran, no_cpus, steps;
    size_t no_limit; /* asked for no time: the run time is taken for it */
    size_t cut;      /* ran longer than they had asked for: they end at what they asked */
};

struct trace {
    struct trace_job *jobs; /* by submit time, then as they came */
    size_t n, room;
    char **names;
    size_t n_names, names_room;
    struct trace_name *by_name;
    struct trace_left left;
};

struct trace_options {
    enum trace_memory memory;
    size_t limit; /* the first so many jobs; 0 = all */
};

struct trace *trace_create (void);
struct trace *trace_free (struct trace *trace);
DEFINE_CLEANUP (struct trace *, trace_free)
#define _cleanup_trace_ _cleanup_ (trace_freep)

int trace_load (struct trace **ret, const char *path, const struct trace_options *options, struct err *err);

/* --- for the readers of the two forms --------------------------------------------------------------------------- */

/* The place of this text in trace->names; 0 for "" and NULL. */
uint32_t trace_name (struct trace *trace, const char *text);
/* What is missing is filled in or counted as left out. */
void trace_add (struct trace *trace, struct trace_job *job, bool has_run, bool has_limit);

/* One line of SWF, without its newline: 0 with a job added, left out or a comment; -1 with why. */
int swf_line (struct trace *trace, const char *line, enum trace_memory memory, struct err *err);

/* The first line names the columns; those that matter: sacct_columns. */
struct sacct_trace;
int sacct_trace_begin (struct sacct_trace **ret, const char *header, struct err *err);
struct sacct_trace *sacct_trace_free (struct sacct_trace *columns);
DEFINE_CLEANUP (struct sacct_trace *, sacct_trace_free)
int sacct_trace_line (const struct sacct_trace *columns, struct trace *trace, const char *line, struct err *err);
