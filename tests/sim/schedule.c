/* schedule.c - one seed: a machine, jobs, an order; run whole and in the smallest steps. */
#include "schedule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "easy.h"

#define BEGIN (1700000000 * USEC_PER_SEC)

enum kind {
    KIND_EASY,   /* one node, cpus alone: the schedule is that of easy.c */
    KIND_QUEUE,  /* several nodes, memory, GPUs, nodes of one's own: first come, first served, promises are kept */
    KIND_MIXED,  /* all of that with priorities, a second partition, arrays, other orders */
    KIND_STREAM, /* narrow jobs without end, and wide ones that must start all the same */
    N_KINDS,
};

static void add_node (struct calm *c, bool plain)
{
    struct calm_node *node = &c->nodes[c->n_nodes++];

    *node = (struct calm_node){.cpus = plain ? 16 + dice_below (&c->dice, 48) : 1 + dice_below (&c->dice, 16)};
    snprintf (node->name, sizeof node->name, "n%zu", c->n_nodes);
    node->mem_mb = node->cpus * (500 + dice_below (&c->dice, 1500));
    for (int t = 0; !plain && t < CALM_GPU_TYPES; t++)
        node->gpus[t] = dice_percent (&c->dice, 40) ? dice_below (&c->dice, 5) : 0;
}

static void size_of (struct calm *c, struct calm_job *job, enum kind kind)
{
    job->ntasks = 1 + (dice_percent (&c->dice, 40) ? dice_below (&c->dice, 8) : 0);
    job->cpus_per_task = 1 + (dice_percent (&c->dice, 30) ? dice_below (&c->dice, 4) : 0);
    job->mem_per_cpu_mb = 50 + (dice_percent (&c->dice, 30) ? dice_below (&c->dice, 900) : 0);
    if (kind == KIND_EASY) {
        job->mem_per_cpu_mb = 1;
        return;
    }
    if (dice_percent (&c->dice, 20)) {
        job->mem_per_node_mb = 100 + dice_below (&c->dice, 8000);
        job->mem_per_cpu_mb = 0;
    }
    if (dice_percent (&c->dice, 15))
        job->nodes = 1 + dice_below (&c->dice, job->ntasks < 4 ? job->ntasks : 4);
    if (dice_percent (&c->dice, 15)) {
        job->gpus = 1 + dice_below (&c->dice, 3);
        job->gpu_type = (int) dice_below (&c->dice, CALM_GPU_TYPES + 1) - 1;
    }
    job->exclusive = dice_percent (&c->dice, 8);
}

static void time_of (struct calm *c, struct calm_job *job, usec_t *at, uint32_t pace)
{
    *at += dice_percent (&c->dice, 30) ? 0 : dice_below (&c->dice, pace) * USEC_PER_SEC;
    job->submit = *at;
    job->limit_s = 1 + dice_below (&c->dice, dice_percent (&c->dice, 30) ? 2000 : 200);
    job->run_s = dice_percent (&c->dice, 30) ? job->limit_s : dice_below (&c->dice, (uint32_t) job->limit_s + 1);
    job->uid = 1000 + dice_below (&c->dice, 4);
}

/* Half the machine is always wanted by jobs of one cpu; some want nearly all of it. */
static void stream (struct calm *c, struct calm_job *job)
{
    uint32_t all = 0;

    for (size_t i = 0; i < c->n_nodes; i++)
        all += c->nodes[i].cpus;
    job->ntasks = dice_percent (&c->dice, 4) ? all - dice_below (&c->dice, all / 4 + 1) : 1;
    job->cpus_per_task = 1;
    job->mem_per_cpu_mb = 1;
    job->nodes = job->gpus = 0;
    job->mem_per_node_mb = 0;
    job->exclusive = false;
}

/* It may be started with less time than it asks for, but enough. */
static void bend (struct calm *c, struct calm_job *job)
{
    if (job->run_s && job->limit_s > job->run_s && dice_percent (&c->dice, 30))
        job->least_s = job->run_s + dice_below (&c->dice, (uint32_t) (job->limit_s - job->run_s));
}

static void mix (struct calm *c, struct calm_job *job)
{
    job->nice = dice_percent (&c->dice, 20) ? (int32_t) dice_below (&c->dice, 9) - 4 : 0;
    job->second = c->tiers && dice_percent (&c->dice, 25);
    if (dice_percent (&c->dice, 15)) {
        job->array = 1 + dice_below (&c->dice, 10);
        job->array_limit = dice_percent (&c->dice, 50) ? 1 + dice_below (&c->dice, 3) : 0;
    }
}

static void fill (struct calm *c, uint64_t seed, enum kind kind)
{
    static const char *const orders[] = {"order/fifo",     "order/sjf",  "order/handicap",
                                         "order/patience", "order/wfp3", "order/unicep"};
    usec_t at = BEGIN;

    c->dice.state = seed;
    c->tiers = kind == KIND_MIXED && dice_percent (&c->dice, 50);
    c->policies = (struct core_policies){.order = order_find ("order/fifo"), .place_find = place_find};
    if (kind == KIND_MIXED) {
        c->policies.order = order_find (orders[dice_below (&c->dice, sizeof orders / sizeof *orders)]);
        c->policies.promises = 1 + (int) dice_below (&c->dice, 4);
    }
    c->keeps_promises = kind == KIND_QUEUE || kind == KIND_STREAM;
    for (uint32_t n = kind == KIND_EASY ? 1 : 2 + dice_below (&c->dice, CALM_NODES - 1); n; n--)
        add_node (c, kind == KIND_EASY);
    c->n_jobs = 30 + dice_below (&c->dice, 90);
    c->jobs = xcalloc (c->n_jobs, sizeof *c->jobs);
    for (size_t i = 0; i < c->n_jobs; i++) {
        size_of (c, &c->jobs[i], kind);
        time_of (c, &c->jobs[i], &at, kind == KIND_STREAM ? 10 : 60);
        if (kind == KIND_STREAM)
            stream (c, &c->jobs[i]);
        else if (kind == KIND_MIXED)
            mix (c, &c->jobs[i]);
        if (kind == KIND_STREAM || kind == KIND_MIXED)
            bend (c, &c->jobs[i]);
    }
}

static int compare_easy (struct calm *c)
{
    _cleanup_free_ usec_t *starts = xcalloc (c->n_jobs, sizeof *starts);
    _cleanup_free_ struct calm_job *jobs = xcalloc (c->n_jobs, sizeof *jobs);
    _cleanup_free_ size_t *from = xcalloc (c->n_jobs, sizeof *from);
    size_t n = 0;

    for (size_t i = 0; i < c->n_jobs; i++)
        if (c->jobs[i].id) { /* not refused */
            from[n] = i;
            jobs[n++] = c->jobs[i];
        }
    easy_schedule (jobs, n, c->nodes[0].cpus, starts);
    for (size_t i = 0; i < n; i++)
        if (starts[i] != c->jobs[from[i]].start[0])
            return err_set (&c->wrong, 0, "job %lu starts at %lu s, and by EASY at %lu s", (unsigned long) jobs[i].id,
                            (unsigned long) ((c->jobs[from[i]].start[0] - BEGIN) / USEC_PER_SEC),
                            (unsigned long) ((starts[i] - BEGIN) / USEC_PER_SEC));
    return 0;
}

static int run (uint64_t seed, bool sliced, uint8_t trail[32], uint64_t totals[2])
{
    struct calm c = {.sliced = sliced};
    enum kind kind = seed % N_KINDS;
    int rc;

    fill (&c, seed, kind);
    c.policies.step_work = sliced ? 1 : 0;
    c.fresh = kind == KIND_EASY;
    rc = calm_run (&c);
    if (rc == 0 && kind == KIND_EASY)
        rc = compare_easy (&c);
    if (rc)
        fprintf (stderr, "schedule, seed %lu%s: %s\n        again: sim --schedules 1 --seed %lu\n",
                 (unsigned long) seed, sliced ? ", sliced" : "", c.wrong.why, (unsigned long) seed);
    memcpy (trail, c.trail, 32);
    totals[0] += c.events;
    totals[1] += c.placements;
    calm_clear (&c);
    return rc;
}

int schedule_run (uint64_t seed, uint64_t totals[2])
{
    uint8_t whole[32], sliced[32];

    if (run (seed, false, whole, totals) || run (seed, true, sliced, totals))
        return -1;
    if (!memcmp (whole, sliced, sizeof whole))
        return 0;
    fprintf (stderr, "schedule, seed %lu: decisions depend on how a pass is sliced\n", (unsigned long) seed);
    return -1;
}
