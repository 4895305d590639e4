/* reserve.c - reservations are made, changed and deleted, as far as the core lets them be. */
#include "events.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/resv_flags.h"

static unsigned some_flags (struct world *w)
{
    static const unsigned flags[] = {RESV_IGNORE_JOBS, RESV_MAINT, RESV_OVERLAP, RESV_HOURLY, RESV_NO_HOLD};
    unsigned ret = 0;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        ret |= dice_percent (&w->dice, 30) ? flags[i] : 0;
    return ret;
}

/* A second reservation on a node would make the second opinion a copy of the first: those that may overlap have
 * licences and whole nodes all the same. */
static void ask (struct world *w, Moisson__ResvOpRequest *r)
{
    static char *users[] = {(char *) "u1000", (char *) "u1001"};
    static char *const nodes[] = {(char *) "n1", (char *) "n2", (char *) "n[3-4]", (char *) "ALL"};

    r->users = users;
    r->n_users = 1 + dice_below (&w->dice, 2);
    r->has_start_us = dice_percent (&w->dice, 90);
    r->start_us = w->now + dice_below (&w->dice, 120) * USEC_PER_SEC;
    r->has_duration_s = true;
    r->duration_s = 5 + dice_below (&w->dice, 120);
    r->has_flags_on = true;
    r->flags_on = some_flags (w);
    if (dice_percent (&w->dice, 50))
        r->nodes = nodes[dice_below (&w->dice, 4)];
    else {
        r->has_node_cnt = true;
        r->node_cnt = 1 + dice_below (&w->dice, 3);
    }
    if (dice_percent (&w->dice, 30))
        r->licences = (char *) "lic:2";
}

static void set_it (struct world *w, Moisson__Resv *resv)
{
    Moisson__Event *ev = world_new_event ();

    ev->what_case = MOISSON__EVENT__WHAT_RESV_SET;
    ev->resv_set = xmalloc (sizeof *ev->resv_set);
    moisson__resv_set__init (ev->resv_set);
    ev->resv_set->resv = resv;
    world_event (w, ev);
}

static void delete_it (struct world *w, const char *name)
{
    Moisson__Event *ev = world_new_event ();

    ev->what_case = MOISSON__EVENT__WHAT_RESV_DELETED;
    ev->resv_deleted = xmalloc (sizeof *ev->resv_deleted);
    moisson__resv_deleted__init (ev->resv_deleted);
    ev->resv_deleted->name = xstrdup (name);
    world_event (w, ev);
}

void reserve (struct world *w)
{
    Moisson__ResvOpRequest r = MOISSON__RESV_OP_REQUEST__INIT;
    _cleanup_free_ char *name = xasprintf ("r%u", dice_below (&w->dice, 2));
    Moisson__Resv *resv = NULL;
    uint32_t roll = dice_below (&w->dice, 100);

    r.name = name;
    r.op = roll < 50   ? MOISSON__RESV_OP_REQUEST__OP__CREATE
           : roll < 80 ? MOISSON__RESV_OP_REQUEST__OP__UPDATE
                       : MOISSON__RESV_OP_REQUEST__OP__DELETE;
    if (r.op != MOISSON__RESV_OP_REQUEST__OP__DELETE)
        ask (w, &r);
    if (core_admit_resv (w->core, &r, 0, w->now, &resv, NULL))
        return;
    if (resv)
        set_it (w, resv);
    else
        delete_it (w, name);
}

static void end_it (struct world *w, const char *name)
{
    Moisson__ResvOpRequest r = MOISSON__RESV_OP_REQUEST__INIT;
    Moisson__Resv *resv = NULL;

    r.op = MOISSON__RESV_OP_REQUEST__OP__UPDATE;
    r.name = (char *) name;
    r.has_flags_off = r.has_end_us = true;
    r.flags_off = RESV_RECURS;
    r.end_us = w->now + USEC_PER_SEC;
    r.has_start_us = true;
    r.start_us = w->now;
    if (core_admit_resv (w->core, &r, 0, w->now, &resv, NULL) == 0) {
        set_it (w, resv);
        return;
    }
    r.has_start_us = false; /* it has begun */
    if (core_admit_resv (w->core, &r, 0, w->now, &resv, NULL) == 0)
        set_it (w, resv);
}

void every_reservation_ends (struct world *w)
{
    end_it (w, "r0");
    end_it (w, "r1");
}
