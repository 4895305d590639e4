/* launcher.c - moissond -N NODE [-f CONF] [-v]: the launcher of one node. */
#include "nodeagent/launcher.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include "base/files.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/program.h"

static struct launcher *launcher_free (struct launcher *l)
{
    agent_stop (l);
    if (l->pid_file && l->ever_ready && unlink (l->pid_file) && errno != ENOENT)
        log_warn ("cannot remove %s: %s", l->pid_file, strerror (errno));
    if (l->signal_fd >= 0)
        close (l->signal_fd);
    if (l->lock_fd >= 0)
        close (l->lock_fd);
    spares_close (&l->spares);
    config_free (l->conf);
    for (size_t i = 0; i < l->n_live; i++)
        free (l->live[i].stop);
    free (l->live);
    pids_clear (&l->born_with);
    free (l->conf_path);
    free (l->node);
    free (l->spool);
    free (l->pid_file);
    free (l->agent_path);
    free (l->shepherd_path);
    free (l);
    return NULL;
}
DEFINE_CLEANUP (struct launcher *, launcher_free)

/* One launcher a spool. The lock file holds our pid for the sentence that the second one says. */
static int take_lock (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, "launcher.lock");
    char pid[32] = "";

    l->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (l->lock_fd < 0)
        return err_errno (err, errno, "cannot open %s", path);
    if (flock (l->lock_fd, LOCK_EX | LOCK_NB)) {
        ssize_t n = errno == EWOULDBLOCK ? pread (l->lock_fd, pid, sizeof pid - 1, 0) : -1;
        if (n < 0)
            return err_errno (err, errno, "cannot lock %s", path);
        pid[strcspn (pid, "\n")] = '\0';
        err_set (err, 0, "another moissond (pid %s) uses the spool %s", pid[0] ? pid : "unknown", l->spool);
        return err_fix (err, "end it first (kill %s), or give this node a SlurmdSpoolDir of its own (with %%n)", pid);
    }
    snprintf (pid, sizeof pid, "%d\n", (int) getpid ());
    if (ftruncate (l->lock_fd, 0) || pwrite (l->lock_fd, pid, strlen (pid), 0) != (ssize_t) strlen (pid))
        return err_errno (err, errno, "cannot write %s", path);
    return 0;
}

static int open_spool (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *boot_path = spool_path (l->spool, "boot"), *key_path = spool_path (l->spool, "order.key");
    _cleanup_free_ char *boot_line = NULL;

    if (prctl (PR_SET_CHILD_SUBREAPER, 1)) /* what a dying shepherd leaves comes to us */
        return err_errno (err, errno, "cannot become a subreaper");
    tree_list (getpid (), &l->born_with);
    if (spool_prepare (l->spool, err) || take_lock (l, err) || boot_id_read (l->boot, err))
        return -1;
    if (key_read (key_path, l->verifier.key, err))
        return err_fix (err, "moisson node enroll %s --state STATE_DIR --spool %s", l->node, l->spool);
    random_fill (l->verifier.nonce, NONCE_SIZE);
    l->verifier.node = l->node;
    l->verifier.own_uid = getuid ();
    l->verifier.is_live = launcher_is_live;
    l->verifier.arg = l;
    if (spares_open (&l->spares, l->spool, err) || launcher_adopt (l, err))
        return -1;
    boot_line = xasprintf ("%s\n", l->boot);
    return file_write (boot_path, boot_line, strlen (boot_line), 0644, 1, err);
}

/* We inherit neither ignored signals nor a mask, and neither do the jobs; ours come through an fd. */
static int open_signals (struct launcher *l, struct err *err)
{
    sigset_t set;

    for (int sig = 1; sig < NSIG; sig++)
        if (sig != SIGKILL && sig != SIGSTOP && signal (sig, SIG_DFL) == SIG_ERR && errno != EINVAL)
            return err_errno (err, errno, "cannot reset signal %d", sig);
    sigemptyset (&set);
    sigaddset (&set, SIGCHLD);
    sigaddset (&set, SIGTERM);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGPIPE); /* never looked at */
    sigaddset (&set, SIGHUP);
    if (sigprocmask (SIG_SETMASK, &set, NULL))
        return err_errno (err, errno, "cannot block signals");
    l->signal_fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return l->signal_fd < 0 ? err_errno (err, errno, "cannot receive signals") : 0;
}

static int launcher_create (struct launcher **ret, int argc, char **argv, int *ret_terminal, struct err *err)
{
    _cleanup_ (program_clear) struct program p = {0};
    _cleanup_ (launcher_freep) struct launcher *l = xcalloc (1, sizeof *l);

    l->signal_fd = l->lock_fd = l->agent.fd = -1;
    int rc = program_open (&p, "moissond", argc, argv, err);
    *ret_terminal = p.terminal;
    if (rc)
        return -1;
    l->terminal = ret_terminal;
    l->conf = steal (&p.conf);
    l->conf_path = steal (&p.conf_path);
    l->node = steal (&p.node);
    l->spool = steal (&p.spool);
    l->pid_file = steal (&p.pid_file);
    l->verbose = p.verbose;
    if (program_sibling ("moisson-agent", &l->agent_path, err) ||
        program_sibling ("moisson-shepherd", &l->shepherd_path, err))
        return -1;
    if (open_signals (l, err) || open_spool (l, err))
        return -1;
    *ret = steal (&l);
    return 0;
}

static void on_signals (struct launcher *l)
{
    struct signalfd_siginfo info;

    while (read (l->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            launcher_reap (l);
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            l->stopping = true;
    }
}

/* Milliseconds until the next thing that time decides; -1 = none. */
static int next_due (const struct launcher *l)
{
    usec_t now = clock_monotonic (), next = l->look_due;

    if (!l->agent_pid && l->agent_due < next)
        next = l->agent_due;
    if (next == UINT64_MAX)
        return -1;
    return next <= now ? 0 : (int) ((next - now) / 1000 + 1);
}

static int launcher_run (struct launcher *l, struct err *err)
{
    while (!l->stopping && !l->failed) {
        agent_start_due (l);
        launcher_look (l);
        short wanted = (short) (POLLIN | (pipe_end_pending (&l->agent) ? POLLOUT : 0));
        struct pollfd fds[] = {{l->signal_fd, POLLIN}, {l->agent.fd, wanted}};
        if (poll (fds, 2, next_due (l)) < 0 && errno != EINTR)
            return err_errno (err, errno, "cannot wait for events");
        if (fds[1].revents & POLLOUT)
            pipe_end_flush (&l->agent);
        if (fds[1].revents & (POLLIN | POLLHUP | POLLERR) && l->agent.fd >= 0)
            agent_hear (l);
        if (fds[0].revents)
            on_signals (l);
    }
    if (!l->failed || l->stopping)
        return 0;
    err_set (err, 0, "the agent of node %s could not start", l->node);
    return err_fix (err, "its reason is in the lines above, or in SlurmdLogFile");
}

int main (int argc, char **argv)
{
    _cleanup_ (launcher_freep) struct launcher *l = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_close_ int terminal = -1;

    if (launcher_create (&l, argc, argv, &terminal, &err) /* options, configuration, spool, what still runs */
        || launcher_run (l, &err))                        /* until told to stop; shepherds live on */
        return program_report ("moissond", &err, terminal);
    log_info ("event=stopped");
    return 0;
}
