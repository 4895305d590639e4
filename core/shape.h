/* shape.h - pending jobs that ask nodes for the same thing are one shape, by priority and then in the order of their
 * ids; an array is one entry. Shapes that differ in memory only are one family: they are ordered by memory, so that all
 * that ask for more than what just did not fit are skipped at once, and a hundred thousand of them cost a pass no more
 * than their logarithm. What placement does not rest on (user, account, time limit) does not split a shape; it will
 * once a limit does. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/demand.h"
#include "core/heap.h"

struct core;
struct family;
struct job;
struct shape;
struct spec;

struct shape_table {
    struct family *by_key;
    uint64_t pass; /* number of the pass; families of an older one are open again */
};

void shape_enter (struct core *core, struct job *job); /* its partition is configured; a no-op when it is in */
void shape_leave (struct core *core, struct job *job); /* a no-op when it is in none */
void shape_forget_spec (struct core *core, struct spec *spec);
void shape_clear (struct core *core); /* all of it; jobs and specs are in no shape afterwards */

/* The best-ranked job whose shape is still open in this pass; NULL = none. */
struct job *shape_next (const struct core *core);
/* It did not fit: this shape and all that ask for more of the same are closed until the next pass. */
void shape_close (struct core *core, struct job *job);
const struct places *shape_places (const struct job *job); /* NULL: nowhere (its lists name nothing any more) */
struct demand shape_demand (const struct job *job);
struct job *shape_head (const struct job *job); /* the first of its shape */
/* Every job is in the shape it should be in, and heads are where they should be. */
int shape_check (const struct core *core, struct err *err);
