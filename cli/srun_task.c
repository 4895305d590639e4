/* srun_task.c - the task: started as a child, signals passed on, ended at its time, waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include "base/mem.h"
#include "net/loop.h"
#include "srun.h"

#define KILL_WAIT (30 * USEC_PER_SEC)
#define NEVER UINT64_MAX
#define REST_TURNS 64 /* more than a pipe holds */

struct run {
    const struct srun_task *task;
    struct srun_end *end;
    sigset_t before;
    pid_t pid;
    int signal_fd;
    struct srun_lines lines[2];
    int child_out, child_err; /* the task's ends of what is labelled; -1 = none */
    usec_t due;               /* monotonic: TERM, then KILL */
};

static const int passed_on[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

static int watch_signals (struct run *r, struct err *err)
{
    sigset_t set;

    sigemptyset (&set);
    sigaddset (&set, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        sigaddset (&set, passed_on[i]);
    if (signal (SIGCHLD, SIG_DFL) == SIG_ERR || sigprocmask (SIG_BLOCK, &set, &r->before) ||
        (r->signal_fd = signalfd (-1, &set, SFD_CLOEXEC)) < 0)
        return err_errno (err, errno, "cannot watch signals");
    return 0;
}

/* Lines of the task come through a pipe, and go on to its file or to our stream. */
static int make_pipe (struct srun_lines *l, int file, int ours, int *ret_child, struct err *err)
{
    int ends[2];

    if (pipe2 (ends, O_CLOEXEC))
        return err_errno (err, errno, "cannot make a pipe");
    *l = (struct srun_lines){.from = ends[0], .to = file >= 0 ? file : ours};
    *ret_child = ends[1];
    return 0;
}

static int open_labels (struct run *r, struct err *err)
{
    const struct srun_streams *s = r->task->streams;

    r->lines[0] = r->lines[1] = (struct srun_lines){.from = -1};
    r->child_out = r->child_err = -1;
    if (!s->label)
        return 0;
    return make_pipe (&r->lines[0], s->out, STDOUT_FILENO, &r->child_out, err) ||
                   make_pipe (&r->lines[1], s->err, STDERR_FILENO, &r->child_err, err)
               ? -1
               : 0;
}

static void close_labels (struct run *r)
{
    if (r->child_out >= 0)
        close (r->child_out);
    if (r->child_err >= 0)
        close (r->child_err);
    r->child_out = r->child_err = -1;
}

/* --- the child ------------------------------------------------------------------------------------------------------
 */

static bool put_stream (int fd, int at)
{
    return fd < 0 || dup2 (fd, at) == at;
}

static _Noreturn void child (struct run *r)
{
    const struct srun_task *t = r->task;
    const struct srun_streams *s = t->streams;
    int out = r->child_out >= 0 ? r->child_out : s->out, err = r->child_err >= 0 ? r->child_err : s->err;

    srun_env_pid (t->env, getpid ());
    if (t->step->bound && sched_setaffinity (0, sizeof t->step->set, &t->step->set))
        fprintf (stderr, SRUN ": error: the task is not bound to its CPUs: %s\n", strerror (errno));
    if (sigprocmask (SIG_SETMASK, &r->before, NULL) || !put_stream (s->in, STDIN_FILENO) ||
        !put_stream (out, STDOUT_FILENO) || !put_stream (err, STDERR_FILENO)) {
        fprintf (stderr, SRUN ": error: cannot set up the task: %s\n", strerror (errno));
        _exit (1);
    }
    execvpe (t->argv[0], t->argv, t->env); /* found by our PATH, whatever --export leaves of it */
    int why = errno;
    fprintf (stderr, "slurmstepd: error: execve(): %s: %s\n", t->argv[0], strerror (why));
    _exit (why == ENOENT || why == EACCES ? why : 1); /* 2 and 13, as in Slurm */
}

/* --- while it runs --------------------------------------------------------------------------------------------------
 */

/* What the node sends to a job it sends to every process of it, and a terminal to all in the foreground: the task has
 * had that already. */
static bool task_has_it (const struct signalfd_siginfo *si)
{
    _cleanup_free_ char *path = xasprintf ("/proc/%u/comm", si->ssi_pid);
    _cleanup_close_ int fd = open (path, O_RDONLY | O_CLOEXEC);
    char name[16] = "";

    if (si->ssi_code == SI_KERNEL)
        return true;
    return fd >= 0 && read (fd, name, sizeof name - 1) > 0 && !strncmp (name, "moisson-shepher", sizeof name - 1);
}

static void hear_signal (struct run *r)
{
    struct signalfd_siginfo si;

    if (read (r->signal_fd, &si, sizeof si) != sizeof si || si.ssi_signo == SIGCHLD)
        return;
    if (!task_has_it (&si))
        kill (r->pid, (int) si.ssi_signo);
    else if (si.ssi_code != SI_KERNEL && si.ssi_signo == SIGTERM)
        r->end->cancelled = true;
}

static void time_is_up (struct run *r)
{
    usec_t now = now_monotonic ();

    if (now < r->due)
        return;
    kill (r->pid, r->end->timed_out ? SIGKILL : SIGTERM);
    kill (r->pid, SIGCONT);
    r->due = r->end->timed_out ? NEVER : now + KILL_WAIT;
    r->end->timed_out = true;
}

static int pause_ms (const struct run *r)
{
    usec_t now = now_monotonic ();

    if (r->due == NEVER)
        return -1;
    return r->due > now ? (int) ((r->due - now) / 1000 + 1) : 0;
}

static bool has_ended (struct run *r)
{
    struct rusage used;
    pid_t pid = wait4 (r->pid, &r->end->status, WNOHANG, &used);

    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    r->end->end = now_wall ();
    r->end->cpu_user_us = (uint64_t) used.ru_utime.tv_sec * USEC_PER_SEC + (uint64_t) used.ru_utime.tv_usec;
    r->end->cpu_sys_us = (uint64_t) used.ru_stime.tv_sec * USEC_PER_SEC + (uint64_t) used.ru_stime.tv_usec;
    r->end->max_rss_kb = (uint64_t) used.ru_maxrss;
    return true;
}

/* What is in the pipes by now: something that the task has left behind may hold them open as long as it likes. */
static void copy_rest (struct run *r)
{
    for (int i = 0; i < 2; i++) {
        int turns = 0;
        while (r->lines[i].from >= 0) {
            struct pollfd p = {.fd = r->lines[i].from, .events = POLLIN};
            if (poll (&p, 1, 0) != 1 || turns++ == REST_TURNS) {
                close (r->lines[i].from);
                r->lines[i].from = -1;
            } else
                srun_lines_copy (&r->lines[i]);
        }
    }
}

static void watch (struct run *r)
{
    while (!has_ended (r)) {
        struct pollfd p[] = {{.fd = r->signal_fd, .events = POLLIN},
                             {.fd = r->lines[0].from, .events = POLLIN},
                             {.fd = r->lines[1].from, .events = POLLIN}};

        if (poll (p, 3, pause_ms (r)) > 0) {
            for (int i = 0; i < 2; i++)
                if (p[i + 1].revents)
                    srun_lines_copy (&r->lines[i]);
            if (p[0].revents)
                hear_signal (r);
        }
        time_is_up (r);
    }
    copy_rest (r);
}

int srun_task_run (const struct srun_task *task, struct srun_end *ret, struct err *err)
{
    struct run r = {.task = task, .end = ret, .signal_fd = -1, .due = NEVER};
    int rc = open_labels (&r, err) || watch_signals (&r, err) ? -1 : 0;

    *ret = (struct srun_end){.start = now_wall ()};
    fflush (NULL);
    r.pid = rc ? -1 : fork ();
    if (r.pid == 0)
        child (&r);
    if (rc == 0 && r.pid < 0)
        rc = err_errno (err, errno, "cannot make a process for the task");
    close_labels (&r);
    if (rc == 0) {
        if (task->time_s)
            r.due = now_monotonic () + task->time_s * USEC_PER_SEC;
        signal (SIGPIPE, SIG_IGN); /* labelled lines that nobody reads any more */
        task->started (task->arg, ret->start);
        watch (&r);
    }
    if (r.signal_fd >= 0)
        close (r.signal_fd);
    return rc;
}

/* --- what came of it ------------------------------------------------------------------------------------------------
 */

char *srun_end_words (int wait_status)
{
    if (WIFSIGNALED (wait_status))
        return xasprintf ("%s%s", strsignal (WTERMSIG (wait_status)), WCOREDUMP (wait_status) ? " (core dumped)" : "");
    if (WEXITSTATUS (wait_status))
        return xasprintf ("Exited with exit code %d", WEXITSTATUS (wait_status));
    return NULL;
}

int srun_end_code (int wait_status)
{
    return WIFSIGNALED (wait_status) ? 128 + WTERMSIG (wait_status) : WEXITSTATUS (wait_status);
}
