/* pieces.h - many messages in one field of bytes: the encoding of a message whose only field is `repeated ... = 1`
 * (https://protobuf.dev/programming-guides/encoding), walked piece by piece instead of unpacked at once. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct pieces { /* what is left */
    const uint8_t *at;
    size_t len;
};

/* 1 and the next piece (it lies in what is walked), 0 at the end, -1: that is no such encoding. */
int pieces_next (struct pieces *p, const uint8_t **ret, size_t *ret_len);
/* How many there are; SIZE_MAX: that is no such encoding. */
size_t pieces_count (struct pieces p);
void pieces_add (struct buf *b, const void *piece, size_t len);
