/* profile.c - nodes as they will be. */
#include "core/profile.h"
#include "core/expect.h"
#include "core/state.h"

usec_t attempt_until (const struct core *core, const struct task *task)
{
    uint64_t limit = task_time_limit (core, task);
    usec_t start = task->start_us ? task->start_us + task->suspended_us : core->now;

    if (task->suspended_at)
        return UINT64_MAX; /* nobody knows when it goes on */
    if (core->expected)
        limit = expect_s (core, task->job->id, limit);

    usec_t until = resv_until (start, limit);

    return task->inside && resv_ends (core, task) < until ? resv_ends (core, task) : until;
}

bool attempt_is_licensed (const struct task *task)
{
    const char *asked = row_facts (task->job, task)->spec->licenses;

    return asked && *asked;
}

void attempt_reckon (struct core *core, struct task *task)
{
    usec_t until = attempt_until (core, task);

    for (uint32_t i = 0; i < task->n_shares; i++) {
        struct share *share = &task->shares[i];
        if (share->until == until)
            continue;
        share_unlist (share);
        share->until = until;
        share_list (share);
    }
}

static void take_off (struct node *later, const struct share *share)
{
    later->used_cpus -= node_hold (later, share->cpus);
    later->used_mem_mb -= share->mem_mb;
    gres_node_give (later, &share->gres);
    later->n_shares--;
}

void node_at (const struct node *node, usec_t at, uint64_t since, struct node *ret)
{
    *ret = *node;
    for (const struct share *share = node->shares; share && (at == UINT64_MAX || share->until <= at);
         share = share->next)
        if (at != UINT64_MAX || !share->task || share->task->placed_at <= since)
            take_off (ret, share);
}

static bool allowed_at (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks,
                        usec_t at)
{
    struct stay then = *stay;

    then.from = at;
    then.until = stay->until == UINT64_MAX ? UINT64_MAX : at + (stay->until - stay->from);
    return stay_allowed (core, &then, node, tasks);
}

#define EDGES_MOST 32 /* of reservations and promises that are looked past */

/* When does something else than the end of an attempt change what is allowed there? */
static usec_t next_edge (const struct core *core, const struct stay *stay, const struct node *node, usec_t after)
{
    usec_t promise = promise_next_end (core, stay, node, after);
    usec_t resv = resv_any (&core->resvs) ? resv_next_edge (core, after) : UINT64_MAX;

    return promise < resv ? promise : resv;
}

usec_t node_when (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks,
                  usec_t best)
{
    struct node later = *node;
    const struct share *share = node->shares;
    usec_t at = stay->from;

    while (true) {
        for (; share && share->until <= at; share = share->next)
            take_off (&later, share);
        if (demand_holds (stay->demand, &later, FIT_NOW, tasks) && allowed_at (core, stay, node, tasks, at))
            return at;
        if (!share || share->until == UINT64_MAX)
            break;
        if (share->until >= best)
            return UINT64_MAX;
        at = share->until;
    }
    for (int n = 0; n < EDGES_MOST && (at = next_edge (core, stay, node, at)) < best; n++) {
        node_at (node, at, 0, &later);
        if (demand_holds (stay->demand, &later, FIT_NOW, tasks) && allowed_at (core, stay, node, tasks, at))
            return at;
    }
    /* where a reservation keeps it off for as long as it would be there, nobody needs to make room for it */
    return best > PROMISE_ONE_DAY && demand_holds (stay->demand, node, FIT_EMPTY, tasks) &&
                   resv_allows (core, stay->in, node, node->cpus, 1, stay->from, stay->until)
               ? PROMISE_ONE_DAY
               : UINT64_MAX;
}
