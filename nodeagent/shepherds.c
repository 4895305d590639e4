/* shepherds.c - the launcher's side: ask for a shepherd. A message is the attempt's name with its two fds; the answer
 * is a pid, or -errno. */
#include "nodeagent/shepherds.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/log.h"

#define SOCKET_FD 3
#define PATIENCE_S 2 /* a fork takes a tenth of a millisecond, and giving up costs only another such process */

static int spawn_with (const struct shepherds *s, int fd, pid_t *ret)
{
    char *argv[] = {(char *) "moisson-shepherd", (char *) s->spool, (char *) SHEPHERDS_WAIT, (char *) s->conf_path,
                    NULL};
    char *no_env[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    int rc = posix_spawn_file_actions_init (&actions);

    if (rc)
        return rc;
    if ((rc = posix_spawnattr_init (&attr))) {
        posix_spawn_file_actions_destroy (&actions);
        return rc;
    }
    sigemptyset (&none);
    if (!(rc = posix_spawn_file_actions_adddup2 (&actions, fd, SOCKET_FD)) &&
        !(rc = posix_spawnattr_setflags (&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK)) &&
        !(rc = posix_spawnattr_setsigmask (&attr, &none)))
        rc = posix_spawn (ret, s->path, &actions, &attr, argv, no_env);
    posix_spawnattr_destroy (&attr);
    posix_spawn_file_actions_destroy (&actions);
    return rc;
}

static int open_one (struct shepherds *s, struct err *err)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int ends[2];

    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno (err, errno, "cannot start %s", s->path);
    _cleanup_close_ int ours = ends[0], theirs = ends[1];
    if (setsockopt (ours, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ||
        setsockopt (ours, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience))
        return err_errno (err, errno, "cannot start %s", s->path);
    int rc = spawn_with (s, theirs, &s->pid);
    if (rc) {
        s->pid = 0;
        return err_errno (err, rc, "cannot start %s", s->path);
    }
    cgroup_take_shepherd (s->cgroup, s->pid); /* and so all that it forks */
    s->fd = ours;
    ours = -1;
    return 0;
}

static int ask (const struct shepherds *s, const char *name, const int fds[2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE (2 * sizeof (int))];
    } control = {0};
    struct iovec text = {(char *) name, strlen (name)};
    struct msghdr msg = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *c = CMSG_FIRSTHDR (&msg);
    ssize_t n;

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN (2 * sizeof (int));
    memcpy (CMSG_DATA (c), fds, 2 * sizeof (int));
    while ((n = sendmsg (s->fd, &msg, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return n < 0 ? -1 : 0;
}

static int answer_of (const struct shepherds *s, int *ret)
{
    ssize_t n;

    while ((n = recv (s->fd, ret, sizeof *ret, 0)) < 0 && errno == EINTR)
        ;
    return n == sizeof *ret ? 0 : -1;
}

/* Without a word from it nobody knows what it does: it goes, and the next start makes another one. */
static void give_up (struct shepherds *s)
{
    log_error ("the process that forks shepherds (pid %d) does not answer: it is ended", (int) s->pid);
    kill (s->pid, SIGKILL);
    shepherds_close (s);
}

int shepherds_start (struct shepherds *s, const char *name, int lock_fd, int ctl_fd, pid_t *ret_pid, struct err *err)
{
    const int fds[2] = {lock_fd, ctl_fd};
    int said = 0;

    *ret_pid = 0;
    if (s->fd < 0 && open_one (s, err))
        return -1;
    if (ask (s, name, fds)) { /* it is gone: it was not even asked */
        give_up (s);
        if (open_one (s, err))
            return -1;
        if (ask (s, name, fds))
            return err_errno (err, errno, "%s ends at once", s->path);
    }
    if (answer_of (s, &said))
        give_up (s);
    else if (said < 0)
        return err_errno (err, -said, "cannot fork a shepherd");
    else
        *ret_pid = said;
    return 0;
}

bool shepherds_reaped (struct shepherds *s, pid_t pid)
{
    if (pid <= 0 || pid != s->pid)
        return false;
    s->pid = 0;
    shepherds_close (s);
    return true;
}

void shepherds_close (struct shepherds *s)
{
    if (s->fd >= 0)
        close (s->fd);
    s->fd = -1;
}
