/* scratch.c - jobs' own directories for temporary files. */
#include "nodeagent/scratch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"

static const char trash[] = "trash";

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

static char *path_of (const struct scratch *s, const char *name)
{
    return xasprintf ("%s/%s", s->dir, name);
}

/* --- the directory --------------------------------------------------------------------------------------------------
 */

/* In /tmp anybody can have been there first. */
static int take_directory (const char *path, mode_t mode, struct err *err)
{
    _cleanup_free_ char *aside = xasprintf ("%s.not-ours-%d", path, (int) getpid ());
    struct stat st;

    if (mkdir (path, mode) && errno != EEXIST)
        return err_errno (err, errno, "cannot create %s", path);
    if (lstat (path, &st))
        return err_errno (err, errno, "cannot look at %s", path);
    if (!S_ISDIR (st.st_mode) || st.st_uid != geteuid ()) {
        if (rename (path, aside) || mkdir (path, mode)) {
            err_errno (err, errno, "%s belongs to uid %u", path, (unsigned) st.st_uid);
            return err_fix (err, "remove it, or set JobScratchDir to another directory");
        }
        log_warn ("event=scratch-taken path=%s owner=%u moved-to=%s", path, (unsigned) st.st_uid, aside);
    }
    return chmod (path, mode) ? err_errno (err, errno, "cannot set the mode of %s", path) : 0;
}

int scratch_open (struct scratch *s, const char *parent, const char *name, bool is_shared, bool is_hidden,
                  struct err *err)
{
    _cleanup_free_ char *dir = xasprintf ("%s/moisson-%s", parent, name), *bin = xasprintf ("%s/%s", dir, trash);

    if (dir_make (parent, 0755, err))
        return -1;
    if (take_directory (dir, is_shared && !is_hidden ? 0711 : 0700, err) || take_directory (bin, 0700, err))
        return err_fix (err, "set JobScratchDir to a directory that moissond can write");
    *s = (struct scratch){.dir = steal (&dir), .is_shared = is_shared, .is_hidden = is_hidden};
    return 0;
}

/* What is in use stays: rmdir says no. */
void scratch_close (struct scratch *s)
{
    if (s->dir) {
        _cleanup_free_ char *bin = path_of (s, trash);
        if (rmdir (bin) == 0)
            (void) !rmdir (s->dir);
    }
    free (s->dir);
    *s = (struct scratch){0};
}

/* --- removal --------------------------------------------------------------------------------------------------------
 */

static void start_remover (struct scratch *s)
{
    _cleanup_free_ char *bin = path_of (s, trash);
    int fd = open (bin, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    pid_t pid = fd < 0 ? -1 : fork ();

    if (pid == 0) {
        /* Not the launcher's locks: they would outlive it in us. */
        if (dup2 (fd, 3) == 3 && files_close_from (4) == 0 && setpriority (PRIO_PROCESS, 0, 10) == 0)
            _exit (scratch_empty (3) != 0);
        _exit (2);
    }
    if (pid < 0)
        log_error ("cannot empty %s: %s", bin, strerror (errno));
    else
        s->remover = pid;
    if (fd >= 0)
        close (fd);
}

bool scratch_reaped (struct scratch *s, pid_t pid)
{
    if (pid <= 0 || pid != s->remover)
        return false;
    s->remover = 0;
    if (s->more)
        start_remover (s);
    s->more = false;
    return true;
}

void scratch_drop (struct scratch *s, const char *job)
{
    if (!s->dir)
        return;
    _cleanup_free_ char *path = path_of (s, job);
    if (rmdir (path) == 0 || errno == ENOENT)
        return;
    _cleanup_free_ char *gone = xasprintf ("%s/%s/%s.%d.%u", s->dir, trash, job, (int) getpid (), s->serial++);
    if (rename (path, gone)) {
        log_error ("cannot remove %s: %s", path, strerror (errno));
        return;
    }
    if (s->remover)
        s->more = true;
    else
        start_remover (s);
}

void scratch_keep_only (struct scratch *s, bool (*is_live) (void *arg, const char *job), void *arg)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (s->dir);

    for (struct dirent *e; dir && (e = readdir (dir));)
        if (strncmp (e->d_name, "job_", 4) == 0 && !is_live (arg, e->d_name))
            scratch_drop (s, e->d_name);
    if (!s->remover) /* what an earlier one has left */
        start_remover (s);
}

/* --- a job's --------------------------------------------------------------------------------------------------------
 */

int scratch_make (struct scratch *s, const char *job, uid_t uid, gid_t gid, char **ret, struct err *err)
{
    _cleanup_free_ char *path = path_of (s, job);

    scratch_drop (s, job);
    if (mkdir (path, 0700))
        return err_errno (err, errno, "cannot create the job's directory for temporary files %s", path);
    if (s->is_hidden ? chmod (path, 01777) : s->is_shared && chown (path, uid, gid)) {
        err_errno (err, errno, "cannot give %s to the job", path);
        rmdir (path);
        return -1;
    }
    *ret = steal (&path);
    return 0;
}
