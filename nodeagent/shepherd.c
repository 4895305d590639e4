/* shepherd.c - moisson-shepherd SPOOL RAW.ATTEMPT [CONF]: runs one attempt of one job and outlives launcher and agent.
 *
 * It has two fds: 3, the attempt's lock file, locked (it stays locked while this process lives); 4, the fifo `ctl`,
 * open for reading and writing, so that no command is lost before this process reads. It was forked by another one,
 * which the launcher has started with SHEPHERDS_WAIT for an attempt, and a socket as fd 3 (shepherds.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "base/log.h"
#include "nodeagent/shepherd_watch.h"
#include "nodeagent/shepherds.h"

#define LOCK_FD 3
#define CTL_FD 4

static int enter (const char *spool, const char *name, struct attempt_id *ret_id, struct err *err)
{
    if (attempt_parse (name, ret_id))
        return err_set (err, 0, "'%s' is no attempt: RAW.ATTEMPT is expected", name);
    _cleanup_free_ char *dir = spool_attempt_path (spool, *ret_id, NULL);
    if (chdir (dir))
        return err_errno (err, errno, "cannot change to %s", dir);
    if (fcntl (LOCK_FD, F_SETFD, FD_CLOEXEC) || fcntl (CTL_FD, F_SETFD, FD_CLOEXEC))
        return err_errno (err, errno, "fds 3 and 4 are expected from the launcher");
    if (prctl (PR_SET_CHILD_SUBREAPER, 1)) /* daemons of the job stay below us */
        return err_errno (err, errno, "cannot become a subreaper");
    return 0;
}

static int notify_socket (void)
{
    const struct timeval patience = {.tv_usec = 200000}; /* the agent may be busy; it is never worth more */
    int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience))
        log_debug ("no send timeout: %s", strerror (errno));
    return fd;
}

int main (int argc, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_ (job_freep) struct job *job = NULL;
    struct shepherd s = {.lock_fd = LOCK_FD, .ctl_fd = CTL_FD, .notify_fd = -1};
    struct attempt_id id;

    log_open ("moisson-shepherd", LOG_LEVEL_INFO);
    if (argc < 3) {
        fprintf (stderr, "usage: moisson-shepherd SPOOL RAW.ATTEMPT [CONF]   (moissond starts it)\n");
        return 2;
    }
    if (!strcmp (argv[2], SHEPHERDS_WAIT)) {
        int rc = shepherds_serve (LOCK_FD, argv[2], &err);
        if (rc < 0)
            log_error ("%s", err.why);
        if (rc)
            return rc < 0;
    }
    if (enter (argv[1], argv[2], &id, &err) || boot_id_read (s.status.boot, &err) ||
        job_load (&job, argv[1], id, argc > 3 ? argv[3] : NULL, &err)) {
        log_error ("attempt=%s %s", argv[2], err.why);
        return 1;
    }
    s.job = job;
    s.status.id = id;
    s.notify_fd = notify_socket ();
    int rc = shepherd_run (&s, &err);
    if (rc)
        log_error ("attempt=%s %s", argv[2], err.why);
    if (s.notify_fd >= 0)
        close (s.notify_fd);
    status_clear (&s.status);
    return rc ? 1 : 0;
}
