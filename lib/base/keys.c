/* keys.c - key files. */
#include "base/keys.h"
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

#define KEY_FILE_MAX 4096
#define FINGERPRINT_BYTES 10

_Static_assert(KEY_BOX_SIZE == KEY_SIZE + crypto_box_SEALBYTES, "box");
_Static_assert(FINGERPRINT_SIZE == FINGERPRINT_BYTES * 2 + FINGERPRINT_BYTES / 2, "fingerprint");

int key_check_private (const char *path, struct err *err)
{
    struct stat st;

    if (stat (path, &st) < 0)
        return err_errno (err, errno, "cannot look at the key %s", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        err_set (err, 0, "the key %s can be read by others than its owner (mode %04o)", path, st.st_mode & 07777);
        return err_fix (err, "chmod 600 %s, and make a new key if anybody may have read it", path);
    }
    return 0;
}

int key_read (const char *path, uint8_t ret_key[KEY_SIZE], struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t len;

    if (key_check_private (path, err) || file_read (path, KEY_FILE_MAX, &text, &len, err))
        return -1;
    text[strcspn (text, " \t\r\n")] = '\0';
    int r = base64_decode (text, ret_key, KEY_SIZE);
    sodium_memzero (text, len);
    if (r)
        return err_set (err, 0, "%s holds no key: 43 characters of base64 are expected", path);
    return 0;
}

int key_write (const char *path, const uint8_t key[KEY_SIZE], struct err *err)
{
    _cleanup_free_ char *text = base64_encode (key, KEY_SIZE);
    _cleanup_free_ char *line = xasprintf ("%s\n", text);

    return file_write (path, line, strlen (line), 0600, 1, err);
}

void keypair_make (uint8_t ret_public[KEY_SIZE], uint8_t ret_secret[KEY_SIZE])
{
    random_fill (ret_secret, KEY_SIZE);
    if (key_public (ret_secret, ret_public) < 0)
        sodium_misuse (); /* no 32 random bytes give the zero point */
}

int key_public (const uint8_t secret[KEY_SIZE], uint8_t ret_public[KEY_SIZE])
{
    return crypto_scalarmult_base (ret_public, secret);
}

/* --- what is made of keys ------------------------------------------------------------------------------------ */

void key_derive (const uint8_t key[KEY_SIZE], const char *purpose, uint8_t ret[KEY_SIZE])
{
    mac_bytes (purpose, strlen (purpose) + 1, key, ret);
}

int key_agree (const uint8_t secret[KEY_SIZE], const uint8_t peer[KEY_SIZE], const uint8_t publics[2 * KEY_SIZE],
               const uint8_t key[KEY_SIZE], uint8_t ret[KEY_SIZE])
{
    static const char purpose[] = "moisson 1 agreed key"; /* with its zero byte */
    uint8_t input[sizeof purpose + 3 * KEY_SIZE];
    int r = crypto_scalarmult (input + sizeof purpose + 2 * KEY_SIZE, secret, peer);

    memcpy (input, purpose, sizeof purpose);
    memcpy (input + sizeof purpose, publics, 2 * KEY_SIZE);
    if (r == 0)
        mac_bytes (input, sizeof input, key, ret);
    sodium_memzero (input, sizeof input);
    return r == 0 ? 0 : -1;
}

int key_box_seal (const uint8_t key[KEY_SIZE], const uint8_t public_key[KEY_SIZE], uint8_t ret_box[KEY_BOX_SIZE])
{
    return crypto_box_seal (ret_box, key, KEY_SIZE, public_key) == 0 ? 0 : -1;
}

int key_box_open (const uint8_t *box, size_t len, const uint8_t secret[KEY_SIZE], uint8_t ret_key[KEY_SIZE])
{
    uint8_t public_key[KEY_SIZE];

    if (len != KEY_BOX_SIZE || key_public (secret, public_key) < 0)
        return -1;
    return crypto_box_seal_open (ret_key, box, len, public_key, secret) == 0 ? 0 : -1;
}

void key_fingerprint (const char *node, const uint8_t enroll_public[KEY_SIZE], const uint8_t node_public[KEY_SIZE],
                      char ret[FINGERPRINT_SIZE])
{
    static const char purpose[] = "moisson 1 node fingerprint";
    struct hasher *h = hasher_create ();
    uint8_t hash[HASH_SIZE];
    char *p = ret;

    hasher_add (h, purpose, sizeof purpose);
    hasher_add (h, enroll_public, KEY_SIZE);
    hasher_add (h, node_public, KEY_SIZE);
    hasher_add (h, node, strlen (node));
    hasher_finish (h, hash);
    for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
        p += sprintf (p, "%s%02x", i && i % 2 == 0 ? "-" : "", hash[i]);
}

static const char *next_digit (const char *p)
{
    while (*p == '-' || isspace ((unsigned char) *p))
        p++;
    return p;
}

bool fingerprint_same (const char *text, const char *fingerprint)
{
    for (;;) {
        text = next_digit (text);
        fingerprint = next_digit (fingerprint);
        if (tolower ((unsigned char) *text) != *fingerprint)
            return false;
        if (!*text)
            return true;
        text++;
        fingerprint++;
    }
}
