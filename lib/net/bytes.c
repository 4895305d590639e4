/* bytes.c - a queue of bytes in one block: added at the end, taken at the start. */
#include <string.h>
#include "base/mem.h"
#include "net/internal.h"

size_t bytes_len (const struct bytes *b)
{
    return b->end - b->start;
}

uint8_t *bytes_reserve (struct bytes *b, size_t n)
{
    if (b->start == b->end)
        b->start = b->end = 0;
    if (b->room - b->end < n && b->start &&
        b->start >= bytes_len (b)) { /* moving is cheap: at most what has been taken */
        memmove (b->data, b->data + b->start, bytes_len (b));
        b->end -= b->start;
        b->start = 0;
    }
    if (b->room - b->end < n) {
        size_t room = b->room ? b->room : 4096;
        while (room - b->end < n)
            room *= 2;
        b->data = xrealloc (b->data, room);
        b->room = room;
    }
    return b->data + b->end;
}

void bytes_clear (struct bytes *b)
{
    free (b->data);
    *b = (struct bytes){0};
}

void bytes_take (struct bytes *b, size_t n)
{
    b->start += n;
    if (b->start == b->end && b->room > BYTES_KEEP)
        bytes_clear (b);
}
