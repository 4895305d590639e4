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
        return STORE_E_NONE;
    if (rc != SQLITE_ROW)
        return db_error (r->db, err, "reading a script or environment");
    *ret_len = (size_t) sqlite3_column_bytes (stmt, 0);
    *ret = xmemdup (*ret_len ? sqlite3_column_blob (stmt, 0) : "", *ret_len);
    return 0;
}

int sqlite_events (struct store_reader *r, uint64_t after_sequence, size_t rows, size_t bytes, store_row_fn fn,
                   void *arg, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    size_t given = 0;
    int rc, more = 0;

    if (db_prepare (r->db, &stmt, "SELECT sequence, event FROM journal WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                    err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) after_sequence);
    sqlite3_bind_int64 (stmt, 2, (sqlite3_int64) rows);
    while (!more && given < bytes && (rc = sqlite3_step (stmt)) == SQLITE_ROW) {
        size_t len = (size_t) sqlite3_column_bytes (stmt, 1);
        more = fn (arg, (uint64_t) sqlite3_column_int64 (stmt, 0), sqlite3_column_blob (stmt, 1), len);
        given += len;
    }
    if (more || given >= bytes)
        return more < 0 ? -1 : 0;
    return rc == SQLITE_DONE ? 0 : db_error (r->db, err, "reading the journal");
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

/* SQLite's integers are signed. */
static sqlite3_int64 clamp (uint64_t v)
{
    return v > INT64_MAX ? INT64_MAX : (sqlite3_int64) v;
}

/* A page begins where the one before ended, so every choice here must deliver in the order of ids without sorting what
 * other pages hold: by id from a start on, by the ids of a list, or by the index of one user (which carries the id). */
static char *records_sql (const struct store_range *range)
{
    struct buf sql = BUF_INIT;

    buf_puts (&sql, "SELECT id, record FROM records WHERE id > ?1");
    if (range->max_sequence)
        buf_puts (&sql, " AND sequence <= ?2");
    if (range->n_ids)
        buf_puts (&sql, " AND id IN (SELECT id FROM records WHERE raw_id IN (SELECT value FROM json_each (?3))"
                        " UNION SELECT id FROM records WHERE array_id IN (SELECT value FROM json_each (?3)))");
    if (range->n_uids == 1 && !range->n_ids)
        buf_puts (&sql, " AND uid = ?8");
    else if (range->n_uids)
        buf_puts (&sql, " AND +uid IN (SELECT value FROM json_each (?4))");
    if (range->since_us)
        buf_puts (&sql, " AND +end_us >= ?5");
    if (range->until_us)
        buf_puts (&sql, " AND submit_us < ?6");
    buf_puts (&sql, " ORDER BY id LIMIT ?7");
    return buf_steal (&sql);
}

/* For a first page: the id before the first record that ended late enough. Ends are almost, not quite, in the order of
 * ids, so it is asked of the index of ends; that costs a fraction of reading the records themselves. */
static int first_id (struct store_reader *r, uint64_t since_us, uint64_t *ret, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;

    if (db_prepare (r->db, &stmt,
                    "SELECT CASE WHEN (SELECT min (end_us) FROM records) >= ?1 THEN 1 ELSE"
                    " (SELECT min (+id) FROM records INDEXED BY records_end WHERE end_us >= ?1) END",
                    err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, clamp (since_us));
    if (sqlite3_step (stmt) != SQLITE_ROW)
        return db_error (r->db, err, "reading accounting records");
    *ret = sqlite3_column_type (stmt, 0) == SQLITE_NULL ? INT64_MAX : (uint64_t) sqlite3_column_int64 (stmt, 0) - 1;
    return 0;
}

int sqlite_records (struct store_reader *r, const struct store_range *range, store_record_fn fn, void *arg,
                    struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    _cleanup_free_ char *sql = records_sql (range);
    _cleanup_free_ char *ids = range->n_ids ? json_list64 (range->ids, range->n_ids) : NULL;
    _cleanup_free_ char *uids = range->n_uids ? json_list32 (range->uids, range->n_uids) : NULL;
    uint64_t after = range->after_rowid;
    int rc;

    if (range->since_us && !after && !range->n_ids && first_id (r, range->since_us, &after, err) < 0)
        return -1;
    if (db_prepare (r->db, &stmt, sql, err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, clamp (after));
    sqlite3_bind_int64 (stmt, 2, clamp (range->max_sequence));
    sqlite3_bind_text (stmt, 3, ids, -1, SQLITE_STATIC);
    sqlite3_bind_text (stmt, 4, uids, -1, SQLITE_STATIC);
    sqlite3_bind_int64 (stmt, 5, clamp (range->since_us));
    sqlite3_bind_int64 (stmt, 6, clamp (range->until_us));
    if (range->n_uids == 1 && !range->n_ids)
        sqlite3_bind_int64 (stmt, 8, range->uids[0]);
    sqlite3_bind_int64 (stmt, 7, range->limit ? clamp (range->limit) : -1);
    while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
        fn (arg, (uint64_t) sqlite3_column_int64 (stmt, 0), sqlite3_column_blob (stmt, 1),
            (size_t) sqlite3_column_bytes (stmt, 1));
    return rc == SQLITE_DONE ? 0 : db_error (r->db, err, "reading accounting records");
}
