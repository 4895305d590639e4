/* strings.c - a growing list of strings. */
#include "ctld/strings.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"

void strings_printf (struct strings *s, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;

    va_start (ap, fmt);
    int n = vasprintf (&text, fmt, ap);
    va_end (ap);
    GROW (s->list, s->n, s->room);
    s->list[s->n++] = n < 0 ? xstrdup (fmt) : text;
}

void strings_clear (struct strings *s)
{
    for (size_t i = 0; i < s->n; i++)
        free (s->list[i]);
    free (s->list);
    *s = STRINGS_INIT;
}
