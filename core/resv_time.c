/* resv_time.c - when a reservation is: its occurrences, the next moment that matters. Days are of 24 hours; which day
 * of the week it is follows from the offset from UTC that its maker had (docs/decisions/0022). */
#include "core/resv_inside.h"
#include "core/state.h"

#define HOUR_US (3600 * USEC_PER_SEC)
#define DAY_US (24 * HOUR_US)

/* Of a recurring one: from this occurrence to the next. */
static usec_t step_us (const Moisson__Resv *msg, usec_t start)
{
    int64_t local = (int64_t) (start / USEC_PER_SEC) + msg->utc_offset_s;
    unsigned day = (unsigned) ((local / 86400 + 4) % 7); /* 0 = Sunday: the epoch was a Thursday */

    if (msg->flags & RESV_HOURLY)
        return HOUR_US;
    if (msg->flags & RESV_DAILY)
        return DAY_US;
    if (msg->flags & RESV_WEEKLY)
        return 7 * DAY_US;
    if (msg->flags & RESV_WEEKDAY)
        return (day == 5 ? 3 : day == 6 ? 2 : 1) * DAY_US;
    return (day == 6 ? 1 : day == 0 ? 6 : 6 - day) * DAY_US; /* RESV_WEEKEND */
}

static usec_t length (const Moisson__Resv *msg)
{
    return msg->end_us - msg->start_us;
}

/* The first occurrence that ends after `from`; false: all are over by then. */
static bool occurrence (const Moisson__Resv *msg, usec_t from, usec_t *ret_start)
{
    usec_t start = msg->start_us, skip = 0;

    if (start + length (msg) > from) {
        *ret_start = start;
        return true;
    }
    if (!(msg->flags & RESV_RECURS))
        return false;
    if (msg->flags & (RESV_HOURLY | RESV_DAILY | RESV_WEEKLY))
        skip = (from - start - length (msg)) / step_us (msg, start) * step_us (msg, start);
    else
        skip = (from - start - length (msg)) / (7 * DAY_US) * (7 * DAY_US);
    for (start += skip; start + length (msg) <= from;)
        start += step_us (msg, start);
    *ret_start = start;
    return true;
}

bool resv_msg_touches (const Moisson__Resv *msg, usec_t from, usec_t until, usec_t *ret_start, usec_t *ret_end)
{
    usec_t start;

    if (!occurrence (msg, from, &start) || start >= until)
        return false;
    if (ret_start)
        *ret_start = start;
    if (ret_end)
        *ret_end = start + length (msg);
    return true;
}

bool resv_touches (const struct resv *resv, usec_t from, usec_t until, usec_t *ret_start, usec_t *ret_end)
{
    return resv_msg_touches (resv->msg, from, until, ret_start, ret_end);
}

/* Days of the week repeat after seven days, so two weeks of the one that recurs more often say all. */
bool resv_msgs_meet (const Moisson__Resv *a, const Moisson__Resv *b)
{
    const Moisson__Resv *often = a->flags & RESV_RECURS ? a : b, *other = often == a ? b : a;
    usec_t at = other->start_us, end = at + 15 * DAY_US;

    if (!(other->flags & RESV_RECURS))
        return resv_msg_touches (often, other->start_us, other->end_us, NULL, NULL);
    if (often->start_us > at) /* before that there is but one of them */
        end = often->start_us + 15 * DAY_US;
    while (at < end && occurrence (other, at, &at)) {
        if (resv_msg_touches (often, at, at + length (other), NULL, NULL))
            return true;
        at += length (other);
    }
    return false;
}

usec_t resv_step (const Moisson__Resv *msg)
{
    return msg->flags & RESV_RECURS ? step_us (msg, msg->start_us) : 0;
}

bool resv_roll (Moisson__Resv *msg, usec_t now)
{
    usec_t long_us = length (msg), start;

    if (!occurrence (msg, now, &start))
        return false;
    msg->start_us = start;
    msg->end_us = start + long_us;
    return true;
}

usec_t resv_next_edge (const struct core *core, usec_t after)
{
    const struct resv *resv, *next;
    usec_t at = UINT64_MAX, start;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    {
        usec_t edge;
        if (!occurrence (resv->msg, after, &start))
            continue;
        edge = start > after ? start : start + length (resv->msg);
        at = edge < at ? edge : at;
    }
    return at;
}

usec_t resv_until (usec_t from, uint64_t limit_s)
{
    return limit_s && limit_s < (UINT64_MAX - from) / USEC_PER_SEC ? from + limit_s * USEC_PER_SEC : UINT64_MAX;
}

bool resv_open (const struct resv *resv, usec_t at)
{
    return resv->msg->flags & RESV_FLEX || resv_touches (resv, at, at + 1, NULL, NULL);
}
