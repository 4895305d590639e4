/* sqlite_db.h - what the parts of the SQLite store share. The only header that includes sqlite3.h. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "plugins/abi.h"

#define STORE_SCHEMA_VERSION 1

enum { SQL_ROW, SQL_RECORD, SQL_RERECORD, SQL_BLOB, SQL_COUNT }; /* statements of a commit */

struct store {
    sqlite3 *db;
    sqlite3_stmt *put[SQL_COUNT];
    char *dir;
    uint64_t epoch;
    uint64_t ballast_bytes;
    int lock_fd;
};

struct store_reader {
    sqlite3 *db;
};

/* sqlite_db.c: opening, the sentence of a failure, small statements */
int db_open (sqlite3 **ret, const char *dir, bool read_only, struct err *err);
int db_error (sqlite3 *db, struct err *err, const char *what);
bool db_is_full (sqlite3 *db); /* was the last failure for want of space? */
int db_exec (sqlite3 *db, const char *sql, struct err *err);
int db_prepare (sqlite3 *db, sqlite3_stmt **ret, const char *sql, struct err *err);
int db_number (sqlite3 *db, const char *sql, uint64_t *ret, struct err *err); /* first column of the first row, or 0 */
int db_schema (sqlite3 *db, struct err *err);                                 /* make or check it */

static inline void stmt_finalizep (sqlite3_stmt **stmt)
{
    sqlite3_finalize (*stmt);
}
#define _cleanup_stmt_ __attribute__ ((cleanup (stmt_finalizep)))

/* store_place.c: the folder it lives in */
int place_check (const char *dir, struct err *err); /* not on a network file system */
const char *network_fs_name (uint32_t magic);       /* of statfs(2); NULL = local */
const char *network_fuse_name (const char *type);   /* "fuse.sshfs" of mountinfo; NULL = local */
int place_lock (const char *dir, struct err *err);  /* returns the descriptor that holds the lock */
int ballast_make (const char *dir, uint64_t bytes); /* 0 = in place */
void ballast_drop (const char *dir);
bool ballast_in_place (const char *dir, uint64_t bytes);
uint64_t place_free (const char *dir); /* bytes */

/* sqlite_snapshot.c, sqlite_read.c: members of the vtable */
int sqlite_load_snapshot (struct store *s, int (*fn) (void *arg, const uint8_t *image, size_t len),
                          void (*reset) (void *arg), void *arg, uint64_t *ret_sequence, char **ret_note,
                          struct err *err);
int sqlite_sweep_files (struct store *s, struct err *err); /* snapshot files that no row names */
int sqlite_add_snapshot (struct store *s, const char *file, uint64_t sequence, struct err *err);
int sqlite_replay (struct store *s, uint64_t after_sequence, store_row_fn fn, void *arg, struct err *err);
int sqlite_events (struct store_reader *r, uint64_t after_sequence, size_t rows, size_t bytes, store_row_fn fn,
                   void *arg, struct err *err);
int sqlite_reader_open (struct store_reader **ret, const char *dir, struct err *err);
struct store_reader *sqlite_reader_close (struct store_reader *r);
int sqlite_blob_get (struct store_reader *r, uint32_t uid, const uint8_t *hash, uint8_t **ret, size_t *ret_len,
                     struct err *err);
int sqlite_records (struct store_reader *r, const struct store_range *range, store_record_fn fn, void *arg,
                    struct err *err);
