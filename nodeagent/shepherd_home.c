/* shepherd_home.c - keep the attempt's directory. */
#include "nodeagent/shepherd_home.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"

static bool is_file_of (const char *dir, const char *name, int fd)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);
    struct stat there, ours;

    return lstat (path, &there) == 0 && fstat (fd, &ours) == 0 && there.st_dev == ours.st_dev &&
           there.st_ino == ours.st_ino;
}

static int make_directory (const char *dir, struct err *err)
{
    struct stat st;

    if (lstat (dir, &st) == 0 && !S_ISDIR (st.st_mode) && unlink (dir))
        return err_errno (err, errno, "cannot remove %s", dir);
    if (mkdir (dir, ATTEMPTS_MODE) && errno != EEXIST)
        return err_errno (err, errno, "cannot create %s", dir);
    int rc = spool_restore_mode (dir);
    if (rc || chdir (dir))
        return err_errno (err, rc ? -rc : errno, "cannot enter %s", dir);
    return 0;
}

static int remove_old (const char *name, struct err *err)
{
    int rc = dir_remove (name);

    return rc == 0 || rc == -ENOENT ? 0 : err_errno (err, -rc, "cannot remove %s", name);
}

/* Commands that came before the fifo went are not lost. */
static void move_commands (int from, int to)
{
    char block[4096];
    ssize_t n;

    while ((n = read (from, block, sizeof block)) > 0)
        if (write (to, block, (size_t) n) != n)
            return; /* more than a fifo takes cannot have been in one */
}

/* The new one takes the place and the number of the old one. */
static int take_place (int fd, int old, const char *name, struct err *err)
{
    if (dup3 (fd, old, O_CLOEXEC) < 0)
        return err_errno (err, errno, "cannot replace %s", name);
    return 0;
}

static int make_lock (int old, struct err *err)
{
    if (remove_old ("lock", err))
        return -1;
    _cleanup_close_ int fd = open ("lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || flock (fd, LOCK_EX | LOCK_NB))
        return err_errno (err, errno, "cannot lock lock");
    return take_place (fd, old, "lock", err);
}

static int make_ctl (int old, struct err *err)
{
    if (remove_old ("ctl", err))
        return -1;
    if (mkfifo ("ctl", 0600))
        return err_errno (err, errno, "cannot create ctl");
    _cleanup_close_ int fd = open ("ctl", O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno (err, errno, "cannot open ctl");
    move_commands (old, fd);
    return take_place (fd, old, "ctl", err);
}

static int make_order (const Moisson__Launch *launch, struct err *err)
{
    size_t len = moisson__launch__get_packed_size (launch);
    _cleanup_free_ uint8_t *packed = xmalloc (len);

    moisson__launch__pack (launch, packed);
    return file_rewrite ("order", packed, len, 0600, err);
}

int home_keep (struct shepherd *s, struct err *err)
{
    _cleanup_free_ char *dir = spool_attempt_path (s->job->spool, s->job->id, NULL);
    char name[ATTEMPT_NAME_SIZE];
    bool lock_is_there = is_file_of (dir, "lock", s->lock_fd), ctl_is_there = is_file_of (dir, "ctl", s->ctl_fd);

    if (lock_is_there && ctl_is_there)
        return 0;
    log_warn ("attempt=%s event=directory-restored why='the job removed or moved it'",
              attempt_format (s->job->id, name));
    /* The status before the lock: a directory with a free lock and no status would be one that never started. */
    if (make_directory (dir, err) || status_replace ("status", &s->status, err) || make_order (s->job->launch, err) ||
        (!lock_is_there && make_lock (s->lock_fd, err)) || (!ctl_is_there && make_ctl (s->ctl_fd, err)))
        return -1;
    return 0;
}
