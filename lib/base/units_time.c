/* units_time.c - points in time as people write them: words, dates, times of day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/units.h"

#define MAX_SECONDS (1ULL << 40) /* about the year 36800 */

struct point { /* what was written; -1 = not given */
    int year, month, day;
    int hour, min, sec;
};

/* Exactly `digits` digits (0: one or two) into *ret. Returns what follows, NULL if they are not there. */
static const char *take_digits (const char *s, int digits, int *ret)
{
    int v = 0, n = 0, max = digits ? digits : 2;

    while (n < max && s[n] >= '0' && s[n] <= '9')
        v = v * 10 + (s[n++] - '0');
    if (n == 0 || (digits && n != digits))
        return NULL;
    *ret = v;
    return s + n;
}

/* HH:MM[:SS][AM|PM] */
static const char *take_clock (const char *s, struct point *p)
{
    int sec = 0;

    if (!(s = take_digits (s, 0, &p->hour)) || *s != ':' || !(s = take_digits (s + 1, 2, &p->min)))
        return NULL;
    if (*s == ':' && !(s = take_digits (s + 1, 2, &sec)))
        return NULL;
    p->sec = sec;
    while (*s == ' ')
        s++;
    bool pm = !strncasecmp (s, "PM", 2);
    if (pm || !strncasecmp (s, "AM", 2)) {
        if (p->hour < 1 || p->hour > 12)
            return NULL;
        p->hour = p->hour % 12 + (pm ? 12 : 0);
        s += 2;
    }
    return p->hour <= 23 && p->min <= 59 && sec <= 59 ? s : NULL;
}

static size_t count_digits (const char *s)
{
    return strspn (s, "0123456789");
}

/* YYYY-MM-DD, MM/DD[/YY], MM.DD[.YY], MMDD[YY] */
static const char *take_date (const char *s, struct point *p)
{
    size_t n = count_digits (s);
    int year = -1;
    char mark;

    if (n == 4 && s[4] == '-' && count_digits (s + 5) == 2 && s[7] == '-') {
        take_digits (s, 4, &p->year);
        take_digits (s + 5, 2, &p->month);
        return take_digits (s + 8, 2, &p->day);
    }
    if (n == 4 || n == 6) {
        take_digits (s, 2, &p->month);
        take_digits (s + 2, 2, &p->day);
        if (n == 6)
            take_digits (s + 4, 2, &year);
        s += n;
    } else {
        if (!(s = take_digits (s, 0, &p->month)) || ((mark = *s) != '/' && mark != '.') ||
            !(s = take_digits (s + 1, 0, &p->day)))
            return NULL;
        if (*s == mark && !(s = take_digits (s + 1, count_digits (s + 1) == 4 ? 4 : 2, &year)))
            return NULL;
    }
    p->year = year < 0 ? -1 : year < 100 ? year + 2000 : year;
    return s;
}

static int to_seconds (const struct point *p, int64_t *ret)
{
    struct tm tm = {.tm_year = p->year - 1900,
                    .tm_mon = p->month - 1,
                    .tm_mday = p->day,
                    .tm_hour = p->hour,
                    .tm_min = p->min,
                    .tm_sec = p->sec,
                    .tm_isdst = -1};
    time_t t = mktime (&tm);

    /* a day that the month does not have comes back as another one */
    if (t < 0 || tm.tm_mon != p->month - 1 || tm.tm_mday != p->day)
        return -1;
    *ret = t;
    return 0;
}

/* Fill in the date or the time of day that was not given. */
static int resolve (struct point p, time_t now, bool future, int64_t *ret)
{
    bool no_date = p.month < 0, no_year = p.year < 0;
    struct tm today;

    if (!localtime_r (&now, &today))
        return -1;
    if (p.hour < 0)
        p.hour = p.min = p.sec = 0;
    if (no_date) {
        p.month = today.tm_mon + 1;
        p.day = today.tm_mday;
    }
    if (no_year)
        p.year = today.tm_year + 1900;
    if (to_seconds (&p, ret))
        return -1;
    if (no_date && future && *ret <= now) {
        struct tm next = {.tm_year = p.year - 1900, .tm_mon = p.month - 1, .tm_mday = p.day + 1, .tm_isdst = -1};
        next.tm_hour = p.hour;
        next.tm_min = p.min;
        next.tm_sec = p.sec;
        *ret = mktime (&next);
    } else if (!no_date && no_year && future && *ret < now) {
        p.year++;
        return to_seconds (&p, ret);
    } else if (!no_date && no_year && !future && *ret > now) {
        p.year--;
        return to_seconds (&p, ret);
    }
    return *ret < 0 ? -1 : 0;
}

/* +60, -5minutes, + 2 days */
static int take_offset (const char *s, int64_t *at)
{
    static const struct {
        const char *word;
        int64_t seconds;
    } units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}};
    int64_t sign, count, unit = 1;
    char *end;

    s += strspn (s, " ");
    if (!*s)
        return 0;
    if (*s != '+' && *s != '-')
        return -1;
    sign = *s == '-' ? -1 : 1;
    s++;
    s += strspn (s, " ");
    if (count_digits (s) == 0 || count_digits (s) > 12)
        return -1;
    count = (int64_t) strtoull (s, &end, 10);
    s = end + strspn (end, " ");
    if (*s) {
        size_t len = strlen (s), i = 0;
        /* any beginning of the word is enough, a final s is fine */
        if (len > 1 && (s[len - 1] | 0x20) == 's')
            len--;
        while (i < 5 && (len > strlen (units[i].word) || strncasecmp (s, units[i].word, len) != 0))
            i++;
        if (i == 5)
            return -1;
        unit = units[i].seconds;
    }
    *at += sign * count * unit;
    return 0;
}

/* A word that stands for a point. Returns what follows it, NULL if s starts with none. */
static const char *take_word (const char *s, time_t now, bool future, int64_t *ret)
{
    static const struct {
        const char *word;
        int days; /* from today, when at_hour is a date's midnight; -1: a time of day */
        int hour;
    } words[] = {{"today", 0, 0},       {"tomorrow", 1, 0}, {"midnight", -1, 0}, {"noon", -1, 12},
                 {"elevenses", -1, 11}, {"fika", -1, 15},   {"teatime", -1, 16}};
    struct tm tm;

    if (!strncasecmp (s, "now", 3)) {
        *ret = now;
        return s + 3;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen (words[i].word);
        if (strncasecmp (s, words[i].word, len) != 0)
            continue;
        if (!localtime_r (&now, &tm))
            return NULL;
        tm.tm_sec = tm.tm_min = 0;
        tm.tm_hour = words[i].hour;
        tm.tm_isdst = -1;
        tm.tm_mday += words[i].days > 0 ? words[i].days : 0;
        struct tm again = tm;
        *ret = mktime (&tm);
        if (words[i].days < 0 && future && *ret <= now) {
            again.tm_mday++;
            *ret = mktime (&again);
        }
        return s + len;
    }
    return NULL;
}

static int take_point (const char *s, time_t now, bool future, int64_t *ret)
{
    struct point p = {-1, -1, -1, -1, -1, -1};
    const char *rest = take_word (s, now, future, ret);

    if (rest)
        return take_offset (rest, ret);
    if (!strncasecmp (s, "uts", 3)) {
        size_t n = count_digits (s + 3);
        if (n == 0 || n > 12 || s[3 + n])
            return -1;
        *ret = (int64_t) strtoull (s + 3, NULL, 10);
        return 0;
    }
    if ((rest = take_clock (s, &p))) {
        if (*rest)
            return -1;
        return resolve (p, now, future, ret);
    }
    p = (struct point){-1, -1, -1, -1, -1, -1};
    if (!(rest = take_date (s, &p)))
        return -1;
    if (*rest == 'T' || *rest == '-' || *rest == ' ') {
        if (!(rest = take_clock (rest + 1, &p)))
            return -1;
    }
    if (*rest)
        return -1;
    return resolve (p, now, future, ret);
}

int time_parse (const char *s, usec_t now, bool future, usec_t *ret, struct err *err)
{
    int64_t t = 0;

    if (take_point (s, (time_t) (now / USEC_PER_SEC), future, &t) || t < 0 || t > (int64_t) MAX_SECONDS) {
        err_set (err, 0, "\"%s\" is no point in time", s);
        return err_fix (err, "write YYYY-MM-DD[THH:MM[:SS]], HH:MM, MM/DD, today, or now+2hours");
    }
    *ret = (usec_t) t * USEC_PER_SEC;
    return 0;
}

/* SLURM_TIME_FORMAT=relative: as much of a date as the distance from today makes necessary. */
static const char *relative_format (const struct tm *tm)
{
    time_t now = time (NULL);
    struct tm today;

    if (!localtime_r (&now, &today))
        return "%FT%T";
    int days = (tm->tm_year - today.tm_year) * 365 + tm->tm_yday - today.tm_yday;
    if (days == 0)
        return "%H:%M:%S";
    if (days == -1)
        return "Ystday %H:%M";
    if (days == 1)
        return "Tomorr %H:%M";
    if (days > 365 || days < -365)
        return "%-d %b %Y";
    return days > 1 && days < 7 ? "%a %H:%M" : "%-d %b %H:%M";
}

char *time_format (usec_t t, const char *fmt, const char *unset, char *buf, size_t size)
{
    time_t s = (time_t) (t / USEC_PER_SEC);
    struct tm tm;

    if (t == 0 || !localtime_r (&s, &tm)) {
        snprintf (buf, size, "%s", unset);
        return buf;
    }
    if (!fmt || !*fmt || !strcasecmp (fmt, "standard"))
        fmt = "%Y-%m-%dT%H:%M:%S";
    else if (!strcasecmp (fmt, "relative"))
        fmt = relative_format (&tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the user's own strftime format, for the user's own screen */
    size_t n = strftime (buf, size, fmt, &tm);
#pragma GCC diagnostic pop
    if (n == 0 && size)
        buf[0] = '\0';
    return buf;
}
