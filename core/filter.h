/* filter.h - the rows that views are made of, in the order of ids, and which of them a filter lets through. */
#pragma once
#include "core/core.h"
#include "core/job.h"

/* Task ids are below this: cursors have 22 bits for them. */
#define TASK_INDEX_END (1u << 22)

/* A record of a task, or (task NULL) tasks of the rest of a job that share a hold. */
struct row {
    const struct job *job;
    const struct task *task;
    enum hold hold; /* of a rest */
    bool single;    /* of a rest: just one task, index; always so in a plain job */
    uint32_t index;
    const char *tasks; /* of a rest that is not single: its ranges, with %N */
};

struct walk_how {
    const Moisson__JobFilter *filter; /* NULL = all */
    bool ended;                       /* also what has ended */
    bool expand;                      /* each task of a rest is a row */
};

typedef bool (*row_fn) (void *arg, const struct row *row);
uint64_t rows_walk (const struct core *core, const struct walk_how *how, uint64_t cursor, size_t budget, row_fn fn,
                    void *arg);

job_state_t row_state (const struct row *row);
/* Do uid, partition, name, account and QoS let this job through? */
bool filter_job (const Moisson__JobFilter *filter, const struct job *job);
bool filter_state (const Moisson__JobFilter *filter, job_state_t state);
/* Does it run, or did it, on one of these nodes? names: NULL = any. */
struct hostlist;
bool filter_nodes (const struct hostlist *names, const struct task *task);

/* The refs of a filter, resolved and sorted by job. */
struct wanted {
    uint64_t job_id;
    const Moisson__JobRef *ref;
    uint32_t only; /* the one task that a raw id names; IDSET_NONE: as the ref's ranges say */
};
struct wanted *wanted_list (const struct core *core, const Moisson__JobFilter *filter, size_t *ret_n);
/* Several refs of one job as one, with all their ranges (none: all of it); the caller frees the two arrays. */
void wanted_merge (const struct wanted *list, size_t n, Moisson__JobRef *ret, Moisson__Range **ret_ranges,
                   Moisson__Range ***ret_refs);
bool wanted_task (const struct wanted *wanted, const struct task *task);
/* Those of a rest that it names; NULL: all of them. The caller frees it. */
struct idset *wanted_rest (const struct wanted *wanted, const struct job *job, enum hold hold);
