#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "suite.h"

START_TEST (blake2b_256_of_known_texts)
{
    /* b2sum -l 256 of "" and "abc" */
    static const char *const expected[] = {"0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
                                           "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"};
    static const char *const texts[] = {"", "abc"};

    for (int i = 0; i < 2; i++) {
        uint8_t out[HASH_SIZE];
        char hex[65];
        hash_bytes (texts[i], strlen (texts[i]), out);
        for (int j = 0; j < HASH_SIZE; j++)
            snprintf (hex + 2 * j, 3, "%02x", out[j]);
        ck_assert_str_eq (hex, expected[i]);
    }
}
END_TEST

START_TEST (a_mac_binds_text_and_key)
{
    uint8_t key[KEY_SIZE], other[KEY_SIZE], mac[HASH_SIZE];

    random_fill (key, sizeof key);
    memcpy (other, key, sizeof key);
    other[31] ^= 1;
    mac_bytes ("order", 5, key, mac);
    ck_assert (mac_ok ("order", 5, key, mac, sizeof mac));
    ck_assert (!mac_ok ("Order", 5, key, mac, sizeof mac));
    ck_assert (!mac_ok ("order", 5, other, mac, sizeof mac));
    ck_assert (!mac_ok ("order", 5, key, mac, sizeof mac - 1));
    mac[0] ^= 0x80;
    ck_assert (!mac_ok ("order", 5, key, mac, sizeof mac));
}
END_TEST

START_TEST (base64_goes_both_ways)
{
    uint8_t key[KEY_SIZE], back[KEY_SIZE];

    random_fill (key, sizeof key);
    _cleanup_free_ char *text = base64_encode (key, sizeof key);
    ck_assert_uint_eq (strlen (text), 43);
    ck_assert_int_eq (base64_decode (text, back, sizeof back), 0);
    ck_assert_mem_eq (key, back, sizeof key);
    memset (back, 7, sizeof back);
    ck_assert_int_eq (base64_decode ("c2hvcnQ", back, sizeof back), -1);
    ck_assert_int_eq (base64_decode ("not base64!", back, sizeof back), -1);
    text[42] = '\0';
    ck_assert_int_eq (base64_decode (text, back, sizeof back), -1);
    ck_assert_uint_eq (back[0], 7);
}
END_TEST

SUITE ("hash", blake2b_256_of_known_texts, a_mac_binds_text_and_key, base64_goes_both_ways)
