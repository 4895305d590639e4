/* depend.h - what a job waits for. Each condition of a waiting job is an edge, kept in a list of the job it waits for
 * until it is settled. A job that the controller no longer knows satisfies every condition, as in Slurm 22.05. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

struct core;
struct job;

enum edge_state {
    EDGE_WAIT,
    EDGE_MET,   /* from due_us on */
    EDGE_NEVER, /* can no more be met */
};

struct edge {
    struct job *waiter;
    struct job *target; /* NULL once settled; NULL for singleton */
    struct edge *prev, *next;
    Moisson__Dependency asked; /* a copy: it has no texts */
    uint32_t task;             /* of the target; IDSET_NONE = all of it */
    enum edge_state state;
    bool corr;     /* a condition of each task of the waiter (correspond.h); kept once settled */
    usec_t due_us; /* after:id+minutes; 0 = at once */
};

struct depend {
    size_t n;
    struct edge edges[];
};

struct name_group; /* jobs of one user and name that have not ended, oldest first: for singleton */

/* At submit: settle what can be settled, wait for the rest. */
void depend_submit (struct core *core, struct job *job);
/* From a snapshot: edges in these states; those that wait are aimed as soon as what they wait for is loaded, too. */
void depend_restore (struct core *core, struct job *job, const uint32_t *states, const uint64_t *due, size_t n);
void depend_loaded (struct core *core);                /* after each job of the snapshot */
void depend_drop (struct core *core, struct job *job); /* it waits no more, and nobody waits for it */
/* Its spec is another one now. anew: its conditions too; what it waited for is forgotten. */
void depend_changed (struct core *core, struct job *job, bool anew);
/* Something about this job changed (a start, an end): settle what waits for it. Marks those jobs dirty. */
void depend_news (struct core *core, struct job *target);

void depend_look (struct core *core, struct job *job); /* settle its singleton, if its turn has come */

enum depend_answer {
    DEPEND_MET,
    DEPEND_WAIT,
    DEPEND_NEVER,
};
/* *ret_due: when time alone may change the answer; UINT64_MAX = never. */
enum depend_answer depend_answer (const struct job *job, usec_t now, usec_t *ret_due);

/* Names the first `most` that are not met yet, "afterok:12, after:13+5"; returns how many there are. */
size_t depend_name (const struct job *job, usec_t now, size_t most, struct buf *out);
/* Appends what is not met yet: "afterok:12(unfulfilled),afterany:13_4(unfulfilled)"; nothing if all is. */
void depend_show (const struct job *job, usec_t now, struct buf *out);

/* The groups for singleton. */
void group_join (struct core *core, struct job *job);
void group_leave (struct core *core, struct job *job);        /* at its end; a no-op the second time */
void group_put (struct core *core, struct name_group *group); /* one reference less */
