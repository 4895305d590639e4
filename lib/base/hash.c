/* hash.c - BLAKE2b-256, random bytes and base64, all by libsodium. */
#include "base/hash.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(KEY_SIZE == crypto_generichash_KEYBYTES, "a 256 bit key");

/* Neither can fail with these fixed sizes. */
static void digest (const void *data, size_t len, const uint8_t *key, uint8_t out[HASH_SIZE])
{
    if (crypto_generichash (out, HASH_SIZE, data, len, key, key ? KEY_SIZE : 0) != 0)
        sodium_misuse ();
}

void hash_bytes (const void *data, size_t len, uint8_t out[HASH_SIZE])
{
    digest (data, len, NULL, out);
}

struct hasher {
    crypto_generichash_state state;
};

struct hasher *hasher_create (void)
{
    struct hasher *h = NULL;

    if (posix_memalign ((void **) &h, _Alignof(struct hasher), sizeof *h) != 0) /* more than malloc aligns */
        abort ();
    if (crypto_generichash_init (&h->state, NULL, 0, HASH_SIZE) != 0)
        sodium_misuse ();
    return h;
}

void hasher_add (struct hasher *h, const void *data, size_t len)
{
    if (crypto_generichash_update (&h->state, data, len) != 0)
        sodium_misuse ();
}

void hasher_finish (struct hasher *h, uint8_t out[HASH_SIZE])
{
    if (crypto_generichash_final (&h->state, out, HASH_SIZE) != 0)
        sodium_misuse ();
    free (h);
}

void mac_bytes (const void *data, size_t len, const uint8_t key[KEY_SIZE], uint8_t out[HASH_SIZE])
{
    digest (data, len, key, out);
}

bool mac_ok (const void *data, size_t len, const uint8_t key[KEY_SIZE], const uint8_t *mac, size_t mac_len)
{
    uint8_t expected[HASH_SIZE];

    if (mac_len != HASH_SIZE)
        return false;
    mac_bytes (data, len, key, expected);
    return sodium_memcmp (expected, mac, HASH_SIZE) == 0; /* in constant time */
}

void random_fill (void *p, size_t n)
{
    if (sodium_init () < 0) /* later calls do nothing */
        sodium_misuse ();
    randombytes_buf (p, n);
}

char *base64_encode (const void *p, size_t n)
{
    size_t size = sodium_base64_encoded_len (n, BASE64);
    char *out = xmalloc (size);

    return sodium_bin2base64 (out, size, p, n, BASE64);
}

int base64_decode (const char *s, uint8_t *out, size_t n)
{
    size_t len = strlen (s), got;
    uint8_t *all = xmalloc (n);
    int r = sodium_base642bin (all, n, s, len, NULL, &got, NULL, BASE64);

    if (r == 0 && got == n)
        memcpy (out, all, n);
    else
        r = -1;
    sodium_memzero (all, n); /* keys pass through here */
    free (all);
    return r;
}
