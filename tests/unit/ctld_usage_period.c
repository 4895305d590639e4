/* ctld_usage_period.c - PriorityUsageResetPeriod on the calendar of a place with summer time. */
#include "ctld/usage_period.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "suite.h"

static usec_t at (const char *text)
{
    struct tm tm = {.tm_isdst = -1};

    ck_assert_ptr_nonnull (strptime (text, "%Y-%m-%d %H:%M:%S", &tm));
    return (usec_t) mktime (&tm) * USEC_PER_SEC;
}

static void set_up (void)
{
    setenv ("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset ();
}

static const struct {
    const char *period, *now, *begun, *next;
} rows[] = {
    {"DAILY", "2026-03-29 12:00:00", "2026-03-29 00:00:00", "2026-03-30 00:00:00"}, /* of 23 hours */
    {"daily", "2026-10-25 00:00:00", "2026-10-25 00:00:00", "2026-10-26 00:00:00"}, /* of 25 */
    {"DAILY", "2026-12-31 23:59:59", "2026-12-31 00:00:00", "2027-01-01 00:00:00"},
    {"WEEKLY", "2026-11-28 23:59:59", "2026-11-22 00:00:00", "2026-11-29 00:00:00"},
    {"WEEKLY", "2026-11-29 00:00:00", "2026-11-29 00:00:00", "2026-12-06 00:00:00"}, /* a Sunday */
    {"WEEKLY", "2026-10-26 08:00:00", "2026-10-25 00:00:00", "2026-11-01 00:00:00"},
    {"MONTHLY", "2028-02-29 10:00:00", "2028-02-01 00:00:00", "2028-03-01 00:00:00"},
    {"MONTHLY", "2026-12-31 10:00:00", "2026-12-01 00:00:00", "2027-01-01 00:00:00"},
    {"QUARTERLY", "2026-06-30 23:59:59", "2026-04-01 00:00:00", "2026-07-01 00:00:00"},
    {"QUARTERLY", "2026-11-05 01:00:00", "2026-10-01 00:00:00", "2027-01-01 00:00:00"},
    {"YEARLY", "2026-07-14 01:00:00", "2026-01-01 00:00:00", "2027-01-01 00:00:00"},
};

START_TEST (periods_begin_at_midnight_here)
{
    usec_t next;

    set_up ();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usec_t now = at (rows[i].now), begun = at (rows[i].begun);
        ck_assert_msg (usage_due (rows[i].period, begun - 1, now, &next) == USAGE_GOES, "row %zu", i);
        ck_assert_msg (next == at (rows[i].next), "row %zu", i);
        ck_assert_msg (usage_due (rows[i].period, begun, now, &next) == USAGE_STAYS, "row %zu", i);
        ck_assert_msg (next == at (rows[i].next), "row %zu", i);
    }
}
END_TEST

START_TEST (the_hour_of_midnight_may_be_missing)
{
    usec_t next, now;

    setenv ("TZ", "XXX0YYY,M3.5.0/0,M10.5.0/0", 1); /* on 29 March after 23:59:59 it is 1 o'clock */
    tzset ();
    now = at ("2026-03-29 01:00:00");
    ck_assert_int_eq (usage_due ("DAILY", now - 1, now - 1, &next), USAGE_STAYS);
    ck_assert_uint_eq (next, now);
    ck_assert_int_eq (usage_due ("DAILY", now - 1, now, &next), USAGE_GOES);
    ck_assert_int_eq (usage_due ("DAILY", now, now, &next), USAGE_STAYS);
    ck_assert_int_eq (usage_due ("DAILY", at ("2026-03-28 00:00:00"), now + 3600 * USEC_PER_SEC, &next), USAGE_GOES);
    ck_assert_uint_eq (next, at ("2026-03-30 00:00:00"));
}
END_TEST

START_TEST (what_was_missed_is_made_up_once)
{
    usec_t next, now, last;

    set_up ();
    last = at ("2026-06-15 12:00:00");
    now = at ("2026-09-20 09:30:00"); /* it was away for three months */
    ck_assert_int_eq (usage_due ("MONTHLY", last, now, &next), USAGE_GOES);
    ck_assert_int_eq (usage_due ("MONTHLY", now, now, &next), USAGE_STAYS);
    ck_assert_int_eq (usage_due ("MONTHLY", now, next - 1, &next), USAGE_STAYS);
    ck_assert_int_eq (usage_due ("MONTHLY", now, next, &next), USAGE_GOES);
}
END_TEST

START_TEST (periods_count_from_their_first_day)
{
    usec_t next, now = 1780000000 * USEC_PER_SEC;

    set_up ();
    ck_assert_int_eq (usage_due ("YEARLY", 0, now, &next), USAGE_BEGINS);
    ck_assert_int_eq (usage_due ("NONE", 0, now, &next), USAGE_STAYS);
    ck_assert_uint_eq (next, UINT64_MAX);
    ck_assert_int_eq (usage_due ("NOW", 0, now, &next), USAGE_STAYS);
    ck_assert_uint_eq (next, UINT64_MAX);
}
END_TEST

SUITE ("usage_period", periods_begin_at_midnight_here, the_hour_of_midnight_may_be_missing,
       what_was_missed_is_made_up_once, periods_count_from_their_first_day)
