/* family.c - families of shapes, and what is known not to fit. */
#include "core/family.h"
#include <string.h>
#include "base/mem.h"
#include "core/expect.h"
#include "core/shorten.h"
#include "core/state.h"

static struct family *family_make (struct core *core, const struct demand *demand, struct buf *key)
{
    struct family *family = xcalloc (1, sizeof *family);
    const char **texts[] = {&family->demand.nodelist, &family->demand.exclude, &family->demand.constraint,
                            &family->demand.reservation, &family->demand.licenses};

    family->key = *key;
    *key = BUF_INIT;
    family->demand = *demand;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = family->texts[i] = *texts[i] ? xstrdup (*texts[i]) : NULL;
    family->somewhere = places_of (core, &family->demand, &family->places, NULL) == 0;
    HASH_ADD_KEYPTR (hh, core->shapes.families, family->key.data, family->key.len, family);
    return family;
}

struct family *family_of (struct core *core, const struct demand *demand)
{
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct family *family;

    demand_key (demand, &key);
    HASH_FIND (hh, core->shapes.families, key.data, key.len, family);
    if (!family)
        family = family_make (core, demand, &key);
    family->n_shapes++;
    return family;
}

void family_put (struct core *core, struct family *family)
{
    if (--family->n_shapes)
        return;
    HASH_DELETE (hh, core->shapes.families, family);
    for (size_t i = 0; i < sizeof family->texts / sizeof *family->texts; i++)
        free (family->texts[i]);
    places_clear (&family->places);
    buf_clear (&family->key);
    free (family);
}

static bool one_node (const struct demand *demand)
{
    return demand->max_nodes == 1;
}

uint32_t family_least_cpus (const struct family *family)
{
    const struct demand *demand = &family->demand;
    uint64_t cpus = (uint64_t) demand->cpus_per_task * (one_node (demand) ? demand->ntasks : 1);

    return cpus > UINT32_MAX ? UINT32_MAX : (uint32_t) cpus;
}

uint64_t family_least_mem (const struct family *family, uint64_t mem_mb)
{
    const struct demand *demand = &family->demand;

    if (demand->memory_free)
        return 0;
    return demand->mem_kind == MEM_NODE  ? mem_mb
           : demand->mem_kind == MEM_CPU ? mem_mb * family_least_cpus (family)
                                         : 0;
}

/* --- dead ends -----------------------------------------------------------------------------------------------------
 */

static uint64_t longest (uint64_t time_s)
{
    return time_s ? time_s : UINT64_MAX;
}

uint64_t shape_time_s (const struct core *core, const struct shape *shape)
{
    return core->expected ? expect_s (core, shape->node.rank.id, shape->key.time_s) : shape->key.time_s;
}

static void forget_old (const struct core *core, struct family *family)
{
    if (family->round != core->shapes.round)
        family->n_dead_ends = 0;
    family->round = core->shapes.round;
}

bool family_is_closed (const struct core *core, struct family *family, uint64_t mem_mb, uint64_t time_s,
                       bool *ret_held_back)
{
    forget_old (core, family);
    for (uint32_t i = 0; i < family->n_dead_ends; i++)
        if (mem_mb >= family->dead_ends[i].mem_mb && longest (time_s) >= family->dead_ends[i].time_s) {
            *ret_held_back = family->dead_ends[i].time_s > 0;
            return true;
        }
    return false;
}

/* No node that such a job may go to has more memory free for one of its tasks than this. */
static uint64_t mem_bound (const struct core *core, const struct family *family)
{
    struct demand light = family->demand;
    uint64_t most = 0;

    light.mem_mb = 0;
    for (uint32_t b = light.cpus_per_task; b <= core->nodes.max_cpus; b++)
        for (size_t w = 0; core->nodes.in_bucket[b] && w < core->nodes.words; w++)
            for (uint64_t bits = core->nodes.buckets[b][w] & family->places.mask[w]; bits; bits &= bits - 1) {
                const struct node *node = core->nodes.list[w * 64 + (size_t) __builtin_ctzll (bits)];
                if (node_free_mem (node) > most && demand_fits (&light, node, FIT_NOW))
                    most = node_free_mem (node);
            }
    return light.mem_kind == MEM_CPU ? most / light.cpus_per_task : most;
}

static void add_dead_end (struct family *family, struct dead_end end)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < family->n_dead_ends; i++) { /* those that it says, too, go */
        struct dead_end *old = &family->dead_ends[i];
        if (old->mem_mb < end.mem_mb || old->time_s < end.time_s)
            family->dead_ends[n++] = *old;
    }
    if (n < DEAD_ENDS)
        family->dead_ends[n++] = end;
    family->n_dead_ends = n;
}

void family_close (const struct core *core, struct shape *shape, bool for_ever)
{
    struct family *family = shape->key.family;
    struct dead_end end = {shape->key.mem_mb, for_ever ? 0 : longest (shape_least_s (core, shape))};

    forget_old (core, family);
    if (for_ever && end.mem_mb && family->n_shapes > 1) {
        uint64_t bound = mem_bound (core, family);
        end.mem_mb = bound < end.mem_mb ? bound + 1 : end.mem_mb;
    }
    add_dead_end (family, end);
}
