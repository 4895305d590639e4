/* options_script.c - #SBATCH lines and SBATCH_* variables. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options_apply.h"
#include "proto/wire.pb-c.h"

static const char MAGIC[] = "#SBATCH";

struct line_words {
    char **list;
    size_t n, room;
};

static void line_words_clear (struct line_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free (w->list[i]);
    free (w->list);
}

static bool is_blank (char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* One word at p: quotes group, '\' escapes, an unescaped '#' ends the line. Returns the place behind it, NULL where a
 * quote is not closed; *ret_word is NULL at the end of the line. */
static const char *take_word (const char *p, const char *end, char **ret_word)
{
    struct buf b = BUF_INIT;
    bool any = false;
    char quote = 0;

    while (p < end && is_blank (*p))
        p++;
    for (; p < end; p++) {
        if (*p == '\\' && p + 1 < end) {
            buf_putc (&b, *++p);
        } else if (quote ? *p == quote : *p == '"' || *p == '\'') {
            quote = quote ? 0 : *p;
        } else if (!quote && is_blank (*p)) {
            break;
        } else if (!quote && *p == '#') {
            end = p;
            break;
        } else {
            buf_putc (&b, *p);
        }
        any = true;
    }
    if (quote) {
        buf_clear (&b);
        return NULL;
    }
    *ret_word = any ? buf_steal (&b) : NULL;
    buf_clear (&b);
    return p < end ? p : end;
}

static int split (const char *p, const char *end, struct line_words *words)
{
    GROW (words->list, words->n, words->room);
    words->list[words->n++] = xstrdup (MAGIC); /* where argv has the program */
    for (;;) {
        char *word = NULL;
        p = take_word (p, end, &word);
        if (!p)
            return -1;
        if (!word)
            return 0;
        GROW (words->list, words->n, words->room);
        words->list[words->n++] = word;
    }
}

static int bad_line (struct err *err, unsigned line, const char *why, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "line %u of the script: %s", line, why);
    return err_fix (err, "%s", fix);
}

static int parse_line (struct submit *s, const char *p, const char *end, unsigned line, struct err *err)
{
    __attribute__ ((cleanup (line_words_clear))) struct line_words words = {0};
    int index;

    if (split (p, end, &words) < 0)
        return bad_line (err, line, "a quote is not closed", "close it on the same line, or escape it with \\");
    if (options_parse (s, (int) words.n, words.list, &index, err) < 0) {
        if (!err || err->what) /* these words are what clients match, as they are */
            return -1;
        _cleanup_free_ char *why = xstrdup (err->why);
        _cleanup_free_ char *fix = xstrdup (err->fix);
        int code = err->code;
        err_set (err, code, "line %u of the script: %s", line, why);
        return fix ? err_fix (err, "%s", fix) : -1;
    }
    if ((size_t) index < words.n) {
        _cleanup_free_ char *why = xasprintf ("\"%.60s\" is no option", words.list[index]);
        return bad_line (err, line, why, "an option begins with '-'; put a value with blanks in quotes");
    }
    return 0;
}

static bool says_nothing (const char *p, const char *end) /* blank or a comment */
{
    while (p < end && is_blank (*p))
        p++;
    return p == end || *p == '#';
}

int options_parse_script (struct submit *s, const char *script, size_t len, struct err *err)
{
    const char *end = script + len;
    const size_t magic = sizeof MAGIC - 1;
    unsigned line = 0;
    int rc = 0;

    s->in_script = true;
    for (const char *p = script; p < end && rc == 0;) {
        const char *eol = memchr (p, '\n', (size_t) (end - p));
        const char *stop = eol ? eol : end;
        line++;
        if (!says_nothing (p, stop) || memchr (p, '\0', (size_t) (stop - p)))
            break;
        if ((size_t) (stop - p) >= magic && !memcmp (p, MAGIC, magic) && (p + magic == stop || is_blank (p[magic])))
            rc = parse_line (s, p + magic, stop, line, err);
        p = eol ? eol + 1 : end;
    }
    s->in_script = false;
    return rc;
}

int options_parse_env (struct submit *s, const char *(*lookup) (const char *name), struct err *err)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++) {
        const char *value = rows[i].env ? lookup (rows[i].env) : NULL;
        if (!value || (!*value && rows[i].arg == ARG_REQUIRED))
            continue;
        if (option_apply (s, &rows[i], value, err) < 0) {
            if (!err || err->what)
                return -1;
            _cleanup_free_ char *why = xstrdup (err->why);
            _cleanup_free_ char *fix = xstrdup (err->fix ? err->fix : "correct it");
            int code = err->code;
            err_set (err, code, "%s in the environment: %s", rows[i].env, why);
            return err_fix (err, "%s, or unset %s", fix, rows[i].env);
        }
    }
    return 0;
}
