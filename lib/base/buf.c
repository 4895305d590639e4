/* buf.c - a growing string or byte buffer. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static void reserve (struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;

    if (need <= b->room)
        return;
    size_t room = b->room ? b->room : 64;
    while (room < need)
        room *= 2;
    b->data = xrealloc (b->data, room);
    b->room = room;
}

void buf_add (struct buf *b, const void *p, size_t n)
{
    reserve (b, n);
    if (n)
        memcpy (b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts (struct buf *b, const char *s)
{
    buf_add (b, s, strlen (s));
}

void buf_putc (struct buf *b, char c)
{
    buf_add (b, &c, 1);
}

void buf_printf (struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    reserve (b, 63);
    va_start (ap, fmt);
    n = vsnprintf (b->data + b->len, b->room - b->len, fmt, ap);
    va_end (ap);
    if (n < 0)
        return;
    if ((size_t) n >= b->room - b->len) {
        reserve (b, (size_t) n);
        va_start (ap, fmt);
        n = vsnprintf (b->data + b->len, b->room - b->len, fmt, ap);
        va_end (ap);
    }
    b->len += (size_t) n;
}

void buf_reset (struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_clear (struct buf *b)
{
    free (b->data);
    *b = BUF_INIT;
}

char *buf_steal (struct buf *b)
{
    char *s = b->data ? b->data : xstrdup ("");

    *b = BUF_INIT;
    return s;
}

const char *buf_str (const struct buf *b)
{
    return b->data ? b->data : "";
}
