/* scratch_remove.c - remove what a job has left, without trusting any of it: no link is followed, no name is resolved
 * but from an open directory, what is mounted in it is not entered, and no depth costs more than a file descriptor - a
 * directory in a directory is moved up to the top before it is emptied itself. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "nodeagent/scratch.h"

struct sweep {
    int top;
    unsigned long serial;
    size_t removed;
};

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

/* Never what is mounted there: a prolog may have bound a directory of the site into the job's. Kernels before 5.6 see
 * other file systems alone. */
static int open_here (int at, const char *name, int flags)
{
    struct open_how how = {.flags = (uint64_t) (flags | O_NOFOLLOW | O_CLOEXEC), .resolve = RESOLVE_NO_XDEV};
    int fd = (int) syscall (SYS_openat2, at, name, &how, sizeof how);
    struct stat st, above;

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    fd = openat (at, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (fstat (fd, &st) == 0 && fstat (at, &above) == 0 && st.st_dev == above.st_dev))
        return fd;
    close (fd);
    errno = EXDEV;
    return -1;
}

static int open_dir (int at, const char *name)
{
    return open_here (at, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
}

/* Of a directory or plain file: what keeps even root from removing it. */
static void make_mutable (int fd)
{
    int flags;

    if (ioctl (fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) {
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
        (void) ioctl (fd, FS_IOC_SETFLAGS, &flags);
    }
}

/* A user's own directory may forbid its owner to enter it. */
static void make_passable (int at, const char *name)
{
    char path[48];
    struct stat st;
    _cleanup_close_ int fd = open_here (at, name, O_PATH);

    if (fd < 0 || fstat (fd, &st) || !S_ISDIR (st.st_mode))
        return;
    snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    (void) !chmod (path, 0700);
}

static void loosen (int at, const char *name)
{
    struct stat st;

    make_mutable (at);
    if (fstatat (at, name, &st, AT_SYMLINK_NOFOLLOW))
        return;
    if (S_ISDIR (st.st_mode))
        make_passable (at, name);
    if (!S_ISDIR (st.st_mode) && !S_ISREG (st.st_mode))
        return;
    _cleanup_close_ int fd = open_here (at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0)
        make_mutable (fd);
}

/* One entry: gone, or (a directory with something in it, and not at the top itself) moved to the top. */
static int take_away (struct sweep *s, int at, const char *name, bool is_top)
{
    char up[48];

    if (unlinkat (at, name, 0) == 0 || unlinkat (at, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
        s->removed++;
        return 0;
    }
    if (is_top || (errno != ENOTEMPTY && errno != EEXIST))
        return -1;
    do
        snprintf (up, sizeof up, "up.%d.%lu", (int) getpid (), s->serial++);
    while (faccessat (s->top, up, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    if (renameat (at, name, s->top, up))
        return -1;
    s->removed++;
    return 0;
}

static void take_away_surely (struct sweep *s, int at, const char *name, bool is_top)
{
    if (take_away (s, at, name, is_top) == 0)
        return;
    loosen (at, name);
    take_away (s, at, name, is_top);
}

/* Calls itself for the directories at the top, and for no others. */
static size_t empty (struct sweep *s, int fd, bool is_top)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = fdopendir (fd);
    size_t left = 0;

    if (!dir) {
        close (fd);
        return 1;
    }
    for (struct dirent *e; (e = readdir (dir));) {
        if (strcmp (e->d_name, ".") == 0 || strcmp (e->d_name, "..") == 0)
            continue;
        left++;
        if (is_top) {
            int below = open_dir (fd, e->d_name);
            if (below < 0) {
                loosen (fd, e->d_name);
                below = open_dir (fd, e->d_name);
            }
            if (below >= 0)
                empty (s, below, false);
        }
        take_away_surely (s, fd, e->d_name, is_top);
    }
    return left;
}

size_t scratch_empty (int dir_fd)
{
    struct sweep s = {.top = dir_fd};
    size_t left, before;

    do { /* directories move up while they are read: again, until a round finds nothing, or does nothing */
        before = s.removed;
        left = empty (&s, open_dir (dir_fd, "."), true);
    } while (left && s.removed != before);
    return left;
}
