/* node_scratch.c - jobs' directories for temporary files: made, and removed whatever is in them. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/scratch.h"
#include "suite.h"

struct place {
    char dir[48];
    struct scratch s;
};

static void place_free (struct place *p)
{
    scratch_close (&p->s);
    ck_assert_int_eq (dir_remove (p->dir), 0);
}

static struct place place_make (bool is_shared, bool is_hidden)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct place p = {0};

    strcpy (p.dir, "/tmp/moisson-scratch-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (p.dir));
    ck_assert_msg (scratch_open (&p.s, p.dir, "n1", is_shared, is_hidden, &err) == 0, "%s", err.why);
    return p;
}

#define PLACE(...) __attribute__ ((cleanup (place_free))) struct place p = place_make (__VA_ARGS__)

static char *make_job (struct place *p, const char *name)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *path = NULL;

    ck_assert_msg (scratch_make (&p->s, name, geteuid (), getegid (), &path, &err) == 0, "%s", err.why);
    return path;
}

/* The remover has done its work, and so has the one after it. */
static void wait_removed (struct place *p)
{
    pid_t pid;

    while (p->s.remover) {
        ck_assert_int_gt (pid = wait (NULL), 0);
        ck_assert (scratch_reaped (&p->s, pid));
    }
    _cleanup_free_ char *trash = xasprintf ("%s/moisson-n1/trash", p->dir);
    ck_assert_int_eq (rmdir (trash), 0);
    ck_assert_int_eq (mkdir (trash, 0700), 0);
}

static unsigned mode_of (const char *path)
{
    struct stat st;

    ck_assert_int_eq (lstat (path, &st), 0);
    return st.st_mode & 07777;
}

START_TEST (who_may_look_in_depends_on_the_mode)
{
    PLACE (false, false);
    _cleanup_free_ char *top = xasprintf ("%s/moisson-n1", p.dir), *path = make_job (&p, "job_1.1");
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_uint_eq (mode_of (top), 0700);
    ck_assert_uint_eq (mode_of (path), 0700);
    scratch_close (&p.s);
    ck_assert_int_eq (scratch_open (&p.s, p.dir, "n1", true, true, &err), 0);
    _cleanup_free_ char *hidden = make_job (&p, "job_2.1");
    ck_assert_uint_eq (mode_of (top), 0700);
    ck_assert_uint_eq (mode_of (hidden), 01777);
    scratch_close (&p.s);
    ck_assert_int_eq (scratch_open (&p.s, p.dir, "n1", true, false, &err), 0);
    ck_assert_uint_eq (mode_of (top), 0711);
}
END_TEST

START_TEST (an_empty_directory_goes_at_once_and_the_whole_with_the_last)
{
    PLACE (false, false);
    _cleanup_free_ char *path = make_job (&p, "job_1.1"), *top = xasprintf ("%s/moisson-n1", p.dir);

    scratch_drop (&p.s, "job_1.1");
    ck_assert_int_ne (access (path, F_OK), 0);
    ck_assert_int_eq (p.s.remover, 0);
    scratch_drop (&p.s, "job_1.1");
    scratch_close (&p.s);
    ck_assert_int_ne (access (top, F_OK), 0);
}
END_TEST

static void fill (const char *path)
{
    _cleanup_free_ char *line =
        xasprintf ("cd %s && mkdir -p a/b/c 'odd name' && echo x >a/b/c/file && mkfifo a/fifo && "
                   "ln -s ../../../outside a/out && ln -s / a/root && touch .hidden ./-rf && "
                   "chmod 0 a/b && chmod 0500 'odd name'",
                   path);

    ck_assert_int_eq (system (line), 0);
}

START_TEST (what_a_job_leaves_is_removed_and_no_link_is_followed)
{
    PLACE (false, false);
    _cleanup_free_ char *path = make_job (&p, "job_1.1"), *outside = xasprintf ("%s/outside", p.dir);
    _cleanup_free_ char *precious = xasprintf ("%s/precious", outside);

    ck_assert (mkdir (outside, 0755) == 0 && mkdir (precious, 0755) == 0);
    fill (path);
    scratch_drop (&p.s, "job_1.1");
    ck_assert_int_ne (access (path, F_OK), 0);
    _cleanup_free_ char *again = make_job (&p, "job_2.1");
    fill (again);
    scratch_drop (&p.s, "job_2.1"); /* while the remover works */
    wait_removed (&p);
    ck_assert_int_eq (access (precious, F_OK), 0);
}
END_TEST

/* Deeper than paths are long, and deeper than a process has file descriptors. */
START_TEST (depth_is_no_matter)
{
    PLACE (false, false);
    _cleanup_free_ char *path = make_job (&p, "job_1.1");
    char name[101];
    pid_t pid = fork ();

    memset (name, 'd', 100);
    name[100] = '\0';
    if (pid == 0) {
        int rc = chdir (path);
        for (int i = 0; i < 3000 && rc == 0; i++)
            rc = mkdir (name, 0700) || chdir (name);
        _exit (rc != 0);
    }
    int status;
    ck_assert (waitpid (pid, &status, 0) == pid && status == 0);
    scratch_drop (&p.s, "job_1.1");
    wait_removed (&p);
}
END_TEST

static bool is_second (void *arg, const char *job)
{
    (void) arg;
    return strcmp (job, "job_2.1") == 0;
}

START_TEST (at_a_start_what_belongs_to_nobody_goes)
{
    PLACE (false, false);
    _cleanup_free_ char *one = make_job (&p, "job_1.1"), *two = make_job (&p, "job_2.1");

    fill (one);
    fill (two);
    scratch_keep_only (&p.s, is_second, NULL);
    wait_removed (&p);
    ck_assert_int_ne (access (one, F_OK), 0);
    ck_assert_int_eq (access (two, F_OK), 0);
    scratch_drop (&p.s, "job_2.1");
    wait_removed (&p);
}
END_TEST

/* In /tmp anybody can be there first. */
START_TEST (a_directory_of_somebody_else_is_not_taken)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct scratch s = {0};
    char dir[] = "/tmp/moisson-scratch-XXXXXX";

    ck_assert_ptr_nonnull (mkdtemp (dir));
    _cleanup_free_ char *taken = xasprintf ("%s/moisson-n1", dir), *elsewhere = xasprintf ("%s/elsewhere", dir);
    ck_assert (mkdir (elsewhere, 0755) == 0 && symlink (elsewhere, taken) == 0);
    ck_assert_int_eq (scratch_open (&s, dir, "n1", false, false, &err), 0);
    ck_assert_uint_eq (mode_of (taken), 0700);
    ck_assert_uint_eq (mode_of (elsewhere), 0755);
    scratch_close (&s);
    ck_assert_int_eq (dir_remove (dir), 0);
}
END_TEST

START_TEST (paths_that_a_private_tmp_hides)
{
    ck_assert (scratch_hides ("/tmp/x") && scratch_hides ("/tmp") && scratch_hides ("/var/tmp/moisson/spool"));
    ck_assert (!scratch_hides ("/tmpfs/x") && !scratch_hides ("/var/spool") && !scratch_hides ("/home/tmp"));
}
END_TEST

START_TEST (a_private_tmp_is_the_jobs_directory)
{
    PLACE (true, true);
    _cleanup_free_ char *path = make_job (&p, "job_1.1"), *file = xasprintf ("%s/mine", path);
    _cleanup_free_ char *shm = xasprintf ("/dev/shm/moisson-unit-%d", (int) getpid ());
    int status;

    if (geteuid () != 0)
        return; /* only root makes mounts */
    pid_t pid = fork ();
    if (pid == 0) {
        if (scratch_become_tmp (path))
            _exit (1);
        if (access (p.dir, F_OK) == 0 || close (creat ("/tmp/mine", 0600)) || access ("/var/tmp/mine", F_OK))
            _exit (2);
        _exit (close (creat (shm, 0600)) ? 3 : 0);
    }
    ck_assert (waitpid (pid, &status, 0) == pid);
    ck_assert_int_eq (status, 0);
    ck_assert_int_eq (access (file, F_OK), 0);
    ck_assert_int_ne (access (shm, F_OK), 0);
    scratch_drop (&p.s, "job_1.1");
    wait_removed (&p);
}
END_TEST

START_TEST (what_is_mounted_in_it_is_not_emptied)
{
    PLACE (true, false);
    _cleanup_free_ char *path = make_job (&p, "job_1.1"), *data = xasprintf ("%s/data", path);
    _cleanup_free_ char *outside = xasprintf ("%s/outside", p.dir), *kept = xasprintf ("%s/kept", outside);

    ck_assert_int_eq (mkdir (data, 0755), 0);
    ck_assert_int_eq (mkdir (outside, 0755), 0);
    ck_assert_int_eq (file_write (kept, "x", 1, 0644, 0, NULL), 0);
    if (unshare (CLONE_NEWNS) || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount (outside, data, NULL, MS_BIND, NULL))
        return; /* only root may */
    _cleanup_close_ int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_uint_ne (scratch_empty (fd), 0);
    ck_assert_int_eq (access (kept, F_OK), 0);
    ck_assert_uint_eq (mode_of (outside), 0755);
    ck_assert_int_eq (umount (data), 0);
    ck_assert_uint_eq (scratch_empty (fd), 0);
}
END_TEST

SUITE ("scratch", who_may_look_in_depends_on_the_mode, an_empty_directory_goes_at_once_and_the_whole_with_the_last,
       what_a_job_leaves_is_removed_and_no_link_is_followed, depth_is_no_matter, at_a_start_what_belongs_to_nobody_goes,
       a_directory_of_somebody_else_is_not_taken, paths_that_a_private_tmp_hides, a_private_tmp_is_the_jobs_directory,
       what_is_mounted_in_it_is_not_emptied)
