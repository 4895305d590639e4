/* plugins_store_trouble.c - the store where somebody or something is against it: foreign files, a second controller,
 * kills, a full disk. */
#include "store_house.h"

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
    ck_assert_int_eq (get_blob (place.dir, 1, (const uint8_t[32]){2}, &data), STORE_E_NONE);
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

SUITE ("store_trouble", files_are_for_their_owner_only, a_newer_database_and_a_foreign_file_are_refused,
       one_controller_at_a_time_and_its_orphans_do_not_count, network_file_systems_are_known_by_name,
       killed_at_any_moment_nothing_acknowledged_is_lost_and_no_batch_is_half,
       no_space_is_an_outcome_and_writes_nothing, a_full_disk_still_takes_exits)
