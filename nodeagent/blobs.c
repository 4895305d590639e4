/* blobs.c - scripts and environments on disk. */
#include "nodeagent/blobs.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>
#include "base/buf.h"
#include "base/files.h"
#include "base/mem.h"

#define BLOB_MAX (64u << 20)
#define NAME_SIZE (10 + 1 + 2 * HASH_SIZE + 1)

struct blob {
    struct blob_key key;
    bool stored, checked;
    unsigned holds;
    UT_hash_handle hh;
};

struct blobs {
    char *dir;
    struct blob *table; /* in the order of last use */
    size_t idle;        /* stored, not held */
};

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

static char *path_of (const struct blobs *b, const struct blob_key *key)
{
    struct buf path = BUF_INIT;

    buf_printf (&path, "%s/%u-", b->dir, key->uid);
    for (size_t i = 0; i < HASH_SIZE; i++)
        buf_printf (&path, "%02x", key->hash[i]);
    return buf_steal (&path);
}

static int key_of (const char *name, struct blob_key *ret)
{
    const char *hex = strchr (name, '-');
    unsigned byte;

    *ret = (struct blob_key){0};
    if (!hex || strlen (hex + 1) != 2 * HASH_SIZE || sscanf (name, "%u-", &ret->uid) != 1)
        return -1;
    for (size_t i = 0; i < HASH_SIZE; i++) {
        if (sscanf (hex + 1 + 2 * i, "%2x", &byte) != 1)
            return -1;
        ret->hash[i] = (uint8_t) byte;
    }
    return 0;
}

static struct blob *find (struct blobs *b, const struct blob_key *key, bool make)
{
    struct blob *blob = NULL;

    HASH_FIND (hh, b->table, key, sizeof *key, blob);
    if (!blob && make) {
        blob = xcalloc (1, sizeof *blob);
        blob->key = *key;
        HASH_ADD (hh, b->table, key, sizeof blob->key, blob);
    }
    return blob;
}

static void drop (struct blobs *b, struct blob *blob)
{
    HASH_DEL (b->table, blob);
    free (blob);
}

int blobs_open (struct blobs **ret, const char *spool, struct err *err)
{
    _cleanup_ (blobs_freep) struct blobs *b = xcalloc (1, sizeof *b);
    struct blob_key key;
    struct dirent *e;

    b->dir = xasprintf ("%s/blobs", spool);
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (b->dir);
    if (!dir)
        return err_errno (err, errno, "cannot read %s", b->dir);
    for (errno = 0; (e = readdir (dir)); errno = 0)
        if (key_of (e->d_name, &key) == 0 && !find (b, &key, false)) {
            find (b, &key, true)->stored = true;
            b->idle++;
        }
    if (errno)
        return err_errno (err, errno, "cannot read %s", b->dir);
    *ret = steal (&b);
    return 0;
}

struct blobs *blobs_free (struct blobs *b)
{
    struct blob *blob, *next;

    if (!b)
        return NULL;
    HASH_ITER (hh, b->table, blob, next)
    drop (b, blob);
    free (b->dir);
    free (b);
    return NULL;
}

static bool content_is_right (const struct blobs *b, const struct blob *blob)
{
    _cleanup_free_ char *path = path_of (b, &blob->key), *data = NULL;
    uint8_t hash[HASH_SIZE];
    size_t len = 0;

    if (file_read_own (path, BLOB_MAX, &data, &len, NULL))
        return false;
    hash_bytes (data, len, hash);
    return memcmp (hash, blob->key.hash, HASH_SIZE) == 0;
}

static bool is_there (const struct blobs *b, const struct blob *blob)
{
    _cleanup_free_ char *path = path_of (b, &blob->key);

    return access (path, F_OK) == 0;
}

static void remove_file (struct blobs *b, struct blob *blob)
{
    _cleanup_free_ char *path = path_of (b, &blob->key);

    if (unlink (path) && errno != ENOENT)
        return; /* it stays, and is found again at the next start */
    blob->stored = blob->checked = false;
    if (blob->holds)
        return;
    b->idle--;
    drop (b, blob);
}

bool blobs_have (struct blobs *b, const struct blob_key *key)
{
    struct blob *blob = find (b, key, false);

    if (!blob || !blob->stored)
        return false;
    if (blob->checked ? !is_there (b, blob) : !content_is_right (b, blob)) {
        remove_file (b, blob);
        return false;
    }
    blob->checked = true;
    HASH_DEL (b->table, blob); /* to the end: used last */
    HASH_ADD (hh, b->table, key, sizeof blob->key, blob);
    return true;
}

void blobs_doubt (struct blobs *b, const struct blob_key *key)
{
    struct blob *blob = find (b, key, false);

    if (blob)
        blob->checked = false;
}

static void prune (struct blobs *b)
{
    struct blob *blob, *next;

    if (b->idle <= BLOBS_KEPT)
        return;
    HASH_ITER (hh, b->table, blob, next)
    {
        if (b->idle <= BLOBS_KEPT)
            return;
        if (blob->stored && blob->holds == 0)
            remove_file (b, blob);
    }
}

int blobs_put (struct blobs *b, const struct blob_key *key, const void *data, size_t len, struct err *err)
{
    _cleanup_free_ char *path = path_of (b, key);
    uint8_t hash[HASH_SIZE];

    hash_bytes (data, len, hash);
    if (memcmp (hash, key->hash, HASH_SIZE) != 0)
        return err_set (err, 0, "a blob's content does not have the hash of its name");
    if (dir_make (b->dir, 0700, err) || file_write (path, data, len, 0600, 0, err))
        return -1;
    struct blob *blob = find (b, key, true);
    if (!blob->stored && blob->holds == 0)
        b->idle++;
    blob->stored = blob->checked = true;
    prune (b);
    return 0;
}

void blobs_hold (struct blobs *b, const struct blob_key *key)
{
    struct blob *blob = find (b, key, true);

    if (blob->holds++ == 0 && blob->stored)
        b->idle--;
}

void blobs_release (struct blobs *b, const struct blob_key *key)
{
    struct blob *blob = find (b, key, false);

    if (!blob || blob->holds == 0 || --blob->holds)
        return;
    if (!blob->stored) {
        drop (b, blob);
        return;
    }
    b->idle++;
    prune (b);
}

size_t blobs_count (const struct blobs *b)
{
    return b->idle;
}
