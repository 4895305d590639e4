/* expect.c - a table beside the jobs: nearly nobody has one. */
#include "core/expect.h"
#include "base/mem.h"
#include "core/profile.h"
#include "core/state.h"

struct expectation {
    uint64_t job_id, seconds;
    UT_hash_handle hh;
};

static struct expectation *find (const struct core *core, uint64_t job_id)
{
    struct expectation *e = NULL;

    if (core->expected)
        HASH_FIND (hh, core->expected, &job_id, sizeof job_id, e);
    return e;
}

uint64_t expect_s (const struct core *core, uint64_t job_id, uint64_t limit_s)
{
    const struct expectation *e = find (core, job_id);

    return e && (!limit_s || e->seconds < limit_s) ? e->seconds : limit_s;
}

void expect_forget (struct core *core, uint64_t job_id)
{
    struct expectation *e = find (core, job_id);

    if (!e)
        return;
    HASH_DEL (core->expected, e);
    free (e);
}

void expect_clear (struct core *core)
{
    while (core->expected)
        expect_forget (core, core->expected->job_id);
}

void core_expect (struct core *core, uint64_t job_id, uint64_t seconds)
{
    struct job *job = job_find (core, job_id);
    struct expectation *e = find (core, job_id);

    if (!job)
        return;
    if (!seconds)
        expect_forget (core, job_id);
    else if (!e) {
        e = xcalloc (1, sizeof *e);
        e->job_id = job_id;
        HASH_ADD (hh, core->expected, job_id, sizeof e->job_id, e);
    }
    if (seconds)
        e->seconds = seconds;
    for (struct task *task = job->tasks; task; task = task->next)
        attempt_reckon (core, task);
}
