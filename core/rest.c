/* rest.c - the tasks of a job that have no record of their own yet. */
#include "core/rest.h"
#include <stdlib.h>
#include "base/mem.h"

const struct idset *rest_set (const struct rest *rest, enum hold hold)
{
    return rest->sets ? rest->sets[hold] : NULL;
}

/* Where the set of this hold is, or will be. */
static struct idset **place_of (struct rest *rest, enum hold hold)
{
    if (!rest->sets)
        rest->sets = xcalloc (N_HOLDS, sizeof (struct idset *));
    return &rest->sets[hold];
}

void rest_clear (struct rest *rest)
{
    for (int h = 0; rest->sets && h < N_HOLDS; h++)
        idset_free (rest->sets[h]);
    free (rest->sets);
    rest->sets = NULL;
    rest->one = 0;
}

void rest_add (struct rest *rest, enum hold hold, uint32_t first, uint32_t last, uint32_t step)
{
    if (!rest->array) {
        rest->one = (uint8_t) (hold + 1);
        return;
    }

    struct idset **set = place_of (rest, hold);

    if (!*set)
        *set = idset_create ();
    idset_add_range (*set, first, last, step);
}

uint64_t rest_count (const struct rest *rest, enum hold hold)
{
    if (!rest->array)
        return rest->one == hold + 1;
    return rest_set (rest, hold) ? idset_count (rest_set (rest, hold)) : 0;
}

uint64_t rest_total (const struct rest *rest)
{
    uint64_t n = 0;

    for (int h = 0; h < N_HOLDS; h++)
        n += rest_count (rest, h);
    return n;
}

uint32_t rest_first (const struct rest *rest, enum hold hold)
{
    if (!rest->array)
        return rest->one == hold + 1 ? 0 : IDSET_NONE;
    return rest_set (rest, hold) ? idset_first (rest_set (rest, hold)) : IDSET_NONE;
}

uint32_t rest_next (const struct rest *rest, enum hold hold, uint32_t after)
{
    return rest->array && rest_set (rest, hold) ? idset_next (rest_set (rest, hold), after) : IDSET_NONE;
}

bool rest_find (const struct rest *rest, uint32_t id, enum hold *ret)
{
    if (!rest->array) {
        if (id || !rest->one)
            return false;
        *ret = rest->one - 1;
        return true;
    }
    for (int h = 0; h < N_HOLDS; h++)
        if (rest_set (rest, h) && idset_has (rest_set (rest, h), id)) {
            *ret = h;
            return true;
        }
    return false;
}

bool rest_take (struct rest *rest, uint32_t id)
{
    enum hold hold;

    if (!rest_find (rest, id, &hold))
        return false;
    if (!rest->array)
        rest->one = 0;
    else
        idset_remove (rest->sets[hold], id);
    return true;
}

bool rest_move (struct rest *rest, uint32_t id, enum hold to)
{
    enum hold from;

    if (!rest_find (rest, id, &from) || from == to)
        return false;
    rest_take (rest, id);
    rest_add (rest, to, id, id, 1);
    return true;
}

struct idset *rest_take_all (struct rest *rest, enum hold hold)
{
    struct idset *set;

    if (!rest_count (rest, hold))
        return NULL;
    if (!rest->array) {
        set = idset_create ();
        idset_add (set, 0);
        rest->one = 0;
        return set;
    }
    set = rest->sets[hold];
    rest->sets[hold] = NULL;
    return set;
}

void rest_give (struct rest *rest, enum hold hold, struct idset *set)
{
    if (!set)
        return;
    if (rest->array && !rest_set (rest, hold)) {
        *place_of (rest, hold) = set;
        return;
    }
    for (size_t i = 0; i < idset_ranges (set); i++) {
        uint32_t first, last;
        idset_range (set, i, &first, &last);
        rest_add (rest, hold, first, last, 1);
    }
    idset_free (set);
}
