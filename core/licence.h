/* licence.h - licences: how many there are, how many attempts have. Taken with the placement, given back with the end
 * of the attempt. What a reservation holds is for its jobs alone while it lasts. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/licences.h"
#include "base/units.h"

struct core;
struct resv;
struct task;

struct licence {
    char *name;
    uint32_t total; /* as configured; 0: no longer */
    uint32_t used;  /* by attempts; more than total only where a reconfiguration took some away */
    bool excess;    /* that is so */
};

struct licence_table {
    struct licence *list; /* in the order of the configuration; those that left it come last */
    size_t n;
};

void licence_configure (struct core *core); /* core->config is in force */
void licence_clear (struct licence_table *licences);
const struct licence *licence_find (const struct core *core, const char *name);

/* --- for the pass; `asked` is the text of a spec, NULL or "" = none --------------------------------------------- */

/* Could it ever have them? -1: Slurm's words and the numbers. */
int licence_check (const struct core *core, const char *asked, struct err *err);
/* How many of one are left for a job of this reservation (NULL: of none) that begins at `from`, now, and may last until
 * `until`? */
uint32_t licence_left (const struct core *core, const struct licence *licence, const struct resv *in, usec_t from,
                       usec_t until);
/* Are as many as it asks for? */
bool licence_free (const struct core *core, const char *asked, const struct resv *in, usec_t from, usec_t until);
/* Which are too few, in words; nothing where none is. */
void licence_lacks (const struct core *core, const char *asked, const struct resv *in, usec_t from, usec_t until,
                    struct buf *out);

/* --- for the life of attempts ------------------------------------------------------------------------------------ */

/* What this task asks for is taken, or given back. */
void licence_take (struct core *core, const struct task *task);
void licence_give (struct core *core, const struct task *task);
void licence_restored (struct core *core); /* all that a snapshot has were taken */

/* Every number, recounted. */
int licence_invariants (const struct core *core, struct err *err);
