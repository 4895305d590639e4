/* payer.h - whose account a job is on: its association, its QoS and that of its partition; and the counting there. */
#pragma once
#include "core/assoc.h"
#include "core/qos.h"
#include "proto/spec.pb-c.h"

struct core;
struct job;
struct task;

struct payer {
    const char *user, *account; /* account "": none */
    struct assoc *assoc;        /* any of these NULL: nothing is counted there yet, and nothing limits it */
    struct qos *qos, *part_qos; /* part_qos: NULL too where it is the same one */
};

struct payer payer_of (const struct core *core, const Moisson__Submitted *facts, const char *partition);
struct payer payer_make (struct core *core, const Moisson__Submitted *facts, const char *partition);

/* What a submit leaves open and its association says: account, QoS, time limit. spec is a shallow copy that borrows.
 * Nothing where no tree is declared. */
void payer_settle (const struct core *core, const char *user, Moisson__JobSpec *spec);

/* Bring the count of what has not ended of this job in line (a no-op where it is). */
void payer_count_job (struct core *core, struct job *job);
void payer_uncount_job (struct core *core, struct job *job); /* before its spec changes, or it goes */
/* All counters and rates anew, after the tree or the partitions have changed: usage has been counted until now. */
void payer_recount (struct core *core);
int payer_check (const struct core *core, struct err *err);
