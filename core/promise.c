/* promise.c - what is promised to the heads that wait, and who must keep it. */
#include "core/promise.h"
#include <string.h>
#include <utlist.h>
#include "base/licences.h"
#include "base/mem.h"
#include "core/expect.h"
#include "core/profile.h"
#include "core/state.h"

struct stay stay_for (const struct core *core, const struct shape *shape, const struct demand *demand, usec_t from,
                      uint64_t limit)
{
    uint64_t expected = core->expected ? expect_s (core, shape->node.rank.id, limit) : limit;

    return (struct stay){.demand = demand,
                         .shape = shape,
                         .in = resv_find (core, shape->key.family->demand.reservation),
                         .from = from,
                         .until = resv_until (from, limit),
                         .lasts = expected == limit ? 0 : expected * USEC_PER_SEC};
}

struct stay stay_of (const struct core *core, const struct shape *shape, const struct demand *demand, usec_t from)
{
    return stay_for (core, shape, demand, from, shape->key.time_s);
}

static usec_t gone (const struct stay *stay)
{
    return stay->lasts ? stay->from + stay->lasts : stay->until;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

void promise_drop (struct core *core, struct promise *promise)
{
    if (promise->shape)
        promise->shape->promise = NULL;
    DL_DELETE (core->promises.list, promise);
    core->promises.n--;
    fit_clear (&promise->fit);
    free (promise);
}

void promise_forget_all (struct core *core)
{
    while (core->promises.list)
        promise_drop (core, core->promises.list);
}

static int by_index (const void *a, const void *b)
{
    const struct pick *x = a, *y = b;

    return x->node->index < y->node->index ? -1 : x->node->index > y->node->index;
}

static bool same_nodes (const struct fit *a, const struct fit *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++)
        if (a->picks[i].node != b->picks[i].node)
            return false;
    return a->n == b->n;
}

void promise_make (struct core *core, struct shape *shape, struct fit *fit, usec_t at, usec_t until)
{
    struct promise *promise = shape->promise;

    qsort (fit->picks, fit->n, sizeof *fit->picks, by_index);
    if (!promise) {
        promise = xcalloc (1, sizeof *promise);
        promise->shape = shape;
        promise->job_id = shape->node.rank.id;
        promise->first_us = at;
        promise->since = core->sequence;
        shape->promise = promise;
        DL_APPEND (core->promises.list, promise);
        core->promises.n++;
    } else if (!same_nodes (fit, &promise->fit))
        promise->since = core->sequence;
    fit_clear (&promise->fit);
    promise->fit = *fit;
    *fit = (struct fit){0};
    promise->at = at;
    promise->until = until;
    promise->cycle = core->shapes.cycle;
}

void promise_drop_old (struct core *core)
{
    struct promise *promise, *next;

    DL_FOREACH_SAFE (core->promises.list, promise, next)
    if (promise->cycle != core->shapes.cycle)
        promise_drop (core, promise);
}

/* --- who must keep them ------------------------------------------------------------------------------------------- */

static const struct pick *pick_on (const struct promise *promise, const struct node *node)
{
    struct pick key = {.node = (struct node *) node};

    return bsearch (&key, promise->fit.picks, promise->fit.n, sizeof key, by_index);
}

/* The part of this node that is promised, if whoever wants to stay there must keep that. */
static const struct pick *binding (const struct promise *promise, const struct stay *stay, const struct node *node)
{
    if (promise->shape == stay->shape ||
        (stay->shape && rank_before (&stay->shape->node.rank, &promise->shape->node.rank)))
        return NULL;
    return pick_on (promise, node);
}

static void take (struct node *later, const struct pick *pick)
{
    later->used_cpus += node_hold (later, pick->cpus);
    later->used_mem_mb += pick->mem_mb;
    gres_node_take (later, &pick->gres);
    later->n_shares++;
}

/* Is there room at that time, besides all that is promised for then? */
static bool room_at (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks,
                     const struct promise *of)
{
    bool one_day = of->at == PROMISE_ONE_DAY;
    usec_t at = of->at > stay->from ? of->at : stay->from;
    const struct promise *other;
    const struct pick *pick;
    struct node later;

    node_at (node, one_day ? UINT64_MAX : at, of->since, &later);
    DL_FOREACH (core->promises.list, other)
    if (other->at <= at && other->until > at && (pick = binding (other, stay, node)))
        take (&later, pick);
    return demand_holds (stay->demand, &later, FIT_NOW, tasks);
}

static bool reserved (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks)
{
    uint32_t cpus = stay->demand->exclusive ? node->cpus : demand_cpus (stay->demand, node, tasks);
    struct node later;

    node_at (node, stay->from, 0, &later);
    if (stay->from <= core->pass.now) /* what is over its limit is still there */
        later = *node;
    return !resv_allows (core, stay->in, node, node_free_cpus (&later), cpus, stay->from, stay->until);
}

/* --exclusive=user: of two users on one node, neither has asked for that. */
static bool among_its_own (const struct stay *stay, const struct node *node)
{
    const struct job *job = stay->shape ? shape_first (stay->shape) : NULL;

    if (!job || (!node->n_user_only && !stay->demand->exclusive_user))
        return true;
    for (const struct share *share = node->shares; share; share = share->next) {
        const struct job *other = share->task ? share->task->job : NULL;
        if (!other || other->spec->uid == job->spec->uid)
            continue;
        if (stay->demand->exclusive_user || row_facts (other, share->task)->spec->exclusive_user)
            return false;
    }
    return true;
}

bool stay_allowed (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks)
{
    const struct promise *promise;

    if (resv_any (&core->resvs) && reserved (core, stay, node, tasks))
        return false;
    if (stay->from <= core->pass.now && !among_its_own (stay, node))
        return false;
    DL_FOREACH (core->promises.list, promise)
    if (promise->until > stay->from && (promise->at < gone (stay) || promise->at == PROMISE_ONE_DAY) &&
        binding (promise, stay, node) && !room_at (core, stay, node, tasks, promise))
        return false;
    return true;
}

usec_t promise_next_end (const struct core *core, const struct stay *stay, const struct node *node, usec_t after)
{
    const struct promise *promise;
    usec_t end = UINT64_MAX;

    DL_FOREACH (core->promises.list, promise)
    if (promise->until > after && promise->until < end && binding (promise, stay, node))
        end = promise->until;
    return end;
}

/* --- licences ----------------------------------------------------------------------------------------------------- */

static uint32_t asked_of (const struct licence_list *list, const char *name)
{
    uint32_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += strcmp (list->list[i].name, name) ? 0 : list->list[i].n;
    return n;
}

/* What waits for licences, or will take some, finds them: what goes behind it and lasts longer leaves them. */
static uint32_t promised_to_others (const struct core *core, const struct stay *stay, const char *name)
{
    const struct promise *promise;
    uint32_t n = 0;

    DL_FOREACH (core->promises.list, promise)
    {
        const char *asked = promise->shape->key.family->demand.licenses;
        _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
        if (asked && promise->shape != stay->shape && (promise->at < stay->until || promise->at == PROMISE_ONE_DAY) &&
            !(stay->shape && rank_before (&stay->shape->node.rank, &promise->shape->node.rank)) &&
            licences_parse (&list, asked, NULL) == 0)
            n += asked_of (&list, name);
    }
    return n;
}

bool stay_licensed (const struct core *core, const struct stay *stay)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
    const char *asked = stay->demand->licenses;

    if (!asked || licences_parse (&list, asked, NULL))
        return true;
    if (!licence_free (core, asked, stay->in, stay->from, stay->until))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        const struct licence *licence = licence_find (core, list.list[i].name);
        uint32_t left = licence ? licence_left (core, licence, stay->in, stay->from, stay->until) : 0;
        if ((uint64_t) asked_of (&list, list.list[i].name) + promised_to_others (core, stay, list.list[i].name) > left)
            return false;
    }
    return true;
}
