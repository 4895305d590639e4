/* shape.h - pending jobs that ask for the same thing under the same limits are one shape: same partition, user,
 * account, QoS, reservation, resources, constraints, node lists, licences, exclusivity, time limit and least time. Its
 * jobs go by priority, eligible time, id; an array is one entry. The score of its head (rank.h) decides among shapes.
 *
 * What nodes are asked for but memory and time is a family, whoever asks: that nothing fits is found out once for all
 * shapes of a family that ask for as much or more. Who asks is a lane: limits close it as a whole.
 *
 * None of this is in a snapshot: it follows from the jobs. Which shapes have been looked at is a hint of the pass. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include "core/demand.h"
#include "core/lineup.h"
#include "core/promise.h"
#include "core/rank_tree.h"

struct core;
struct job;
struct spec;

struct lane {        /* whose: partition, user, account, QoS */
    uint64_t closed; /* number of the cycle in which limits closed it */
    size_t refs;     /* shapes */
    UT_hash_handle hh;
    uint32_t len;
    char key[];
};

#define DEAD_ENDS 8

struct family {
    struct buf key;
    struct demand demand; /* its texts point into `texts`; its mem_mb means nothing */
    char *texts[5];
    struct places places; /* where its jobs may go */
    bool somewhere;       /* places is valid */
    size_t n_shapes;
    /* What did not fit since `round`: asks of so much memory and time, or more of both. */
    uint64_t round;
    struct dead_end {
        uint64_t mem_mb, time_s; /* time_s 0: however short */
    } dead_ends[DEAD_ENDS];
    uint32_t n_dead_ends;
    UT_hash_handle hh;
};

struct shape_key {
    struct family *family;
    struct lane *lane;
    uint64_t mem_mb, time_s, time_min_s; /* time_min_s 0: it keeps its limit (shorten.h) */
};

struct shape {
    struct rank_node node; /* in the tree of ranks while it has jobs */
    struct shape_key key;
    struct lineup jobs;
    struct promise *promise; /* to its head; NULL = none */
    size_t refs;             /* specs that lead here */
    bool ranked;             /* it has jobs */
    bool held_back;          /* when it was looked at last, it would have fitted but for promises and reservations */
    uint64_t spared;         /* the cycle in which it was found that preempting others does not help */
    uint32_t ranking;        /* number of the ranking that put it into its tree */
    UT_hash_handle hh;
};

struct shape_table {
    struct family *families;
    struct lane *lanes;
    struct shape *by_key;
    struct rank_node *ranks;
    struct ranking {            /* scores made anew, a portion a step */
        struct rank_node *done; /* of the one that is going: shapes that have their new score */
        usec_t now;
        uint32_t number;
        bool going;
    } ranking;
    usec_t ranked_us; /* the scores are of that time */
    uint64_t cycle;   /* number of the cycle; shapes seen in an older one are to be looked at */
    uint64_t round;   /* rises whenever something becomes free: then dead ends may be none any more */
};

void shape_enter (struct core *core, struct job *job); /* its partition is configured; a no-op when it is in */
void shape_leave (struct core *core, struct job *job); /* a no-op when it is in none */
void shape_forget_spec (struct core *core, struct spec *spec);
void shape_clear (struct core *core);                   /* all of it; jobs and specs are in no shape afterwards */
void shape_rerank (struct core *core, struct job *job); /* something has changed that only its rank rests on */

static inline struct shape *shape_at (struct rank_node *node)
{
    return node ? container_of (node, struct shape, node) : NULL;
}
struct job *shape_first (const struct shape *shape); /* its head */
struct demand shape_demand (const struct shape *shape);
const struct places *shape_places (const struct shape *shape); /* NULL: nowhere (its lists name nothing any more) */

/* Score all shapes again as of now: first begin, then step until it returns false. Ranks are in order after that, and
 * not to be used meanwhile. */
void ranking_begin (struct core *core, usec_t now);
bool ranking_step (struct core *core);

/* How long its head stays, as far as known. */
uint64_t shape_time_s (const struct core *core, const struct shape *shape);
/* Is it known by now that this does not fit anywhere? *ret_held_back: something shorter might. */
bool family_is_closed (const struct core *core, struct family *family, uint64_t mem_mb, uint64_t time_s,
                       bool *ret_held_back);
/* It does not fit: for_ever: however short it were. */
void family_close (const struct core *core, struct shape *shape, bool for_ever);
/* Every job is in the shape it should be in, and heads are where they should be. */
int shape_check (const struct core *core, struct err *err);
