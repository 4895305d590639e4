/* slots.c - which cpus and GPUs of the node are taken. */
#include "nodeagent/slots_inside.h"
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

struct slots *slots_create (const struct topology *topology)
{
    struct slots *s = xcalloc (1, sizeof *s);

    s->topology = topology;
    s->cpu_taken = xcalloc (topology->n_units, sizeof *s->cpu_taken);
    s->gpu_taken = xcalloc (topology->gpus.n, sizeof *s->gpu_taken);
    s->gpu_given = xcalloc (topology->gpus.n, sizeof *s->gpu_given);
    for (size_t i = 0; i < topology->n_units; i++) {
        s->cpu_taken[i] = topology->units[i].spec;
        s->free_cpus += !s->cpu_taken[i];
    }
    s->free_gpus = (uint32_t) topology->gpus.n;
    s->all_cpus = s->free_cpus;
    return s;
}

struct slots *slots_free (struct slots *s)
{
    if (!s)
        return NULL;
    free (s->cpu_taken);
    free (s->gpu_taken);
    free (s->gpu_given);
    free (s);
    return NULL;
}

uint32_t slots_free_cpus (const struct slots *s)
{
    return s->free_cpus;
}

uint32_t slots_all_cpus (const struct slots *s)
{
    return s->all_cpus;
}

/* Is this unit free, and with it all of its core? */
static bool is_open (const struct slots *s, size_t i)
{
    size_t each = s->topology->core_units, first = i / each * each, end = first + each;

    for (size_t k = first; k < end && k < s->topology->n_units; k++)
        if (s->cpu_taken[k])
            return false;
    return true;
}

uint32_t slots_open_at (const struct slots *s, uint32_t numa)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s->topology->n_units; i++)
        n += (numa == NOWHERE || s->topology->units[i].numa == numa) && is_open (s, i);
    return n;
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
            n += is_open (s, i);
        if (id != NOWHERE && n >= wanted && n < best_free && (near == NOWHERE || numa == near)) {
            best = id;
            best_free = n;
        }
    }
    return best;
}

/* As many as are wanted of the open cores of a group, core by core. */
static void take_cpus (struct slots *s, uint32_t wanted, group_fn group, uint32_t id, struct claim *c)
{
    size_t each = s->topology->core_units, n = s->topology->n_units;

    for (size_t first = 0; first < n && wanted; first += each) {
        if (!is_open (s, first) || (group && group (&s->topology->units[first]) != id))
            continue;
        for (size_t i = first; i < first + each && i < n && wanted; i++, wanted--) {
            s->cpu_taken[i] = true;
            s->free_cpus--;
            idset_add (c->cpus, (uint32_t) i);
        }
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

int slots_take_kinds (struct slots *s, uint32_t cpus, const struct gpu_want *wants, size_t n_wants, struct claim *ret)
{
    struct claim claim = {0};
    uint32_t near;

    if (cpus > s->free_cpus || (s->topology->core_units > 1 && cpus > slots_open_at (s, NOWHERE)))
        return SLOTS_E_FULL;
    claim = (struct claim){idset_create (), idset_create ()};
    if (slots_choose_gpus (s, wants, n_wants, cpus, claim.gpus, &near)) {
        slots_release (s, &claim);
        return SLOTS_E_FULL;
    }
    choose_cpus (s, cpus, near, &claim);
    *ret = claim;
    return 0;
}

int slots_take (struct slots *s, uint32_t cpus, uint32_t gpus, struct claim *ret)
{
    const struct gpu_want want = {.any = true, .n = gpus};

    return slots_take_kinds (s, cpus, &want, 1, ret);
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

    if (parse_ids (cpu_ids, s->topology->n_units, &cpus) || parse_ids (gpu_ids, s->topology->gpus.n, &gpus) ||
        !all_free (cpus, s->cpu_taken, s->topology->n_units) || !all_free (gpus, s->gpu_taken, s->topology->gpus.n))
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
    return idset_list (c->cpus);
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
