#include <string.h>
#include "base/buf.h"
#include "suite.h"

START_TEST (grows_and_stays_terminated)
{
    _cleanup_buf_ struct buf b = BUF_INIT;

    ck_assert_str_eq (buf_str (&b), "");
    for (int i = 0; i < 1000; i++)
        buf_printf (&b, "%d,", i);
    ck_assert_uint_eq (b.len, strlen (b.data));
    ck_assert_str_eq (b.data + b.len - 4, "999,");
}
END_TEST

START_TEST (prints_longer_than_its_first_guess)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    char word[500];

    memset (word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    buf_printf (&b, "%s", word);
    ck_assert_str_eq (b.data, word);
}
END_TEST

SUITE ("buf", grows_and_stays_terminated, prints_longer_than_its_first_guess)
