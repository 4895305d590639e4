/* shepherd_note.c - lines on a job's stderr. */
#include "nodeagent/shepherd_note.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/clock.h"

#define PATIENCE_MS 200 /* what waits longer than this for its file is given up */

/* Never waits for a reader: stderr may be a fifo that the job keeps full, and it is the job's own, not to be made
 * non-blocking for it. Opened again it is ours. A plain file takes the line as it is. */
static int write_line (int job_fd, const char *line)
{
    char path[32];
    struct stat st;

    if (fstat (job_fd, &st))
        return -1;
    if (S_ISREG (st.st_mode))
        return write (job_fd, line, strlen (line)) < 0 ? -1 : 0;
    snprintf (path, sizeof path, "/proc/self/fd/%d", job_fd);
    _cleanup_close_ int fd = open (path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 || write (fd, line, strlen (line)) < 0 ? -1 : 0;
}

static _Noreturn void writer (const struct job *job, int stderr_fd, const char *line, int done)
{
    errno = identity_take (&job->identity);
    bool failed = errno || write_line (stderr_fd, line);

    if (failed)
        log_warn ("job=%" PRIu64 " cannot write to its stderr: %s", job->id.raw, strerror (errno));
    _exit (write (done, "", 1) == 1 ? 0 : 1);
}

/* What is not done in time is left to whoever reaps our children. */
static void write_as_user (const struct job *job, int stderr_fd, const char *line)
{
    int ends[2];

    if (stderr_fd < 0)
        return;
    if (pipe2 (ends, O_CLOEXEC)) {
        log_warn ("job=%" PRIu64 " cannot be told of its end: %s", job->id.raw, strerror (errno));
        return;
    }
    pid_t pid = fork ();
    if (pid == 0)
        writer (job, stderr_fd, line, ends[1]);
    close (ends[1]);
    struct pollfd p = {ends[0], POLLIN, 0};
    if (pid < 0) {
        log_warn ("job=%" PRIu64 " cannot be told of its end: %s", job->id.raw, strerror (errno));
    } else if (poll (&p, 1, PATIENCE_MS) != 1) {
        log_warn ("job=%" PRIu64 " its stderr does not answer", job->id.raw);
        kill (pid, SIGKILL);
    }
    close (ends[0]);
}

void note_stop (const struct job *job, int stderr_fd, const char *note, const char *due)
{
    time_t now = (time_t) (clock_wall () / USEC_PER_SEC);
    _cleanup_free_ char *line = NULL;
    char when[32] = "";
    struct tm tm;

    if (localtime_r (&now, &tm))
        strftime (when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    if (note)
        line = xasprintf ("slurmstepd: error: *** JOB %" PRIu64 " ON %s %s ***\n", job->id.raw, job->order->node, note);
    else
        line = xasprintf ("slurmstepd: error: *** JOB %" PRIu64 " ON %s CANCELLED AT %s%s ***\n", job->id.raw,
                          job->order->node, when, due);
    write_as_user (job, stderr_fd, line);
}

void note_oom (const struct job *job, int stderr_fd, uint64_t kills)
{
    _cleanup_free_ char *line = xasprintf ("slurmstepd: error: Detected %" PRIu64 " oom_kill event in StepId=%" PRIu64
                                           ".batch. Some of the step tasks have been OOM Killed.\n",
                                           kills, job->id.raw);
    write_as_user (job, stderr_fd, line);
}
