/* plugins_store_sqlite.c - what the store keeps: batches, records, blobs, snapshots. */
#include "store_house.h"

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
    ck_assert_int_eq (get_blob (place.dir, 7, hash[0], &data), STORE_E_NONE);
    memcpy (keep, &(uint32_t){6}, 4);
    memcpy (keep + 4, hash[0], 32);
    ck_assert_int_eq (store_sqlite ()->blob_sweep (store, keep, 1, NULL), 0);
    ck_assert_int_eq (get_blob (place.dir, 5, hash[0], &data), STORE_E_NONE);
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
    SNAPSHOT (200002, "two"); /* so many rows more are kept than a restart needs */
    spoil (place.dir, "snapshot.200002", 20, false);
    ck_loads (store, 0, "", "its hash does not match"); /* from event 1 on */
    SNAPSHOT (200004, "four");
    spoil (place.dir, "snapshot.200004", 20, false);
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

SUITE ("store_sqlite", what_was_committed_is_there_after_a_restart, a_commit_of_unknown_outcome_can_be_repeated,
       a_hole_in_the_journal_is_not_stepped_over, records_by_id_user_time_and_event,
       pages_follow_each_other_without_gap_or_repeat, blobs_belong_to_a_user_and_are_swept,
       two_snapshots_are_kept_and_the_journal_from_the_older_on, a_damaged_snapshot_falls_back_to_the_one_before,
       an_image_that_is_not_understood_counts_as_damage, without_any_snapshot_the_whole_journal_must_be_there,
       what_a_dead_writer_left_is_removed_what_is_named_is_not)
