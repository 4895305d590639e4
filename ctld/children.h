/* children.h - programs of the site that the controller runs: PrologSlurmctld, EpilogSlurmctld, FenceProgram. As the
 * controller's own user, with an environment of their own, in sessions of their own; a few at a time, the others wait
 * in order. Nobody waits for them: the caller is called back. */
#pragma once
#include "base/programs.h"
#include "ctld/ctld.h"

struct children;
struct child;

struct children *children_create (struct ctld *ctld);
struct children *children_free (struct children *children); /* ends what runs */

struct child_order {
    const char *what;             /* for the log: "PrologSlurmctld" */
    const char *programs;         /* as in the configuration; one after the other until one fails */
    const char *argument;         /* the only one, or NULL */
    const char *const *arguments; /* instead: several, NULL at the end; copied */
    bool has_input;
    int input;        /* what it reads: a descriptor, taken over; -1: it could not be made, and that is the failure */
    uint32_t limit_s; /* 0 = PrologEpilogTimeout */
    struct program_env env; /* taken over */
    bool outlives;          /* it goes on when the controller stops */
    /* failure NULL: all have exited with 0. Called once, later, at the latest when the controller stops; not after
     * child_cancel. */
    void (*fn) (void *arg, const char *failure);
    void *arg;
};

struct child *children_run (struct children *children, const struct child_order *order);
void child_cancel (struct child *child);

bool children_rest (const struct children *children); /* none runs or waits */
