/* shepherd_server.c - fork shepherds (shepherds.h). Of the kernel's copies of a process this is the cheapest: small,
 * static, one thread, nothing open. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "nodeagent/shepherds.h"
#include "nodeagent/spool.h"

#define HIGH_FD 200 /* higher than we ever have open */

_Static_assert(sizeof SHEPHERDS_WAIT >= ATTEMPT_NAME_SIZE, "every attempt's name fits into the command line");

/* The fds come twice or not at all. 1: nobody will ask any more. */
static int receive (int fd, char *name, size_t size, int fds[2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE (2 * sizeof (int))];
    } control;
    struct iovec text = {name, size - 1};
    struct msghdr msg = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n;

    while ((n = recvmsg (fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (n <= 0)
        return n == 0 ? 1 : -1;
    name[n] = '\0';
    struct cmsghdr *c = CMSG_FIRSTHDR (&msg);
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN (2 * sizeof (int))) {
        errno = EPROTO;
        return -1;
    }
    memcpy (fds, CMSG_DATA (c), 2 * sizeof (int));
    return 0;
}

/* fork(2) with our parent as the child's. It is alone in its memory, and may go on as after any fork. */
static pid_t fork_sibling (void)
{
    return (pid_t) syscall (SYS_clone, (unsigned long) CLONE_PARENT, NULL, NULL, NULL, 0UL);
}

/* What we know to be open: close_range(2) is not on every kernel that we run on. */
static void close_rest (const int fds[2])
{
    for (int i = 0; i < 2; i++) {
        close (HIGH_FD + i);
        if (fds[i] > 4)
            close (fds[i]);
    }
}

/* As an exec by the launcher would begin. */
static int become (char *place, const char *name, const int fds[2], struct err *err)
{
    memset (place, 0, sizeof SHEPHERDS_WAIT);
    strcpy (place, name);
    if (dup2 (fds[0], HIGH_FD) < 0 || dup2 (fds[1], HIGH_FD + 1) < 0 || dup2 (HIGH_FD, 3) < 0 ||
        dup2 (HIGH_FD + 1, 4) < 0 || setsid () < 0)
        return err_errno (err, errno, "cannot begin");
    close_rest (fds);
    return 0;
}

int shepherds_serve (int fd, char *name, struct err *err)
{
    char asked[sizeof SHEPHERDS_WAIT];
    int fds[2], rc;

    while ((rc = receive (fd, asked, sizeof asked, fds)) == 0) {
        pid_t pid = fork_sibling ();
        if (pid == 0)
            return become (name, asked, fds, err);
        int said = pid < 0 ? -errno : pid;
        close (fds[0]);
        close (fds[1]);
        if (send (fd, &said, sizeof said, MSG_NOSIGNAL) != sizeof said)
            return 1;
    }
    return rc > 0 ? 1 : err_errno (err, errno, "cannot hear what to start");
}
