/* files.c - small whole files. */
#include "base/files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"

/* rc 0; FILE_E_ODD: more than max bytes; -1. */
static int read_all (int fd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
    _cleanup_free_ char *data = NULL;
    size_t len = 0, room = 0;

    for (;;) {
        if (room - len < 2) {
            room = room ? room * 2 : 4096;
            data = xrealloc (data, room);
        }
        ssize_t n = read (fd, data + len, room - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno (err, errno, "cannot read %s", path);
        if (n == 0)
            break;
        len += (size_t) n;
        if (len > max) {
            err_set (err, 0, "%s is larger than %zu bytes", path, max);
            return FILE_E_ODD;
        }
    }
    data[len] = '\0';
    *ret = steal (&data);
    if (ret_len)
        *ret_len = len;
    return 0;
}

int file_read (const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno (err, errno, "cannot open %s", path);
    return read_all (fd, path, max, ret, ret_len, err) ? -1 : 0;
}

bool file_is_of (const struct stat *st, uid_t owner)
{
    return S_ISREG (st->st_mode) && st->st_nlink == 1 && (st->st_uid == owner || st->st_uid == 0);
}

bool file_is_own (const struct stat *st)
{
    return file_is_of (st, geteuid ());
}

int file_read_own (const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
    return file_read_of (path, geteuid (), max, ret, ret_len, err);
}

int file_read_of (const char *path, uid_t owner, size_t max, char **ret, size_t *ret_len, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        int errnum = errno;
        err_errno (err, errnum, "cannot open %s", path);
        if (errnum == ENOENT || errnum == ENOTDIR)
            return FILE_E_ABSENT;
        return errnum == ELOOP || errnum == ENXIO ? FILE_E_ODD : -1; /* a link, a socket */
    }
    if (fstat (fd, &st))
        return err_errno (err, errno, "cannot look at %s", path);
    if (!file_is_of (&st, owner)) {
        err_set (err, 0, "%s is not what was put there: no plain file of uid %u with one name", path, (unsigned) owner);
        return FILE_E_ODD;
    }
    return read_all (fd, path, max, ret, ret_len, err);
}

static int write_all (int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write (fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t) n;
    }
    return 0;
}

static int sync_directory (const char *path)
{
    const char *slash = strrchr (path, '/');
    _cleanup_free_ char *dir = slash ? xstrndup (path, slash == path ? 1 : (size_t) (slash - path)) : xstrdup (".");
    _cleanup_close_ int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync (fd) != 0 ? -1 : 0;
}

/* The file under its temporary name, complete. */
static int write_temporary (char *temp, const void *data, size_t len, mode_t mode, int durable)
{
    int fd = mkostemp (temp, O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fchmod (fd, mode) == 0 && write_all (fd, data, len) == 0 && (!durable || fsync (fd) == 0)) {
        if (close (fd) == 0)
            return 0;
    } else {
        int saved = errno;
        close (fd);
        errno = saved;
    }
    int saved = errno;
    unlink (temp);
    errno = saved;
    return -1;
}

int file_write (const char *path, const void *data, size_t len, mode_t mode, int durable, struct err *err)
{
    _cleanup_free_ char *temp = xasprintf ("%s.XXXXXX", path);

    if (write_temporary (temp, data, len, mode, durable) < 0)
        return err_errno (err, errno, "cannot write %s", path);
    if (rename (temp, path) < 0) {
        err_errno (err, errno, "cannot write %s", path);
        unlink (temp);
        return -1;
    }
    if (durable && sync_directory (path) < 0)
        return err_errno (err, errno, "cannot make %s durable", path);
    return 0;
}

int dir_make (const char *path, mode_t mode, struct err *err)
{
    _cleanup_free_ char *part = xstrdup (path);
    struct stat st;

    for (char *p = part + (*part == '/');; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = '\0';
        if (*part && mkdir (part, mode) < 0 && errno != EEXIST)
            return err_errno (err, errno, "cannot make the directory %s", part);
        *p = kept;
        if (!kept)
            break;
    }
    if (stat (path, &st) < 0)
        return err_errno (err, errno, "cannot look at %s", path);
    if (!S_ISDIR (st.st_mode))
        return err_set (err, 0, "%s is in the way: it is no directory", path);
    return 0;
}

static int remove_one (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;
    return remove (path);
}

int dir_remove (const char *path)
{
    return nftw (path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 ? -errno : 0;
}

int files_close_from (int first)
{
    DIR *dir;

    if (close_range ((unsigned) first, ~0U, 0) == 0)
        return 0;
    if (!(dir = opendir ("/proc/self/fd")))
        return -1;
    for (struct dirent *e; (e = readdir (dir));) {
        int fd = atoi (e->d_name);
        if (e->d_name[0] != '.' && fd >= first && fd != dirfd (dir))
            close (fd);
    }
    closedir (dir);
    return 0;
}
