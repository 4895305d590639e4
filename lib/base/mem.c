/* mem.c - allocation that cannot fail. */
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked (void *p)
{
    static const char sentence[] = "fatal: out of memory\n";

    if (!p) {
        ssize_t ignored = write (STDERR_FILENO, sentence, sizeof sentence - 1);
        (void) ignored;
        abort ();
    }
    return p;
}

void *xmalloc (size_t size)
{
    return checked (malloc (size ? size : 1));
}

void *xcalloc (size_t n, size_t size)
{
    return checked (calloc (n ? n : 1, size ? size : 1));
}

void *xrealloc (void *p, size_t size)
{
    return checked (realloc (p, size ? size : 1));
}

void *xmemdup (const void *p, size_t size)
{
    void *copy = xmalloc (size);

    if (size)
        memcpy (copy, p, size);
    return copy;
}

char *xstrdup (const char *s)
{
    return s ? checked (strdup (s)) : NULL;
}

char *xstrndup (const char *s, size_t n)
{
    return checked (strndup (s, n));
}

char *xasprintf (const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    int n;

    va_start (ap, fmt);
    n = vasprintf (&s, fmt, ap);
    va_end (ap);
    return checked (n < 0 ? NULL : s);
}
