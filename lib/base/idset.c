/* idset.c - sorted disjoint ranges in one array with a moving head, so that taking ids from the front is cheap. */
#include "base/idset.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct range {
    uint32_t first, last;
};

struct idset {
    struct range *list; /* list[head .. head + n) are in use; never adjacent: a gap lies between any two */
    size_t head, n, room;
    uint64_t count;
};

struct idset *idset_create (void)
{
    return xcalloc (1, sizeof (struct idset));
}

struct idset *idset_free (struct idset *set)
{
    if (set) {
        free (set->list);
        free (set);
    }
    return NULL;
}

static struct range *at (const struct idset *set, size_t i)
{
    return &set->list[set->head + i];
}

/* Index of the first range whose last >= id; n if there is none. */
static size_t lower_bound (const struct idset *set, uint32_t id)
{
    size_t lo = 0, hi = set->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (at (set, mid)->last < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void insert_range (struct idset *set, size_t i, struct range r)
{
    if (i == 0 && set->head > 0) {
        set->head--;
    } else {
        if (set->head + set->n == set->room && set->head > set->n) {
            memmove (set->list, at (set, 0), set->n * sizeof *set->list);
            set->head = 0;
        } else if (set->head + set->n == set->room) {
            set->room = set->room ? set->room * 2 : 4;
            set->list = xrealloc (set->list, set->room * sizeof *set->list);
        }
        memmove (at (set, i + 1), at (set, i), (set->n - i) * sizeof *set->list);
    }
    set->n++;
    *at (set, i) = r;
}

static void delete_ranges (struct idset *set, size_t i, size_t how_many)
{
    if (how_many == 0)
        return;
    if (i == 0)
        set->head += how_many;
    else
        memmove (at (set, i), at (set, i + how_many), (set->n - i - how_many) * sizeof *set->list);
    set->n -= how_many;
    if (set->n == 0)
        set->head = 0;
}

static void add_solid (struct idset *set, uint32_t first, uint32_t last)
{
    size_t i = lower_bound (set, first ? first - 1 : 0), j = i;
    struct range r = {first, last};
    uint64_t before = 0;

    /* swallow every range that touches the new one */
    while (j < set->n && (last == UINT32_MAX || at (set, j)->first <= last + 1)) {
        if (at (set, j)->first < r.first)
            r.first = at (set, j)->first;
        if (at (set, j)->last > r.last)
            r.last = at (set, j)->last;
        before += (uint64_t) at (set, j)->last - at (set, j)->first + 1;
        j++;
    }
    if (j == i) {
        insert_range (set, i, r);
    } else {
        *at (set, i) = r;
        delete_ranges (set, i + 1, j - i - 1);
    }
    set->count += (uint64_t) r.last - r.first + 1 - before;
}

/* Append to a list under construction, in rising order of first. */
static void append_merged (struct idset *out, struct range r)
{
    if (out->n) {
        struct range *tail = at (out, out->n - 1);
        if (tail->last >= r.first || tail->last + 1 == r.first) {
            if (r.last > tail->last) {
                out->count += r.last - tail->last;
                tail->last = r.last;
            }
            return;
        }
    }
    insert_range (out, out->n, r);
    out->count += (uint64_t) r.last - r.first + 1;
}

/* One merge of two rising sequences: a wide stepped range must not cost a memmove an id. */
static void add_stepped (struct idset *set, uint32_t first, uint32_t last, uint32_t step)
{
    struct idset out = {0};
    uint64_t id = first;
    size_t i = 0;

    while (id <= last || i < set->n) {
        if (i < set->n && (id > last || at (set, i)->first <= id)) {
            append_merged (&out, *at (set, i++));
        } else {
            append_merged (&out, (struct range){(uint32_t) id, (uint32_t) id});
            id += step;
        }
    }
    free (set->list);
    *set = out;
}

void idset_add_range (struct idset *set, uint32_t first, uint32_t last, uint32_t step)
{
    if (first > last)
        return;
    if (step <= 1)
        add_solid (set, first, last);
    else
        add_stepped (set, first, last, step);
}

void idset_add (struct idset *set, uint32_t id)
{
    add_solid (set, id, id);
}

bool idset_remove (struct idset *set, uint32_t id)
{
    size_t i = lower_bound (set, id);

    if (i == set->n || at (set, i)->first > id)
        return false;
    struct range r = *at (set, i);
    set->count--;
    if (r.first == r.last) {
        delete_ranges (set, i, 1);
    } else if (id == r.first) {
        at (set, i)->first++;
    } else if (id == r.last) {
        at (set, i)->last--;
    } else {
        at (set, i)->last = id - 1;
        insert_range (set, i + 1, (struct range){id + 1, r.last});
    }
    return true;
}

bool idset_has (const struct idset *set, uint32_t id)
{
    size_t i = lower_bound (set, id);

    return i < set->n && at (set, i)->first <= id;
}

uint32_t idset_first (const struct idset *set)
{
    return set->n ? at (set, 0)->first : IDSET_NONE;
}

uint32_t idset_last (const struct idset *set)
{
    return set->n ? at (set, set->n - 1)->last : IDSET_NONE;
}

uint32_t idset_next (const struct idset *set, uint32_t after)
{
    if (after == UINT32_MAX)
        return IDSET_NONE;
    size_t i = lower_bound (set, after + 1);
    if (i == set->n)
        return IDSET_NONE;
    return at (set, i)->first > after ? at (set, i)->first : after + 1;
}

uint64_t idset_count (const struct idset *set)
{
    return set->count;
}

bool idset_empty (const struct idset *set)
{
    return set->n == 0;
}

size_t idset_ranges (const struct idset *set)
{
    return set->n;
}

void idset_range (const struct idset *set, size_t i, uint32_t *ret_first, uint32_t *ret_last)
{
    *ret_first = at (set, i)->first;
    *ret_last = at (set, i)->last;
}

struct idset *idset_copy (const struct idset *set)
{
    struct idset *copy = idset_create ();

    copy->list = set->n ? xmemdup (at (set, 0), set->n * sizeof *set->list) : NULL;
    copy->n = copy->room = set->n;
    copy->count = set->count;
    return copy;
}
