/* Random workloads on virtual time, where jobs end by their limits: what was promised to the first that waits is kept,
 * everything starts one day, nothing is given out twice, and decisions do not depend on where a pass is interrupted.
 * Each seed is a world of its own; MOISSON_SEEDS runs more of them. */
#include "core_kit.h"
#include <stdlib.h>
#include <utlist.h>
#include "core/state.h"
#include "suite.h"

#define JOBS 60

struct virtual_job {
    uint64_t id, run_s;
    usec_t submit, start, end; /* start 0: waits; end: of what runs */
    usec_t promised;           /* the first promise; 0 = none */
    bool gone;
};

struct scene {
    struct kit *k;
    uint64_t dice;
    struct virtual_job jobs[JOBS];
    struct ask asks[JOBS];
    size_t n_in, n_gone;
    bool unlimited;     /* some jobs have no limit: then promises move */
    uint64_t decisions; /* a hash of them all, in their order */
};

static uint32_t dice (struct scene *s, uint32_t n)
{
    s->dice = s->dice * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
    return (uint32_t) (s->dice >> 33) % n;
}

static void invent (struct scene *s, uint32_t nodes, uint32_t cpus)
{
    usec_t at = START_US;

    for (size_t i = 0; i < JOBS; i++) {
        struct ask *ask = &s->asks[i];
        at += dice (s, 3) ? 0 : dice (s, 400) * USEC_PER_SEC;
        s->jobs[i].submit = at;
        *ask = (struct ask){.cpus_per_task = 1 + dice (s, 3) * dice (s, cpus) / 2,
                            .mem = 100 + dice (s, 10) * dice (s, 100),
                            .uid = 1000 + dice (s, 3),
                            .time_s = 60 * (1 + dice (s, 60))};
        if (dice (s, 6) == 0) {
            ask->nodes = 1 + dice (s, nodes);
            ask->ntasks_per_node = 1 + dice (s, cpus);
            ask->cpus_per_task = 1;
        } else if (dice (s, 8) == 0) {
            ask->nodes = 1 + dice (s, nodes);
            ask->max_nodes = nodes;
            ask->ntasks = ask->nodes + dice (s, cpus);
            ask->cpus_per_task = 1;
        }
        ask->gpus = dice (s, 4) ? 0 : 1 + dice (s, 2);
        ask->exclusive = dice (s, 12) == 0;
        s->jobs[i].run_s = dice (s, 3) ? 1 + dice (s, (uint32_t) ask->time_s) : ask->time_s;
        if (s->unlimited && dice (s, 3) == 0)
            ask->time_s = 0;
    }
}

static struct virtual_job *job_of (struct scene *s, uint64_t id)
{
    for (size_t i = 0; i < s->n_in; i++)
        if (s->jobs[i].id == id)
            return &s->jobs[i];
    ck_abort_msg ("job %lu is nobody's", (unsigned long) id);
}

static void note_decision (struct scene *s, const Moisson__Placed *placed)
{
    uint64_t word = s->k->now ^ placed->job_id << 40;

    for (size_t i = 0; i < placed->n_shares; i++)
        for (const char *p = placed->shares[i]->node; *p; p++)
            word = word * 1099511628211ULL + (uint8_t) *p;
    s->decisions = (s->decisions ^ word) * 1099511628211ULL;
}

static void place_and_start (struct scene *s, Moisson__Event *event)
{
    struct virtual_job *job = job_of (s, event->placed->job_id);

    kit_apply (s->k, event);
    note_decision (s, event->placed);
    started (s->k, job->id, 1);
    job->start = s->k->now;
    job->end = s->k->now + job->run_s * USEC_PER_SEC;
    if (job->promised && !s->unlimited && job->start > job->promised)
        ck_abort_msg ("job %lu was promised to start %lu s earlier than it did", (unsigned long) job->id,
                      (unsigned long) ((job->start - job->promised) / USEC_PER_SEC));
}

static void look_at_promises (struct scene *s)
{
    const struct promise *promise;

    DL_FOREACH (s->k->core->promises.list, promise)
    {
        struct virtual_job *job = job_of (s, promise->job_id);
        ck_assert_uint_eq (job->start, 0);
        ck_assert_uint_ge (promise->at, s->k->now);
        if (!job->promised && promise->at != PROMISE_ONE_DAY)
            job->promised = promise->at;
    }
}

static void run_steps (struct scene *s)
{
    Moisson__Event *event;
    int rc;

    while ((rc = core_pass_step (s->k->core, s->k->now, &event)) != CORE_E_NOTHING)
        if (rc == 0) {
            place_and_start (s, event);
            moisson__event__free_unpacked (event, NULL);
        }
}

/* As the controller does it: what became free, then a cycle where one is wanted, or now and then. */
static void run_pass (struct scene *s)
{
    bool anyway = dice (s, 4) == 0;

    run_steps (s);
    while (core_pass_wanted (s->k->core) || anyway) {
        core_pass_begin (s->k->core, s->k->now);
        run_steps (s);
        anyway = false;
    }
    look_at_promises (s);
}

/* What is next: a submit or an end. NULL: nothing is left to happen. */
static struct virtual_job *next_one (struct scene *s, usec_t *ret_at)
{
    struct virtual_job *next = s->n_in < JOBS ? &s->jobs[s->n_in] : NULL;

    *ret_at = next ? next->submit : UINT64_MAX;
    for (size_t i = 0; i < s->n_in; i++)
        if (s->jobs[i].start && !s->jobs[i].gone && s->jobs[i].end < *ret_at) {
            next = &s->jobs[i];
            *ret_at = next->end;
        }
    return next;
}

static uint64_t play (uint64_t seed, uint32_t work)
{
    struct scene *s = xcalloc (1, sizeof *s);
    struct core_policies policies = {.step_work = work};
    struct virtual_job *next;
    char names[16];
    usec_t at;

    s->dice = seed;
    s->unlimited = dice (s, 4) == 0;
    uint32_t nodes = 1 + dice (s, 4), cpus = 2 + dice (s, 7);
    snprintf (names, sizeof names, "n[1-%u]", nodes);
    s->k = kit_new (names, cpus);
    core_set_policies (s->k->core, &policies);
    invent (s, nodes, cpus);
    while ((next = next_one (s, &at))) {
        s->k->now = at > s->k->now ? at : s->k->now;
        if (next->start) {
            exited (s->k, next->id, 1, 0);
            next->gone = true;
            s->n_gone++;
        } else {
            struct err err = ERR_INIT;
            if (kit_admit (s->k, &s->asks[s->n_in], &err)) /* more than there is */
                s->asks[s->n_in] = (struct ask){.cpus_per_task = 1, .time_s = 3600};
            err_clear (&err);
            next->id = kit_submit (s->k, &s->asks[s->n_in]);
            s->n_in++;
        }
        run_pass (s);
    }
    ck_assert_uint_eq (s->n_in, JOBS);
    ck_assert_uint_eq (s->n_gone, JOBS); /* nobody starves */
    uint64_t decisions = s->decisions;
    kit_freep (&s->k);
    free (s);
    return decisions;
}

START_TEST (promises_are_kept_and_everything_starts)
{
    const char *more = getenv ("MOISSON_SEEDS");
    uint64_t seeds = more ? strtoull (more, NULL, 10) : 60;

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        uint64_t whole = play (seed, 0), sliced = play (seed, 1);
        ck_assert_msg (whole == sliced, "seed %lu: decisions depend on the steps", (unsigned long) seed);
    }
}
END_TEST

SUITE ("promises", promises_are_kept_and_everything_starts)
