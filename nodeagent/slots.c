/* slots.c - which cpus and GPUs of the node are taken. */
#include "nodeagent/slots.h"
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

struct slots {
    const struct topology *topology;
    bool *cpu_taken, *gpu_taken;
    uint32_t free_cpus, free_gpus;
};

struct slots *slots_create (const struct topology *topology)
{
    struct slots *s = xcalloc (1, sizeof *s);

    s->topology = topology;
    s->cpu_taken = xcalloc (topology->n_units, sizeof *s->cpu_taken);
    s->gpu_taken = xcalloc (topology->n_gpus, sizeof *s->gpu_taken);
    s->free_cpus = (uint32_t) topology->n_units;
    s->free_gpus = (uint32_t) topology->n_gpus;
    return s;
}

struct slots *slots_free (struct slots *s)
{
    if (!s)
        return NULL;
    free (s->cpu_taken);
    free (s->gpu_taken);
    free (s);
    return NULL;
}

uint32_t slots_free_cpus (const struct slots *s)
{
    return s->free_cpus;
}

/* What a unit belongs to, at the level of a choice. */
static uint32_t cache_of (const struct topology_unit *u)
{
    return u->cache;
}

static uint32_t numa_of (const struct topology_unit *u)
{
    return u->numa;
}

typedef uint32_t (*group_fn) (const struct topology_unit *u);

/* The group with the fewest free units that still has `wanted`; NOWHERE = none. near: only groups of that NUMA node. */
static uint32_t best_group (const struct slots *s, group_fn group, uint32_t wanted, uint32_t near)
{
    const struct topology *t = s->topology;
    uint32_t best = NOWHERE, best_free = UINT32_MAX;

    for (size_t i = 0; i < t->n_units;) {
        uint32_t id = group (&t->units[i]), numa = t->units[i].numa, n = 0;
        for (; i < t->n_units && group (&t->units[i]) == id; i++) /* units of a group follow each other */
            n += !s->cpu_taken[i];
        if (id != NOWHERE && n >= wanted && n < best_free && (near == NOWHERE || numa == near)) {
            best = id;
            best_free = n;
        }
    }
    return best;
}

static void take_cpus (struct slots *s, uint32_t wanted, group_fn group, uint32_t id, struct claim *c)
{
    for (size_t i = 0; i < s->topology->n_units && wanted; i++)
        if (!s->cpu_taken[i] && (!group || group (&s->topology->units[i]) == id)) {
            s->cpu_taken[i] = true;
            s->free_cpus--;
            idset_add (c->cpus, (uint32_t) i);
            wanted--;
        }
}

static void choose_cpus (struct slots *s, uint32_t wanted, uint32_t near, struct claim *c)
{
    static const group_fn levels[] = {cache_of, numa_of};
    const uint32_t places[] = {near, NOWHERE};

    for (size_t p = near == NOWHERE; p < 2; p++)
        for (size_t l = 0; l < 2; l++) {
            uint32_t id = best_group (s, levels[l], wanted, places[p]);
            if (id != NOWHERE) {
                take_cpus (s, wanted, levels[l], id, c);
                return;
            }
        }
    take_cpus (s, wanted, NULL, 0, c);
}

static uint32_t free_gpus_at (const struct slots *s, uint32_t numa)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s->topology->n_gpus; i++)
        n += !s->gpu_taken[i] && s->topology->gpus[i].numa == numa;
    return n;
}

/* GPUs of one NUMA node where they suffice (the tightest), else the lowest. Returns where they are. */
static uint32_t choose_gpus (struct slots *s, uint32_t wanted, struct claim *c)
{
    const struct topology *t = s->topology;
    uint32_t where = NOWHERE, best_free = UINT32_MAX;

    for (size_t i = 0; i < t->n_gpus && wanted; i++) {
        uint32_t n = free_gpus_at (s, t->gpus[i].numa);
        if (n >= wanted && n < best_free) {
            where = t->gpus[i].numa;
            best_free = n;
        }
    }
    for (size_t i = 0; i < t->n_gpus && wanted; i++)
        if (!s->gpu_taken[i] && (best_free == UINT32_MAX || t->gpus[i].numa == where)) {
            s->gpu_taken[i] = true;
            s->free_gpus--;
            idset_add (c->gpus, (uint32_t) i);
            wanted--;
        }
    return where;
}

int slots_take (struct slots *s, uint32_t cpus, uint32_t gpus, struct claim *ret)
{
    if (cpus > s->free_cpus || gpus > s->free_gpus)
        return SLOTS_E_FULL;
    *ret = (struct claim){idset_create (), idset_create ()};
    uint32_t near = choose_gpus (s, gpus, ret);
    choose_cpus (s, cpus, near, ret);
    return 0;
}

static bool all_free (const struct idset *set, const bool *taken, size_t n)
{
    for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id))
        if (id >= n || taken[id])
            return false;
    return true;
}

static int parse_ids (const char *text, size_t n, struct idset **ret)
{
    uint32_t limit;

    if (!text || !text[0]) {
        *ret = idset_create ();
        return 0;
    }
    return n == 0 ? -1 : idset_parse (ret, &limit, text, (uint32_t) n, NULL);
}

static uint32_t mark (const struct idset *set, bool *taken, bool value)
{
    uint32_t n = 0;

    for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id), n++)
        taken[id] = value;
    return n;
}

int slots_restore (struct slots *s, const char *cpu_ids, const char *gpu_ids, struct claim *ret)
{
    _cleanup_idset_ struct idset *cpus = NULL, *gpus = NULL;

    if (parse_ids (cpu_ids, s->topology->n_units, &cpus) || parse_ids (gpu_ids, s->topology->n_gpus, &gpus) ||
        !all_free (cpus, s->cpu_taken, s->topology->n_units) || !all_free (gpus, s->gpu_taken, s->topology->n_gpus))
        return -1;
    s->free_cpus -= mark (cpus, s->cpu_taken, true);
    s->free_gpus -= mark (gpus, s->gpu_taken, true);
    *ret = (struct claim){steal (&cpus), steal (&gpus)};
    return 0;
}

void slots_release (struct slots *s, struct claim *c)
{
    if (c->cpus)
        s->free_cpus += mark (c->cpus, s->cpu_taken, false);
    if (c->gpus)
        s->free_gpus += mark (c->gpus, s->gpu_taken, false);
    idset_free (c->cpus);
    idset_free (c->gpus);
    *c = (struct claim){0};
}

char *claim_cpu_ids (const struct claim *c)
{
    struct buf out = BUF_INIT;
    uint32_t first, last;

    for (size_t i = 0; i < idset_ranges (c->cpus); i++) {
        idset_range (c->cpus, i, &first, &last);
        buf_printf (&out, "%s%u", i ? "," : "", first);
        if (last > first)
            buf_printf (&out, "-%u", last);
    }
    return buf_steal (&out);
}

char *claim_gpu_ids (const struct claim *c)
{
    struct buf out = BUF_INIT;

    if (idset_empty (c->gpus))
        return NULL;
    for (uint32_t id = idset_first (c->gpus); id != IDSET_NONE; id = idset_next (c->gpus, id))
        buf_printf (&out, "%s%u", out.len ? "," : "", id);
    return buf_steal (&out);
}
