/* spares.c - attempt directories to be used again. */
#include "nodeagent/spares.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/status.h"

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

int spares_open (struct spares *s, const char *spool, struct err *err)
{
    s->dir = xasprintf ("%s/spare", spool);
    if (dir_make (s->dir, 0700, err))
        return -1;
    for (s->n = 0; s->n < SPARES_MAX; s->n++) {
        _cleanup_free_ char *next = xasprintf ("%s/%u", s->dir, s->n);
        if (access (next, F_OK))
            break;
    }
    return 0;
}

void spares_close (struct spares *s)
{
    free (s->dir);
    *s = (struct spares){0};
}

int spares_take (struct spares *s, const char *path, struct err *err)
{
    _cleanup_free_ char *spare = s->n ? xasprintf ("%s/%u", s->dir, s->n - 1) : NULL;

    if (spare && renameat2 (AT_FDCWD, spare, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        s->n--;
        return 0;
    }
    if (mkdir (path, 0755))
        return err_errno (err, errno, "cannot create %s", path);
    return 0;
}

static bool is_name_of_ours (const char *name)
{
    static const char *const names[] = {
        "order", "script", "env", "lock", "status", "status" STATUS_SPARE, "status" STATUS_NEW};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp (names[i], name) == 0)
            return true;
    return false;
}

/* Only what we made, as we made it: a job may have put something beside its script, or in the place of a file. */
static bool is_ours (const char *path)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (path);
    bool ours = dir != NULL;
    struct stat st;

    for (struct dirent *e; ours && (e = readdir (dir));) {
        if (strcmp (e->d_name, ".") == 0 || strcmp (e->d_name, "..") == 0)
            continue;
        if (fstatat (dirfd (dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            return false;
        if (strcmp (e->d_name, "ctl") == 0)
            ours = S_ISFIFO (st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid ();
        else
            ours = is_name_of_ours (e->d_name) && file_is_own (&st) && st.st_uid == geteuid ();
    }
    return ours;
}

int spares_give (struct spares *s, const char *path)
{
    _cleanup_free_ char *spare = xasprintf ("%s/%u", s->dir, s->n), *status = xasprintf ("%s/status", path);
    _cleanup_free_ char *status_spare = xasprintf ("%s" STATUS_SPARE, status);

    /* First the status goes: a directory without one never started, whatever happens now. */
    if (s->n < SPARES_MAX && is_ours (path) && rename (status, status_spare) == 0 && rename (path, spare) == 0) {
        s->n++;
        return 0;
    }
    int rc = dir_remove (path);
    return rc == -ENOENT ? 0 : rc;
}
