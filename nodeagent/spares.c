/* spares.c - attempt directories to be used again. */
#include "nodeagent/spares.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/spool.h"
#include "nodeagent/status.h"

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

static char *path_of (const struct spares *s, unsigned number)
{
    return xasprintf ("%s/%u", s->dir, number);
}

static void add (struct spares *s, unsigned number, uid_t uid)
{
    s->list[s->n++] = (struct spare){number, uid};
    s->next = number >= s->next ? number + 1 : s->next;
}

static uid_t owner_of_script (const char *dir)
{
    _cleanup_free_ char *path = xasprintf ("%s/script", dir);
    struct stat st;

    return lstat (path, &st) ? geteuid () : st.st_uid;
}

int spares_open (struct spares *s, const char *spool, struct err *err)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = NULL;
    struct dirent *e;
    char *end;

    s->dir = xasprintf ("%s/spare", spool);
    s->n = s->next = 0;
    if (dir_make (s->dir, 0700, err))
        return -1;
    dir = opendir (s->dir);
    if (!dir)
        return err_errno (err, errno, "cannot read %s", s->dir);
    while (s->n < SPARES_MAX && (e = readdir (dir))) {
        unsigned long number = strtoul (e->d_name, &end, 10);
        _cleanup_free_ char *path = path_of (s, (unsigned) number);

        if (e->d_name[0] != '.' && *end == '\0' && number < UINT_MAX)
            add (s, (unsigned) number, owner_of_script (path));
    }
    return 0;
}

void spares_close (struct spares *s)
{
    free (s->dir);
    *s = (struct spares){0};
}

int spares_take (struct spares *s, const char *path, uid_t uid, struct err *err)
{
    unsigned best = s->n;

    for (unsigned i = s->n; i-- > 0;)
        if (s->list[i].uid == uid || best == s->n) {
            best = i;
            if (s->list[i].uid == uid)
                break;
        }
    if (best < s->n) {
        _cleanup_free_ char *spare = path_of (s, s->list[best].number);
        s->list[best] = s->list[--s->n];
        s->next = s->n ? s->next : 0;
        if (renameat2 (AT_FDCWD, spare, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
            return 0;
    }
    if (mkdir (path, ATTEMPTS_MODE))
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
            ours = is_name_of_ours (e->d_name) && S_ISREG (st.st_mode) && st.st_nlink == 1 &&
                   (st.st_uid == geteuid () || (geteuid () == 0 && strcmp (e->d_name, "script") == 0));
    }
    return ours;
}

int spares_give (struct spares *s, const char *path)
{
    _cleanup_free_ char *spare = path_of (s, s->next), *status = xasprintf ("%s/status", path);
    _cleanup_free_ char *status_spare = xasprintf ("%s" STATUS_SPARE, status);

    /* First the status goes: a directory without one never started, whatever happens now. */
    if (s->n < SPARES_MAX && is_ours (path) && rename (status, status_spare) == 0 && rename (path, spare) == 0) {
        add (s, s->next, owner_of_script (spare));
        return 0;
    }
    int rc = dir_remove (path);
    return rc == -ENOENT ? 0 : rc;
}
