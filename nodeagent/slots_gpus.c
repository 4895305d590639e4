/* slots_gpus.c - which GPUs an attempt gets.
 *
 * All of one kind from one NUMA node where that has enough: of such nodes one that has cpus enough beside them, then
 * the one with the fewest free, so that large gaps stay for large jobs. A single GPU is the one that was given longest
 * ago, wherever it is, as long as there are cpus beside it: jobs in sequence go round, and no card ages, or fails, for
 * all of them. Several from one place go round in the same way. */
#include <string.h>
#include "base/buf.h"
#include "base/gres.h"
#include "nodeagent/slots_inside.h"

static bool is_kind (const struct gpu *gpu, const struct gpu_want *want)
{
    return want->any || (gpu->type && want->type ? !strcmp (gpu->type, want->type) : gpu->type == want->type);
}

static bool is_free (const struct slots *s, size_t i, const struct gpu_want *want)
{
    return !s->gpu_taken[i] && is_kind (&s->topology->gpus.list[i], want);
}

/* How good a choice would be: compared from the left, less is better. */
struct merit {
    bool no_cpus;   /* beside it */
    uint32_t free;  /* GPUs of the kind there */
    uint64_t given; /* when the one was given that was given longest ago */
};

static bool is_better (const struct merit *a, const struct merit *b)
{
    if (a->no_cpus != b->no_cpus)
        return b->no_cpus;
    return a->free != b->free ? a->free < b->free : a->given < b->given;
}

static struct merit merit_of (const struct slots *s, size_t of, const struct gpu_want *want, uint32_t cpus)
{
    uint32_t numa = s->topology->gpus.list[of].numa;
    struct merit m = {.no_cpus = slots_open_at (s, numa) < cpus, .given = s->gpu_given[of]};

    for (size_t i = 0; i < s->topology->gpus.n; i++)
        if (is_free (s, i, want) && s->topology->gpus.list[i].numa == numa) {
            m.free++;
            m.given = s->gpu_given[i] < m.given ? s->gpu_given[i] : m.given;
        }
    return m;
}

/* The place that all of them are taken from: a GPU that is there; SIZE_MAX = no place has enough. */
static size_t best_place (const struct slots *s, const struct gpu_want *want, uint32_t cpus)
{
    struct merit best = {0};
    size_t at = SIZE_MAX;

    for (size_t i = 0; i < s->topology->gpus.n; i++) {
        if (!is_free (s, i, want))
            continue;
        struct merit m = merit_of (s, i, want, cpus);
        if (m.free < want->n)
            continue;
        if (want->n == 1) { /* goes round all of them: how many are beside it does not count */
            m.free = 0;
            m.given = s->gpu_given[i];
        }
        if (at == SIZE_MAX || is_better (&m, &best)) {
            at = i;
            best = m;
        }
    }
    return at;
}

/* Of the free ones there (NOWHERE and `anywhere`: of all) that which was given longest ago. */
static size_t next_gpu (const struct slots *s, const struct gpu_want *want, bool anywhere, uint32_t numa)
{
    size_t at = SIZE_MAX;

    for (size_t i = 0; i < s->topology->gpus.n; i++)
        if (is_free (s, i, want) && (anywhere || s->topology->gpus.list[i].numa == numa) &&
            (at == SIZE_MAX || s->gpu_given[i] < s->gpu_given[at]))
            at = i;
    return at;
}

static void take (struct slots *s, size_t i, struct idset *set)
{
    s->gpu_taken[i] = true;
    s->gpu_given[i] = s->takes;
    s->free_gpus--;
    idset_add (set, (uint32_t) i);
}

static void give_back (struct slots *s, struct idset *set)
{
    for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_first (set)) {
        s->gpu_taken[id] = false;
        s->free_gpus++;
        idset_remove (set, id);
    }
}

/* *near: where the earlier kinds are, or NOWHERE; *first: there were none. */
static int choose_kind (struct slots *s, const struct gpu_want *want, uint32_t cpus, struct idset *set, bool *first,
                        uint32_t *near)
{
    size_t place = best_place (s, want, cpus);
    uint32_t numa = place == SIZE_MAX ? NOWHERE : s->topology->gpus.list[place].numa;

    for (uint32_t n = 0; n < want->n; n++) {
        size_t i = want->n == 1 ? place : next_gpu (s, want, place == SIZE_MAX, numa);
        if (i == SIZE_MAX)
            return SLOTS_E_FULL;
        take (s, i, set);
    }
    *near = *first || *near == numa ? numa : NOWHERE;
    *first = false;
    return 0;
}

int slots_choose_gpus (struct slots *s, const struct gpu_want *wants, size_t n, uint32_t cpus, struct idset *ret,
                       uint32_t *ret_near)
{
    bool first = true;

    *ret_near = NOWHERE;
    s->takes++;
    for (int any = 0; any < 2; any++) /* those that are particular come first */
        for (size_t i = 0; i < n; i++)
            if (wants[i].n && wants[i].any == any && choose_kind (s, &wants[i], cpus, ret, &first, ret_near)) {
                give_back (s, ret);
                return SLOTS_E_FULL;
            }
    return 0;
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

static bool type_was_before (const struct topology *t, const struct claim *c, uint32_t id)
{
    const struct gpu_want like = {.type = t->gpus.list[id].type};

    for (uint32_t i = idset_first (c->gpus); i < id; i = idset_next (c->gpus, i))
        if (is_kind (&t->gpus.list[i], &like))
            return true;
    return false;
}

char *claim_gpu_text (const struct claim *c, const struct topology *t)
{
    struct buf out = BUF_INIT;

    for (uint32_t id = c->gpus ? idset_first (c->gpus) : IDSET_NONE; id != IDSET_NONE; id = idset_next (c->gpus, id)) {
        const struct gpu_want like = {.type = t->gpus.list[id].type};
        _cleanup_idset_ struct idset *of_type = idset_create ();
        _cleanup_free_ char *ids = NULL;
        if (type_was_before (t, c, id))
            continue;
        for (uint32_t i = id; i != IDSET_NONE; i = idset_next (c->gpus, i))
            if (is_kind (&t->gpus.list[i], &like))
                idset_add (of_type, i);
        const struct gres shown = {(char *) "gpu", (char *) like.type, (uint32_t) idset_count (of_type)};
        buf_puts (&out, out.len ? "," : "");
        gres_show (&shown, &out);
        ids = idset_list (of_type);
        buf_printf (&out, "(IDX:%s)", ids);
    }
    return out.len ? buf_steal (&out) : NULL;
}
