/* store_sqlite.c - the writer: batches of journal rows, records and blobs, each batch one transaction. */
#include "plugins/store_sqlite.h"
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "plugins/sqlite_db.h"

#define OPEN_NEEDS (4u << 20) /* bytes that opening, and what is recorded at once, may take */

static const char *const put_sql[SQL_COUNT] = {
    [SQL_ROW] = "INSERT OR IGNORE INTO journal (sequence, event) VALUES (?1, ?2)",
    [SQL_RECORD] =
        "INSERT OR IGNORE INTO records (sequence, raw_id, array_id, attempt, uid, submit_us, start_us, end_us,"
        " record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_RERECORD] = "UPDATE records SET record = ?3 WHERE raw_id = ?1 AND attempt = ?2",
    [SQL_BLOB] = "INSERT OR IGNORE INTO blobs (uid, hash, data) VALUES (?1, ?2, ?3)",
};

static struct store *sqlite_close (struct store *s)
{
    if (!s)
        return NULL;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize (s->put[i]);
    sqlite3_close (s->db);
    if (s->lock_fd >= 0)
        close (s->lock_fd);
    free (s->dir);
    free (s);
    return NULL;
}
DEFINE_CLEANUP (struct store *, sqlite_close)

static int next_epoch (struct store *s, struct err *err)
{
    return db_exec (s->db, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'", err) ||
                   db_number (s->db, "SELECT value FROM meta WHERE key = 'epoch'", &s->epoch, err)
               ? -1
               : 0;
}

static int open_database (struct store *s, struct err *err)
{
    if (db_open (&s->db, s->dir, false, err) || db_schema (s->db, err) || next_epoch (s, err))
        return -1;
    for (int i = 0; i < SQL_COUNT; i++)
        if (db_prepare (s->db, &s->put[i], put_sql[i], err))
            return -1;
    return sqlite_sweep_files (s, err);
}

static int sqlite_open (struct store **ret, const char *dir, uint64_t ballast_bytes, struct err *err)
{
    _cleanup_ (sqlite_closep) struct store *s = xcalloc (1, sizeof *s);

    s->lock_fd = -1;
    s->dir = xstrdup (dir);
    s->ballast_bytes = ballast_bytes;
    if (dir_make (dir, 0700, err) || place_check (dir, err) || (s->lock_fd = place_lock (dir, err)) < 0)
        return -1;
    if (place_free (dir) < OPEN_NEEDS)
        ballast_drop (dir); /* a full disk: running jobs come first, has_room says no to new ones */
    if (open_database (s, err) < 0)
        return -1;
    ballast_make (dir, ballast_bytes); /* where it fails, has_room says so */
    *ret = steal (&s);
    return 0;
}

static uint64_t sqlite_epoch (const struct store *s)
{
    return s->epoch;
}

static int run (struct store *s, int which)
{
    int rc = sqlite3_step (s->put[which]);

    sqlite3_reset (s->put[which]);
    sqlite3_clear_bindings (s->put[which]); /* they point into the batch */
    return rc == SQLITE_DONE ? 0 : -1;
}

static void bind_time (sqlite3_stmt *stmt, int at, uint64_t us)
{
    if (us)
        sqlite3_bind_int64 (stmt, at, (sqlite3_int64) us);
    else
        sqlite3_bind_null (stmt, at);
}

static int replace_record (struct store *s, const struct store_record *r)
{
    sqlite3_stmt *stmt = s->put[SQL_RERECORD];

    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) r->raw_id);
    sqlite3_bind_int64 (stmt, 2, r->attempt);
    sqlite3_bind_blob64 (stmt, 3, r->record, r->len, SQLITE_STATIC);
    return run (s, SQL_RERECORD);
}

static int put_record (struct store *s, const struct store_record *r)
{
    sqlite3_stmt *stmt = s->put[SQL_RECORD];

    if (r->replaces)
        return replace_record (s, r);
    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) r->sequence);
    sqlite3_bind_int64 (stmt, 2, (sqlite3_int64) r->raw_id);
    bind_time (stmt, 3, r->array_id); /* 0 = no array: NULL */
    sqlite3_bind_int64 (stmt, 4, r->attempt);
    sqlite3_bind_int64 (stmt, 5, r->uid);
    bind_time (stmt, 6, r->submit_us);
    bind_time (stmt, 7, r->start_us);
    bind_time (stmt, 8, r->end_us);
    sqlite3_bind_blob64 (stmt, 9, r->record, r->len, SQLITE_STATIC);
    return run (s, SQL_RECORD);
}

static int put_batch (struct store *s, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_blobs; i++) {
        sqlite3_bind_int64 (s->put[SQL_BLOB], 1, b->blobs[i].uid);
        sqlite3_bind_blob (s->put[SQL_BLOB], 2, b->blobs[i].hash, 32, SQLITE_STATIC);
        sqlite3_bind_blob64 (s->put[SQL_BLOB], 3, b->blobs[i].len ? b->blobs[i].data : (const uint8_t *) "",
                             b->blobs[i].len, SQLITE_STATIC);
        if (run (s, SQL_BLOB))
            return -1;
    }
    for (size_t i = 0; i < b->n_rows; i++) {
        sqlite3_bind_int64 (s->put[SQL_ROW], 1, (sqlite3_int64) b->rows[i].sequence);
        sqlite3_bind_blob64 (s->put[SQL_ROW], 2, b->rows[i].event, b->rows[i].len, SQLITE_STATIC);
        if (run (s, SQL_ROW))
            return -1;
    }
    for (size_t i = 0; i < b->n_records; i++)
        if (put_record (s, &b->records[i]))
            return -1;
    return 0;
}

static int try_commit (struct store *s, const struct store_batch *b, struct err *err)
{
    int rc = 0;

    if (sqlite3_exec (s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK || put_batch (s, b) ||
        sqlite3_exec (s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        rc = db_is_full (s->db) ? STORE_E_FULL : -1;
        db_error (s->db, err, "cannot commit");
        if (!sqlite3_get_autocommit (s->db))
            sqlite3_exec (s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return rc;
}

static int sqlite_commit (struct store *s, const struct store_batch *b, int use_ballast, struct err *err)
{
    int rc = try_commit (s, b, err);

    if (rc == STORE_E_FULL && use_ballast && s->ballast_bytes && ballast_in_place (s->dir, 1)) {
        ballast_drop (s->dir);
        rc = try_commit (s, b, err);
    }
    return rc;
}

/* New work is taken while the reserve stands and a margin beside it is free, so that the disk is rarely met full. The
 * reserve is made again only where that leaves the margin, else the two would chase each other. */
static int sqlite_has_room (struct store *s)
{
    uint64_t margin = (1u << 20) + s->ballast_bytes / 8, free_bytes = place_free (s->dir);

    if (!ballast_in_place (s->dir, s->ballast_bytes)) {
        if (free_bytes < s->ballast_bytes + 2 * margin || ballast_make (s->dir, s->ballast_bytes))
            return 0;
        free_bytes = place_free (s->dir);
    }
    return free_bytes >= margin;
}

/* `keep` goes into a temporary table: the sweep is one statement whatever its length. */
static int keep_table (struct store *s, const uint8_t *keep, size_t n, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;

    if (db_exec (s->db,
                 "CREATE TEMP TABLE IF NOT EXISTS keep (uid INTEGER, hash BLOB, PRIMARY KEY (uid, hash))"
                 " WITHOUT ROWID; DELETE FROM keep",
                 err) ||
        db_prepare (s->db, &stmt, "INSERT OR IGNORE INTO keep VALUES (?1, ?2)", err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint32_t uid;
        memcpy (&uid, keep + i * 36, sizeof uid);
        sqlite3_bind_int64 (stmt, 1, uid);
        sqlite3_bind_blob (stmt, 2, keep + i * 36 + 4, 32, SQLITE_STATIC);
        if (sqlite3_step (stmt) != SQLITE_DONE)
            return db_error (s->db, err, "sweeping blobs");
        sqlite3_reset (stmt);
    }
    return 0;
}

static int sqlite_blob_sweep (struct store *s, const uint8_t *keep, size_t n_keep, struct err *err)
{
    if (db_exec (s->db, "BEGIN IMMEDIATE", err))
        return -1;
    if (keep_table (s, keep, n_keep, err) ||
        db_exec (s->db, "DELETE FROM blobs WHERE (uid, hash) NOT IN (SELECT uid, hash FROM keep); DELETE FROM keep",
                 err) ||
        db_exec (s->db, "COMMIT", err)) {
        sqlite3_exec (s->db, "ROLLBACK", NULL, NULL, NULL);
        return -1;
    }
    return 0;
}

const struct store_ops *store_sqlite (void)
{
    static const struct store_ops ops = {
        .abi = PLUGIN_ABI,
        .type = "store/sqlite",
        .open = sqlite_open,
        .close = sqlite_close,
        .epoch = sqlite_epoch,
        .load_snapshot = sqlite_load_snapshot,
        .replay = sqlite_replay,
        .commit = sqlite_commit,
        .has_room = sqlite_has_room,
        .add_snapshot = sqlite_add_snapshot,
        .blob_get = sqlite_blob_get,
        .blob_sweep = sqlite_blob_sweep,
        .reader_open = sqlite_reader_open,
        .reader_close = sqlite_reader_close,
        .events = sqlite_events,
        .records = sqlite_records,
    };

    return &ops;
}
