/* bookings.c - a second opinion on reservations and licences. */
#include "bookings.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/mem.h"
#include "base/resv_flags.h"

#define HOUR (3600 * USEC_PER_SEC)

struct booking { /* a reservation, as its event said */
    char *name;
    Moisson__Resv *resv;
    UT_hash_handle hh;
};

struct taker { /* an attempt that has licences */
    struct {
        uint64_t raw_id, attempt;
    } key;
    unsigned n;
    UT_hash_handle hh;
};

struct bookings {
    struct booking *list;
    struct taker *takers;
    unsigned taken;
    struct err wrong;
};

struct bookings *bookings_create (void)
{
    return xcalloc (1, sizeof (struct bookings));
}

static void drop (struct bookings *b, struct booking *booking)
{
    HASH_DEL (b->list, booking);
    moisson__resv__free_unpacked (booking->resv, NULL);
    free (booking->name);
    free (booking);
}

struct bookings *bookings_free (struct bookings *b)
{
    struct booking *booking, *next;
    struct taker *t, *tn;

    if (!b)
        return NULL;
    HASH_ITER (hh, b->list, booking, next)
    drop (b, booking);
    HASH_ITER (hh, b->takers, t, tn)
    {
        HASH_DEL (b->takers, t);
        free (t);
    }
    err_clear (&b->wrong);
    free (b);
    return NULL;
}

static Moisson__Resv *copy_of (const Moisson__Resv *resv)
{
    size_t n = moisson__resv__get_packed_size (resv);
    _cleanup_free_ uint8_t *bytes = xmalloc (n + 1);

    moisson__resv__pack (resv, bytes);
    return moisson__resv__unpack (NULL, n, bytes);
}

static void set (struct bookings *b, const Moisson__Resv *resv)
{
    struct booking *booking;

    HASH_FIND_STR (b->list, resv->name, booking);
    if (booking)
        drop (b, booking);
    booking = xcalloc (1, sizeof *booking);
    booking->name = xstrdup (resv->name);
    booking->resv = copy_of (resv);
    HASH_ADD_KEYPTR (hh, b->list, booking->name, strlen (booking->name), booking);
}

void bookings_event (struct bookings *b, const Moisson__Event *event, usec_t now)
{
    struct booking *booking;

    (void) now;
    if (event->what_case == MOISSON__EVENT__WHAT_RESV_SET)
        set (b, event->resv_set->resv);
    if (event->what_case == MOISSON__EVENT__WHAT_RESV_DELETED) {
        HASH_FIND_STR (b->list, event->resv_deleted->name, booking);
        if (booking)
            drop (b, booking);
    }
    if (event->what_case == MOISSON__EVENT__WHAT_UNPLACED)
        bookings_over (b, event->unplaced->raw_id, event->unplaced->attempt);
    if (event->what_case == MOISSON__EVENT__WHAT_ENDED)
        bookings_over (b, event->ended->exit->id->raw_id, event->ended->exit->id->attempt);
}

void bookings_over (struct bookings *b, uint64_t raw_id, uint32_t attempt)
{
    struct taker *t, probe = {0};

    probe.key.raw_id = raw_id;
    probe.key.attempt = attempt;
    HASH_FIND (hh, b->takers, &probe.key, sizeof probe.key, t);
    if (!t)
        return;
    b->taken -= t->n;
    HASH_DEL (b->takers, t);
    free (t);
}

/* One occurrence after the other, an hour apart where it recurs. */
static bool meets (const Moisson__Resv *resv, usec_t from, usec_t until)
{
    usec_t start = resv->start_us, end = resv->end_us;

    for (; (resv->flags & RESV_HOURLY) && end <= from; start += HOUR, end += HOUR)
        ;
    return start < until && end > from;
}

static bool has (const Moisson__Resv *resv, const char *node)
{
    for (size_t i = 0; i < resv->n_nodes; i++)
        if (!strcmp (resv->nodes[i]->node, node) && !resv->nodes[i]->has_cpus)
            return true;
    return false;
}

static void check_outside (struct bookings *b, const struct start_facts *facts, usec_t now, usec_t until)
{
    struct booking *booking, *next;

    HASH_ITER (hh, b->list, booking, next)
    for (size_t i = 0; i < facts->n_shares; i++)
        if (has (booking->resv, facts->shares[i]->node) && meets (booking->resv, now, until))
            err_set (&b->wrong, 0, "attempt %lu.%u may be on %s while reservation %s has it", facts->raw_id,
                     facts->attempt, facts->shares[i]->node, booking->name);
}

static void check_inside (struct bookings *b, const struct start_facts *facts, usec_t now)
{
    struct booking *booking;

    HASH_FIND_STR (b->list, facts->submitted->spec->reservation, booking);
    if (!booking || !meets (booking->resv, now, now + 1)) {
        err_set (&b->wrong, 0, "attempt %lu.%u is placed in reservation %s, which is not now", facts->raw_id,
                 facts->attempt, facts->submitted->spec->reservation);
        return;
    }
    for (size_t i = 0; i < facts->n_shares; i++)
        if (!has (booking->resv, facts->shares[i]->node))
            err_set (&b->wrong, 0, "attempt %lu.%u is on %s, which reservation %s does not have", facts->raw_id,
                     facts->attempt, facts->shares[i]->node, booking->name);
}

static void take (struct bookings *b, const struct start_facts *facts)
{
    const char *asked = facts->submitted->spec->licenses;
    struct taker *t;

    if (!asked)
        return;
    t = xcalloc (1, sizeof *t);
    t->key.raw_id = facts->raw_id;
    t->key.attempt = facts->attempt;
    t->n = (unsigned) atoi (strchr (asked, ':') + 1);
    HASH_ADD (hh, b->takers, key, sizeof t->key, t);
    b->taken += t->n;
    if (b->taken > BOOKINGS_LICENCES)
        err_set (&b->wrong, 0, "%u licences are taken, there are %d", b->taken, BOOKINGS_LICENCES);
}

void bookings_placed (struct bookings *b, const struct start_facts *facts, usec_t now)
{
    uint64_t limit = facts->time_limit_s;

    if (facts->submitted->spec->reservation && *facts->submitted->spec->reservation)
        check_inside (b, facts, now);
    else
        check_outside (b, facts, now, limit ? now + limit * USEC_PER_SEC : UINT64_MAX);
    take (b, facts);
}

int bookings_check (const struct bookings *b, struct err *err)
{
    if (b->wrong.why)
        return err_set (err, 0, "%s", b->wrong.why);
    return 0;
}
