/* spares.c - attempt directories to be used again. */
#include "nodeagent/spares.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* Only what we made: a job may have put something beside its script. */
static bool is_ours (const char *path)
{
    static const char *const names[] = {".", "..", "order", "script", "env", "lock", "ctl", "status"};
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (path);
    bool known = dir != NULL;

    for (struct dirent *e; known && (e = readdir (dir));) {
        known = false;
        for (size_t i = 0; i < sizeof names / sizeof *names && !known; i++)
            known = strcmp (names[i], e->d_name) == 0;
        known = known || strcmp (e->d_name, "status" STATUS_SPARE) == 0 || strcmp (e->d_name, "status" STATUS_NEW) == 0;
    }
    return known;
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
