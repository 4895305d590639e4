/* rest.h - the tasks of a job that have no record of their own yet: all pending, each free, held or waiting for another
 * task. A job that is no array has the one task 0. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/idset.h"

enum hold {
    HOLD_NONE,
    HOLD_USER,
    HOLD_ADMIN,
    HOLD_CORR,  /* no hold: its namesake has not ended yet (correspond.h) */
    HOLD_NEVER, /* ... or did not end well: outweighs all others */
    N_HOLDS
};

/* By a person. */
static inline bool hold_is_hold (enum hold hold)
{
    return hold == HOLD_USER || hold == HOLD_ADMIN;
}

struct rest {
    bool array;
    uint8_t one;         /* no array: 0 = nothing left, else its hold + 1 */
    struct idset **sets; /* array: one for each hold, NULL = empty; NULL: all are. Most jobs are none */
};

void rest_clear (struct rest *rest);
void rest_add (struct rest *rest, enum hold hold, uint32_t first, uint32_t last, uint32_t step);
uint64_t rest_count (const struct rest *rest, enum hold hold);
uint64_t rest_total (const struct rest *rest);
uint32_t rest_first (const struct rest *rest, enum hold hold);                /* IDSET_NONE when empty */
uint32_t rest_next (const struct rest *rest, enum hold hold, uint32_t after); /* smallest > after */
const struct idset *rest_set (const struct rest *rest, enum hold hold);       /* of an array; NULL = empty */
bool rest_find (const struct rest *rest, uint32_t id, enum hold *ret);
bool rest_take (struct rest *rest, uint32_t id);               /* was it there? */
bool rest_move (struct rest *rest, uint32_t id, enum hold to); /* was it there, and elsewhere? */
/* All of one class, as a set that the caller frees; NULL when there is none. */
struct idset *rest_take_all (struct rest *rest, enum hold hold);
void rest_give (struct rest *rest, enum hold hold, struct idset *set); /* takes set over; NULL is fine */
