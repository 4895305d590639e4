/* usage_period.c - when all that was used is forgotten. */
#include "ctld/usage_period.h"
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/pass.h"

#define LOOK (30 * USEC_PER_SEC) /* the wall clock may be set: look at least this often */

struct usage_period {
    struct ctld *ctld;
    struct timer *timer;
    bool stopped;
};

/* --- dates ----------------------------------------------------------------------------------------------------------
 */

static const struct unit {
    const char *name;
    int days, months, years; /* how long it is; one of them */
} units[] = {
    {"DAILY", 1, 0, 0}, {"WEEKLY", 7, 0, 0}, {"MONTHLY", 0, 1, 0}, {"QUARTERLY", 0, 3, 0}, {"YEARLY", 0, 0, 1},
};

/* The midnight with which the period of `now` began, or so many after it. */
static usec_t edge (const struct unit *unit, usec_t now, int after)
{
    time_t at = (time_t) (now / USEC_PER_SEC);
    struct tm tm, day;

    if (!localtime_r (&at, &tm))
        return now;
    day = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday, .tm_isdst = -1};
    if (unit->days == 7)
        day.tm_mday -= tm.tm_wday;
    if (unit->months || unit->years)
        day.tm_mday = 1;
    if (unit->months)
        day.tm_mon -= day.tm_mon % unit->months;
    if (unit->years)
        day.tm_mon = 0;
    day.tm_mday += after * unit->days;
    day.tm_mon += after * unit->months;
    day.tm_year += after * unit->years;
    at = mktime (&day);
    if (day.tm_hour >= 12) /* there is no such midnight, and it fell before it */
        at += (24 - day.tm_hour) * 3600 - day.tm_min * 60;
    return at < 0 ? 0 : (usec_t) at * USEC_PER_SEC;
}

enum usage_due usage_due (const char *period, usec_t last, usec_t now, usec_t *ret_next)
{
    const struct unit *unit = NULL;
    usec_t begun;

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcasecmp (units[i].name, period))
            unit = &units[i];
    *ret_next = UINT64_MAX;
    if (!unit)
        return USAGE_STAYS;
    begun = edge (unit, now, 0);
    *ret_next = edge (unit, now, 1);
    if (!last)
        return USAGE_BEGINS;
    return last < begun ? USAGE_GOES : USAGE_STAYS;
}

/* --- the timer ------------------------------------------------------------------------------------------------------
 */

static bool happens (struct usage_period *period, bool begins, const char *why)
{
    Moisson__UsageReset reset = MOISSON__USAGE_RESET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    reset.has_begins = begins;
    reset.begins = begins;
    event.what_case = MOISSON__EVENT__WHAT_USAGE_RESET;
    event.usage_reset = &reset;
    if (ctld_apply (period->ctld, &event, &err) < 0) {
        log_error ("event=usage_reset refused=\"%s\"", err.why);
        return false;
    }
    if (!begins)
        log_info ("event=usage_reset period=%s", why);
    pass_want (period->ctld->pass);
    return true;
}

static void look (void *arg)
{
    struct usage_period *period = arg;
    const char *name = period->ctld->conf->usage_reset;
    usec_t now = now_wall (), next;
    enum usage_due due = usage_due (name, core_usage_reset (period->ctld->core), now, &next);

    if (period->stopped || next == UINT64_MAX) {
        timer_disarm (period->timer);
        return;
    }
    if (due != USAGE_STAYS && journal_health (period->ctld->journal) != JOURNAL_FAILING)
        happens (period, due == USAGE_BEGINS, name);
    timer_arm (period->timer, next < now + LOOK ? next - now : LOOK);
}

void usage_period_apply (struct usage_period *period)
{
    if (!period->stopped && !strcasecmp (period->ctld->conf->usage_reset, "NOW"))
        happens (period, false, "NOW");
    look (period);
}

void usage_period_stop (struct usage_period *period)
{
    period->stopped = true;
    timer_disarm (period->timer);
}

struct usage_period *usage_period_create (struct ctld *ctld)
{
    struct usage_period *period = xcalloc (1, sizeof *period);

    period->ctld = ctld;
    period->timer = timer_create_in (ctld->loop, look, period);
    return period;
}

struct usage_period *usage_period_free (struct usage_period *period)
{
    if (!period)
        return NULL;
    timer_free (period->timer);
    free (period);
    return NULL;
}
