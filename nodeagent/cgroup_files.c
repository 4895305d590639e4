/* cgroup_files.c - the files and directories of the kernel's cgroup file systems. */
#include "nodeagent/cgroup_files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

static int open_in (const char *dir, const char *file, int flags)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, file);

    return open (path, flags | O_CLOEXEC | O_NOCTTY);
}

int cgroup_write (const char *dir, const char *file, const char *value)
{
    _cleanup_close_ int fd = open_in (dir, file, O_WRONLY);

    return fd < 0 || write (fd, value, strlen (value)) < 0 ? -errno : 0;
}

int cgroup_write_number (const char *dir, const char *file, uint64_t value)
{
    char text[24];

    snprintf (text, sizeof text, "%" PRIu64, value);
    return cgroup_write (dir, file, text);
}

int cgroup_set (const char *dir, const char *file, const char *value, struct err *err)
{
    int rc = cgroup_write (dir, file, value);

    return rc ? err_errno (err, -rc, "cannot set %s to %s in %s", file, value, dir) : 0;
}

int cgroup_set_number (const char *dir, const char *file, uint64_t value, struct err *err)
{
    char text[24];

    snprintf (text, sizeof text, "%" PRIu64, value);
    return cgroup_set (dir, file, text, err);
}

int cgroup_read (const char *dir, const char *file, struct buf *ret)
{
    _cleanup_close_ int fd = open_in (dir, file, O_RDONLY);
    char block[4096];
    ssize_t n;

    buf_reset (ret);
    if (fd < 0)
        return -errno;
    while ((n = read (fd, block, sizeof block)) > 0)
        buf_add (ret, block, (size_t) n);
    return n < 0 ? -errno : 0;
}

uint64_t cgroup_read_number (const char *dir, const char *file)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    return cgroup_read (dir, file, &text) ? 0 : strtoull (buf_str (&text), NULL, 10);
}

uint64_t cgroup_number_of (const char *text, const char *key)
{
    size_t len = strlen (key);

    for (const char *line = text; line; line = strchr (line, '\n') ? strchr (line, '\n') + 1 : NULL)
        if (strncmp (line, key, len) == 0 && line[len] == ' ')
            return strtoull (line + len, NULL, 10);
    return 0;
}

int cgroup_mkdir (const char *path, struct err *err)
{
    if (mkdir (path, 0755) && errno != EEXIST)
        return err_errno (err, errno, "cannot create %s", path);
    return 0;
}

int cgroup_walk (const char *dir, int (*fn) (void *arg, const char *dir), void *arg)
{
    struct stat st;
    int rc = 0;

    if (stat (dir, &st) || st.st_nlink == 2) /* nothing is below most groups */
        return fn (arg, dir);
    _cleanup_ (cleanup_closedirp) DIR *d = opendir (dir);
    for (struct dirent *e; d && rc == 0 && (e = readdir (d));) {
        if (e->d_type != DT_DIR || e->d_name[0] == '.')
            continue;
        _cleanup_free_ char *below = xasprintf ("%s/%s", dir, e->d_name);
        rc = cgroup_walk (below, fn, arg);
    }
    return rc ? rc : fn (arg, dir);
}

struct pid_visit {
    void (*fn) (void *arg, pid_t pid);
    void *arg;
    size_t n;
};

static int visit_pids (void *arg, const char *dir)
{
    struct pid_visit *v = arg;
    _cleanup_buf_ struct buf text = BUF_INIT;

    if (cgroup_read (dir, "cgroup.procs", &text))
        return 0; /* removed meanwhile */
    for (char *p = text.data, *end; p && *p; p = end) {
        long pid = strtol (p, &end, 10);
        if (end == p)
            break;
        end += *end == '\n';
        v->n++;
        if (v->fn)
            v->fn (v->arg, (pid_t) pid);
    }
    return 0;
}

size_t cgroup_each_pid (const char *dir, void (*fn) (void *arg, pid_t pid), void *arg)
{
    struct pid_visit v = {fn, arg, 0};

    cgroup_walk (dir, visit_pids, &v);
    return v.n;
}

/* 0 stands for a process of another pid namespace: not a number to send signals to. */
static void kill_one (void *arg, pid_t pid)
{
    (void) arg;
    if (pid > 1 && pid != getpid ())
        kill (pid, SIGKILL);
}

void cgroup_kill_pids (const char *dir)
{
    cgroup_each_pid (dir, kill_one, NULL);
}

static int remove_one (void *arg, const char *dir)
{
    (void) arg;
    return rmdir (dir) && errno != ENOENT ? -errno : 0;
}

int cgroup_remove_dir (const char *path)
{
    if (rmdir (path) == 0 || errno == ENOENT)
        return 0;
    return cgroup_walk (path, remove_one, NULL);
}
