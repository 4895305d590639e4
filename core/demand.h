/* demand.h - what one job (or one task of an array) asks of nodes, with the defaults of its partition filled in. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "core/gres.h"
#include "proto/spec.pb-c.h"

struct core;
struct node;
struct partition;

enum mem_kind {
    MEM_SHARE, /* nothing asked, no default: the cpus' share of the node's memory */
    MEM_NODE,  /* mem_mb on each node */
    MEM_CPU,   /* mem_mb for each cpu */
    MEM_ALL,   /* all memory of each node */
};

struct demand {
    const struct partition *partition;
    uint32_t min_nodes, max_nodes;   /* 1 <= min <= max */
    uint32_t ntasks, tasks_per_node; /* tasks_per_node: 0 = any; ntasks >= min_nodes */
    uint32_t cpus_per_task;
    uint32_t threads_per_core; /* of each core so many are used, at most; 0 = all */
    uint32_t tasks_per_core;   /* at most so many share a core; 0 = any */
    struct gres_asks gres;
    enum mem_kind mem_kind;
    uint64_t mem_mb;
    bool memory_free; /* memory is not given out: it only chooses nodes that have as much */
    bool exclusive, exclusive_user;
    bool contiguous;
    uint32_t min_cpus; /* of each node */
    uint64_t tmp_mb;   /* likewise */
    uint64_t shuns;    /* the kind of its job, if that shuns nodes (shun.h); demand_of does not know it */
    /* borrowed from the spec; NULL = none */
    const char *nodelist, *exclude, *constraint, *reservation, *licenses;
};

/* partition: may be one that is no longer configured, for views */
void demand_of (const struct core *core, const struct partition *partition, const Moisson__JobSpec *spec,
                struct demand *ret);
/* Everything but mem_mb, as bytes: equal keys are one family of shapes. */
void demand_key (const struct demand *demand, struct buf *out);

/* Where such a job may go at all. */
struct places {
    uint64_t *mask;     /* bitmap over node_table.list */
    struct node **must; /* nodes that it must get (--nodelist) */
    size_t n_must;
};
/* -1: a node that is not there or not in the partition, a malformed list or constraint. */
int places_of (const struct core *core, const struct demand *demand, struct places *ret, struct err *err);
void places_clear (struct places *places);

/* How many tasks of it fit on this node, now or if it were empty? */
enum fit_view {
    FIT_NOW,
    FIT_EMPTY,
    FIT_LATER, /* of fit_ask: when the stay begins */
};
/* Not FIT_LATER: see node_at. */
uint32_t demand_fits (const struct demand *demand, const struct node *node, enum fit_view view);
/* Would so many tasks of it fit, with all that is asked for the whole job where these are all its tasks? */
bool demand_holds (const struct demand *demand, const struct node *node, enum fit_view view, uint32_t tasks);
/* What so many tasks take of this node: whole cores where it gives out those; and the memory that goes with CPUs. */
uint32_t demand_cpus (const struct demand *demand, const struct node *node, uint32_t tasks);
uint64_t demand_mem (const struct demand *demand, const struct node *node, uint32_t cpus);

/* One way to place it. */
struct pick {
    struct node *node;
    uint32_t tasks, cpus;
    uint64_t mem_mb;
    struct gres_parts gres;
};

struct fit {
    struct pick *picks;
    size_t n, room;
};
#define _cleanup_fit_ __attribute__ ((cleanup (fit_clear)))

enum { FIT_E_NO = 1 }; /* does not fit */

struct stay;

struct fit_ask {
    const struct demand *demand;
    const struct places *places;
    enum fit_view view;
    const struct stay *stay; /* NULL: what is promised to others does not count */
    bool held_back;          /* answer: some node would have done but for that */
    bool unlicensed;         /* answer of fit_shortened: there are not the licences that it asks for */
};
int fit_ask (const struct core *core, struct fit_ask *ask, struct fit *ret);
/* On this node alone. */
int fit_on (const struct core *core, struct fit_ask *ask, struct node *node, struct fit *ret);
int fit_find (const struct core *core, const struct demand *demand, const struct places *places, enum fit_view view,
              struct fit *ret);
void fit_clear (struct fit *fit);
