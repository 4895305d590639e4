/* store_house.h - a store in a folder of its own, and short words to write and read it; for the tests of the store. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "plugins/abi.h"
#include "plugins/snapshot_file.h"
#include "plugins/sqlite_db.h"
#include "plugins/store_sqlite.h"
#include "suite.h"

#define MB (1024u * 1024u)

struct place {
    char dir[64];
};

static inline void place_free_dir (struct place *place)
{
    ck_assert_int_eq (dir_remove (place->dir), 0);
}

static inline struct place place_make (void)
{
    struct place place = {"/tmp/moisson-store-XXXXXX"};

    ck_assert_ptr_nonnull (mkdtemp (place.dir));
    return place;
}

#define PLACE() __attribute__ ((cleanup (place_free_dir))) struct place place = place_make ()

static inline struct store *open_store (const char *dir, uint64_t ballast)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store *store = NULL;
    int rc = store_sqlite ()->open (&store, dir, ballast, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return store;
}

static inline void close_store (struct store **store)
{
    *store = store_sqlite ()->close (*store);
}

#define STORE(name, ballast)                                                                                           \
    __attribute__ ((cleanup (close_store))) struct store *name = open_store (place.dir, ballast)

/* A refusal to open, as one line. */
static inline char *refused (const char *dir)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store *store = NULL;

    ck_assert_int_eq (store_sqlite ()->open (&store, dir, 0, &err), -1);
    ck_assert_ptr_null (store);
    ck_assert_ptr_nonnull (err.why);
    return err_line (&err);
}

static inline void ck_contains (const char *text, const char *part)
{
    ck_assert_msg (strstr (text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

/* --- batches -------------------------------------------------------------------------------------------------------
 */

static inline struct store_row row (uint64_t sequence, const char *event)
{
    return (struct store_row){sequence, (const uint8_t *) event, strlen (event)};
}

static inline struct store_record record (uint64_t sequence, uint64_t raw_id, const char *text)
{
    return (struct store_record){.sequence = sequence,
                                 .raw_id = raw_id,
                                 .attempt = 1,
                                 .uid = 1000,
                                 .submit_us = 10,
                                 .start_us = 20,
                                 .end_us = 30,
                                 .record = (const uint8_t *) text,
                                 .len = strlen (text)};
}

static inline void ck_commit (struct store *store, const struct store_row *rows, size_t n_rows,
                              const struct store_record *records, size_t n_records)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store_batch batch = {.rows = rows, .n_rows = n_rows, .records = records, .n_records = n_records};
    int rc = store_sqlite ()->commit (store, &batch, 0, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
}

static inline void ck_commit_rows (struct store *store, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        struct store_row r = row (i, "event");
        ck_commit (store, &r, 1, NULL, 0);
    }
}

static inline int hear_row (void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    buf_printf (arg, "%llu=%.*s;", (unsigned long long) sequence, (int) len, (const char *) event);
    return 0;
}

/* The journal after a sequence as "1=a;2=b;". The caller frees it. */
static inline char *journal (struct store *store, uint64_t after)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct buf b = BUF_INIT;
    int rc = store_sqlite ()->replay (store, after, hear_row, &b, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return buf_steal (&b);
}

static inline void ck_journal (struct store *store, uint64_t after, const char *expected)
{
    _cleanup_free_ char *got = journal (store, after);

    ck_assert_str_eq (got, expected);
}

static inline void hear_record (void *arg, uint64_t rowid, const uint8_t *bytes, size_t len)
{
    ck_assert_uint_gt (rowid, 0);
    buf_printf (arg, "%.*s;", (int) len, (const char *) bytes);
}

static inline void ck_records (const char *dir, const struct store_range *range, const char *expected)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct store_reader *reader = NULL;

    ck_assert_int_eq (store_sqlite ()->reader_open (&reader, dir, &err), 0);
    int rc = store_sqlite ()->records (reader, range, hear_record, &b, &err);
    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    ck_assert_str_eq (buf_str (&b), expected);
    store_sqlite ()->reader_close (reader);
}

static inline int get_blob (const char *dir, uint32_t uid, const uint8_t *hash, char **ret)
{
    struct store_reader *reader = NULL;
    uint8_t *data = NULL;
    size_t len = 0;

    ck_assert_int_eq (store_sqlite ()->reader_open (&reader, dir, NULL), 0);
    int rc = store_sqlite ()->blob_get (reader, uid, hash, &data, &len, NULL);
    store_sqlite ()->reader_close (reader);
    *ret = rc == 0 ? xstrndup ((char *) data, len) : NULL;
    free (data);
    return rc;
}
