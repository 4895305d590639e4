/* partition.h - partitions as configured, and the names of those that once were. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include "plugins/abi.h"
#include "proto/event.pb-c.h"

struct core;

struct partition {
    const Moisson__PartitionConf *conf; /* in force; NULL: no longer configured */
    Moisson__PartitionConf merged;      /* what conf points to: the configuration, with `set` over it */
    Moisson__PartitionSet *set;         /* by hand; NULL */
    bool starts, accepts;               /* as conf->state says */
    uint64_t *nodes;                    /* bitmap over node_table.list */
    const struct place_ops *place;      /* how nodes are chosen; NULL: the fullest that fits */
    uint64_t blocked;                   /* hints of the pass: the cycle in which, without backfill, a job of it waits */
    uint64_t blocker;                   /* the job that waits */
    uint64_t promised;                  /* the cycle that n_promises is of */
    uint32_t n_promises;                /* its waiting heads that have a promise (promise.h) */
    UT_hash_handle hh;
    char name[]; /* lives as long as the core: jobs point to it */
};

struct partition_table {
    struct partition *by_name;
    struct partition *standard; /* the default one, or NULL */
    uint32_t highest_factor;    /* PriorityJobFactor of all that are configured */
};

void partition_configure (struct core *core);   /* after node_table_configure */
void partition_find_places (struct core *core); /* after core->policies has changed */
struct partition *partition_find (const struct core *core, const char *name);
/* What is set by hand, from now on: fields that are given, over those that were; a copy. core->config is in force. */
void partition_change (struct core *core, struct partition *partition, const Moisson__PartitionSet *set);
void partition_forget_sets (struct core *core);
/* The interned name, made known if need be. */
const char *partition_intern (struct core *core, const char *name);
/* The partition that this spec asks for or gets; NULL where there is none. */
struct partition *partition_of_spec (const struct core *core, const Moisson__JobSpec *spec);
/* Of such a job there, seconds: as asked, or the partition's; 0 = none. partition may be NULL. */
uint64_t partition_time_limit (const struct partition *partition, const Moisson__JobSpec *spec);
bool partition_starts (const struct partition *partition);  /* are jobs of it placed? */
bool partition_accepts (const struct partition *partition); /* are jobs accepted into it? */
void partition_clear (struct partition_table *partitions);
