/* spool.c - where things lie in SlurmdSpoolDir. */
#include "nodeagent/spool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

char *attempt_format (struct attempt_id id, char buf[ATTEMPT_NAME_SIZE])
{
    snprintf (buf, ATTEMPT_NAME_SIZE, "%" PRIu64 ".%" PRIu32, id.raw, id.attempt);
    return buf;
}

int attempt_parse (const char *name, struct attempt_id *ret)
{
    char again[ATTEMPT_NAME_SIZE], *end;
    struct attempt_id id;
    unsigned long attempt;

    id.raw = strtoull (name, &end, 10);
    if (*end != '.')
        return -1;
    attempt = strtoul (end + 1, NULL, 10);
    if (attempt > UINT32_MAX)
        return -1;
    id.attempt = (uint32_t) attempt;
    if (strcmp (attempt_format (id, again), name) != 0) /* signs, blanks, leading zeros, overflow, trailing text */
        return -1;
    *ret = id;
    return 0;
}

char *spool_path (const char *spool, const char *file)
{
    return file ? xasprintf ("%s/%s", spool, file) : xstrdup (spool);
}

char *spool_attempt_path (const char *spool, struct attempt_id id, const char *file)
{
    char name[ATTEMPT_NAME_SIZE];

    attempt_format (id, name);
    return file ? xasprintf ("%s/attempts/%s/%s", spool, name, file) : xasprintf ("%s/attempts/%s", spool, name);
}

int spool_prepare (const char *spool, struct err *err)
{
    _cleanup_free_ char *attempts = spool_path (spool, "attempts");
    _cleanup_free_ char *blobs = spool_path (spool, "blobs");
    struct stat st;

    if (spool[0] != '/') {
        err_set (err, 0, "%s is no absolute path", spool);
        return err_fix (err, "set SlurmdSpoolDir to a path that begins with /");
    }
    if (dir_make (spool, 0755, err) || dir_make (attempts, ATTEMPTS_MODE, err) || dir_make (blobs, 0700, err))
        return err_what (err, "spool directory");
    if (stat (spool, &st))
        return err_errno (err, errno, "cannot look at the spool directory %s", spool);
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        err_set (err, 0, "others can write to the spool directory %s (mode %04o)", spool, st.st_mode & 07777u);
        return err_fix (err, "chmod go-w %s", spool);
    }
    return 0;
}

int spool_each_attempt (const char *spool, void (*fn) (void *arg, struct attempt_id id), void *arg, struct err *err)
{
    _cleanup_free_ char *path = spool_path (spool, "attempts");
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (path);
    struct attempt_id id;
    struct dirent *e;

    if (!dir)
        return err_errno (err, errno, "cannot read %s", path);
    for (errno = 0; (e = readdir (dir)); errno = 0)
        if (attempt_parse (e->d_name, &id) == 0)
            fn (arg, id);
    return errno ? err_errno (err, errno, "cannot read %s", path) : 0;
}

enum lock_state spool_lock_look (const char *spool, struct attempt_id id)
{
    _cleanup_free_ char *path = spool_attempt_path (spool, id, "lock");
    _cleanup_close_ int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO ? LOCK_ABSENT : LOCK_UNKNOWN;
    if (fstat (fd, &st))
        return LOCK_UNKNOWN;
    if (!S_ISREG (st.st_mode))
        return LOCK_ABSENT;
    if (flock (fd, LOCK_SH | LOCK_NB) == 0)
        return LOCK_FREE;
    return errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
}

bool spool_lock_held (const char *spool, struct attempt_id id)
{
    enum lock_state state = spool_lock_look (spool, id);

    return state == LOCK_HELD || state == LOCK_UNKNOWN;
}

int spool_remove_attempt (const char *spool, struct attempt_id id)
{
    static const char *const files[] = {"order", "script", "env", "lock", "ctl", "status"};
    _cleanup_free_ char *dir = spool_attempt_path (spool, id, NULL);

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) { /* the usual content; anything else: the slow way */
        _cleanup_free_ char *path = spool_attempt_path (spool, id, files[i]);
        if (unlink (path) && errno != ENOENT)
            break;
    }
    if (rmdir (dir) == 0 || errno == ENOENT)
        return 0;
    return dir_remove (dir);
}

int spool_restore_mode (const char *dir)
{
    struct stat st;

    if (lstat (dir, &st))
        return -errno;
    if (!S_ISDIR (st.st_mode))
        return -ENOTDIR;
    return chmod (dir, (st.st_mode & 07777) | ATTEMPTS_MODE) ? -errno : 0;
}

/* What lies there, if it is a plain file with one name of that user; else a new one of ours in its place. Opening never
 * waits: it may be a fifo, or a file whose owner has taken a lease on it. */
static int open_to_rewrite (const char *path, mode_t mode, uid_t owner, struct stat *st)
{
    static const int odd[] = {ELOOP, ENXIO, EISDIR, EACCES, ETXTBSY, EAGAIN};
    const int flags = O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
    int fd = open (path, flags | (owner == geteuid () ? O_CREAT : 0), mode), rc;
    bool replace = fd >= 0 || errno == ENOENT;

    if (fd >= 0 && fstat (fd, st) == 0 && S_ISREG (st->st_mode) && st->st_nlink == 1 && st->st_uid == owner)
        return fd;
    for (size_t i = 0; fd < 0 && i < sizeof odd / sizeof *odd; i++)
        replace = replace || errno == odd[i];
    if (fd >= 0)
        close (fd);
    if (!replace)
        return -1;
    rc = dir_remove (path);
    if (rc && rc != -ENOENT) {
        errno = -rc;
        return -1;
    }
    fd = open (path, flags | O_CREAT | O_EXCL, mode);
    if (fd >= 0 && fstat (fd, st)) {
        close (fd);
        return -1;
    }
    return fd;
}

int file_rewrite (const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
    return file_rewrite_for (path, data, len, mode, geteuid (), (gid_t) -1, err);
}

int file_rewrite_for (const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid,
                      struct err *err)
{
    struct stat st = {0};
    _cleanup_close_ int fd = open_to_rewrite (path, mode, uid, &st);

    if (fd < 0)
        return err_errno (err, errno, "cannot create %s", path);
    for (size_t done = 0; done < len;) {
        ssize_t n = write (fd, (const char *) data + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno (err, errno, "cannot write %s", path);
        done += (size_t) n;
    }
    if ((size_t) st.st_size > len && ftruncate (fd, (off_t) len))
        return err_errno (err, errno, "cannot shorten %s", path);
    /* Owner and mode last: until then nobody but us can open a new one. */
    if ((st.st_uid != uid || (gid != (gid_t) -1 && st.st_gid != gid)) && fchown (fd, uid, gid))
        return err_errno (err, errno, "cannot give %s to uid %u", path, (unsigned) uid);
    if ((st.st_mode & 07777) != mode && fchmod (fd, mode))
        return err_errno (err, errno, "cannot set the mode of %s", path);
    return 0;
}

int boot_id_read (char ret[BOOT_ID_SIZE], struct err *err)
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    _cleanup_free_ char *text = NULL;

    if (file_read (path, 256, &text, NULL, err))
        return err_what (err, "boot id");
    text[strcspn (text, "\n")] = '\0';
    if (text[0] == '\0' || strlen (text) >= BOOT_ID_SIZE || strchr (text, ' '))
        return err_set (err, 0, "%s does not hold a boot id", path);
    strcpy (ret, text);
    return 0;
}
