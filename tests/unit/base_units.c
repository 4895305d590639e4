#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/units.h"
#include "suite.h"

#define NOW_S 1795361400 /* 2026-11-22T15:30:00 UTC, a Sunday */
#define NOW (NOW_S * USEC_PER_SEC)

static uint64_t mem (const char *s)
{
    uint64_t mb = 0;

    ck_assert_msg (mem_parse (s, &mb, NULL) == 0, "%s", s);
    return mb;
}

static uint64_t seconds (const char *s)
{
    uint64_t v = 0;

    ck_assert_msg (duration_parse (s, &v, NULL) == 0, "%s", s);
    return v;
}

static const char *when (const char *s, bool future)
{
    static char word[64];
    usec_t t = 0;

    ck_assert_msg (time_parse (s, NOW, future, &t, NULL) == 0, "%s", s);
    return time_format (t, NULL, "", word, sizeof word);
}

START_TEST (memory_has_suffixes)
{
    ck_assert_uint_eq (mem ("100"), 100);
    ck_assert_uint_eq (mem ("0"), 0);
    ck_assert_uint_eq (mem ("2gb"), 2048);
    ck_assert_uint_eq (mem ("1024mb"), 1024);
    ck_assert_uint_eq (mem ("4G"), 4096);
    ck_assert_uint_eq (mem ("1T"), 1048576);
    ck_assert_uint_eq (mem ("1K"), 1);
    ck_assert_uint_eq (mem ("1025K"), 2);
    ck_assert_uint_eq (mem ("2048KB"), 2);
}
END_TEST

START_TEST (bad_memory_is_refused_with_a_sentence)
{
    static const char *const bad[] = {
        "", "G", "-1", "1.5G", "4X", "4GBs", "4 G", "99999999999999999999", "99999999999999999T"};
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t mb = 77;
        ck_assert_msg (mem_parse (bad[i], &mb, &err) == -1, "%s", bad[i]);
        ck_assert_uint_eq (mb, 77);
    }
    mem_parse ("4X", &(uint64_t){0}, &err);
    ck_assert_str_eq (err.why, "\"4X\" is no amount of memory");
    ck_assert_ptr_nonnull (err.fix);
}
END_TEST

START_TEST (durations_in_every_form)
{
    ck_assert_uint_eq (seconds ("90"), 5400);
    ck_assert_uint_eq (seconds ("1:30"), 90);
    ck_assert_uint_eq (seconds ("0:7200"), 7200);
    ck_assert_uint_eq (seconds ("1440:0"), 86400);
    ck_assert_uint_eq (seconds ("36:00:00"), 129600);
    ck_assert_uint_eq (seconds ("0:10:0"), 600);
    ck_assert_uint_eq (seconds ("2-3"), 2 * 86400 + 3 * 3600);
    ck_assert_uint_eq (seconds ("2-3:04"), 2 * 86400 + 3 * 3600 + 240);
    ck_assert_uint_eq (seconds ("2-03:04:05"), 2 * 86400 + 3 * 3600 + 245);
    ck_assert_uint_eq (seconds ("0"), 0);
    ck_assert_uint_eq (seconds ("Unlimited"), 0);
    ck_assert_uint_eq (seconds ("infinite"), 0);
    ck_assert_uint_eq (seconds ("-1"), 0);
}
END_TEST

START_TEST (bad_durations_are_refused)
{
    static const char *const bad[] = {"",
                                      ":",
                                      "1:",
                                      "1:2:3:4",
                                      "1-2-3",
                                      "-2",
                                      "1d",
                                      "1-",
                                      "1-2:3:4:5",
                                      "1:2-3",
                                      " 5",
                                      "18446744073709551615",
                                      "99999999999-0"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t v = 77;
        ck_assert_msg (duration_parse (bad[i], &v, NULL) == -1, "%s", bad[i]);
        ck_assert_uint_eq (v, 77);
    }
}
END_TEST

START_TEST (points_in_time)
{
    setenv ("TZ", "UTC", 1);
    tzset ();
    ck_assert_str_eq (when ("now", false), "2026-11-22T15:30:00");
    ck_assert_str_eq (when ("now+60", false), "2026-11-22T15:31:00");
    ck_assert_str_eq (when ("now+5minutes", false), "2026-11-22T15:35:00");
    ck_assert_str_eq (when ("now-2days", false), "2026-11-20T15:30:00");
    ck_assert_str_eq (when ("now + 1 week", false), "2026-11-29T15:30:00");
    ck_assert_str_eq (when ("now+2h", false), "2026-11-22T17:30:00");
    ck_assert_str_eq (when ("today", false), "2026-11-22T00:00:00");
    ck_assert_str_eq (when ("tomorrow", true), "2026-11-23T00:00:00");
    ck_assert_str_eq (when ("midnight", true), "2026-11-23T00:00:00");
    ck_assert_str_eq (when ("midnight", false), "2026-11-22T00:00:00");
    ck_assert_str_eq (when ("noon", true), "2026-11-23T12:00:00");
    ck_assert_str_eq (when ("teatime", true), "2026-11-22T16:00:00");
    ck_assert_str_eq (when ("16:05", true), "2026-11-22T16:05:00");
    ck_assert_str_eq (when ("15:30", true), "2026-11-23T15:30:00");
    ck_assert_str_eq (when ("09:05:07", false), "2026-11-22T09:05:07");
    ck_assert_str_eq (when ("9:05PM", true), "2026-11-22T21:05:00");
    ck_assert_str_eq (when ("12:00AM", false), "2026-11-22T00:00:00");
    ck_assert_str_eq (when ("2026-12-01", true), "2026-12-01T00:00:00");
    ck_assert_str_eq (when ("2026-12-01T10:20", true), "2026-12-01T10:20:00");
    ck_assert_str_eq (when ("2026-12-01T10:20:30", true), "2026-12-01T10:20:30");
    ck_assert_str_eq (when ("1970-01-02", false), "1970-01-02T00:00:00");
    ck_assert_str_eq (when ("12/31", true), "2026-12-31T00:00:00");
    ck_assert_str_eq (when ("12/31", false), "2025-12-31T00:00:00");
    ck_assert_str_eq (when ("01/02", true), "2027-01-02T00:00:00");
    ck_assert_str_eq (when ("12/31/27", true), "2027-12-31T00:00:00");
    ck_assert_str_eq (when ("1231", true), "2026-12-31T00:00:00");
    ck_assert_str_eq (when ("123127-10:30", true), "2027-12-31T10:30:00");
    ck_assert_str_eq (when ("uts1700000000", false), "2023-11-14T22:13:20");
}
END_TEST

START_TEST (the_epoch_itself_is_a_start_of_time)
{
    usec_t t = 5;

    setenv ("TZ", "UTC", 1);
    tzset ();
    ck_assert_int_eq (time_parse ("1970-01-01", NOW, false, &t, NULL), 0);
    ck_assert_uint_eq (t, 0);
}
END_TEST

START_TEST (days_that_do_not_exist_are_refused)
{
    static const char *const bad[] = {"",      "yesterday",   "2026-02-30", "2026-13-01",      "25:00",
                                      "10:60", "13:00PM",     "now+",       "now+5fortnights", "now 5",
                                      "uts",   "2026-12-01T", "12/31/2",    "2026-12-01T10",   "todayx"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        usec_t t = 77;
        ck_assert_msg (time_parse (bad[i], NOW, true, &t, NULL) == -1, "%s", bad[i]);
        ck_assert_uint_eq (t, 77);
    }
}
END_TEST

START_TEST (a_day_of_25_hours_still_begins_at_midnight)
{
    usec_t t = 0;
    char word[32];

    setenv ("TZ", "Europe/Paris", 1);
    tzset ();
    usec_t autumn = 1792886400 * USEC_PER_SEC; /* 2026-10-25T00:00 UTC: the clocks go back that night */
    ck_assert_int_eq (time_parse ("tomorrow", autumn, true, &t, NULL), 0);
    ck_assert_str_eq (time_format (t, NULL, "", word, sizeof word), "2026-10-26T00:00:00");
}
END_TEST

START_TEST (times_are_shown_as_asked)
{
    char word[64];

    setenv ("TZ", "UTC", 1);
    tzset ();
    ck_assert_str_eq (time_format (0, NULL, "Unknown", word, sizeof word), "Unknown");
    ck_assert_str_eq (time_format (NOW, "standard", "", word, sizeof word), "2026-11-22T15:30:00");
    ck_assert_str_eq (time_format (NOW, "%s", "", word, sizeof word), "1795361400");
    ck_assert_str_eq (time_format (NOW, "%H.%M", "", word, sizeof word), "15.30");
    usec_t now = (usec_t) time (NULL) * USEC_PER_SEC;
    ck_assert_uint_eq (strlen (time_format (now, "relative", "", word, sizeof word)), 8);
}
END_TEST

START_TEST (signals_by_name_and_number)
{
    int sig = 0;

    ck_assert_int_eq (signal_parse ("SIGUSR2", &sig, NULL), 0);
    ck_assert_int_eq (sig, 12);
    ck_assert_int_eq (signal_parse ("term", &sig, NULL), 0);
    ck_assert_int_eq (sig, 15);
    ck_assert_int_eq (signal_parse ("9", &sig, NULL), 0);
    ck_assert_int_eq (sig, 9);
    ck_assert_int_eq (signal_parse ("0", &sig, NULL), -1);
    ck_assert_int_eq (signal_parse ("SIG", &sig, NULL), -1);
    ck_assert_int_eq (signal_parse ("TERMINATE", &sig, NULL), -1);
    ck_assert_int_eq (signal_parse ("65", &sig, NULL), -1);
    ck_assert_int_eq (sig, 9);
    ck_assert_str_eq (signal_name (15), "TERM");
    ck_assert_str_eq (signal_name (999), "?");
}
END_TEST

START_TEST (numbers_keep_their_bounds)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t v = 0;
    bool b = false;

    ck_assert_int_eq (number_parse ("7", "--nice", 0, 10, &v, &err), 0);
    ck_assert_uint_eq (v, 7);
    ck_assert_int_eq (number_parse ("11", "--nice", 0, 10, &v, &err), -1);
    ck_assert_str_eq (err.why, "--nice is 11, which is too large");
    ck_assert_str_eq (err.fix, "give a number from 0 to 10");
    ck_assert_int_eq (number_parse ("0", "--cpus-per-task", 1, 10, &v, &err), -1);
    ck_assert_str_eq (err.why, "--cpus-per-task is 0, which is too small");
    ck_assert_str_eq (err.fix, "give a number from 1 to 10");
    ck_assert_int_eq (number_parse ("7x", "--nice", 0, 10, &v, &err), -1);
    ck_assert_int_eq (number_parse ("-1", "--nice", 0, 10, &v, &err), -1);
    ck_assert_int_eq (bool_parse ("YES", &b, &err), 0);
    ck_assert (b);
    ck_assert_int_eq (bool_parse ("false", &b, &err), 0);
    ck_assert (!b);
    ck_assert_int_eq (bool_parse ("maybe", &b, &err), -1);
}
END_TEST

START_TEST (what_is_shown_looks_like_slurm)
{
    char word[64];

    ck_assert_str_eq (duration_format (5, word, sizeof word), "00:00:05");
    ck_assert_str_eq (duration_format (90061, word, sizeof word), "1-01:01:01");
    ck_assert_str_eq (duration_format_short (5, word, sizeof word), "0:05");
    ck_assert_str_eq (duration_format_short (3600, word, sizeof word), "1:00:00");
    ck_assert_str_eq (duration_format_short (86400, word, sizeof word), "1-00:00:00");
    ck_assert_str_eq (cpu_time_format (61500000, word, sizeof word), "01:01.500");
    ck_assert_str_eq (cpu_time_format (3661 * USEC_PER_SEC, word, sizeof word), "01:01:01");
    ck_assert_str_eq (mem_format (2000, word, sizeof word), "2000M");
    ck_assert_str_eq (mem_format (2048, word, sizeof word), "2G");
    ck_assert_str_eq (mem_format (1536, word, sizeof word), "1536M");
    ck_assert_str_eq (mem_format (0, word, sizeof word), "0M");
    ck_assert_str_eq (duration_format (90061, word, 4), "1-0");
}
END_TEST

SUITE ("units", memory_has_suffixes, bad_memory_is_refused_with_a_sentence, durations_in_every_form,
       bad_durations_are_refused, points_in_time, the_epoch_itself_is_a_start_of_time,
       days_that_do_not_exist_are_refused, a_day_of_25_hours_still_begins_at_midnight, times_are_shown_as_asked,
       signals_by_name_and_number, numbers_keep_their_bounds, what_is_shown_looks_like_slurm)
