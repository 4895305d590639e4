/* users_helper.c - a parent that only watches, and a worker that calls into the user database. */
#include "net/users_helper.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

static void add_groups (struct buf *out, struct users_answer *head, const struct passwd *pw)
{
    int n = 64;
    _cleanup_ (cleanup_freep) gid_t *groups = NULL;

    for (;;) {
        int got = n;

        groups = xrealloc (groups, (size_t) n * sizeof *groups);
        if (getgrouplist (pw->pw_name, pw->pw_gid, groups, &got) >= 0) {
            n = got;
            break;
        }
        n = got > n ? got : n * 2;
        if (n > USERS_GROUPS_MAX) {
            n = USERS_GROUPS_MAX;
            break;
        }
    }
    head->n_groups = (uint32_t) n;
    for (int i = 0; i < n; i++) {
        uint32_t gid = groups[i];
        buf_add (out, &gid, sizeof gid);
    }
}

static void add_text (struct buf *out, const char *text)
{
    buf_add (out, text ? text : "", text ? strlen (text) + 1 : 1);
}

/* false: the other end is gone. */
static bool answer (int fd, uint32_t uid)
{
    struct users_answer head = {.uid = uid};
    _cleanup_buf_ struct buf body = BUF_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    const struct passwd *pw = getpwuid (uid);

    if (pw) {
        head.found = 1;
        head.gid = pw->pw_gid;
        add_groups (&body, &head, pw);
        add_text (&body, pw->pw_name);
        _cleanup_free_ char *home = xstrdup (pw->pw_dir);
        _cleanup_free_ char *shell = xstrdup (pw->pw_shell);
        const struct group *gr = getgrgid (head.gid);
        add_text (&body, gr ? gr->gr_name : "");
        add_text (&body, home);
        add_text (&body, shell);
    }
    buf_add (&out, &head, sizeof head);
    buf_add (&out, body.data, body.len);
    if (out.len > USERS_ANSWER_MAX) {
        head = (struct users_answer){.uid = uid};
        out.len = 0;
        buf_add (&out, &head, sizeof head);
    }
    ssize_t n;
    do
        n = send (fd, out.data, out.len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

static void worker (int fd)
{
    uint32_t uid;

    signal (SIGALRM, SIG_DFL);
    for (;;) {
        ssize_t n = recv (fd, &uid, sizeof uid, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n != sizeof uid)
            _exit (0);
        alarm (USERS_LOOKUP_S); /* a hanging lookup ends this worker; the next one goes on with the next request */
        if (!answer (fd, uid))
            _exit (0);
        alarm (0);
    }
}

#define OWN_FD 3

void users_helper_run (int fd)
{
    /* Nothing of the caller's goes to the database's code but the log. */
    if (fd != OWN_FD && dup2 (fd, OWN_FD) < 0)
        _exit (1);
    fd = OWN_FD;
    if (files_close_from (OWN_FD + 1))
        _exit (1);
    signal (SIGINT, SIG_IGN); /* ends when the controller's end of the socket closes, not before */
    signal (SIGTERM, SIG_IGN);
    for (;;) {
        int status = 0;
        pid_t pid = fork ();

        if (pid < 0)
            _exit (1);
        if (pid == 0)
            worker (fd);
        while (waitpid (pid, &status, 0) < 0)
            if (errno != EINTR)
                _exit (1);
        if (WIFEXITED (status))
            _exit (WEXITSTATUS (status));
    }
}
