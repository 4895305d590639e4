/* ahead.c - how many are before it: of one job, when it is asked about. */
#include "core/branch.h"
#include "core/state.h"
#include "core/view.h"

#define LOOKS_MOST 20000 /* of shapes and jobs: a millisecond or so */

struct ahead {
    uint32_t n, looks;
};

/* Of this shape, those that would go before that one by priority and time. */
static void count_shape (struct ahead *ahead, const struct shape *shape, const struct heap_item *mine)
{
    const struct lineup_item *item;

    for (item = shape->jobs.list; item && heap_before (&item->rank, mine) && ahead->looks < LOOKS_MOST;
         item = item->next, ahead->looks++)
        ahead->n++;
    for (size_t i = 0; i < shape->jobs.late.n && ahead->looks < LOOKS_MOST; i++, ahead->looks++)
        ahead->n += heap_before (shape->jobs.late.items[i], mine);
}

static struct ahead count_ahead (const struct core *core, const struct job *queue)
{
    const struct shape *shape = queue->shape;
    struct rank_node *at = rank_tree_first_within (core->shapes.ranks, UINT32_MAX, UINT64_MAX);
    struct ahead ahead = {0};

    for (; at && ahead.looks < LOOKS_MOST; at = rank_tree_next_within (at, UINT32_MAX, UINT64_MAX), ahead.looks++) {
        const struct shape *other = shape_at (at);
        uint32_t before = ahead.n;
        if (other->key.family->demand.partition != shape->key.family->demand.partition)
            continue;
        count_shape (&ahead, other, &queue->queue.rank);
        if (other == shape)
            break;
        if (ahead.n == before) /* its head goes before it by the order in force */
            ahead.n++;
    }
    return ahead;
}

static void say_most_memory (const struct core *core, const struct job *queue, struct buf *text)
{
    const struct places *places = shape_places (queue->shape);
    const struct node *best = NULL;

    for (uint32_t i = 0; places && i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        if ((places->mask[i / 64] >> i % 64 & 1) && node_usable (node) &&
            (!best || node_free_mem (node) > node_free_mem (best)))
            best = node;
    }
    if (best)
        buf_printf (text, "; most memory is free on %s: %lu MB, with %u cpu%s", node_name (best),
                    (unsigned long) node_free_mem (best), node_free_cpus (best), node_free_cpus (best) == 1 ? "" : "s");
}

void row_reason_more (const struct core *core, const struct row *row, struct buf *text)
{
    const struct job *queue = row_queue (row);
    struct ahead ahead;

    if (!queue->shape || core->shapes.ranking.going)
        return;
    if (queue->shape->key.mem_mb)
        say_most_memory (core, queue, text);
    ahead = count_ahead (core, queue);
    buf_printf (text, "; %s%u job%s before it in partition %s", ahead.looks < LOOKS_MOST ? "" : "more than ", ahead.n,
                ahead.n == 1 ? " is" : "s are", queue->shape->key.family->demand.partition->name);
}
