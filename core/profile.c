/* profile.c - nodes as they will be. */
#include "core/profile.h"
#include "core/state.h"

usec_t attempt_until (const struct core *core, const struct task *task)
{
    uint64_t limit = task_time_limit (core, task);
    usec_t start = task->start_us ? task->start_us : core->now;

    return limit && limit < UINT64_MAX / USEC_PER_SEC / 2 ? start + limit * USEC_PER_SEC : UINT64_MAX;
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

usec_t node_when (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks,
                  usec_t best)
{
    struct node later = *node;
    const struct share *share = node->shares;
    usec_t at = stay->from;

    while (at < best) {
        for (; share && share->until <= at; share = share->next)
            take_off (&later, share);
        if (demand_holds (stay->demand, &later, FIT_NOW, tasks) && allowed_at (core, stay, node, tasks, at))
            return at;
        if (!share || share->until == UINT64_MAX)
            break;
        at = share->until;
    }
    if (at >= best)
        return UINT64_MAX;
    at = promise_next_end (core, stay, node, at); /* what was promised to others has been had */
    if (at < best && at != UINT64_MAX) {
        node_at (node, at, 0, &later);
        if (demand_holds (stay->demand, &later, FIT_NOW, tasks) && allowed_at (core, stay, node, tasks, at))
            return at;
    }
    return best > PROMISE_ONE_DAY && demand_holds (stay->demand, node, FIT_EMPTY, tasks) ? PROMISE_ONE_DAY : UINT64_MAX;
}
