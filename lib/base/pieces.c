/* pieces.c - many messages in one field of bytes. */
#include "base/pieces.h"

#define TAG 0x0a /* field 1, length-delimited */

static int take_length (struct pieces *p, size_t *ret)
{
    size_t n = 0;

    for (unsigned shift = 0; shift < 35 && p->len; shift += 7) {
        uint8_t byte = *p->at++;

        p->len--;
        n |= (size_t) (byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = n;
            return 0;
        }
    }
    return -1;
}

int pieces_next (struct pieces *p, const uint8_t **ret, size_t *ret_len)
{
    size_t len;

    if (!p->len)
        return 0;
    if (*p->at != TAG)
        return -1;
    p->at++;
    p->len--;
    if (take_length (p, &len) || len > p->len)
        return -1;
    *ret = p->at;
    *ret_len = len;
    p->at += len;
    p->len -= len;
    return 1;
}

size_t pieces_count (struct pieces p)
{
    const uint8_t *piece;
    size_t len, n = 0;
    int r;

    while ((r = pieces_next (&p, &piece, &len)) > 0)
        n++;
    return r ? SIZE_MAX : n;
}

void pieces_add (struct buf *b, const void *piece, size_t len)
{
    size_t left = len;

    buf_putc (b, TAG);
    for (; left >= 0x80; left >>= 7)
        buf_putc (b, (char) (left | 0x80));
    buf_putc (b, (char) left);
    buf_add (b, piece, len);
}
