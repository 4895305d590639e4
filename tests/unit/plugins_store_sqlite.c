/* plugins_store_sqlite.c - the store on real directories: what is committed stays, whatever happens to the process, the
 * disk or the files. */
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

static void place_free_dir (struct place *place)
{
    ck_assert_int_eq (dir_remove (place->dir), 0);
}

static struct place place_make (void)
{
    struct place place = {"/tmp/moisson-store-XXXXXX"};

    ck_assert_ptr_nonnull (mkdtemp (place.dir));
    return place;
}

#define PLACE() __attribute__ ((cleanup (place_free_dir))) struct place place = place_make ()

static struct store *open_store (const char *dir, uint64_t ballast)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store *store = NULL;
    int rc = store_sqlite ()->open (&store, dir, ballast, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return store;
}

static void close_store (struct store **store)
{
    *store = store_sqlite ()->close (*store);
}

#define STORE(name, ballast)                                                                                           \
    __attribute__ ((cleanup (close_store))) struct store *name = open_store (place.dir, ballast)

/* A refusal to open, as one line. */
static char *refused (const char *dir)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store *store = NULL;

    ck_assert_int_eq (store_sqlite ()->open (&store, dir, 0, &err), -1);
    ck_assert_ptr_null (store);
    ck_assert_ptr_nonnull (err.why);
    return err_line (&err);
}

static void ck_contains (const char *text, const char *part)
{
    ck_assert_msg (strstr (text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

/* --- batches -------------------------------------------------------------------------------------------------------
 */

static struct store_row row (uint64_t sequence, const char *event)
{
    return (struct store_row){sequence, (const uint8_t *) event, strlen (event)};
}

static struct store_record record (uint64_t sequence, uint64_t raw_id, const char *text)
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

static void ck_commit (struct store *store, const struct store_row *rows, size_t n_rows,
                       const struct store_record *records, size_t n_records)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct store_batch batch = {.rows = rows, .n_rows = n_rows, .records = records, .n_records = n_records};
    int rc = store_sqlite ()->commit (store, &batch, 0, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
}

static void ck_commit_rows (struct store *store, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        struct store_row r = row (i, "event");
        ck_commit (store, &r, 1, NULL, 0);
    }
}

static int hear_row (void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    buf_printf (arg, "%llu=%.*s;", (unsigned long long) sequence, (int) len, (const char *) event);
    return 0;
}

/* The journal after a sequence as "1=a;2=b;". The caller frees it. */
static char *journal (struct store *store, uint64_t after)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct buf b = BUF_INIT;
    int rc = store_sqlite ()->replay (store, after, hear_row, &b, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return buf_steal (&b);
}

static void ck_journal (struct store *store, uint64_t after, const char *expected)
{
    _cleanup_free_ char *got = journal (store, after);

    ck_assert_str_eq (got, expected);
}

static void hear_record (void *arg, uint64_t rowid, const uint8_t *bytes, size_t len)
{
    ck_assert_uint_gt (rowid, 0);
    buf_printf (arg, "%.*s;", (int) len, (const char *) bytes);
}

static void ck_records (const char *dir, const struct store_range *range, const char *expected)
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

START_TEST (what_was_committed_is_there_after_a_restart)
{
    PLACE ();
    uint64_t epoch;

    {
        STORE (store, 0);
        const struct store_row rows[] = {row (1, "a"), row (2, "b")};
        const struct store_record records[] = {record (2, 7, "seven")};
        epoch = store_sqlite ()->epoch (store);
        ck_commit (store, rows, 2, records, 1);
    }
    STORE (store, 0);
    ck_assert_uint_eq (store_sqlite ()->epoch (store), epoch + 1);
    ck_journal (store, 0, "1=a;2=b;");
    ck_journal (store, 1, "2=b;");
    ck_records (place.dir, &(struct store_range){0}, "seven;");
}
END_TEST

START_TEST (a_commit_of_unknown_outcome_can_be_repeated)
{
    PLACE ();
    STORE (store, 0);
    const uint8_t hash[32] = {1};
    const struct store_row rows[] = {row (1, "a"), row (2, "b")}, other = row (2, "changed");
    const struct store_record records[] = {record (2, 7, "seven")};
    const struct store_blob blob = {5, hash, (const uint8_t *) "script", 6};
    const struct store_batch batch = {rows, 2, records, 1, &blob, 1};

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq (store_sqlite ()->commit (store, &batch, 0, NULL), 0);
    ck_commit (store, &other, 1, NULL, 0);
    ck_journal (store, 0, "1=a;2=b;");
    ck_records (place.dir, &(struct store_range){0}, "seven;");
}
END_TEST

START_TEST (a_hole_in_the_journal_is_not_stepped_over)
{
    PLACE ();
    STORE (store, 0);
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct store_row rows[] = {row (1, "a"), row (3, "c")};

    ck_commit (store, rows, 2, NULL, 0);
    ck_assert_int_eq (store_sqlite ()->replay (store, 0, hear_row, &b, &err), -1);
    ck_contains (err.why, "a hole: event 3 follows event 1");
    ck_assert_ptr_nonnull (err.fix);
}
END_TEST

/* --- records -------------------------------------------------------------------------------------------------------
 */

static void put_records (struct store *store)
{
    struct store_record r[] = {record (1, 11, "a"), record (2, 12, "b"), record (3, 13, "c"), record (4, 14, "d"),
                               record (5, 11, "e")};

    r[0].uid = r[1].uid = 1;
    r[1].array_id = r[2].array_id = 10;
    r[2].end_us = 100;
    r[3].submit_us = 200;
    r[3].end_us = 300;
    r[4].attempt = 2;
    r[4].end_us = 60; /* late news: ended before the one above it */
    ck_commit (store, NULL, 0, r, 5);
}

START_TEST (records_by_id_user_time_and_event)
{
    PLACE ();
    STORE (store, 0);
    const uint64_t raw[] = {11, 99}, array[] = {10}, both[] = {10, 14};
    const uint32_t one[] = {1}, two[] = {1, 1000}, none[] = {7};

    put_records (store);
    ck_records (place.dir, &(struct store_range){0}, "a;b;c;d;e;");
    ck_records (place.dir, &(struct store_range){.ids = raw, .n_ids = 2}, "a;e;");
    ck_records (place.dir, &(struct store_range){.ids = array, .n_ids = 1}, "b;c;");
    ck_records (place.dir, &(struct store_range){.ids = both, .n_ids = 2, .uids = one, .n_uids = 1}, "b;");
    ck_records (place.dir, &(struct store_range){.uids = one, .n_uids = 1}, "a;b;");
    ck_records (place.dir, &(struct store_range){.uids = two, .n_uids = 2, .max_sequence = 3}, "a;b;c;");
    ck_records (place.dir, &(struct store_range){.uids = none, .n_uids = 1}, "");
    ck_records (place.dir, &(struct store_range){.since_us = 50}, "c;d;e;");
    ck_records (place.dir, &(struct store_range){.since_us = 30}, "a;b;c;d;e;");
    ck_records (place.dir, &(struct store_range){.since_us = 1000}, "");
    ck_records (place.dir, &(struct store_range){.since_us = 50, .until_us = 200}, "c;e;");
    ck_records (place.dir, &(struct store_range){.until_us = UINT64_MAX, .max_sequence = UINT64_MAX, .limit = SIZE_MAX},
                "a;b;c;d;e;");
    ck_records (place.dir, &(struct store_range){.after_rowid = UINT64_MAX}, "");
}
END_TEST

struct paging {
    uint64_t last;
    unsigned n;
};

static void hear_page (void *arg, uint64_t rowid, const uint8_t *bytes, size_t len)
{
    struct paging *p = arg;

    (void) bytes;
    ck_assert_uint_eq (len, 1);
    ck_assert_uint_gt (rowid, p->last);
    p->last = rowid;
    p->n++;
}

START_TEST (pages_follow_each_other_without_gap_or_repeat)
{
    PLACE ();
    STORE (store, 0);
    struct store_reader *reader = NULL;
    struct paging p = {0};
    unsigned pages = 0, before;

    for (uint64_t i = 1; i <= 100; i++) {
        struct store_record r = record (i, i, "x");
        r.uid = (uint32_t) (i % 2);
        ck_commit (store, NULL, 0, &r, 1);
    }
    ck_assert_int_eq (store_sqlite ()->reader_open (&reader, place.dir, NULL), 0);
    do {
        const uint32_t uid = 1;
        struct store_range range = {.uids = &uid, .n_uids = 1, .since_us = 5, .after_rowid = p.last, .limit = 7};
        before = p.n;
        ck_assert_int_eq (store_sqlite ()->records (reader, &range, hear_page, &p, NULL), 0);
        pages++;
    } while (p.n - before == 7);
    ck_assert_uint_eq (p.n, 50);
    ck_assert_uint_eq (pages, 8);
    store_sqlite ()->reader_close (reader);
}
END_TEST

/* --- blobs -----------------------------------------------------------------------------------------------------------
 */

static int get_blob (const char *dir, uint32_t uid, const uint8_t *hash, char **ret)
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

START_TEST (blobs_belong_to_a_user_and_are_swept)
{
    PLACE ();
    STORE (store, 0);
    const uint8_t hash[2][32] = {{1, 0, 3}, {2}};
    const struct store_blob blobs[] = {
        {5, hash[0], (const uint8_t *) "five", 4}, {6, hash[0], (const uint8_t *) "six", 3}, {5, hash[1], NULL, 0}};
    const struct store_batch batch = {.blobs = blobs, .n_blobs = 3};
    uint8_t keep[36];
    char *data;

    ck_assert_int_eq (store_sqlite ()->commit (store, &batch, 0, NULL), 0);
    ck_assert_int_eq (get_blob (place.dir, 6, hash[0], &data), 0);
    ck_assert_str_eq (data, "six");
    free (data);
    ck_assert_int_eq (get_blob (place.dir, 5, hash[1], &data), 0);
    ck_assert_str_eq (data, "");
    free (data);
    ck_assert_int_eq (get_blob (place.dir, 7, hash[0], &data), -1);
    memcpy (keep, &(uint32_t){6}, 4);
    memcpy (keep + 4, hash[0], 32);
    ck_assert_int_eq (store_sqlite ()->blob_sweep (store, keep, 1, NULL), 0);
    ck_assert_int_eq (get_blob (place.dir, 5, hash[0], &data), -1);
    ck_assert_int_eq (get_blob (place.dir, 6, hash[0], &data), 0);
    free (data);
}
END_TEST

/* --- snapshots -------------------------------------------------------------------------------------------------------
 */

static void add_snapshot (struct store *store, const char *dir, uint64_t sequence, const char *const *images, size_t n)
{
    _cleanup_snapshot_writer_ struct snapshot_writer *w = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *file = NULL;

    ck_assert_int_eq (snapshot_writer_create (&w, dir, sequence, &err), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq (snapshot_writer_add (w, (const uint8_t *) images[i], strlen (images[i]), &err), 0);
    ck_assert_int_eq (snapshot_writer_finish (w, &file, &err), 0);
    int rc = store_sqlite ()->add_snapshot (store, file, sequence, &err);
    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
}

#define SNAPSHOT(sequence, ...)                                                                                        \
    add_snapshot (store, place.dir, sequence, (const char *const[]){__VA_ARGS__},                                      \
                  sizeof ((const char *const[]){__VA_ARGS__}) / sizeof (char *))

struct loaded {
    struct buf images;
    const char *refuse; /* an image that is not understood */
    int resets;
};

static int hear_image (void *arg, const uint8_t *image, size_t len)
{
    struct loaded *l = arg;

    buf_printf (&l->images, "%.*s;", (int) len, (const char *) image);
    return l->refuse && strlen (l->refuse) == len && !memcmp (l->refuse, image, len) ? -1 : 0;
}

static void hear_reset (void *arg)
{
    struct loaded *l = arg;

    buf_reset (&l->images);
    l->resets++;
}

static uint64_t load (struct store *store, struct loaded *l, char **ret_note)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t sequence = 99;
    int rc = store_sqlite ()->load_snapshot (store, hear_image, hear_reset, l, &sequence, ret_note, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return sequence;
}

static void ck_loads (struct store *store, uint64_t sequence, const char *images, const char *note)
{
    struct loaded l = {BUF_INIT, NULL, 0};
    _cleanup_free_ char *got_note = NULL;

    ck_assert_uint_eq (load (store, &l, &got_note), sequence);
    ck_assert_str_eq (buf_str (&l.images), images);
    if (note)
        ck_contains (got_note ? got_note : "(no note)", note);
    else
        ck_assert_ptr_null (got_note);
    buf_clear (&l.images);
}

/* Change one byte of a file, or cut it. */
static void spoil (const char *dir, const char *file, off_t at, bool cut)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, file);
    _cleanup_close_ int fd = open (path, O_RDWR);
    char c;

    ck_assert_int_ge (fd, 0);
    if (cut) {
        ck_assert_int_eq (ftruncate (fd, at), 0);
        return;
    }
    ck_assert_int_eq (pread (fd, &c, 1, at), 1);
    c ^= 1;
    ck_assert_int_eq (pwrite (fd, &c, 1, at), 1);
}

static bool exists (const char *dir, const char *file)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, file);

    return access (path, F_OK) == 0;
}

START_TEST (two_snapshots_are_kept_and_the_journal_from_the_older_on)
{
    PLACE ();
    STORE (store, 0);

    ck_loads (store, 0, "", NULL);
    ck_commit_rows (store, 1, 9);
    SNAPSHOT (3, "one", "two");
    ck_loads (store, 3, "one;two;", NULL);
    ck_journal (store, 7, "8=event;9=event;");
    SNAPSHOT (5, "five");
    ck_journal (store, 3, "4=event;5=event;6=event;7=event;8=event;9=event;");
    SNAPSHOT (8, "eight", "more");
    ck_loads (store, 8, "eight;more;", NULL);
    ck_journal (store, 5, "6=event;7=event;8=event;9=event;");
    ck_assert (!exists (place.dir, "snapshot.3") && exists (place.dir, "snapshot.5") &&
               exists (place.dir, "snapshot.8"));
}
END_TEST

START_TEST (a_damaged_snapshot_falls_back_to_the_one_before)
{
    static const struct {
        off_t at;
        bool cut;
        const char *note;
    } ways[] = {{0, false, "its hash does not match"},
                {20, false, "its hash does not match"},
                {-1, false, "its hash does not match"},
                {0, true, "cut short"},
                {30, true, "cut short"},
                {58, true, "its hash does not match"}};

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        PLACE ();
        STORE (store, 0);
        struct stat st;
        _cleanup_free_ char *path = xasprintf ("%s/snapshot.4", place.dir);
        ck_commit_rows (store, 1, 6);
        SNAPSHOT (2, "two");
        SNAPSHOT (4, "four", "and a longer one");
        ck_assert_int_eq (stat (path, &st), 0);
        spoil (place.dir, "snapshot.4", ways[i].at < 0 ? st.st_size - 1 : ways[i].at, ways[i].cut);
        ck_loads (store, 2, "two;", ways[i].note);
        ck_journal (store, 2, "3=event;4=event;5=event;6=event;");
    }
}
END_TEST

START_TEST (an_image_that_is_not_understood_counts_as_damage)
{
    PLACE ();
    STORE (store, 0);
    struct loaded l = {BUF_INIT, "bad", 0};
    _cleanup_free_ char *note = NULL;

    ck_commit_rows (store, 1, 6);
    SNAPSHOT (2, "good");
    SNAPSHOT (4, "fine", "bad");
    ck_assert_uint_eq (load (store, &l, &note), 2);
    ck_assert_int_eq (l.resets, 1);
    ck_assert_str_eq (l.images.data, "good;");
    ck_contains (note, "is not understood");
    buf_clear (&l.images);
}
END_TEST

START_TEST (without_any_snapshot_the_whole_journal_must_be_there)
{
    PLACE ();
    STORE (store, 0);
    struct loaded l = {BUF_INIT, NULL, 0};
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *note = NULL;
    uint64_t sequence;

    ck_commit_rows (store, 1, 6);
    SNAPSHOT (2, "two");
    spoil (place.dir, "snapshot.2", 20, false);
    ck_loads (store, 0, "", "its hash does not match"); /* from event 1 on */
    SNAPSHOT (4, "four");
    spoil (place.dir, "snapshot.4", 20, false);
    ck_assert_int_eq (store_sqlite ()->load_snapshot (store, hear_image, hear_reset, &l, &sequence, &note, &err), -1);
    ck_contains (err.why, "the journal starts at event 3");
    ck_assert_ptr_nonnull (err.fix);
    buf_clear (&l.images);
}
END_TEST

START_TEST (what_a_dead_writer_left_is_removed_what_is_named_is_not)
{
    PLACE ();

    {
        STORE (store, 0);
        _cleanup_snapshot_writer_ struct snapshot_writer *w = NULL;
        _cleanup_err_ struct err err = ERR_INIT;
        _cleanup_free_ char *path = xasprintf ("%s/snapshot.7.1234.tmp", place.dir);
        _cleanup_free_ char *orphan = xasprintf ("%s/snapshot.7", place.dir);
        ck_commit_rows (store, 1, 2);
        SNAPSHOT (2, "two");
        ck_assert_int_eq (snapshot_writer_create (&w, place.dir, 9, &err), 0);
        ck_assert_int_eq (snapshot_writer_add (w, (const uint8_t *) "x", 0, &err), -1);
        ck_assert_int_eq (file_write (path, "x", 1, 0600, 0, &err), 0);
        ck_assert_int_eq (file_write (orphan, "x", 1, 0600, 0, &err), 0);
    }
    STORE (store, 0);
    ck_assert (!exists (place.dir, "snapshot.7") && !exists (place.dir, "snapshot.7.1234.tmp"));
    ck_assert (exists (place.dir, "snapshot.2"));
    ck_loads (store, 2, "two;", NULL);
}
END_TEST

/* --- opening ---------------------------------------------------------------------------------------------------------
 */

START_TEST (files_are_for_their_owner_only)
{
    PLACE ();
    STORE (store, MB);
    static const char *const files[] = {"moisson.db", "moisson.db-wal", "store.lock", "ballast"};
    struct stat st;

    ck_commit_rows (store, 1, 1);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        _cleanup_free_ char *path = xasprintf ("%s/%s", place.dir, files[i]);
        ck_assert_int_eq (stat (path, &st), 0);
        ck_assert_int_eq (st.st_mode & 077, 0);
    }
}
END_TEST

static void sql (const char *dir, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/moisson.db", dir);
    sqlite3 *db = NULL;

    ck_assert_int_eq (sqlite3_open (path, &db), SQLITE_OK);
    ck_assert_int_eq (sqlite3_exec (db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close (db);
}

START_TEST (a_newer_database_and_a_foreign_file_are_refused)
{
    PLACE ();
    _cleanup_free_ char *path = xasprintf ("%s/moisson.db", place.dir);
    _cleanup_err_ struct err err = ERR_INIT;
    char junk[4096];

    {
        STORE (store, 0);
    }
    sql (place.dir, "PRAGMA user_version = 99");
    _cleanup_free_ char *newer = refused (place.dir);
    ck_contains (newer, "the database has schema version 99, this program knows up to 1");
    ck_contains (newer, "fix: ");
    memset (junk, 'x', sizeof junk);
    ck_assert_int_eq (file_write (path, junk, sizeof junk, 0600, 0, &err), 0);
    _cleanup_free_ char *foreign = refused (place.dir);
    ck_contains (foreign, "not a database");
    _cleanup_free_ char *nowhere = refused ("/proc/nowhere");
    ck_contains (nowhere, "/proc/nowhere");
}
END_TEST

/* A child that opens the store and forks a child of its own; both say so and live until `hold` is closed. */
static pid_t start_holder (const char *dir, int ready, const int hold[2])
{
    pid_t pid = fork ();

    ck_assert_int_ge (pid, 0);
    if (pid)
        return pid;
    struct store *store = NULL;
    char c;
    close (hold[1]);
    if (store_sqlite ()->open (&store, dir, 0, NULL) < 0 || fork () < 0 || write (ready, "r", 1) != 1)
        _exit (1);
    _exit (read (hold[0], &c, 1) == 0 ? 0 : 2);
}

START_TEST (one_controller_at_a_time_and_its_orphans_do_not_count)
{
    PLACE ();
    int ready[2], hold[2];
    char two[2];

    ck_assert_int_eq (pipe (ready), 0);
    ck_assert_int_eq (pipe (hold), 0);
    pid_t pid = start_holder (place.dir, ready[1], hold);
    ck_assert_int_eq (read (ready[0], two, 1), 1); /* the holder and its child each say so */
    ck_assert_int_eq (read (ready[0], two, 1), 1);
    _cleanup_free_ char *why = refused (place.dir);
    _cleanup_free_ char *expected = xasprintf ("is in use by another controller (pid %ld)", (long) pid);
    ck_contains (why, expected);
    ck_assert_int_eq (kill (pid, SIGKILL), 0);
    ck_assert_int_eq (waitpid (pid, NULL, 0), pid);
    {
        STORE (store, 0); /* the holder's child lives on and is in nobody's way */
        ck_commit_rows (store, 1, 1);
    }
    close (hold[1]);
}
END_TEST

START_TEST (network_file_systems_are_known_by_name)
{
    ck_assert_str_eq (network_fs_name (0x6969), "NFS");
    ck_assert_str_eq (network_fs_name (0x0bd00bd0), "Lustre");
    ck_assert_str_eq (network_fs_name (0xff534d42), "CIFS");
    ck_assert_str_eq (network_fs_name (0x47504653), "GPFS");
    ck_assert_ptr_null (network_fs_name (0xef53));     /* ext4 */
    ck_assert_ptr_null (network_fs_name (0x01021994)); /* tmpfs */
    ck_assert_str_eq (network_fuse_name ("fuse.sshfs"), "sshfs");
    ck_assert_ptr_null (network_fuse_name ("fuse.fuse-overlayfs"));
    ck_assert_ptr_null (network_fuse_name ("fuseblk"));
}
END_TEST

/* --- killed ----------------------------------------------------------------------------------------------------------
 */

/* Commits forever, each batch two rows and one record, and says how far it is after each. */
static void commit_for_ever (const char *dir, int say)
{
    struct store *store = NULL;
    uint64_t n = 0;

    if (store_sqlite ()->open (&store, dir, 0, NULL) < 0)
        _exit (1);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2 (store->db, "SELECT max(sequence) FROM journal", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step (stmt) != SQLITE_ROW)
        _exit (2);
    n = (uint64_t) sqlite3_column_int64 (stmt, 0);
    sqlite3_finalize (stmt);
    for (;;) {
        const struct store_row rows[] = {row (n + 1, "one"), row (n + 2, "two")};
        const struct store_record records[] = {record (n + 2, n + 2, "record")};
        const struct store_batch batch = {.rows = rows, .n_rows = 2, .records = records, .n_records = 1};
        if (store_sqlite ()->commit (store, &batch, 0, NULL) != 0)
            _exit (3);
        n += 2;
        if (write (say, &n, sizeof n) != (ssize_t) sizeof n)
            _exit (4);
    }
}

static int count_row (void *arg, uint64_t sequence, const uint8_t *event, size_t len)
{
    (void) event;
    (void) len;
    *(uint64_t *) arg = sequence;
    return 0;
}

static void count_record (void *arg, uint64_t rowid, const uint8_t *bytes, size_t len)
{
    (void) rowid;
    (void) bytes;
    (void) len;
    ++*(uint64_t *) arg;
}

START_TEST (killed_at_any_moment_nothing_acknowledged_is_lost_and_no_batch_is_half)
{
    PLACE ();
    uint64_t acknowledged = 0;

    for (unsigned round = 0; round < 15; round++) {
        int say[2];
        ck_assert_int_eq (pipe (say), 0);
        pid_t pid = fork ();
        ck_assert_int_ge (pid, 0);
        if (!pid)
            commit_for_ever (place.dir, say[1]);
        close (say[1]);
        for (unsigned i = 0; i < 1 + round * 3; i++)
            ck_assert_int_eq (read (say[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
        ck_assert_int_eq (kill (pid, SIGKILL), 0);
        ck_assert_int_eq (waitpid (pid, NULL, 0), pid);
        for (uint64_t n; read (say[0], &n, sizeof n) == (ssize_t) sizeof n;)
            acknowledged = n; /* said before it died */
        close (say[0]);

        STORE (store, 0);
        uint64_t last = 0, records = 0;
        struct store_reader *reader = NULL;
        ck_assert_int_eq (store_sqlite ()->replay (store, 0, count_row, &last, NULL), 0);
        ck_assert_uint_ge (last, acknowledged);
        ck_assert_int_eq (store_sqlite ()->reader_open (&reader, place.dir, NULL), 0);
        ck_assert_int_eq (store_sqlite ()->records (reader, &(struct store_range){0}, count_record, &records, NULL), 0);
        ck_assert_uint_eq (records * 2, last);
        store_sqlite ()->reader_close (reader);
    }
}
END_TEST

/* --- full ------------------------------------------------------------------------------------------------------------
 */

static int commit_blob (struct store *store, uint64_t sequence, size_t size, int use_ballast)
{
    _cleanup_free_ uint8_t *data = xcalloc (1, size);
    uint8_t hash[32] = {0};
    struct store_row r = row (sequence, "event");

    memcpy (hash, &sequence, sizeof sequence);
    struct store_blob blob = {1, hash, data, size};
    struct store_batch batch = {.rows = &r, .n_rows = 1, .blobs = &blob, .n_blobs = 1};
    return store_sqlite ()->commit (store, &batch, use_ballast, NULL);
}

START_TEST (no_space_is_an_outcome_and_writes_nothing)
{
    PLACE ();
    STORE (store, 0);
    struct rlimit old, low = {2 * MB, 2 * MB};
    char *data;

    ck_assert_int_eq (getrlimit (RLIMIT_FSIZE, &old), 0);
    low.rlim_max = old.rlim_max;
    ck_assert_ptr_ne (signal (SIGXFSZ, SIG_IGN), SIG_ERR);
    ck_commit_rows (store, 1, 1);
    ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &low), 0); /* no file may grow beyond */
    ck_assert_int_eq (commit_blob (store, 2, 4 * MB, 0), STORE_E_FULL);
    ck_assert_int_eq (commit_blob (store, 2, 4 * MB, 1), STORE_E_FULL);
    ck_journal (store, 0, "1=event;");
    ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &old), 0);
    ck_assert_int_eq (get_blob (place.dir, 1, (const uint8_t[32]){2}, &data), -1);
    ck_assert_int_eq (commit_blob (store, 2, 4 * MB, 0), 0);
    ck_journal (store, 0, "1=event;2=event;");
}
END_TEST

static void write_text (const char *path, const char *text)
{
    _cleanup_close_ int fd = open (path, O_WRONLY);

    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (write (fd, text, strlen (text)), (ssize_t) strlen (text));
}

/* A file system of its own for this process: as root directly, else in a user namespace. false: not allowed here. */
static bool small_disk (const char *dir)
{
    uid_t uid = geteuid ();
    gid_t gid = getegid ();

    if (unshare (CLONE_NEWNS) < 0) {
        if (unshare (CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return false;
        _cleanup_free_ char *users = xasprintf ("0 %u 1", (unsigned) uid);
        _cleanup_free_ char *groups = xasprintf ("0 %u 1", (unsigned) gid);
        write_text ("/proc/self/uid_map", users);
        write_text ("/proc/self/setgroups", "deny");
        write_text ("/proc/self/gid_map", groups);
    }
    return mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount ("tmpfs", dir, "tmpfs", 0, "size=12m") == 0;
}

/* Take every free byte. */
static void fill (const char *dir)
{
    _cleanup_free_ char *path = xasprintf ("%s/filler", dir);
    _cleanup_close_ int fd = open (path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    char block[4096] = {0};

    ck_assert_int_ge (fd, 0);
    while (write (fd, block, sizeof block) > 0)
        ;
    ck_assert_int_eq (errno, ENOSPC);
}

static void empty (const char *dir)
{
    _cleanup_free_ char *path = xasprintf ("%s/filler", dir);

    ck_assert_int_eq (unlink (path), 0);
}

static void on_a_full_disk (const char *dir)
{
    struct store *store = open_store (dir, 3 * MB);

    ck_assert (ballast_in_place (dir, 3 * MB));
    ck_assert_int_eq (store_sqlite ()->has_room (store), 1);
    ck_commit_rows (store, 1, 3);
    fill (dir);
    ck_assert_int_eq (store_sqlite ()->has_room (store), 0);
    ck_assert_int_eq (commit_blob (store, 4, MB, 0), STORE_E_FULL);
    ck_journal (store, 0, "1=event;2=event;3=event;");
    ck_assert (ballast_in_place (dir, 3 * MB));
    ck_assert_int_eq (commit_blob (store, 4, MB, 1), 0); /* an exit is recorded */
    ck_assert (!ballast_in_place (dir, 1));
    ck_journal (store, 0, "1=event;2=event;3=event;4=event;");
    fill (dir);
    ck_assert_int_eq (store_sqlite ()->has_room (store), 0);
    ck_assert_int_eq (commit_blob (store, 5, MB, 1), STORE_E_FULL);
    empty (dir);
    ck_assert_int_eq (commit_blob (store, 5, MB, 0), 0);
    ck_assert_int_eq (store_sqlite ()->has_room (store), 1);
    ck_assert (ballast_in_place (dir, 3 * MB));
    fill (dir);
    close_store (&store);
    store = open_store (dir, 3 * MB); /* a restart on a full disk gives up the reserve */
    ck_journal (store, 3, "4=event;5=event;");
    ck_assert_int_eq (store_sqlite ()->has_room (store), 0);
    ck_commit_rows (store, 6, 9);
    close_store (&store);
}

START_TEST (a_full_disk_still_takes_exits)
{
    PLACE ();

    if (!small_disk (place.dir)) { /* then no_space_is_an_outcome has said what can be said */
        fprintf (stderr, "no mount allowed here: not tried on a small disk\n");
        return;
    }
    on_a_full_disk (place.dir);
    ck_assert_int_eq (umount2 (place.dir, MNT_DETACH), 0);
}
END_TEST

SUITE ("store_sqlite", what_was_committed_is_there_after_a_restart, a_commit_of_unknown_outcome_can_be_repeated,
       a_hole_in_the_journal_is_not_stepped_over, records_by_id_user_time_and_event,
       pages_follow_each_other_without_gap_or_repeat, blobs_belong_to_a_user_and_are_swept,
       two_snapshots_are_kept_and_the_journal_from_the_older_on, a_damaged_snapshot_falls_back_to_the_one_before,
       an_image_that_is_not_understood_counts_as_damage, without_any_snapshot_the_whole_journal_must_be_there,
       what_a_dead_writer_left_is_removed_what_is_named_is_not, files_are_for_their_owner_only,
       a_newer_database_and_a_foreign_file_are_refused, one_controller_at_a_time_and_its_orphans_do_not_count,
       network_file_systems_are_known_by_name, killed_at_any_moment_nothing_acknowledged_is_lost_and_no_batch_is_half,
       no_space_is_an_outcome_and_writes_nothing, a_full_disk_still_takes_exits)
