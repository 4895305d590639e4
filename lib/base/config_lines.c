/* config_lines.c - comments, continuation, pairs: the rules of slurm.conf(5). */
#include "base/config_lines.h"
#include <ctype.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "proto/wire.pb-c.h"

static const char BLANKS[] = " \t\r\f\v";

/* Append one physical line without its comment. Returns true if the next line continues it. */
static bool add_line (struct buf *out, const char *p, size_t len)
{
    bool quoted = false, comment = false;

    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\\' && i + 1 < len && p[i + 1] == '#') {
            buf_putc (out, p[++i]);
            continue;
        }
        if (p[i] == '"')
            quoted = !quoted;
        if (p[i] == '#' && !quoted) {
            comment = true;
            break;
        }
        buf_putc (out, p[i]);
    }
    while (out->len && strchr (BLANKS, out->data[out->len - 1]))
        out->data[--out->len] = '\0';
    if (comment || !out->len || out->data[out->len - 1] != '\\')
        return false;
    out->data[--out->len] = '\0';
    return true;
}

void config_lines_each (const char *text, config_line_fn fn, void *arg)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    unsigned line = 0, first = 0;

    while (*text) {
        size_t len = strcspn (text, "\n");
        line++;
        if (!first)
            first = line;
        bool more = add_line (&b, text, len);
        text += len;
        if (*text == '\n')
            text++;
        if (more && *text)
            continue;
        char *p = b.data ? b.data + strspn (b.data, BLANKS) : NULL;
        if (p && *p)
            fn (arg, first, p);
        buf_reset (&b);
        first = 0;
    }
}

void config_line_write (struct buf *out, const char *text)
{
    bool quoted = false;

    for (const char *p = text; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        if (*p == '#' && !quoted)
            buf_putc (out, '\\');
        buf_putc (out, *p);
    }
    buf_putc (out, '\n');
}

static char *take_key (char **cursor)
{
    char *key = *cursor + strspn (*cursor, BLANKS);
    char *end = key;

    while (isalnum ((unsigned char) *end) || *end == '_' || *end == '.' || *end == '-')
        end++;
    *cursor = end;
    return key;
}

static int no_pair (const char *text, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "\"%.60s\" is not Key=Value", text);
    return err_fix (err, "write Key=Value; a value with blanks goes in double quotes, a remark after #");
}

int config_pair_next (char **cursor, char **ret_key, char **ret_value, struct err *err)
{
    char *p = *cursor;
    char *key = take_key (&p);
    char *key_end = p;
    char *value;

    if (!*key)
        return CONFIG_PAIR_END;
    p += strspn (p, BLANKS);
    if (key_end == key || *p != '=')
        return no_pair (key, err);
    p++;
    p += strspn (p, BLANKS);
    if (*p == '"') {
        value = ++p;
        p = strchr (p, '"');
        if (!p || (p[1] && !strchr (BLANKS, p[1]))) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER,
                     p ? "\"%.60s: text follows the closing quote" : "\"%.60s: the closing quote is missing", value);
            return err_fix (err, "write Key=\"value with blanks\"");
        }
    } else {
        value = p;
        p += strcspn (p, BLANKS);
    }
    if (*p)
        *p++ = '\0';
    *key_end = '\0';
    *ret_key = key;
    *ret_value = value;
    *cursor = p;
    return 0;
}
