/* The SQLite store on real folders: what it promises when a process dies, a disk is full or a snapshot is damaged. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "plugins/abi.h"
#include "plugins/snapshot_file.h"
#include "plugins/sqlite_db.h"
#include "suite.h"

static char dir[64];

static void make_dir (void)
{
    strcpy (dir, "/tmp/moisson-store-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (dir));
}

static void remove_dir (void)
{
    ck_assert_int_eq (dir_remove (dir), 0);
}

static const struct store_ops *ops (void)
{
    return store_find ("store/sqlite");
}

static struct store *open_store (uint64_t ballast)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store *s = NULL;

    if (ops ()->open (&s, dir, ballast, &err))
        ck_abort_msg ("open: %s", err.why);
    return s;
}

static int commit_rows (struct store *s, uint64_t first, size_t n, size_t size, int use_ballast)
{
    _cleanup_free_ struct store_row *rows = xcalloc (n, sizeof *rows);
    _cleanup_free_ uint8_t *event = xcalloc (1, size);
    struct store_batch batch = {.rows = rows, .n_rows = n};
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct store_row){first + i, event, size};
    return ops ()->commit (s, &batch, use_ballast, &err);
}

static int count_row (void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    (void) event;
    (void) len;
    *(uint64_t *) arg = sequence;
    return 0;
}

static uint64_t last_row (struct store *s, uint64_t after)
{
    uint64_t last = after;
    _cleanup_err_ struct err err = ERR_INIT;

    if (ops ()->replay (s, after, count_row, &last, &err))
        ck_abort_msg ("replay: %s", err.why);
    return last;
}

START_TEST (rows_are_there_after_a_kill)
{
    int tell[2];
    pid_t pid;
    char c;

    make_dir ();
    ck_assert_int_eq (pipe (tell), 0);
    pid = fork ();
    if (pid == 0) {
        struct store *s = open_store (0);
        for (uint64_t i = 1;; i += 10) {
            if (commit_rows (s, i, 10, 100, 0) || write (tell[1], "x", 1) != 1)
                _exit (1);
        }
    }
    close (tell[1]);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq (read (tell[0], &c, 1), 1);
    kill (pid, SIGKILL); /* somewhere within a commit, or between two */
    waitpid (pid, NULL, 0);
    uint64_t told = 20;
    while (read (tell[0], &c, 1) == 1)
        told++;
    close (tell[0]);

    struct store *s = open_store (0);
    uint64_t last = last_row (s, 0);
    ck_assert_uint_ge (last, told * 10);
    ck_assert_uint_eq (last % 10, 0); /* batches are whole */
    ck_assert_uint_eq (ops ()->epoch (s), 2);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

START_TEST (the_same_batch_twice_is_one)
{
    struct store *s;
    struct store_record rec = {.sequence = 2, .raw_id = 7, .attempt = 1, .uid = 5, .submit_us = 1, .end_us = 9};
    struct store_batch batch = {.records = &rec, .n_records = 1};
    uint64_t n;

    make_dir ();
    s = open_store (0);
    rec.record = (const uint8_t *) "r";
    rec.len = 1;
    ck_assert_int_eq (ops ()->commit (s, &batch, 0, NULL), 0);
    ck_assert_int_eq (ops ()->commit (s, &batch, 0, NULL), 0);
    ck_assert_int_eq (commit_rows (s, 1, 5, 10, 0), 0);
    ck_assert_int_eq (commit_rows (s, 1, 5, 10, 0), 0);
    ck_assert_int_eq (db_number (s->db, "SELECT count(*) FROM records", &n, NULL), 0);
    ck_assert_uint_eq (n, 1);
    ck_assert_uint_eq (last_row (s, 0), 5);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

START_TEST (a_second_controller_is_refused)
{
    struct store *s, *other = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    make_dir ();
    s = open_store (0);
    ck_assert_int_eq (ops ()->open (&other, dir, 0, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "in use by another controller (pid "));
    ck_assert_ptr_nonnull (err.fix);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

START_TEST (a_newer_schema_is_refused)
{
    struct store *s, *other = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    make_dir ();
    s = open_store (0);
    ck_assert_int_eq (db_exec (s->db, "PRAGMA user_version = 99", NULL), 0);
    ops ()->close (s);
    ck_assert_int_eq (ops ()->open (&other, dir, 0, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "schema version 99"));
    remove_dir ();
}
END_TEST

/* --- records ----------------------------------------------------------------------------------------------------- */

struct seen {
    size_t n;
    uint64_t last_rowid;
    char text[64];
};

static void see (void *arg, uint64_t rowid, const uint8_t *record, size_t len)
{
    struct seen *seen = arg;

    seen->n++;
    seen->last_rowid = rowid;
    strncat (seen->text, (const char *) record, len);
}

static void put_some_records (struct store *s)
{
    struct store_record r[4] = {
        {.sequence = 1, .raw_id = 1, .attempt = 1, .uid = 10, .submit_us = 100, .end_us = 200},
        {.sequence = 2, .raw_id = 3, .array_id = 2, .attempt = 1, .uid = 10, .submit_us = 150, .end_us = 300},
        {.sequence = 3, .raw_id = 4, .array_id = 2, .attempt = 1, .uid = 20, .submit_us = 150, .end_us = 400},
        {.sequence = 4, .raw_id = 5, .attempt = 2, .uid = 20, .submit_us = 350, .end_us = 500},
    };
    struct store_batch batch = {.records = r, .n_records = 4};

    for (int i = 0; i < 4; i++) {
        r[i].record = (const uint8_t *) &"abcd"[i];
        r[i].len = 1;
    }
    ck_assert_int_eq (ops ()->commit (s, &batch, 0, NULL), 0);
}

static const char *ask (struct store_reader *reader, struct store_range range, struct seen *seen)
{
    *seen = (struct seen){0};
    ck_assert_int_eq (ops ()->records (reader, &range, see, seen, NULL), 0);
    return seen->text;
}

START_TEST (readers_find_by_id_user_and_time)
{
    struct store *s;
    struct store_reader *reader = NULL;
    struct seen seen;
    uint64_t ids[] = {1, 2};
    uint32_t uid = 20;

    make_dir ();
    s = open_store (0);
    put_some_records (s);
    ck_assert_int_eq (ops ()->reader_open (&reader, dir, NULL), 0);
    ck_assert_str_eq (ask (reader, (struct store_range){0}, &seen), "abcd");
    ck_assert_str_eq (ask (reader, (struct store_range){.ids = ids, .n_ids = 2}, &seen), "abc");
    ck_assert_str_eq (ask (reader, (struct store_range){.uids = &uid, .n_uids = 1}, &seen), "cd");
    ck_assert_str_eq (ask (reader, (struct store_range){.since_us = 300, .until_us = 350}, &seen), "bc");
    ck_assert_str_eq (ask (reader, (struct store_range){.max_sequence = 2}, &seen), "ab");
    ck_assert_str_eq (ask (reader, (struct store_range){.limit = 3}, &seen), "abc");
    ck_assert_str_eq (ask (reader, (struct store_range){.limit = 3, .after_rowid = seen.last_rowid}, &seen), "d");
    ops ()->reader_close (reader);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

START_TEST (blobs_are_kept_once_and_swept)
{
    struct store *s;
    struct store_reader *reader = NULL;
    uint8_t hash[2][32] = {{1}, {2}}, keep[36] = {0}, *data = NULL;
    struct store_blob blobs[] = {
        {10, hash[0], (const uint8_t *) "one", 3},
        {10, hash[1], (const uint8_t *) "two", 3},
        {10, hash[0], (const uint8_t *) "one", 3},
    };
    struct store_batch batch = {.blobs = blobs, .n_blobs = 3};
    uint32_t uid = 10;
    size_t len;

    make_dir ();
    s = open_store (0);
    ck_assert_int_eq (ops ()->commit (s, &batch, 0, NULL), 0);
    memcpy (keep, &uid, 4);
    memcpy (keep + 4, hash[1], 32);
    ck_assert_int_eq (ops ()->blob_sweep (s, keep, 1, NULL), 0);
    ck_assert_int_eq (ops ()->reader_open (&reader, dir, NULL), 0);
    ck_assert_int_eq (ops ()->blob_get (reader, 10, hash[0], &data, &len, NULL), -1);
    ck_assert_int_eq (ops ()->blob_get (reader, 10, hash[1], &data, &len, NULL), 0);
    ck_assert_uint_eq (len, 3);
    ck_assert_int_eq (memcmp (data, "two", 3), 0);
    free (data);
    ops ()->reader_close (reader);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

/* --- snapshots --------------------------------------------------------------------------------------------------- */

static void take_snapshot (struct store *s, uint64_t sequence)
{
    _cleanup_snapshot_writer_ struct snapshot_writer *w = NULL;
    _cleanup_free_ char *name = NULL;

    ck_assert_int_eq (snapshot_writer_create (&w, dir, sequence, NULL), 0);
    ck_assert_int_eq (snapshot_writer_add (w, (uint8_t *) &sequence, sizeof sequence, NULL), 0);
    ck_assert_int_eq (snapshot_writer_finish (w, &name, NULL), 0);
    ck_assert_int_eq (ops ()->add_snapshot (s, name, sequence, NULL), 0);
}

static int take_image (void *arg, const uint8_t *image, size_t len)
{
    ck_assert_uint_eq (len, sizeof (uint64_t));
    memcpy (arg, image, len);
    return 0;
}

static void forget_image (void *arg)
{
    *(uint64_t *) arg = 0;
}

static void damage (const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);
    _cleanup_close_ int fd = open (path, O_RDWR);

    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (pwrite (fd, "!", 1, 22), 1);
}

START_TEST (a_damaged_snapshot_falls_back)
{
    struct store *s;
    uint64_t sequence = 0, image = 0;
    char *note = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    make_dir ();
    s = open_store (0);
    commit_rows (s, 1, 30, 10, 0);
    take_snapshot (s, 10);
    take_snapshot (s, 20);
    ck_assert_int_eq (ops ()->load_snapshot (s, take_image, forget_image, &image, &sequence, &note, &err), 0);
    ck_assert_uint_eq (sequence, 20);
    ck_assert_ptr_null (note);
    damage ("snapshot.20");
    ck_assert_int_eq (ops ()->load_snapshot (s, take_image, forget_image, &image, &sequence, &note, &err), 0);
    ck_assert_uint_eq (sequence, 10);
    ck_assert_uint_eq (image, 10);
    ck_assert_ptr_nonnull (strstr (note, "damaged"));
    free (note);
    ck_assert_uint_eq (last_row (s, 10), 30); /* the rows it needs are still there */
    damage ("snapshot.10");
    ck_assert_int_eq (ops ()->load_snapshot (s, take_image, forget_image, &image, &sequence, &note, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "no snapshot can be read"));
    ops ()->close (s);
    remove_dir ();
}
END_TEST

START_TEST (two_snapshots_are_kept_and_old_rows_go)
{
    struct store *s;
    uint64_t n;
    _cleanup_free_ char *gone = NULL;

    make_dir ();
    gone = xasprintf ("%s/snapshot.10", dir);
    s = open_store (0);
    commit_rows (s, 1, 30, 10, 0);
    take_snapshot (s, 10);
    take_snapshot (s, 20);
    take_snapshot (s, 30);
    ck_assert_int_eq (access (gone, F_OK), -1);
    ck_assert_int_eq (db_number (s->db, "SELECT min(sequence) FROM journal", &n, NULL), 0);
    ck_assert_uint_eq (n, 21);
    ops ()->close (s);
    remove_dir ();
}
END_TEST

/* --- a full disk -------------------------------------------------------------------------------------------------- */

/* Fill a 12 MB tmpfs of its own (root), or stop at a file size limit (anybody). */
START_TEST (a_full_disk_takes_exits_from_the_reserve)
{
    bool own_disk = geteuid () == 0;
    struct store *s;
    uint64_t next = 1;
    int rc;

    make_dir ();
    if (own_disk && mount ("moisson-test", dir, "tmpfs", 0, "size=12m"))
        own_disk = false;
    s = open_store (own_disk ? 4u << 20 : 0);
    if (own_disk)
        ck_assert_int_gt (ops ()->has_room (s), 0);
    else {
        struct rlimit limit = {2u << 20, 2u << 20};
        signal (SIGXFSZ, SIG_IGN);
        ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &limit), 0);
    }
    while ((rc = commit_rows (s, next, 10, 20000, 0)) == 0 && next < 10000)
        next += 10;
    ck_assert_int_eq (rc, STORE_E_FULL);
    ck_assert_uint_eq (last_row (s, 0), next - 1); /* nothing of the batch that failed */
    if (own_disk) {
        ck_assert_int_eq (ops ()->has_room (s), 0);
        ck_assert_int_eq (commit_rows (s, next, 1, 1000, 1), 0);
        ck_assert_int_eq (ops ()->has_room (s), 0); /* and the reserve is gone */
    }
    ops ()->close (s);
    if (own_disk)
        umount (dir);
    remove_dir ();
}
END_TEST

SUITE ("store_sqlite", rows_are_there_after_a_kill, the_same_batch_twice_is_one, a_second_controller_is_refused,
       a_newer_schema_is_refused, readers_find_by_id_user_and_time, blobs_are_kept_once_and_swept,
       a_damaged_snapshot_falls_back, two_snapshots_are_kept_and_old_rows_go, a_full_disk_takes_exits_from_the_reserve)
