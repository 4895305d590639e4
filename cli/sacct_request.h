/* sacct_request.h - what sacct was asked for, and the option table that fills it. */
#pragma once
#include "optable.h"
#include "proto/wire.pb-c.h"
#include "sacct_fields.h"

struct sacct_ref { /* what follows a '.' in -j: the step asked for; NULL = all rows of the job */
    char *step;
};

struct sacct_range { /* most 0: not asked */
    uint64_t least, most;
};

struct sacct {
    Moisson__AcctRequest request;
    Moisson__JobFilter filter;
    struct sacct_ref *refs; /* beside filter.jobs */
    bool some_steps;        /* one of refs names a step */
    uint32_t *gids;         /* -g, sieved here */
    size_t n_gids;
    struct sacct_range cpus, nodes, limit_s; /* -I, -i, -k and -K, sieved here */
    char *format, *clusters, *since, *until;
    const char *separator; /* of -p and -P; NULL = padded columns */
    char *delimiter;
    bool trailing; /* -p */
    bool no_match; /* states or a window that nothing can be in: the controller need not be asked */
    bool all_users, jobs_only, noheader, brief, is_long, want_json, helpformat, help, version;
    struct sacct_row row; /* what all rows share */
};

int sacct_parse (struct sacct *s, int argc, char **argv, struct err *err);
void sacct_usage (void);
void sacct_clear (struct sacct *s);
/* Window, users and states as Slurm defaults them. */
int sacct_resolve (struct sacct *s, usec_t now, uint32_t own_uid, struct err *err);
/* Is this row of this record asked for? Sieves groups, sizes, limits and steps. */
bool sacct_wants (const struct sacct *s, const Moisson__AcctRecord *record, bool batch);
bool sacct_wants_step (const struct sacct *s, const Moisson__AcctRecord *record, const char *step); /* its number */
bool sacct_wants_some (const struct sacct *s, const Moisson__AcctRecord *record); /* any of its rows */
