/* sqlite_read.c - the reading side: journal at start; records and blobs through read-only connections. */
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "plugins/sqlite_db.h"

int sqlite_replay (struct store *s, uint64_t after_sequence, store_row_fn fn, void *arg, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    uint64_t expected = after_sequence + 1;
    int rc;

    if (db_prepare (s->db, &stmt, "SELECT sequence, event FROM journal WHERE sequence > ?1 ORDER BY sequence", err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) after_sequence);
    while ((rc = sqlite3_step (stmt)) == SQLITE_ROW) {
        uint64_t sequence = (uint64_t) sqlite3_column_int64 (stmt, 0);
        if (sequence != expected) {
            err_set (err, 0, "the journal has a hole: event %lu follows event %lu", sequence, expected - 1);
            return err_fix (err, "restore moisson.db and the snapshots beside it from the same backup");
        }
        if (fn (arg, sequence, sqlite3_column_blob (stmt, 1), (size_t) sqlite3_column_bytes (stmt, 1)))
            return -1;
        expected++;
    }
    return rc == SQLITE_DONE ? 0 : db_error (s->db, err, "reading the journal");
}

int sqlite_reader_open (struct store_reader **ret, const char *dir, struct err *err)
{
    sqlite3 *db;

    if (db_open (&db, dir, true, err))
        return -1;
    *ret = xcalloc (1, sizeof **ret);
    (*ret)->db = db;
    return 0;
}

struct store_reader *sqlite_reader_close (struct store_reader *r)
{
    if (r) {
        sqlite3_close (r->db);
        free (r);
    }
    return NULL;
}

int sqlite_blob_get (struct store_reader *r, uint32_t uid, const uint8_t *hash, uint8_t **ret, size_t *ret_len,
                     struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    int rc;

    if (db_prepare (r->db, &stmt, "SELECT data FROM blobs WHERE uid = ?1 AND hash = ?2", err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, uid);
    sqlite3_bind_blob (stmt, 2, hash, 32, SQLITE_STATIC);
    rc = sqlite3_step (stmt);
    if (rc == SQLITE_DONE)
        return err_set (err, 0, "the store has no such script or environment (any more)");
    if (rc != SQLITE_ROW)
        return db_error (r->db, err, "reading a script or environment");
    *ret_len = (size_t) sqlite3_column_bytes (stmt, 0);
    *ret = xmemdup (*ret_len ? sqlite3_column_blob (stmt, 0) : "", *ret_len);
    return 0;
}

/* Lists travel as one JSON parameter: no bound on their length, no SQL text made of input. */
static char *json_list64 (const uint64_t *v, size_t n)
{
    struct buf b = BUF_INIT;

    for (size_t i = 0; i < n; i++)
        buf_printf (&b, "%c%lu", i ? ',' : '[', v[i]);
    buf_putc (&b, ']');
    return buf_steal (&b);
}

static char *json_list32 (const uint32_t *v, size_t n)
{
    struct buf b = BUF_INIT;

    for (size_t i = 0; i < n; i++)
        buf_printf (&b, "%c%u", i ? ',' : '[', v[i]);
    buf_putc (&b, ']');
    return buf_steal (&b);
}

static char *records_sql (const struct store_range *range)
{
    struct buf sql = BUF_INIT;

    buf_puts (&sql, "SELECT id, record FROM records WHERE id > ?1");
    if (range->max_sequence)
        buf_puts (&sql, " AND sequence <= ?2");
    if (range->n_ids)
        buf_puts (&sql, " AND (raw_id IN (SELECT value FROM json_each(?3))"
                        " OR array_id IN (SELECT value FROM json_each(?3)))");
    if (range->n_uids)
        buf_puts (&sql, " AND uid IN (SELECT value FROM json_each(?4))");
    if (range->since_us)
        buf_puts (&sql, " AND end_us >= ?5");
    if (range->until_us)
        buf_puts (&sql, " AND submit_us < ?6");
    buf_puts (&sql, " ORDER BY id LIMIT ?7");
    return buf_steal (&sql);
}

int sqlite_records (struct store_reader *r, const struct store_range *range, store_record_fn fn, void *arg,
                    struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    _cleanup_free_ char *sql = records_sql (range);
    _cleanup_free_ char *ids = range->n_ids ? json_list64 (range->ids, range->n_ids) : NULL;
    _cleanup_free_ char *uids = range->n_uids ? json_list32 (range->uids, range->n_uids) : NULL;
    int rc;

    if (db_prepare (r->db, &stmt, sql, err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) range->after_rowid);
    sqlite3_bind_int64 (stmt, 2, (sqlite3_int64) range->max_sequence);
    sqlite3_bind_text (stmt, 3, ids, -1, SQLITE_STATIC);
    sqlite3_bind_text (stmt, 4, uids, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (stmt, 5, (sqlite3_int64) range->since_us);
    sqlite3_bind_int64 (stmt, 6, (sqlite3_int64) range->until_us);
    sqlite3_bind_int64 (stmt, 7, range->limit ? (sqlite3_int64) range->limit : -1);
    while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
        fn (arg, (uint64_t) sqlite3_column_int64 (stmt, 0), sqlite3_column_blob (stmt, 1),
            (size_t) sqlite3_column_bytes (stmt, 1));
    return rc == SQLITE_DONE ? 0 : db_error (r->db, err, "reading accounting records");
}
