/* units.c - numbers, memory, durations, signals; points in time are in units_time.c. */
#include "base/units.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINUTE 60ULL
#define HOUR 3600ULL
#define DAY 86400ULL
#define SIGNAL_MAX 64

/* Digits only. Returns the first character that is none, or NULL if there is no digit or the value does not fit. */
static const char *scan_number (const char *s, uint64_t *ret)
{
    uint64_t v = 0;

    if (*s < '0' || *s > '9')
        return NULL;
    for (; *s >= '0' && *s <= '9'; s++)
        if (__builtin_mul_overflow (v, 10ULL, &v) || __builtin_add_overflow (v, (uint64_t) (*s - '0'), &v))
            return NULL;
    *ret = v;
    return s;
}

int mem_parse (const char *s, uint64_t *ret_mb, struct err *err)
{
    static const struct {
        char letter;
        uint64_t mul, div; /* of one MB */
    } units[] = {{'K', 1, 1024}, {'M', 1, 1}, {'G', 1024, 1}, {'T', 1024 * 1024, 1}};
    uint64_t v, mul = 1, div = 1;
    const char *end = scan_number (s, &v);

    if (end && *end) {
        size_t i = 0;
        while (i < 4 && (*end & ~0x20) != units[i].letter)
            i++;
        if (i == 4) {
            end = NULL;
        } else {
            mul = units[i].mul;
            div = units[i].div;
            end++;
            if (*end == 'b' || *end == 'B')
                end++;
        }
    }
    if (!end || *end || __builtin_mul_overflow (v, mul, &v)) {
        err_set (err, 0, "\"%s\" is no amount of memory", s);
        return err_fix (err, "write a number with an optional K, M, G or T: 2000M, 4G");
    }
    *ret_mb = v / div + (v % div != 0);
    return 0;
}

static bool is_no_limit (const char *s)
{
    return !strcasecmp (s, "UNLIMITED") || !strcasecmp (s, "INFINITE") || !strcmp (s, "-1");
}

/* Fields left to right and how many seconds each counts, by the number of fields; the row with days comes after '-'. */
static int sum_fields (const uint64_t *fields, size_t n, bool days, uint64_t *ret)
{
    static const uint64_t plain[3][3] = {{MINUTE}, {MINUTE, 1}, {HOUR, MINUTE, 1}};
    static const uint64_t after_days[4] = {DAY, HOUR, MINUTE, 1};
    const uint64_t *weight = days ? after_days : plain[n - 1];
    uint64_t sum = 0, part;

    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow (fields[i], weight[i], &part) || __builtin_add_overflow (sum, part, &sum))
            return -1;
    *ret = sum;
    return 0;
}

int duration_parse (const char *s, uint64_t *ret_s, struct err *err)
{
    uint64_t fields[4], sum = 0;
    size_t n = 0;
    bool days = false;
    const char *p = s;

    if (is_no_limit (s)) {
        *ret_s = 0;
        return 0;
    }
    for (;;) {
        if (n == (days ? 4u : 3u) || !(p = scan_number (p, &fields[n])))
            goto bad;
        n++;
        if (!*p)
            break;
        if (*p == '-' && n == 1 && !days)
            days = true;
        else if (*p != ':' || (days && n == 1))
            goto bad;
        p++;
    }
    /* 2^40 s are 34,000 years: what is added to it later cannot wrap */
    if (sum_fields (fields, n, days, &sum) || sum >> 40)
        goto bad;
    *ret_s = sum;
    return 0;
bad:
    err_set (err, 0, "\"%s\" is no time limit", s);
    return err_fix (err, "write minutes, min:sec, H:M:S, D-H, D-H:M, D-H:M:S or UNLIMITED");
}

int signal_parse (const char *s, int *ret_sig, struct err *err)
{
    const char *name = !strncasecmp (s, "SIG", 3) ? s + 3 : s;
    uint64_t v;
    const char *end = scan_number (s, &v);

    if (end && !*end && v >= 1 && v <= SIGNAL_MAX) {
        *ret_sig = (int) v;
        return 0;
    }
    for (int sig = 1; sig <= SIGNAL_MAX; sig++) {
        const char *known = sigabbrev_np (sig);
        if (known && !strcasecmp (known, name)) {
            *ret_sig = sig;
            return 0;
        }
    }
    err_set (err, 0, "\"%s\" is no signal", s);
    return err_fix (err, "write a name such as TERM or SIGUSR1, or a number from 1 to %d", SIGNAL_MAX);
}

const char *signal_name (int sig)
{
    const char *name = sigabbrev_np (sig);

    return name ? name : "?";
}

int number_parse (const char *s, const char *name, uint64_t min, uint64_t max, uint64_t *ret, struct err *err)
{
    uint64_t v;
    const char *end = scan_number (s, &v);

    if (!end || *end) {
        err_set (err, 0, "%s is \"%s\", which is no whole number", name, s);
        return err_fix (err, "give a number from %" PRIu64 " to %" PRIu64, min, max);
    }
    if (v < min || v > max) {
        err_set (err, 0, "%s is %" PRIu64 ", which is too %s", name, v, v < min ? "small" : "large");
        return err_fix (err, "give a number from %" PRIu64 " to %" PRIu64, min, max);
    }
    *ret = v;
    return 0;
}

int bool_parse (const char *s, bool *ret, struct err *err)
{
    static const char *const words[2][3] = {{"no", "false", "0"}, {"yes", "true", "1"}};

    for (int v = 0; v < 2; v++)
        for (size_t i = 0; i < 3; i++)
            if (!strcasecmp (s, words[v][i])) {
                *ret = v;
                return 0;
            }
    err_set (err, 0, "\"%s\" is neither yes nor no", s);
    return err_fix (err, "write yes or no");
}

char *duration_format (uint64_t s, char *buf, size_t size)
{
    uint64_t days = s / DAY;
    unsigned hour = (unsigned) (s / HOUR % 24), min = (unsigned) (s / MINUTE % 60), sec = (unsigned) (s % 60);

    if (days)
        snprintf (buf, size, "%" PRIu64 "-%02u:%02u:%02u", days, hour, min, sec);
    else
        snprintf (buf, size, "%02u:%02u:%02u", hour, min, sec);
    return buf;
}

char *duration_format_short (uint64_t s, char *buf, size_t size)
{
    uint64_t days = s / DAY;
    unsigned hour = (unsigned) (s / HOUR % 24), min = (unsigned) (s / MINUTE % 60), sec = (unsigned) (s % 60);

    if (days)
        snprintf (buf, size, "%" PRIu64 "-%02u:%02u:%02u", days, hour, min, sec);
    else if (hour)
        snprintf (buf, size, "%u:%02u:%02u", hour, min, sec);
    else
        snprintf (buf, size, "%u:%02u", min, sec);
    return buf;
}

char *cpu_time_format (uint64_t usec, char *buf, size_t size)
{
    uint64_t s = usec / USEC_PER_SEC;

    if (s >= HOUR)
        return duration_format (s, buf, size);
    snprintf (buf, size, "%02u:%02u.%03u", (unsigned) (s / MINUTE), (unsigned) (s % MINUTE),
              (unsigned) (usec % USEC_PER_SEC / 1000));
    return buf;
}

char *mem_format (uint64_t mb, char *buf, size_t size)
{
    static const char letters[] = "MGTPE";
    size_t unit = 0;

    while (mb && mb % 1024 == 0 && unit + 2 < sizeof letters) {
        mb /= 1024;
        unit++;
    }
    snprintf (buf, size, "%" PRIu64 "%c", mb, letters[unit]);
    return buf;
}
