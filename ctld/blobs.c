/* blobs.c - the blob cache; the one unused longest goes first. */
#include "ctld/blobs.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/mem.h"

struct blob_key {
    uint8_t hash[HASH_SIZE];
    uint32_t uid;
};

struct blob {
    UT_hash_handle hh; /* the table's order is that of use: the first is the oldest */
    struct blob_key key;
    uint8_t *data;
    size_t len;
};

struct blobs {
    struct reader *reader;
    const struct store_ops *ops;
    struct blob *table;
    size_t bytes, max_bytes;
};

static struct blob_key key_of (uint32_t uid, const uint8_t *hash)
{
    struct blob_key key;

    memset (&key, 0, sizeof key);
    memcpy (key.hash, hash, HASH_SIZE);
    key.uid = uid;
    return key;
}

static void drop (struct blobs *blobs, struct blob *b)
{
    HASH_DEL (blobs->table, b);
    blobs->bytes -= b->len;
    free (b->data);
    free (b);
}

static struct blob *find (struct blobs *blobs, uint32_t uid, const uint8_t *hash)
{
    struct blob_key key = key_of (uid, hash);
    struct blob *b = NULL;

    HASH_FIND (hh, blobs->table, &key, sizeof key, b);
    if (b) { /* to the end: used last */
        HASH_DEL (blobs->table, b);
        HASH_ADD (hh, blobs->table, key, sizeof b->key, b);
    }
    return b;
}

void blobs_put (struct blobs *blobs, uint32_t uid, const uint8_t hash[HASH_SIZE], const void *data, size_t len)
{
    if (len > blobs->max_bytes / 2 || find (blobs, uid, hash))
        return;
    struct blob *b = xcalloc (1, sizeof *b);
    b->key = key_of (uid, hash);
    b->data = xmemdup (data, len);
    b->len = len;
    HASH_ADD (hh, blobs->table, key, sizeof b->key, b);
    blobs->bytes += len;
    while (blobs->bytes > blobs->max_bytes)
        drop (blobs, blobs->table);
}

struct fetch {
    struct blobs *blobs;
    struct blob_key key;
    blob_fn fn;
    void *arg;
    uint8_t *data;
    size_t len;
    struct err err;
};

static int fetch_work (void *arg, struct store_reader *store)
{
    struct fetch *f = arg;

    return f->blobs->ops->blob_get (store, f->key.uid, f->key.hash, &f->data, &f->len, &f->err);
}

static void fetch_done (void *arg, int rc, bool run)
{
    struct fetch *f = arg;

    if (!run)
        err_set (&f->err, 0, "the controller is stopping");
    else if (rc == 0 && f->data)
        blobs_put (f->blobs, f->key.uid, f->key.hash, f->data, f->len);
    f->fn (f->arg, run && rc == 0 ? f->data : NULL, f->len, err_is_set (&f->err) ? &f->err : NULL);
    free (f->data);
    err_clear (&f->err);
    free (f);
}

void blobs_get (struct blobs *blobs, uint32_t uid, const uint8_t hash[HASH_SIZE], blob_fn fn, void *arg)
{
    struct blob *b = find (blobs, uid, hash);

    if (b) {
        fn (arg, b->data, b->len, NULL);
        return;
    }
    struct fetch *f = xcalloc (1, sizeof *f);
    f->blobs = blobs;
    f->key = key_of (uid, hash);
    f->fn = fn;
    f->arg = arg;
    reader_run (blobs->reader, fetch_work, fetch_done, f);
}

struct blobs *blobs_create (struct reader *reader, const struct store_ops *ops, size_t max_bytes)
{
    struct blobs *blobs = xcalloc (1, sizeof *blobs);

    blobs->reader = reader;
    blobs->ops = ops;
    blobs->max_bytes = max_bytes;
    return blobs;
}

struct blobs *blobs_free (struct blobs *blobs)
{
    if (!blobs)
        return NULL;
    while (blobs->table)
        drop (blobs, blobs->table);
    free (blobs);
    return NULL;
}
