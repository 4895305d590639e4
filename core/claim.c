/* claim.c - what preempted attempts leave is kept for whom they made room. */
#include "core/claim.h"
#include <utlist.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/held.h"
#include "core/state.h"

struct claim *claim_find (const struct core *core, uint64_t id)
{
    struct claim *claim;

    DL_FOREACH (core->claims.list, claim)
    if (claim->id == id)
        return claim;
    return NULL;
}

uint32_t claims_of (const struct core *core, uint64_t job_id)
{
    const struct claim *claim;
    uint32_t n = 0;

    DL_FOREACH (core->claims.list, claim)
    n += claim->job_id == job_id;
    return n;
}

struct claim *claim_make (struct core *core, uint64_t id, uint64_t job_id, usec_t until)
{
    struct claim *claim = xcalloc (1, sizeof *claim);

    claim->id = id;
    claim->job_id = job_id;
    claim->until_us = until;
    DL_APPEND (core->claims.list, claim);
    core->claims.n++;
    return claim;
}

void claim_drop (struct core *core, struct claim *claim)
{
    struct held *next;

    for (struct held *held = claim->first; held; held = next) {
        next = held->claim_next;
        held_let_go (core, held);
    }
    DL_DELETE (core->claims.list, claim);
    core->claims.n--;
    core->want_pass = true;
    free (claim);
}

void claims_clear (struct core *core)
{
    while (core->claims.list)
        claim_drop (core, core->claims.list);
}

struct claim *claim_of_victim (const struct core *core, const struct task *task)
{
    return task->claim ? claim_find (core, task->claim) : NULL;
}

void claim_hear (struct core *core, struct claim *claim)
{
    claim->waiting--;
    core->want_pass = true;
}

struct held *claim_part (const struct core *core, const struct claim *claim, const struct task *task, uint32_t share)
{
    struct held *held = held_create_of (core, task, share);

    held->claim = claim->id;
    return held;
}

void claim_add (struct core *core, struct claim *claim, struct held *held)
{
    held->claim_next = claim->first;
    claim->first = held;
    held_take (core, held);
}

void claim_lift (struct core *core, const struct claim *claim)
{
    for (struct held *held = claim->first; held; held = held->claim_next)
        share_lift (core, &held->share);
}

void claim_lower (struct core *core, const struct claim *claim)
{
    for (struct held *held = claim->first; held; held = held->claim_next)
        share_take (core, &held->share);
}

/* --- when it goes ------------------------------------------------------------------------------------------------- */

static uint64_t could_start (const struct core *core, const struct job *job)
{
    uint64_t n = 0;

    if (!job_startable (core, job) && !job->branches)
        return 0;
    n = rest_count (&job->rest, HOLD_NONE);
    for (const struct job *at = job; at; at = at->branches)
        n += at->again ? idset_count (at->again) : 0;
    return n;
}

void claims_trim (struct core *core, const struct job *job)
{
    uint64_t most, n = 0;
    struct claim *claim, *next;

    if (!core->claims.n)
        return;
    most = could_start (core, job);
    DL_FOREACH_SAFE (core->claims.list, claim, next)
    if (claim->job_id == job->id && ++n > most)
        claim_drop (core, claim);
}

void claims_clock (struct core *core)
{
    struct claim *claim, *next;

    DL_FOREACH_SAFE (core->claims.list, claim, next)
    if (claim->until_us <= core->now)
        claim_drop (core, claim);
}

usec_t claims_deadline (const struct core *core)
{
    const struct claim *claim;
    usec_t at = UINT64_MAX;

    DL_FOREACH (core->claims.list, claim)
    at = claim->until_us < at ? claim->until_us : at;
    return at;
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

Moisson__ImageClaim **claims_save (const struct core *core, size_t *ret_n)
{
    Moisson__ImageClaim **list = xcalloc (core->claims.n + 1, sizeof *list);
    const struct claim *claim;

    *ret_n = 0;
    DL_FOREACH (core->claims.list, claim)
    {
        Moisson__ImageClaim *out = list[(*ret_n)++] = xmalloc (sizeof *out);
        moisson__image_claim__init (out);
        out->id = claim->id;
        out->job_id = claim->job_id;
        out->waiting = claim->waiting;
        out->until_us = claim->until_us;
    }
    return list;
}

void claims_load (struct core *core, Moisson__ImageClaim *const *claims, size_t n)
{
    for (size_t i = 0; i < n; i++)
        claim_make (core, claims[i]->id, claims[i]->job_id, claims[i]->until_us)->waiting = claims[i]->waiting;
}

int claims_check (const struct core *core, struct err *err)
{
    const struct claim *claim;
    uint64_t before = 0;

    DL_FOREACH (core->claims.list, claim)
    {
        uint32_t waiting = 0;
        const struct job *job = job_find (core, claim->job_id);
        if (!job || job->ended)
            return err_set (err, 0, "room is kept for job %lu, which is over", (unsigned long) claim->job_id);
        for (const struct job *at = job_from (core, 0); at; at = job_from (core, at->id + 1))
            for (const struct task *task = at->tasks; task; task = task->next)
                waiting += task->claim == claim->id;
        if (waiting != claim->waiting)
            return err_set (err, 0, "%u attempts make room for job %lu, it counts %u", waiting,
                            (unsigned long) claim->job_id, claim->waiting);
        if (claim->id <= before)
            return err_set (err, 0, "claims are out of order");
        before = claim->id;
        for (const struct held *held = claim->first; held; held = held->claim_next)
            if (held->claim != claim->id)
                return err_set (err, 0, "a share of job %lu is in the wrong claim", (unsigned long) held->raw_id);
    }
    return 0;
}
