/* buf.h - a growing string or byte buffer. BUF_INIT is valid and empty; data is always NUL-terminated once written. */
#pragma once
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t room;
};

#define BUF_INIT ((struct buf){0})
#define _cleanup_buf_ __attribute__ ((cleanup (buf_clear)))

void buf_add (struct buf *b, const void *p, size_t n);
void buf_puts (struct buf *b, const char *s);
void buf_putc (struct buf *b, char c);
void buf_printf (struct buf *b, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
void buf_reset (struct buf *b); /* empty, keeps the memory */
void buf_clear (struct buf *b);
char *buf_steal (struct buf *b);           /* the caller frees it; never NULL; b is empty afterwards */
const char *buf_str (const struct buf *b); /* "" when empty */
