/* Root mode on the node: whose files and jobs are. Needs root. */
#include "node_fixture.h"
#include "nodeagent/root_mode.h"
#include "nodeagent/spares.h"
#include "suite.h"

#define ADA 54321u
#define BOB 54322u

static void check_owner (const char *dir, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);
    struct stat st;

    ck_assert_msg (lstat (path, &st) == 0, "%s", path);
    ck_assert_msg (st.st_uid == uid && st.st_gid == gid && (st.st_mode & 07777) == mode, "%s: %u:%u %04o", path,
                   st.st_uid, st.st_gid, st.st_mode & 07777);
}

START_TEST (a_script_is_never_written_for_somebody_else)
{
    struct fixture f;
    struct err err = ERR_INIT;
    char text[64] = "";

    fixture_open (&f);
    _cleanup_free_ char *path = fixture_path (&f, "script"), *other = fixture_path (&f, "other");
    ck_assert_int_eq (file_rewrite_for (path, "one", 3, 0500, ADA, ADA, &err), 0);
    check_owner (f.dir, "script", ADA, ADA, 0500);
    _cleanup_close_ int held = open (path, O_RDWR); /* as ADA could keep it open */
    ck_assert_int_eq (file_rewrite_for (path, "two", 3, 0500, BOB, BOB, &err), 0);
    check_owner (f.dir, "script", BOB, BOB, 0500);
    ck_assert_int_eq (pread (held, text, sizeof text, 0), 3);
    ck_assert_mem_eq (text, "one", 3);                                             /* BOB's is another file */
    ck_assert_int_eq (file_rewrite_for (path, "three", 5, 0500, BOB, 7, &err), 0); /* his own is used again */
    check_owner (f.dir, "script", BOB, 7, 0500);
    ck_assert_int_eq (link (path, other), 0); /* one with a second name is not */
    ck_assert_int_eq (file_rewrite_for (path, "four", 4, 0500, BOB, 7, &err), 0);
    _cleanup_free_ char *kept = fixture_read (&f, "other"), *now = fixture_read (&f, "script");
    ck_assert_str_eq (kept, "three");
    ck_assert_str_eq (now, "four");
    ck_assert_int_eq (unlink (path) | symlink ("/etc/passwd", path), 0);
    ck_assert_int_eq (file_rewrite_for (path, "five", 4, 0500, BOB, BOB, &err), 0);
    check_owner (f.dir, "script", BOB, BOB, 0500);
    fixture_close (&f);
}
END_TEST

/* An attempt of this user's, used up. */
static void give (struct spares *spares, const struct fixture *f, uint64_t raw, uid_t uid)
{
    _cleanup_free_ char *dir = spool_attempt_path (f->spool, (struct attempt_id){raw, 1}, NULL);
    _cleanup_free_ char *script = xasprintf ("%s/script", dir);

    ck_assert_int_eq (mkdir (dir, 0755), 0);
    fixture_write (dir, "status", "x", 1, 0640);
    ck_assert_int_eq (file_rewrite_for (script, "x", 1, 0500, uid, uid, NULL), 0);
    ck_assert_int_eq (spares_give (spares, dir), 0);
}

static uid_t taken_from (struct spares *spares, const struct fixture *f, uint64_t raw, uid_t uid)
{
    _cleanup_free_ char *dir = spool_attempt_path (f->spool, (struct attempt_id){raw, 1}, NULL);
    _cleanup_free_ char *script = xasprintf ("%s/script", dir);
    struct stat st;

    ck_assert_int_eq (spares_take (spares, dir, uid, NULL), 0);
    return lstat (script, &st) ? 0 : st.st_uid;
}

START_TEST (spares_go_to_the_same_user_first)
{
    struct spares spares = {0};
    struct fixture f;

    fixture_open (&f);
    ck_assert_int_eq (spares_open (&spares, f.spool, NULL), 0);
    give (&spares, &f, 1, ADA);
    give (&spares, &f, 2, BOB);
    give (&spares, &f, 3, ADA);
    spares_close (&spares);
    ck_assert_int_eq (spares_open (&spares, f.spool, NULL), 0); /* they are found again */
    ck_assert_uint_eq (spares.n, 3);
    ck_assert_uint_eq (taken_from (&spares, &f, 11, BOB), BOB);
    ck_assert_uint_eq (taken_from (&spares, &f, 12, BOB), ADA); /* better than none; its script will be replaced */
    ck_assert_uint_eq (taken_from (&spares, &f, 13, ADA), ADA);
    ck_assert_uint_eq (taken_from (&spares, &f, 14, ADA), 0);
    ck_assert_uint_eq (spares.n, 0);
    spares_close (&spares);
    fixture_close (&f);
}
END_TEST

START_TEST (parts_of_the_spool_have_their_owners)
{
    const struct root_mode mode = {true, ADA, BOB};
    struct err err = ERR_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_write (f.spool, "node.key", "k", 1, 0600);
    fixture_write (f.spool, "order.key", "k", 1, 0644);
    ck_assert_int_eq (root_mode_own_spool (&mode, f.spool, &err), 0);
    ck_assert_int_eq (root_mode_own_spool (&mode, f.spool, &err), 0); /* the next start finds it so */
    check_owner (f.spool, ".", 0, BOB, 0755);
    check_owner (f.spool, "attempts", 0, BOB, 02751);
    check_owner (f.spool, "blobs", ADA, BOB, 0700);
    check_owner (f.spool, "node.key", ADA, BOB, 0400);
    check_owner (f.spool, "order.key", 0, 0, 0600);
    _cleanup_free_ char *key = xasprintf ("%s/node.key", f.spool);
    ck_assert_int_eq (unlink (key) | symlink ("/etc/passwd", key), 0); /* an agent cannot do that; nobody follows it */
    ck_assert_int_eq (root_mode_own_spool (&mode, f.spool, &err), -1);
    err_clear (&err);
    ck_assert_int_eq (unlink (key) | chown (f.spool, ADA, ADA), 0);
    ck_assert_int_eq (root_mode_own_spool (&mode, f.spool, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "belongs to uid 54321, who could put files in the way of root"));
    err_clear (&err);
    ck_assert_int_eq (chown (f.spool, 0, 0), 0);
    fixture_close (&f);
}
END_TEST

/* A shepherd that is root runs a job of somebody else's. */
START_TEST (a_shepherd_runs_a_job_as_its_user)
{
    static const char script[] = "#!/bin/sh\nid -u; id -g; id -G; umask\necho made >made\n";
    _cleanup_status_ struct status st = STATUS_INIT;
    uint32_t groups[] = {BOB, 7};
    struct fixture f;

    fixture_open (&f);
    ck_assert_int_eq (chown (f.dir, ADA, BOB) | chmod (f.dir, 0711), 0);
    f.order.uid = ADA;
    f.order.gid = BOB;
    f.order.groups = groups;
    f.order.n_groups = 2;
    f.order.user = (char *) "ada";
    f.spec.has_umask = true;
    f.spec.umask = 027;
    f.spec.std_out = (char *) "out";
    fixture_start (&f, script, "", 0);
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_int_eq (st.kind, MOISSON__END_KIND__END_SETUP); /* this script is root's: the job may not run it */
    ck_assert_ptr_nonnull (strstr (st.cause, "Permission denied"));
    check_owner (f.dir, "out", ADA, BOB, 0640);
    f.id.attempt++;
    f.script_uid = ADA;
    fixture_start (&f, script, "", 0);
    ck_assert_int_eq (fixture_wait (&f), 0);
    status_clear (&st);
    fixture_status (&f, &st);
    ck_assert_int_eq (st.kind, MOISSON__END_KIND__END_EXITED);
    _cleanup_free_ char *out = fixture_read (&f, "out");
    ck_assert_str_eq (out, "54321\n54322\n54322 7\n0027\n");
    check_owner (f.dir, "made", ADA, BOB, 0640);
    fixture_close (&f);
}
END_TEST

/* The order says root: whatever was signed, the shepherd does not go on as root for somebody. */
START_TEST (a_shepherd_leaves_no_group_of_root)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    f.order.uid = ADA;
    f.order.gid = 0;
    fixture_run (&f, "#!/bin/sh\ntrue\n", &st);
    ck_assert_int_eq (st.kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_str_eq (st.cause, "cannot become the job's user: Operation not permitted");
    fixture_close (&f);
}
END_TEST

int main (void)
{
    const TTest *const tests[] = {a_script_is_never_written_for_somebody_else, spares_go_to_the_same_user_first,
                                  parts_of_the_spool_have_their_owners, a_shepherd_runs_a_job_as_its_user,
                                  a_shepherd_leaves_no_group_of_root};

    if (geteuid () != 0) {
        puts ("skipped: only root can give files and processes to others");
        return 77;
    }
    return suite_run ("root", tests, sizeof tests / sizeof *tests);
}
