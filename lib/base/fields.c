/* fields.c - parse column specifications, print padded values. Widths count characters, not bytes. */
#include "base/fields.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"

#define MAX_WIDTH 100000
#define DEFAULT_NAME_WIDTH 20

void columns_clear (struct columns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free (c->list[i].before);
        free (c->list[i].after);
    }
    free (c->list);
    free (c->tail);
    *c = (struct columns){0};
}

static void append (struct columns *c, struct column col)
{
    c->list = xrealloc (c->list, (c->n + 1) * sizeof *c->list);
    c->list[c->n++] = col;
}

/* Digits, if any, as a width. */
static const char *take_width (const char *s, int *ret)
{
    int v = 0;

    for (; *s >= '0' && *s <= '9'; s++)
        v = v < MAX_WIDTH ? v * 10 + (*s - '0') : MAX_WIDTH;
    *ret = v > MAX_WIDTH ? MAX_WIDTH : v;
    return s;
}

static int fail (struct columns *c, struct err *err, const char *what, const char *word, size_t len)
{
    columns_clear (c);
    err_set (err, 0, "Invalid %s: %.*s", what, (int) (len > 200 ? 200 : len), word);
    return err_fix (err, "--help lists what can be shown");
}

#define MOST_OFFERED 4

/* A name that the table does not have: say which names of it are close, or contain it. */
static int fail_name (struct columns *c, struct err *err, const char *what, const struct field *table, size_t n,
                      const char *word, size_t len)
{
    _cleanup_free_ char *name = xstrndup (word, len);
    _cleanup_buf_ struct buf close = BUF_INIT;
    size_t offered = 0;

    fail (c, err, what, word, len);
    for (size_t distance = 0; distance <= NEAREST_LIMIT (name); distance++)
        for (size_t i = 0; i < n && offered < MOST_OFFERED; i++)
            if (table[i].name && word_distance (name, table[i].name) == distance)
                buf_printf (&close, "%s%s", offered++ ? ", " : "", table[i].name);
    for (size_t i = 0; i < n && len > 2 && offered < MOST_OFFERED; i++)
        if (table[i].name && strcasestr (table[i].name, name) && !strstr (buf_str (&close), table[i].name))
            buf_printf (&close, "%s%s", offered++ ? ", " : "", table[i].name);
    return offered ? err_fix (err, "did you mean %s? --help lists all that can be shown", buf_str (&close)) : -1;
}

/* ---- -o: letters ---- */

static const struct field *by_letter (const struct field *table, size_t n, char letter)
{
    for (size_t i = 0; i < n; i++)
        if (letter && table[i].letter == letter)
            return &table[i];
    return NULL;
}

int columns_parse_letters (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err)
{
    struct columns c = {0};

    for (;;) {
        struct column col = {0};
        size_t text = strcspn (spec, "%");
        const char *p = spec + text;
        if (!*p) {
            c.tail = text ? xstrdup (spec) : NULL;
            break;
        }
        p += strspn (p, "%");
        col.right = *p == '.';
        p = take_width (p + col.right, &col.width);
        col.field = by_letter (table, n, *p);
        if (!col.field)
            return fail (&c, err, "format specification", *p ? p : "a letter is missing after %", *p ? 1 : 64);
        col.before = text ? xstrndup (spec, text) : NULL;
        append (&c, col);
        spec = p + 1;
    }
    *ret = c;
    return 0;
}

/* ---- -O and sacct: names ---- */

static const struct field *by_name (const struct field *table, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].name && strlen (table[i].name) == len && !strncasecmp (table[i].name, name, len))
            return &table[i];
    return NULL;
}

int columns_parse_names (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err)
{
    struct columns c = {.by_name = true};

    for (; *spec; spec += *spec == ',') {
        struct column col = {.width = DEFAULT_NAME_WIDTH};
        const char *end = spec + strcspn (spec, ",");
        size_t len = strcspn (spec, ",:");
        col.field = by_name (table, n, spec, len);
        if (len && !col.field)
            return fail_name (&c, err, "format specification", table, n, spec, len);
        if (col.field && spec[len] == ':') {
            const char *p = spec + len + 1;
            col.right = *p == '.';
            p = take_width (p + col.right, &col.width);
            col.after = p < end ? xstrndup (p, (size_t) (end - p)) : NULL;
        }
        if (col.field)
            append (&c, col);
        spec = end;
    }
    *ret = c;
    return 0;
}

int columns_parse_sacct (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err)
{
    struct columns c = {.by_name = true};

    for (; *spec; spec += *spec == ',') {
        struct column col = {.right = true};
        const char *end = spec + strcspn (spec, ",");
        size_t len = strcspn (spec, ",%");
        if (len == 3 && !strncasecmp (spec, "ALL", 3)) {
            for (size_t i = 0; i < n; i++)
                append (&c, (struct column){
                                .field = &table[i], .width = abs (table[i].width), .right = table[i].width >= 0});
        } else if (len) {
            col.field = by_name (table, n, spec, len);
            if (!col.field)
                return fail_name (&c, err, "field requested", table, n, spec, len);
            col.width = abs (col.field->width);
            col.right = col.field->width >= 0;
            if (spec[len] == '%') {
                col.right = spec[len + 1] != '-';
                const char *p = take_width (spec + len + 1 + !col.right, &col.width);
                if (p != end || !col.width)
                    return fail (&c, err, "field width", spec, (size_t) (end - spec));
            }
            append (&c, col);
        }
        spec = end;
    }
    *ret = c;
    return 0;
}

/* ---- printing ---- */

static bool is_continuation (char c)
{
    return ((unsigned char) c & 0xc0) == 0x80;
}

void column_put (struct buf *out, const char *s, int width, bool right, char mark)
{
    size_t chars = 0, end = 0, room = (size_t) width;

    for (size_t i = 0; s[i]; i++)
        chars += !is_continuation (s[i]);
    size_t shown = width && chars > room ? room : chars;
    for (size_t seen = 0; s[end]; end++) /* the bytes of the first `shown` characters */
        if (!is_continuation (s[end]) && ++seen > shown)
            break;
    for (size_t i = shown; right && i < room; i++)
        buf_putc (out, ' ');
    if (shown < chars && mark) {
        while (end > 0 && is_continuation (s[--end]))
            ;
    }
    for (size_t i = 0; i < end; i++) /* other people's names reach this terminal: no escape sequences */
        buf_putc (out, (unsigned char) s[i] < ' ' || s[i] == 127 ? '?' : s[i]);
    if (shown < chars && mark)
        buf_putc (out, mark);
    for (size_t i = shown; !right && i < room; i++)
        buf_putc (out, ' ');
}

static void put_text (struct buf *out, const char *s)
{
    if (s)
        buf_puts (out, s);
}

static void put_header (struct buf *out, const struct column *col)
{
    if (col->field->header) {
        column_put (out, col->field->header, col->width, col->right, 0);
        return;
    }
    _cleanup_free_ char *name = xstrdup (col->field->name ? col->field->name : "");
    for (char *p = name; *p; p++)
        *p = (char) toupper ((unsigned char) *p);
    column_put (out, name, col->width, col->right, 0);
}

static void put_line (const struct columns *c, const void *row, bool header, struct buf *out)
{
    _cleanup_buf_ struct buf value = BUF_INIT;

    for (size_t i = 0; i < c->n; i++) {
        const struct column *col = &c->list[i];
        put_text (out, col->before);
        if (header) {
            put_header (out, col);
        } else {
            buf_reset (&value);
            col->field->print (&value, row);
            bool whole = col->field->width == FIELD_WHOLE && value.len > (size_t) col->width;
            column_put (out, buf_str (&value), whole ? 0 : col->width, col->right, 0);
        }
        put_text (out, col->after);
    }
    put_text (out, c->tail);
}

void columns_header (const struct columns *c, struct buf *out)
{
    put_line (c, NULL, true, out);
}

void columns_row (const struct columns *c, const void *row, struct buf *out)
{
    put_line (c, row, false, out);
}
