/* What a job may have put into the places of the spool's files: nothing of it may hold anybody up. */
#include <sys/resource.h>
#include "nodeagent/spares.h"
#include "node_fixture.h"
#include "suite.h"

static void put_fifo (const char *path)
{
    ck_assert_int_eq (mkfifo (path, 0600), 0);
}

static void put_link (const char *path)
{
    ck_assert_int_eq (symlink ("/dev/null", path), 0);
}

static void put_directory (const char *path)
{
    ck_assert_int_eq (mkdir (path, 0700), 0);
}

static void put_second_name (const char *path)
{
    _cleanup_free_ char *other = xasprintf ("%.*s/other-XXXXXX", (int) strlen ("/tmp/moisson-test-XXXXXX"), path);
    _cleanup_close_ int fd = mkstemp (other);

    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (link (other, path), 0);
}

static void (*const puts_something[]) (const char *path) = {put_fifo, put_link, put_directory, put_second_name};
#define N_PUTS (sizeof puts_something / sizeof *puts_something)

START_TEST (files_are_written_whatever_lies_there)
{
    struct fixture f;

    fixture_open (&f);
    for (size_t i = 0; i < N_PUTS; i++) {
        _cleanup_free_ char *path = xasprintf ("%s/file%zu", f.dir, i), *text = NULL;
        struct stat st;
        puts_something[i](path);
        ck_assert_int_eq (file_rewrite (path, "new", 3, 0640, NULL), 0);
        ck_assert_int_eq (lstat (path, &st), 0);
        ck_assert (file_is_own (&st));
        ck_assert_uint_eq (st.st_mode & 07777, 0640);
        ck_assert_int_eq (file_read_own (path, 10, &text, NULL, NULL), 0);
        ck_assert_str_eq (text, "new");
    }
    fixture_close (&f);
}
END_TEST

START_TEST (a_status_that_is_no_file_is_damaged)
{
    struct fixture f;

    fixture_open (&f);
    for (size_t i = 0; i < N_PUTS; i++) {
        _cleanup_free_ char *path = xasprintf ("%s/status%zu", f.dir, i);
        _cleanup_status_ struct status st = STATUS_INIT, again = STATUS_INIT;
        puts_something[i](path);
        ck_assert_int_eq (status_read (path, f.id, &st, NULL), STATUS_E_DAMAGED);
        st.id = f.id;
        st.phase = STATUS_EXITED;
        st.kind = MOISSON__END_KIND__END_REFUSED;
        ck_assert_int_eq (status_replace (path, &st, NULL), 0);
        ck_assert_int_eq (status_read (path, f.id, &again, NULL), 0);
        ck_assert_uint_eq (again.kind, MOISSON__END_KIND__END_REFUSED);
    }
    fixture_close (&f);
}
END_TEST

/* A directory in which a job has put something in the place of a file is not used again. */
START_TEST (odd_directories_are_no_spares)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct spares spares = {0};
    struct fixture f;

    fixture_open (&f);
    ck_assert_int_eq (spares_open (&spares, f.spool, &err), 0);
    for (size_t i = 0; i <= N_PUTS + 1; i++) {
        _cleanup_free_ char *dir = spool_attempt_path (f.spool, (struct attempt_id){i + 1, 1}, NULL);
        _cleanup_free_ char *path = xasprintf ("%s/order", dir), *ctl = xasprintf ("%s/ctl", dir);
        ck_assert_int_eq (mkdir (dir, 0755), 0);
        fixture_write (dir, "status", "x", 1, 0644);
        if (i < N_PUTS)
            puts_something[i](path);
        if (i == N_PUTS)
            fixture_write (dir, "ctl", "", 0, 0600);
        if (i == N_PUTS + 1)
            ck_assert_int_eq (mkfifo (ctl, 0600), 0);
        ck_assert_int_eq (spares_give (&spares, dir), 0);
        ck_assert_int_ne (access (dir, F_OK), 0);
        ck_assert_uint_eq (spares.n, i == N_PUTS + 1);
    }
    spares_close (&spares);
    fixture_close (&f);
}
END_TEST

START_TEST (a_lock_is_absent_free_or_held)
{
    struct fixture f;

    fixture_open (&f);
    _cleanup_free_ char *dir = spool_attempt_path (f.spool, f.id, NULL), *path = xasprintf ("%s/lock", dir);
    ck_assert_int_eq (spool_lock_look (f.spool, f.id), LOCK_ABSENT);
    ck_assert_int_eq (mkdir (dir, 0755), 0);
    put_fifo (path);
    ck_assert_int_eq (spool_lock_look (f.spool, f.id), LOCK_ABSENT);
    ck_assert_int_eq (unlink (path), 0);
    fixture_write (dir, "lock", "", 0, 0600);
    ck_assert_int_eq (spool_lock_look (f.spool, f.id), LOCK_FREE);
    _cleanup_close_ int fd = open (path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq (flock (fd, LOCK_EX | LOCK_NB), 0);
    ck_assert_int_eq (spool_lock_look (f.spool, f.id), LOCK_HELD);
    fixture_close (&f);
}
END_TEST

static int no_more_files (struct rlimit *before)
{
    struct rlimit none;

    ck_assert_int_eq (getrlimit (RLIMIT_NOFILE, before), 0);
    none = *before;
    none.rlim_cur = 0;
    return setrlimit (RLIMIT_NOFILE, &none);
}

/* Out of file descriptors, a live job must not look dead. */
START_TEST (without_fds_a_lock_counts_as_held)
{
    struct rlimit before;
    struct fixture f;

    fixture_open (&f);
    _cleanup_free_ char *dir = spool_attempt_path (f.spool, f.id, NULL);
    ck_assert_int_eq (mkdir (dir, 0755), 0);
    fixture_write (dir, "lock", "", 0, 0600);
    ck_assert_int_eq (no_more_files (&before), 0);
    enum lock_state state = spool_lock_look (f.spool, f.id);
    bool held = spool_lock_held (f.spool, f.id);
    ck_assert_int_eq (setrlimit (RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq (state, LOCK_UNKNOWN);
    ck_assert (held);
    fixture_close (&f);
}
END_TEST

SUITE ("spool", files_are_written_whatever_lies_there, a_status_that_is_no_file_is_damaged,
       odd_directories_are_no_spares, a_lock_is_absent_free_or_held, without_fds_a_lock_counts_as_held)
