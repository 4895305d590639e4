/* licence_when.c - when will the licences be there that a stay asks for? By the time limits of those who have them. */
#include <stdlib.h>
#include <string.h>
#include "base/licences.h"
#include "base/mem.h"
#include "core/profile.h"
#include "core/state.h"

struct back { /* so many come back then */
    usec_t at;
    uint32_t n;
};

struct backs {
    struct back *list;
    size_t n, room;
};

static void add_holder (struct backs *backs, const struct share *share, const char *name)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    if (licences_parse (&list, row_facts (share->task->job, share->task)->spec->licenses, NULL))
        return;
    for (size_t i = 0; i < list.n; i++)
        if (!strcmp (list.list[i].name, name)) {
            GROW (backs->list, backs->n, backs->room);
            backs->list[backs->n++] = (struct back){share->until, list.list[i].n};
        }
}

static void find_holders (const struct core *core, struct backs *backs, const char *name)
{
    for (size_t i = 0; i < core->nodes.n; i++)
        for (const struct share *share = core->nodes.list[i]->n_licensed ? core->nodes.list[i]->shares : NULL; share;
             share = share->next)
            if (share->licensed && share->task)
                add_holder (backs, share, name);
}

static int by_time (const void *a, const void *b)
{
    usec_t x = ((const struct back *) a)->at, y = ((const struct back *) b)->at;

    return x < y ? -1 : x > y;
}

static usec_t back_at (const struct core *core, const struct stay *stay, const char *name, uint32_t asked)
{
    const struct licence *licence = licence_find (core, name);
    uint64_t have = licence ? licence_left (core, licence, stay->in, stay->from, stay->until) : 0;
    struct backs backs = {0};
    usec_t at = have >= asked ? stay->from : UINT64_MAX;

    if (have < asked)
        find_holders (core, &backs, name);
    if (backs.n)
        qsort (backs.list, backs.n, sizeof *backs.list, by_time);
    for (size_t i = 0; i < backs.n && have < asked; i++) {
        have += backs.list[i].n;
        if (have >= asked)
            at = backs.list[i].at > stay->from ? backs.list[i].at : stay->from;
    }
    free (backs.list);
    return at;
}

usec_t licences_when (const struct core *core, const struct stay *stay)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
    usec_t latest = stay->from;

    if (!stay->demand->licenses || licences_parse (&list, stay->demand->licenses, NULL))
        return latest;
    for (size_t i = 0; i < list.n; i++) {
        usec_t at = back_at (core, stay, list.list[i].name, list.list[i].n);
        latest = at > latest ? at : latest;
    }
    return latest;
}
