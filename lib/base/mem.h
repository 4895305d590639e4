/* mem.h - allocation that cannot fail: out of memory ends the process with one sentence (see
 * docs/decisions/0001-out-of-memory.md: every acknowledged fact is on disk, and a restart is cheap). */
#pragma once
#include <stddef.h>

void *xmalloc (size_t size);
void *xcalloc (size_t n, size_t size);
void *xrealloc (void *p, size_t size); /* size > 0 */
void *xmemdup (const void *p, size_t size);
char *xstrdup (const char *s); /* NULL gives NULL */
char *xstrndup (const char *s, size_t n);
char *xasprintf (const char *fmt, ...) __attribute__ ((format (printf, 1, 2)));

/* Make room for one more in a growing array: `GROW (v->items, v->n, v->room)`. */
#define GROW(items, n, room)                                                                                           \
    do {                                                                                                               \
        if ((n) == (room)) {                                                                                           \
            (room) = (room) ? 2 * (room) : 8;                                                                          \
            (items) = xrealloc ((items), (room) * sizeof *(items));                                                    \
        }                                                                                                              \
    } while (0)
