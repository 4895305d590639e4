/* hostlist.c - expansion and compression of Slurm's host lists. */
#include "base/hostlist.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

#define MAX_NAMES 1000000
#define MAX_NAME_LENGTH 255
#define MAX_BRACKETS 8
#define MAX_DIGITS 18

struct hostlist {
    char **names;
    size_t n, room;
};

struct hostlist *hostlist_create (void)
{
    return xcalloc (1, sizeof (struct hostlist));
}

struct hostlist *hostlist_free (struct hostlist *hl)
{
    if (hl) {
        for (size_t i = 0; i < hl->n; i++)
            free (hl->names[i]);
        free (hl->names);
        free (hl);
    }
    return NULL;
}

static void add_owned (struct hostlist *hl, char *name)
{
    GROW (hl->names, hl->n, hl->room);
    hl->names[hl->n++] = name;
}

void hostlist_add (struct hostlist *hl, const char *name)
{
    add_owned (hl, xstrdup (name));
}

size_t hostlist_count (const struct hostlist *hl)
{
    return hl->n;
}

const char *hostlist_nth (const struct hostlist *hl, size_t i)
{
    return hl->names[i];
}

/* ---- expansion ---- */

struct expansion {
    struct hostlist *hl;
    const char *whole; /* for the sentence */
    char name[MAX_NAME_LENGTH + 1];
    int brackets;
};

static int refuse (const struct expansion *x, const char *why, struct err *err)
{
    err_set (err, 0, "\"%.200s\" is no list of nodes: %s", x->whole, why);
    return err_fix (err, "write names such as n1,n[2-4,07]");
}

static int expand (struct expansion *x, size_t len, const char *s, const char *end, struct err *err);

static const char *take_bound (const char *s, const char *end, uint64_t *ret, int *ret_width)
{
    uint64_t v = 0;
    const char *p = s;

    while (p < end && *p >= '0' && *p <= '9' && p - s < MAX_DIGITS)
        v = v * 10 + (uint64_t) (*p++ - '0');
    *ret = v;
    *ret_width = (int) (p - s);
    return p == s ? NULL : p;
}

/* One bracket's content [s, close), then the rest of the name after it. */
static int expand_bracket (struct expansion *x, size_t len, const char *s, const char *close, const char *end,
                           struct err *err)
{
    uint64_t first, last;
    int width, last_width;

    for (;; s++) {
        if (!(s = take_bound (s, close, &first, &width)))
            return refuse (x, "a number is missing between [ and ]", err);
        last = first;
        if (s < close && *s == '-' && !(s = take_bound (s + 1, close, &last, &last_width)))
            return refuse (x, "a number is missing after -", err);
        if (last < first)
            return refuse (x, "a range ends before it begins", err);
        if (last - first >= MAX_NAMES)
            return refuse (x, "more than 1,000,000 names", err);
        for (uint64_t v = first; v <= last; v++) {
            int n = snprintf (x->name + len, sizeof x->name - len, "%0*" PRIu64, width, v);
            if (n < 0 || (size_t) n >= sizeof x->name - len)
                return refuse (x, "a name is longer than 255 characters", err);
            if (expand (x, len + (size_t) n, close + 1, end, err))
                return -1;
        }
        if (s == close)
            return 0;
        if (*s != ',')
            return refuse (x, "only numbers, - and , may stand between [ and ]", err);
    }
}

/* name[0 .. len) is done; [s, end) is still to be expanded. */
static int expand (struct expansion *x, size_t len, const char *s, const char *end, struct err *err)
{
    for (; s < end && *s != '['; s++) {
        if (!isalnum ((unsigned char) *s) && (len == 0 || !strchr ("-_.", *s)))
            return refuse (x, "names are made of letters, digits, - _ and .", err);
        if (len == MAX_NAME_LENGTH)
            return refuse (x, "a name is longer than 255 characters", err);
        x->name[len++] = *s;
    }
    if (s < end) {
        const char *close = memchr (s, ']', (size_t) (end - s));
        if (!close)
            return refuse (x, "a [ is not closed", err);
        if (x->brackets == MAX_BRACKETS)
            return refuse (x, "too many brackets in one name", err);
        x->brackets++;
        int r = expand_bracket (x, len, s + 1, close, end, err);
        x->brackets--;
        return r;
    }
    if (x->hl->n >= MAX_NAMES)
        return refuse (x, "more than 1,000,000 names", err);
    add_owned (x->hl, xstrndup (x->name, len));
    return 0;
}

/* The end of the item at s: a comma or blank that is not between brackets. */
static const char *item_end (const char *s)
{
    bool inside = false;

    for (; *s && (inside || !strchr (", \t\n", *s)); s++) {
        if (*s == '[')
            inside = true;
        else if (*s == ']')
            inside = false;
    }
    return s;
}

int hostlist_parse (struct hostlist **ret, const char *s, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *hl = hostlist_create ();
    struct expansion x = {.hl = hl, .whole = s};

    for (;;) {
        s += strspn (s, ", \t\n");
        if (!*s)
            break;
        const char *end = item_end (s);
        if (expand (&x, 0, s, end, err))
            return -1;
        s = end;
    }
    *ret = steal (&hl);
    return 0;
}

/* ---- order and compression ---- */

struct parts { /* of a name: prefix, then the digits at its end */
    size_t prefix;
    uint64_t number;
    int width; /* 0 = no digits */
};

static struct parts split (const char *name)
{
    size_t len = strlen (name), at = len;
    struct parts p = {0};

    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9' && len - at < MAX_DIGITS)
        at--;
    p.prefix = at;
    p.width = (int) (len - at);
    p.number = p.width ? strtoull (name + at, NULL, 10) : 0;
    return p;
}

static bool same_prefix (const char *a, struct parts pa, const char *b, struct parts pb)
{
    return pa.prefix == pb.prefix && pa.width && pb.width && !memcmp (a, b, pa.prefix);
}

int host_compare (const char *a, const char *b)
{
    struct parts x = split (a), y = split (b);
    size_t shorter = x.prefix < y.prefix ? x.prefix : y.prefix;
    int c = memcmp (a, b, shorter);

    if (c == 0 && x.prefix != y.prefix)
        c = x.prefix < y.prefix ? -1 : 1;
    if (c == 0 && !x.width != !y.width)
        c = x.width ? 1 : -1;
    if (c == 0 && x.number != y.number)
        c = x.number < y.number ? -1 : 1;
    return c ? c : x.width - y.width;
}

static int compare (const void *a, const void *b)
{
    return host_compare (*(char *const *) a, *(char *const *) b);
}

void hostlist_sort_unique (struct hostlist *hl)
{
    size_t kept = 0;

    if (hl->n == 0)
        return;
    qsort (hl->names, hl->n, sizeof *hl->names, compare);
    for (size_t i = 1; i < hl->n; i++) {
        if (!strcmp (hl->names[i], hl->names[kept]))
            free (hl->names[i]);
        else
            hl->names[++kept] = hl->names[i];
    }
    hl->n = kept + 1;
}

/* How many names from i on count up by one as "%0*u" with the first one's width would print them. */
static size_t run_length (const struct hostlist *hl, size_t i)
{
    struct parts first = split (hl->names[i]);
    char expected[32];
    size_t n = 1;

    for (; i + n < hl->n; n++) {
        const char *name = hl->names[i + n];
        struct parts p = split (name);
        if (!same_prefix (hl->names[i], first, name, p))
            break;
        snprintf (expected, sizeof expected, "%0*" PRIu64, first.width, first.number + n);
        if (strcmp (expected, name + p.prefix) != 0)
            break;
    }
    return n;
}

/* Neighbours with the same prefix, from i on. */
static size_t group_length (const struct hostlist *hl, size_t i)
{
    struct parts first = split (hl->names[i]);
    size_t n = 1;

    while (i + n < hl->n && same_prefix (hl->names[i], first, hl->names[i + n], split (hl->names[i + n])))
        n++;
    return n;
}

char *hostlist_compress (const struct hostlist *hl)
{
    struct buf b = BUF_INIT;

    for (size_t i = 0, group; i < hl->n; i += group) {
        group = group_length (hl, i);
        buf_puts (&b, i ? "," : "");
        if (group == 1) {
            buf_puts (&b, hl->names[i]);
            continue;
        }
        size_t prefix = split (hl->names[i]).prefix;
        buf_add (&b, hl->names[i], prefix);
        for (size_t j = i, run; j < i + group; j += run) {
            run = run_length (hl, j);
            buf_printf (&b, "%c%s", j == i ? '[' : ',', hl->names[j] + prefix);
            if (run > 1)
                buf_printf (&b, "-%s", hl->names[j + run - 1] + prefix);
        }
        buf_putc (&b, ']');
    }
    return buf_steal (&b);
}

char *repeat_compress (const uint32_t *values, size_t n)
{
    struct buf b = BUF_INIT;

    for (size_t i = 0, run; i < n; i += run) {
        run = 1;
        while (i + run < n && values[i + run] == values[i])
            run++;
        buf_printf (&b, "%s%" PRIu32, i ? "," : "", values[i]);
        if (run > 1)
            buf_printf (&b, "(x%zu)", run);
    }
    return buf_steal (&b);
}
