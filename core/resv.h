/* resv.h - advance reservations: nodes (or cpus of them) and licences that are kept, for a time, for the jobs of some
 * users or accounts. Time acts through Clock events only: a reservation that has ended goes, or moves on to its next
 * occurrence; what still runs in it is out of time (ResvOverRun), what waits for it is held.
 *
 * A job that names no reservation never begins where its time limit would reach into one. A job that names one runs on
 * its nodes and between its start and its end only; as in Slurm, its time limit may reach beyond the end. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/resv_flags.h"
#include "base/units.h"
#include "core/heap.h"
#include "proto/event.pb-c.h"
#include "proto/wire.pb-c.h"

struct core;
struct job;
struct node;
struct task;

struct resv_node {
    struct node *node; /* NULL: it has left the configuration */
    uint32_t cpus;     /* kept; all of the node's where it is whole */
    uint32_t used;     /* of these, by attempts in the reservation */
    bool whole;
};

struct resv {
    Moisson__Resv *msg;     /* as it is in force; owned */
    struct resv_node *list; /* one for each of msg->nodes */
    uint64_t *mask;         /* their bitmap over node_table.list */
    size_t words;           /* of the bitmap */
    bool partial;           /* of some nodes it has a few cpus only */
    uint32_t running;       /* attempts in it */
    uint32_t *licences;     /* one for each of msg->licences: used by attempts in it */
    UT_hash_handle hh;      /* by name */
};

struct resv_table {
    struct resv *by_name; /* in the order in which they were made */
    uint32_t next_id;
    struct heap ends; /* of attempts in reservations: when they are out of time */
    usec_t looked_us; /* the last clock: a hint of what has been told to the pass */
};

/* What a task knows of the reservation that it runs in. */
struct inside {
    struct heap_item timer;
    struct task *task;
    usec_t end_us; /* of the occurrence in which it was placed */
    bool over;     /* its node was told to end it */
};

struct resv *resv_find (const struct core *core, const char *name); /* NULL for NULL and "" */
static inline bool resv_any (const struct resv_table *table)
{
    return table->by_name != NULL;
}

/* --- for the pass: all of it is pure, and cheap where there is no reservation ----------------------------------- */

/* The end of a job that begins then; UINT64_MAX where nothing limits it. */
usec_t resv_until (usec_t from, uint64_t limit_s);
/* May a job of this user and account use it? */
bool resv_lets_in (const struct resv *resv, const char *user, const char *account);
/* May its jobs begin at this moment, as far as time goes? */
bool resv_open (const struct resv *resv, usec_t at);
/* Does any occurrence of it touch [from, until)? *ret_start, *ret_end (may be NULL): the first that does. */
bool resv_touches (const struct resv *resv, usec_t from, usec_t until, usec_t *ret_start, usec_t *ret_end);
/* Take out of the bitmap (over node_table.list) the nodes of which a job of `in` (NULL: of no reservation) may have
 * nothing at all, if it begins at `from` and may last until `until`. */
void resv_mask (const struct core *core, const struct resv *in, usec_t from, usec_t until, uint64_t *mask);
/* May a job of `in` (NULL: of no reservation) have so many cpus of this node, of which free_cpus are free at `from`,
 * from then until `until`? */
bool resv_allows (const struct core *core, const struct resv *in, const struct node *node, uint32_t free_cpus,
                  uint32_t cpus, usec_t from, usec_t until);
/* The first moment after `after` at which an answer above changes by time alone; UINT64_MAX: none. */
usec_t resv_next_edge (const struct core *core, usec_t after);

/* --- questions before an event ---------------------------------------------------------------------------------- */

/* May such a job name the reservation that it does? user NULL: not known, and not asked. */
int resv_check (const struct core *core, const Moisson__JobSpec *spec, const char *user, struct err *err);
/* How many nodes, and CPUs, it has of those that are configured. */
uint32_t resv_size (const struct resv *resv, uint32_t *ret_cpus, uint32_t *ret_cores);

/* Is the reservation that it names there, and is it for its user? True where it names none. */
bool resv_takes (const struct core *core, const struct job *job);

/* --- for handlers and views ------------------------------------------------------------------------------------- */

void resv_configure (struct core *core);                     /* nodes, and what ResvOverRun says, may have changed */
void resv_put (struct core *core, const Moisson__Resv *msg); /* a new one, or what is now in force; a copy is made */
void resv_drop (struct core *core, struct resv *resv);       /* what waits for it is held, unless it says otherwise */
void resv_clear (struct core *core);
void resv_enter (struct core *core, struct task *task);     /* its attempt begins: it has its shares */
void resv_leave (struct core *core, struct task *task);     /* its shares are still there */
void resv_forget (struct core *core, struct task *task);    /* it goes, or has left */
void resv_recounted (struct core *core, struct task *task); /* of a snapshot: it is counted in its reservation */
void resv_restore (struct core *core, struct task *task, usec_t end_us, bool over);
void resv_clock (struct core *core);
usec_t resv_deadline (const struct core *core);
usec_t resv_ends (const struct core *core, const struct task *task); /* when what is inside is out of time */
bool resv_in_use (const struct core *core, const struct resv *resv); /* by what runs or waits */
/* What a node shows now: is it reserved, is it in maintenance? */
bool resv_node_reserved (const struct core *core, const struct node *node, bool *ret_maint);
/* The reservation that keeps a job of `in` from this node now, or before it would have to be over; NULL = none does. */
const struct resv *resv_between (const struct core *core, const struct resv *in, const struct node *node, usec_t until);

int resv_invariants (const struct core *core, struct err *err);
