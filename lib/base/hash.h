/* hash.h - BLAKE2b-256 (RFC 7693, by libsodium) of contents and keyed MACs of orders. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SIZE 32
#define KEY_SIZE 32

void hash_bytes (const void *data, size_t len, uint8_t out[HASH_SIZE]);
/* The same hash of something too large to hold: create, add, and finish, which frees it. */
struct hasher;
struct hasher *hasher_create (void);
void hasher_add (struct hasher *h, const void *data, size_t len);
void hasher_finish (struct hasher *h, uint8_t out[HASH_SIZE]);
void mac_bytes (const void *data, size_t len, const uint8_t key[KEY_SIZE], uint8_t out[HASH_SIZE]);
bool mac_ok (const void *data, size_t len, const uint8_t key[KEY_SIZE], const uint8_t *mac, size_t mac_len);
void random_fill (void *p, size_t n);
/* URL-safe base64 without padding, as keys are written in files. The caller frees. decode: 0, or -1 if malformed or
 * not exactly n bytes. */
char *base64_encode (const void *p, size_t n);
int base64_decode (const char *s, uint8_t *out, size_t n);
