/* err.c - what, why, fix. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

static char *vformat (const char *fmt, va_list ap) __attribute__ ((format (printf, 1, 0)));

static char *vformat (const char *fmt, va_list ap)
{
    char *s = NULL;

    if (vasprintf (&s, fmt, ap) < 0)
        return xstrdup (fmt);
    return s;
}

static void replace (char **slot, char *value)
{
    free (*slot);
    *slot = value;
}

int err_set (struct err *err, int code, const char *why_fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start (ap, why_fmt);
    char *why = vformat (why_fmt, ap); /* before clearing: the arguments may point into err */
    va_end (ap);
    err_clear (err);
    err->code = code;
    err->why = why;
    return -1;
}

int err_errno (struct err *err, int errnum, const char *why_fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start (ap, why_fmt);
    _cleanup_free_ char *why = vformat (why_fmt, ap);
    va_end (ap);
    err_clear (err);
    err->why = xasprintf ("%s: %s", why, strerror (errnum));
    return -1;
}

int err_what (struct err *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start (ap, fmt);
    replace (&err->what, vformat (fmt, ap));
    va_end (ap);
    return -1;
}

int err_fix (struct err *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start (ap, fmt);
    replace (&err->fix, vformat (fmt, ap));
    va_end (ap);
    return -1;
}

bool err_is_set (const struct err *err)
{
    return err->why != NULL;
}

void err_clear (struct err *err)
{
    free (err->what);
    free (err->why);
    free (err->fix);
    *err = ERR_INIT;
}

int err_report (const char *tool, const struct err *err)
{
    const char *why = err->why ? err->why : "unknown failure";

    if (err->what)
        fprintf (stderr, "%s: error: %s: %s\n", tool, err->what, why);
    else
        fprintf (stderr, "%s: error: %s\n", tool, why);
    if (err->fix)
        fprintf (stderr, "        fix: %s\n", err->fix);
    return 1;
}

char *err_line (const struct err *err)
{
    struct buf b = BUF_INIT;

    if (err->what)
        buf_printf (&b, "%s: ", err->what);
    buf_puts (&b, err->why ? err->why : "unknown failure");
    if (err->fix)
        buf_printf (&b, " (fix: %s)", err->fix);
    return buf_steal (&b);
}
