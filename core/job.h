/* job.h - jobs and the records of their tasks. A job is its spec, the rest of its tasks that have no record yet, and
 * the records of those that were placed, requeued or ended. A plain job is treated as one with the single task 0. */
#pragma once
#include "base/states.h"
#include "base/units.h"
#include "core/depend.h"
#include "core/gres.h"
#include "core/idmap.h"
#include "core/lineup.h"
#include "core/phases.h"
#include "core/rest.h"
#include "core/spec.h"
#include "core/usage.h"
#include "proto/event.pb-c.h"

struct core;
struct job;
struct node;
struct task;

/* A share of one node that a placed or running attempt holds. */
struct share {
    struct node *node;
    struct task *task;
    struct share *prev, *next; /* in the list of its node, by until */
    bool licensed;             /* the first of an attempt that has licences */
    usec_t until;              /* when it is free again at the latest; UINT64_MAX = not known (profile.h) */
    uint32_t cpus, gpus;
    uint32_t tasks; /* 0: not known (placed by an earlier version) */
    uint64_t mem_mb;
    struct gres_parts gres; /* gpus is the sum of those that are GPUs */
};

enum stop_why { /* why an attempt was asked to stop */
                STOP_NO,
                STOP_BY_CANCEL,
                STOP_BY_REQUEUE,
                STOP_BY_NODE, /* another node of the job died */
                STOP_BY_PREEMPT = 8,
};

struct task {
    struct job *job;
    uint32_t index; /* of the array; 0 in a plain job; the first of `rest` in a record of a cancelled rest */
    uint32_t attempt;
    uint64_t raw_id; /* 0 = never placed */
    enum phase phase;
    enum charge charge;   /* follows from the phase: see usage.h */
    enum hold hold;       /* while pending */
    enum hold again_hold; /* hold to take when it becomes pending again */
    enum stop_why stop;
    uint32_t restarts;
    Moisson__JobSpec *amended; /* what was changed for it alone; NULL */
    struct retry *retry;       /* what follows from attempts that were made by themselves (retry.h); NULL */
    uint64_t claim;            /* it is preempted, for this claim (claim.h); 0 = it is not */
    uint64_t claimed_for;      /* the job that is for */
    bool preempt_again;        /* ... and another attempt follows */
    struct job *branch;        /* pending, and asking for more than its job: in whose name it queues (branch.h); NULL */
    uint32_t refusals;         /* starts that nodes could not make, since it last ran or was held */
    uint64_t placed_at;        /* sequence of its placement */
    uint32_t cancelled_by;     /* uid; valid with has_cancelled_by */
    bool has_cancelled_by;
    bool begun;                  /* some attempt of it has started, or it has ended */
    struct inside *inside;       /* of a reservation that ends (resv.h); NULL */
    bool relimited;              /* its time limit was changed after it was placed: its node is told */
    bool was_suspended;          /* in this attempt: its node is told the wish again */
    bool special, again_special; /* pending: shown as SPECIAL_EXIT; it will be */
    bool configuring;            /* a hint, not state: the controller prepares its start */
    job_state_t state;           /* ended: the final one */
    uint32_t n_shares;
    struct share *shares; /* placed or running */
    uint64_t boot;        /* hash of the boot id that the batch host had */
    usec_t eligible_us, start_us, end_us;
    usec_t suspended_at, suspended_us; /* since when it stands still, 0 = it does not; how long it did before */
    usec_t over_us;                    /* of the event that ended it: MinJobAge counts from here */
    uint64_t end_sequence;             /* of the event that ended it */
    Moisson__Exit *exit;               /* ended: as the node said; NULL without attempt */
    Moisson__Share *last;              /* ended: where it ran, for views: n_last of them */
    uint32_t n_last;
    char *cause; /* why it ended, or why it was held after refused starts, in words; NULL */
    char *cpu_ids, *gpu_ids;
    Moisson__Step **steps; /* of this attempt, by id: n_steps of them */
    size_t n_steps;
    struct spec *own;                     /* what it runs or ran with, where that is not the job's any more; NULL */
    const char *own_partition;            /* with own; interned in the core */
    struct idset *rest;                   /* a record of the cancelled rest of an array: its tasks */
    struct task *prev, *next;             /* of the job, by index */
    struct task *ended_prev, *ended_next; /* ended tasks in order of their end */
};

struct job {
    uint64_t id;
    struct spec *spec;
    const char *partition; /* in force; interned in the core */
    usec_t submit_us, eligible_us, first_start_us, end_us;
    struct rest rest;
    struct idset *again; /* tasks with a record that are pending and free */
    struct task *tasks;  /* by index; tasks->prev is the last one */
    uint32_t n_tasks;    /* records */
    uint32_t n_active;   /* placed or running */
    uint32_t n_pending;  /* records that are pending */
    uint32_t n_unbegun;  /* records that have not begun */
    uint32_t counted;    /* tasks that its payer counts as not ended (payer.h) */
    uint32_t max_exit_code, max_exit_signal;
    bool failed, cancelled; /* did any task end so */
    struct {
        uint32_t code, signal;
        bool failed, cancelled;
    } gone;     /* the same, of the records that are gone */
    bool ended; /* nothing left to run */
    bool dirty;
    struct job *dirty_next;
    struct lineup_item queue;            /* in its shape, by priority, eligible time, id */
    struct job *of;                      /* it is a branch of this job (branch.h), and in no table; else NULL */
    struct job *branches;                /* its branches; of a branch: the next one */
    uint32_t part;                       /* of a branch: its number; else that of the last one */
    struct heap_item timer;              /* next time at which time alone changes something for it */
    struct shape *shape;                 /* whose heap it is in, or NULL */
    char *resv_deleted;                  /* it is held because the reservation of this name is gone; NULL */
    struct depend *depend;               /* what it waits for; NULL = nothing */
    struct edge *dependents;             /* edges of jobs that wait for it */
    struct job *group_prev, *group_next; /* live jobs of the same user and name */
};

struct job_place {
    uint64_t id;
    struct job *job; /* NULL where one has gone */
};

struct job_table {
    struct idmap by_id;
    struct job_place *order; /* by id */
    size_t n_order, order_room, holes;
    struct idmap by_raw, by_index;
    struct task *ended_first; /* in order of their end */
};

/* --- jobs --------------------------------------------------------------------------------------------------------- */
struct job *job_add (struct core *core, uint64_t id, struct spec *spec, usec_t submit_us); /* takes the reference */
void job_remove (struct core *core, struct job *job);                                      /* with all its records */
struct job *job_find (const struct core *core, uint64_t id);
/* The first job with this id or a higher one; NULL = none. */
struct job *job_from (const struct core *core, uint64_t id);
/* Nothing is borrowed from a spec from one to the next: most are packed again. */
#define JOBS_ITER(core, job, next_job)                                                                                 \
    for ((job) = job_from (core, 0); (job) && ((next_job) = job_from (core, (job)->id + 1), true);                     \
         (job) = (next_job), specs_fold ((struct spec_table *) &(core)->specs))
static inline const Moisson__JobSpec *job_spec (const struct job *job)
{
    return spec_msg (job->spec)->spec;
}
static inline bool job_is_array (const struct job *job)
{
    return job->rest.array;
}
/* Time limit in force, seconds; 0 = none. */
uint64_t job_time_limit (const struct core *core, const struct job *job);
uint64_t task_time_limit (const struct core *core, const struct task *task);
/* Higher ones start first: --priority, or what all have, less --nice. A held one shows 0. */
uint32_t job_priority (const Moisson__JobSpec *spec);
bool job_wants_requeue (const struct core *core, const struct job *job); /* after the loss of a node */
/* The state of the job as a whole. */
job_state_t job_state (const struct job *job);

/* What this task (NULL: what is still pending) runs or ran with, and where. */
static inline const Moisson__Submitted *row_facts (const struct job *job, const struct task *task)
{
    return task && task->own ? spec_msg (task->own) : spec_msg (job->spec);
}
static inline const char *row_partition (const struct job *job, const struct task *task)
{
    return task && task->own ? task->own_partition : job->partition;
}
void job_put_spec (struct core *core, struct spec *spec); /* one reference less */
/* The spec of this user's job with another JobSpec, which is taken over. */
struct spec *job_spec_with (struct core *core, const Moisson__Submitted *like, Moisson__JobSpec *spec);

/* --- task records ---------------------------------------------------------------------------------------------------
 */
struct task *task_add (struct core *core, struct job *job, uint32_t index); /* phase PENDING */
void task_remove (struct core *core, struct task *task);
struct task *task_find (const struct core *core, const struct job *job, uint32_t index);
struct task *task_by_raw (const struct core *core, uint64_t raw_id);
void task_set_raw (struct core *core, struct task *task, uint64_t raw_id);
struct node *task_host (const struct task *task); /* runs its batch script; NULL when it holds no share */
/* It keeps this spec (the reference is taken over; an older one is not given back), whatever becomes of the job's. */
void task_own (struct task *task, struct spec *spec);
void task_disown (struct core *core, struct task *task); /* that of its job again */
void task_append_ended (struct core *core, struct task *task);
job_state_t task_state (const struct task *task);                         /* as shown */
usec_t task_suspended (const struct core *core, const struct task *task); /* how long it stood still until now */
/* When it ends at the latest, if it started; 0 = no limit says. */
usec_t task_end_by (const struct core *core, const struct task *task);
void task_forget_last (struct task *task); /* where it ran */
