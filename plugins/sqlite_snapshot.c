/* sqlite_snapshot.c - which snapshots there are. Two are kept; journal rows that both contain are dropped. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "plugins/snapshot_file.h"
#include "plugins/sqlite_db.h"

static char *file_path (const struct store *s, const char *file)
{
    return file[0] == '/' ? xstrdup (file) : xasprintf ("%s/%s", s->dir, file);
}

/* Without any snapshot the journal must be whole from its first event. */
static int journal_is_whole (struct store *s, const char *note, struct err *err)
{
    uint64_t first, rows;

    if (db_number (s->db, "SELECT min(sequence) FROM journal", &first, err) ||
        db_number (s->db, "SELECT count(*) FROM (SELECT 1 FROM journal LIMIT 1)", &rows, err))
        return -1;
    if ((rows == 0 && !note) || first == 1)
        return 0;
    err_set (err, 0, "no snapshot can be read and the journal starts at event %lu (%s)", first, note ? note : "none");
    return err_fix (err, "restore moisson.db and the snapshots beside it from the same backup");
}

int sqlite_load_snapshot (struct store *s, int (*fn) (void *arg, const uint8_t *image, size_t len),
                          void (*reset) (void *arg), void *arg, uint64_t *ret_sequence, char **ret_note,
                          struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    _cleanup_buf_ struct buf note = BUF_INIT;
    int rc;

    if (db_prepare (s->db, &stmt, "SELECT sequence, file FROM snapshots ORDER BY sequence DESC", err))
        return -1;
    while ((rc = sqlite3_step (stmt)) == SQLITE_ROW) {
        _cleanup_err_ struct err why = ERR_INIT;
        _cleanup_free_ char *path = file_path (s, (const char *) sqlite3_column_text (stmt, 1));
        uint64_t sequence = (uint64_t) sqlite3_column_int64 (stmt, 0);
        if (snapshot_read (path, sequence, fn, arg, &why) == 0) {
            *ret_sequence = sequence;
            *ret_note = note.len ? buf_steal (&note) : NULL;
            return 0;
        }
        buf_printf (&note, "%s%s", note.len ? "; " : "", why.why ? why.why : "unreadable");
        reset (arg);
    }
    if (rc != SQLITE_DONE)
        return db_error (s->db, err, "reading the list of snapshots");
    if (journal_is_whole (s, note.data, err))
        return -1;
    *ret_sequence = 0;
    *ret_note = note.len ? buf_steal (&note) : NULL;
    return 0;
}

/* What a child that was killed, or whose controller was, left behind. */
int sqlite_sweep_files (struct store *s, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    DIR *dir = opendir (s->dir);
    int rc = 0;

    if (!dir)
        return err_errno (err, errno, "cannot read %s", s->dir);
    rc = db_prepare (s->db, &stmt, "SELECT 1 FROM snapshots WHERE file IN (?1, ?2)", err);
    for (struct dirent *e; rc == 0 && (e = readdir (dir));) {
        if (strncmp (e->d_name, "snapshot.", 9))
            continue;
        _cleanup_free_ char *path = file_path (s, e->d_name);
        sqlite3_bind_text (stmt, 1, e->d_name, -1, SQLITE_STATIC);
        sqlite3_bind_text (stmt, 2, path, -1, SQLITE_STATIC);
        int step = sqlite3_step (stmt);
        sqlite3_reset (stmt);
        if (step == SQLITE_DONE)
            unlink (path);
        else if (step != SQLITE_ROW)
            rc = db_error (s->db, err, "reading the list of snapshots");
    }
    closedir (dir);
    return rc;
}

/* Files whose rows are about to go; removed only once that is committed. */
static int old_files (struct store *s, char ***ret, size_t *ret_n, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;
    size_t room = 0;
    int rc;

    *ret = NULL;
    *ret_n = 0;
    if (db_prepare (s->db, &stmt, "SELECT file FROM snapshots ORDER BY sequence DESC LIMIT -1 OFFSET 2", err))
        return -1;
    while ((rc = sqlite3_step (stmt)) == SQLITE_ROW) {
        GROW (*ret, *ret_n, room);
        (*ret)[(*ret_n)++] = file_path (s, (const char *) sqlite3_column_text (stmt, 0));
    }
    return rc == SQLITE_DONE ? 0 : db_error (s->db, err, "reading the list of snapshots");
}

static int name_snapshot (struct store *s, const char *file, uint64_t sequence, struct err *err)
{
    _cleanup_stmt_ sqlite3_stmt *stmt = NULL;

    if (db_prepare (s->db, &stmt, "INSERT OR REPLACE INTO snapshots (sequence, file) VALUES (?1, ?2)", err))
        return -1;
    sqlite3_bind_int64 (stmt, 1, (sqlite3_int64) sequence);
    sqlite3_bind_text (stmt, 2, file, -1, SQLITE_STATIC);
    return sqlite3_step (stmt) == SQLITE_DONE ? 0 : db_error (s->db, err, "naming a snapshot");
}

/* Rows that no restart needs, for those who follow what happens (store_ops.events). */
#define KEPT_FOR_READERS "200000"

int sqlite_add_snapshot (struct store *s, const char *file, uint64_t sequence, struct err *err)
{
    char **old = NULL;
    size_t n_old = 0;
    int rc;

    if (db_exec (s->db, "BEGIN IMMEDIATE", err))
        return -1;
    rc = name_snapshot (s, file, sequence, err) || old_files (s, &old, &n_old, err) ||
         db_exec (s->db,
                  "DELETE FROM snapshots WHERE sequence NOT IN"
                  " (SELECT sequence FROM snapshots ORDER BY sequence DESC LIMIT 2);"
                  "DELETE FROM journal WHERE sequence <= (SELECT min(sequence) FROM snapshots) - " KEPT_FOR_READERS
                  " AND (SELECT count(*) FROM snapshots) = 2;",
                  err) ||
         db_exec (s->db, "COMMIT", err);
    if (rc)
        sqlite3_exec (s->db, "ROLLBACK", NULL, NULL, NULL);
    for (size_t i = 0; i < n_old; i++) {
        if (!rc)
            unlink (old[i]);
        free (old[i]);
    }
    free (old);
    return rc ? -1 : 0;
}
