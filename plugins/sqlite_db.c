/* sqlite_db.c - the database file: opening, schema, failures in words. */
#include "plugins/sqlite_db.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"

int db_error (sqlite3 *db, struct err *err, const char *what)
{
    return err_set (err, 0, "%s: %s", what, sqlite3_errmsg (db));
}

bool db_is_full (sqlite3 *db)
{
    int code = sqlite3_errcode (db), os = sqlite3_system_errno (db);

    return code == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && (os == ENOSPC || os == EDQUOT || os == EFBIG));
}

int db_exec (sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error (db, err, "database");
    return 0;
}

int db_prepare (sqlite3 *db, sqlite3_stmt **ret, const char *sql, struct err *err)
{
    if (sqlite3_prepare_v3 (db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) != SQLITE_OK)
        return db_error (db, err, sql);
    return 0;
}

int db_number (sqlite3 *db, const char *sql, uint64_t *ret, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    int rc;

    if (db_prepare (db, &stmt, sql, err))
        return -1;
    rc = sqlite3_step (stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return db_error (db, err, sql);
    *ret = rc == SQLITE_ROW ? (uint64_t) sqlite3_column_int64 (stmt, 0) : 0;
    return 0;
}

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS journal (sequence INTEGER PRIMARY KEY, event BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, raw_id INTEGER NOT NULL,"
    " array_id INTEGER, attempt INTEGER NOT NULL, uid INTEGER NOT NULL, submit_us INTEGER, start_us INTEGER,"
    " end_us INTEGER, record BLOB NOT NULL, UNIQUE (raw_id, attempt, sequence));"
    "CREATE INDEX IF NOT EXISTS records_array ON records (array_id) WHERE array_id IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS records_user ON records (uid);" /* and the id: pages come without sorting */
    "CREATE INDEX IF NOT EXISTS records_end ON records (end_us);"
    "CREATE TABLE IF NOT EXISTS blobs (uid INTEGER, hash BLOB, data BLOB NOT NULL, PRIMARY KEY (uid, hash));"
    "CREATE TABLE IF NOT EXISTS snapshots (sequence INTEGER PRIMARY KEY, file TEXT NOT NULL);"
    "INSERT OR IGNORE INTO meta VALUES ('epoch', 0);";

int db_schema (sqlite3 *db, struct err *err)
{
    _cleanup_free_ char *stamp = NULL;
    uint64_t version;

    if (db_number (db, "PRAGMA user_version", &version, err))
        return -1;
    if (version > STORE_SCHEMA_VERSION) {
        err_set (err, 0, "the database has schema version %lu, this program knows up to %d", version,
                 STORE_SCHEMA_VERSION);
        return err_fix (err, "start the newer Moisson that wrote it, or restore the backup made before the upgrade");
    }
    if (version == STORE_SCHEMA_VERSION)
        return 0;
    stamp = xasprintf ("PRAGMA user_version = %d", STORE_SCHEMA_VERSION);
    return db_exec (db, "BEGIN IMMEDIATE", err) || db_exec (db, schema, err) || db_exec (db, stamp, err) ||
                   db_exec (db, "COMMIT", err)
               ? -1
               : 0;
}

/* The file is made with our own mode first; SQLite gives the same to what it puts beside it. */
static int make_file (const char *path, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? err_errno (err, errno, "cannot open %s", path) : 0;
}

static int use_wal (sqlite3 *db, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;

    if (db_prepare (db, &stmt, "PRAGMA journal_mode=WAL", err))
        return -1;
    if (sqlite3_step (stmt) != SQLITE_ROW)
        return db_error (db, err, "no write-ahead log");
    if (strcmp ((const char *) sqlite3_column_text (stmt, 0), "wal"))
        return err_set (err, 0, "this file system gives no shared memory for the write-ahead log");
    return db_exec (db, "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY", err);
}

int db_open (sqlite3 **ret, const char *dir, bool read_only, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/moisson.db", dir);
    int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
    sqlite3 *db = NULL;
    int rc;

    if (!read_only && make_file (path, err) < 0)
        return -1;
    if (sqlite3_open_v2 (path, &db, flags, NULL) != SQLITE_OK) {
        rc = err_set (err, 0, "cannot open %s: %s", path, db ? sqlite3_errmsg (db) : "out of memory");
    } else {
        sqlite3_extended_result_codes (db, 1);
        sqlite3_busy_timeout (db, 5000);
        rc = read_only ? db_exec (db, "PRAGMA query_only=1", err) : use_wal (db, err);
    }
    if (rc < 0) {
        err_what (err, "database %s", path);
        sqlite3_close (db);
        return -1;
    }
    *ret = db;
    return 0;
}
