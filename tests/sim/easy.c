/* easy.c - the algorithm of A. Mu'alem and D. Feitelson, IEEE TPDS 12(6), 2001, section 2.2. */
#include "easy.h"
#include <stdbool.h>
#include <stdlib.h>
#include "base/mem.h"

struct easy {
    const struct calm_job *jobs;
    size_t n;
    uint32_t free;
    usec_t now;
    usec_t *starts; /* 0 = waits, or has not come */
    bool *over;
};

static uint32_t cpus_of (const struct calm_job *job)
{
    return job->ntasks * job->cpus_per_task;
}

static bool runs (const struct easy *e, size_t i)
{
    return e->starts[i] && !e->over[i];
}

static bool waits (const struct easy *e, size_t i)
{
    return !e->starts[i] && e->jobs[i].submit <= e->now;
}

static usec_t latest_end (const struct easy *e, size_t i)
{
    return e->starts[i] + e->jobs[i].limit_s * USEC_PER_SEC;
}

static void start (struct easy *e, size_t i)
{
    e->starts[i] = e->now;
    e->free -= cpus_of (&e->jobs[i]);
}

/* When will enough be free for the head, and how much is left then? */
static usec_t shadow (const struct easy *e, size_t head, uint32_t *ret_extra)
{
    uint32_t need = cpus_of (&e->jobs[head]);
    usec_t best = UINT64_MAX;

    for (size_t i = 0; i < e->n; i++) {
        uint32_t free = e->free;
        usec_t at = runs (e, i) ? latest_end (e, i) : UINT64_MAX;
        if (at >= best)
            continue;
        for (size_t k = 0; k < e->n; k++)
            if (runs (e, k) && latest_end (e, k) <= at)
                free += cpus_of (&e->jobs[k]);
        if (free >= need) {
            best = at;
            *ret_extra = free - need;
        }
    }
    return best;
}

static void pass (struct easy *e)
{
    size_t head = 0;
    uint32_t extra = 0;
    usec_t at;

    for (; head < e->n; head++) {
        if (!waits (e, head))
            continue;
        if (cpus_of (&e->jobs[head]) > e->free)
            break;
        start (e, head);
    }
    if (head == e->n)
        return;
    at = shadow (e, head, &extra);
    for (size_t i = head + 1; i < e->n; i++) {
        uint32_t cpus = cpus_of (&e->jobs[i]);
        bool short_ = e->now + e->jobs[i].limit_s * USEC_PER_SEC <= at;
        if (!waits (e, i) || cpus > e->free || (!short_ && cpus > extra))
            continue;
        if (!short_)
            extra -= cpus;
        start (e, i);
    }
}

/* The next submit or end after now; UINT64_MAX = none. */
static usec_t next_time (const struct easy *e)
{
    usec_t at = UINT64_MAX;

    for (size_t i = 0; i < e->n; i++) {
        usec_t t = runs (e, i) ? e->starts[i] + e->jobs[i].run_s * USEC_PER_SEC : e->jobs[i].submit;
        if (!e->over[i] && (runs (e, i) || t > e->now) && t < at)
            at = t;
    }
    return at;
}

void easy_schedule (const struct calm_job *jobs, size_t n, uint32_t cpus, usec_t *starts)
{
    struct easy e = {.jobs = jobs, .n = n, .free = cpus, .starts = starts, .over = xcalloc (n, sizeof *e.over)};

    for (size_t i = 0; i < n; i++)
        starts[i] = 0;
    while ((e.now = next_time (&e)) != UINT64_MAX) {
        for (size_t i = 0; i < n; i++)
            if (runs (&e, i) && starts[i] + jobs[i].run_s * USEC_PER_SEC <= e.now) {
                e.over[i] = true;
                e.free += cpus_of (&jobs[i]);
            }
        pass (&e);
    }
    free (e.over);
}
