/* Many messages in one field of bytes, walked. */
#include <string.h>
#include "base/pieces.h"
#include "suite.h"

START_TEST (what_is_added_is_walked_in_order)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    char large[300];
    const uint8_t *piece;
    size_t len;

    memset (large, 'x', sizeof large);
    pieces_add (&b, "one", 3);
    pieces_add (&b, "", 0);
    pieces_add (&b, large, sizeof large);
    struct pieces p = {(const uint8_t *) b.data, b.len};
    ck_assert_uint_eq (pieces_count (p), 3);
    ck_assert_int_eq (pieces_next (&p, &piece, &len), 1);
    ck_assert (len == 3 && !memcmp (piece, "one", 3));
    ck_assert_int_eq (pieces_next (&p, &piece, &len), 1);
    ck_assert_uint_eq (len, 0);
    ck_assert_int_eq (pieces_next (&p, &piece, &len), 1);
    ck_assert (len == sizeof large && !memcmp (piece, large, len));
    ck_assert_int_eq (pieces_next (&p, &piece, &len), 0);
}
END_TEST

START_TEST (what_is_no_such_encoding_is_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {{"\x0a", 1},
               {"\x0a\x05"
                "abc",
                5},
               {"\x12\x01x", 3},
               {"\x0a\xff\xff\xff\xff\xff\x01", 7},
               {"\x0a\x80", 2}};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_uint_eq (pieces_count ((struct pieces){(const uint8_t *) bad[i].bytes, bad[i].len}), SIZE_MAX);
    ck_assert_uint_eq (pieces_count ((struct pieces){NULL, 0}), 0);
}
END_TEST

SUITE ("base/pieces", what_is_added_is_walked_in_order, what_is_no_such_encoding_is_refused)
