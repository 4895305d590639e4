/* tree.c - the living descendants of a process. */
#include "nodeagent/tree.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

void pids_clear (struct pids *p)
{
    free (p->list);
    *p = PIDS_INIT;
}

void pids_add (struct pids *p, pid_t pid)
{
    GROW (p->list, p->n, p->room);
    p->list[p->n++] = pid;
}

bool pids_have (const struct pids *p, pid_t pid)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i] == pid)
            return true;
    return false;
}

/* A file of /proc: its size is not known beforehand. -1 when the process is gone or the file does not exist. */
static int read_proc (const char *path, struct buf *out)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_CLOEXEC);
    char block[4096];
    ssize_t n;

    if (fd < 0)
        return -1;
    buf_reset (out);
    while ((n = read (fd, block, sizeof block)) > 0)
        buf_add (out, block, (size_t) n);
    return n < 0 ? -1 : 0;
}

static void add_words (const char *text, struct pids *ret)
{
    char *end;

    for (long pid = strtol (text, &end, 10); end != text; text = end, pid = strtol (text, &end, 10))
        if (pid > 0 && !pids_have (ret, (pid_t) pid))
            pids_add (ret, (pid_t) pid);
}

/* The children of one process: each of its threads has a list of those it made. -1: the kernel has no such lists. */
static int children_of (pid_t pid, struct pids *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[96];

    snprintf (path, sizeof path, "/proc/%d/task", (int) pid);
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (path);
    if (!dir)
        return 0; /* gone */
    for (struct dirent *e; (e = readdir (dir));) {
        if (!isdigit ((unsigned char) e->d_name[0]))
            continue;
        snprintf (path, sizeof path, "/proc/%d/task/%.20s/children", (int) pid, e->d_name);
        if (read_proc (path, &text) == 0)
            add_words (buf_str (&text), ret);
        else if (errno == ENOENT && pid == getpid ())
            return -1; /* this process is surely there */
    }
    return 0;
}

pid_t tree_parent (pid_t pid)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[64];
    int parent;

    snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
    if (read_proc (path, &text))
        return -1;
    const char *after = strrchr (buf_str (&text), ')'); /* a command name may hold anything, ')' too */
    return after && sscanf (after + 1, " %*c %d", &parent) == 1 ? (pid_t) parent : -1;
}

/* Without children lists: read everybody's parent until a pass finds nobody new. */
static void list_by_scan (pid_t root, struct pids *ret)
{
    for (size_t before = SIZE_MAX; before != ret->n;) {
        _cleanup_ (cleanup_closedirp) DIR *dir = opendir ("/proc");
        before = ret->n;
        for (struct dirent *e; dir && (e = readdir (dir));) {
            if (!isdigit ((unsigned char) e->d_name[0]))
                continue;
            pid_t pid = (pid_t) atol (e->d_name), parent = tree_parent (pid);
            if (parent > 0 && (parent == root || pids_have (ret, parent)) && !pids_have (ret, pid))
                pids_add (ret, pid);
        }
    }
}

void tree_list (pid_t root, struct pids *ret)
{
    size_t next = ret->n;

    if (children_of (root, ret)) {
        list_by_scan (root, ret);
        return;
    }
    for (; next < ret->n; next++)
        children_of (ret->list[next], ret);
}

size_t tree_signal (pid_t root, pid_t spare, int sig)
{
    _cleanup_pids_ struct pids all = PIDS_INIT;

    tree_list (root, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.list[i] != spare)
            kill (all.list[i], sig); /* ESRCH: it has just ended, which is fine */
    return all.n;
}

static void stop_all (pid_t root, struct pids *stopped)
{
    bool new = true;

    while (new) {
        _cleanup_pids_ struct pids all = PIDS_INIT;
        new = false;
        tree_list (root, &all);
        for (size_t i = 0; i < all.n; i++) {
            if (pids_have (stopped, all.list[i]))
                continue;
            new = true;
            kill (all.list[i], SIGSTOP);
            pids_add (stopped, all.list[i]);
        }
    }
}

void tree_stop (pid_t root)
{
    _cleanup_pids_ struct pids stopped = PIDS_INIT;

    stop_all (root, &stopped);
}

size_t tree_kill (pid_t root)
{
    _cleanup_pids_ struct pids stopped = PIDS_INIT;

    stop_all (root, &stopped);
    for (size_t i = 0; i < stopped.n; i++)
        kill (stopped.list[i], SIGKILL);
    return stopped.n;
}
