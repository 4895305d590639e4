/* calm.h - a cluster on which nothing goes wrong, for what schedules must hold: jobs run as long as they say, within
 * their limits, and every placement is entered in books of its own. */
#pragma once
#include "core/core.h"
#include "random.h"

#define CALM_NODES 12
#define CALM_GPU_TYPES 2

struct calm_node {
    char name[16];
    uint32_t cpus, gpus[CALM_GPU_TYPES];
    uint64_t mem_mb;
    /* the books */
    uint32_t used_cpus, used_gpus[CALM_GPU_TYPES];
    uint64_t used_mem_mb;
    bool alone; /* an exclusive job is on it */
    uint32_t jobs;
};

struct calm_job { /* one task of an array is one */
    /* what it asks and does */
    usec_t submit;
    uint64_t limit_s, run_s, least_s; /* least_s: --time-min, never less than it runs; 0 = none */
    uint32_t ntasks, cpus_per_task, nodes, gpus;
    uint64_t mem_per_cpu_mb, mem_per_node_mb;
    int gpu_type; /* -1 = any */
    bool exclusive;
    uint32_t array, array_limit; /* tasks; 0 = no array */
    int32_t nice;
    uint32_t uid;
    bool second; /* in the partition of a higher tier */
    /* what came of it, by task */
    uint64_t id;
    uint32_t running, records;
    usec_t *start, *promised; /* 0 = none; promised: when the core first said that it would start */
};

struct calm {
    struct dice dice;
    struct core *core;
    struct calm_node nodes[CALM_NODES];
    size_t n_nodes;
    struct calm_job *jobs;
    size_t n_jobs;
    struct core_policies policies;
    bool tiers;          /* there is a second partition, over the same nodes */
    bool keeps_promises; /* nothing may overtake: what the head is told when it becomes the head, it gets */
    bool fresh;          /* each moment begins with a cycle; else what became free is offered first, as live */
    bool sliced;
    usec_t now;
    struct calm_end *ends;
    size_t n_ends, room_ends;
    struct calm_row *journal;
    size_t n_journal, room_journal;
    bool want_pass;
    struct err wrong;
    uint64_t events, placements;
    uint8_t trail[32]; /* a hash over all placements, in their order */
};

void calm_clear (struct calm *c);
/* Nodes, partition, jobs are given: submits them at their times and runs until all have ended. -1: c->wrong says what
 * did not hold: something was overcommitted, a job never started, a promise was broken, replay differs. */
int calm_run (struct calm *c);
