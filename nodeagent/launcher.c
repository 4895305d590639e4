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
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include "base/files.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/program.h"
#include "nodeagent/rekey.h"

static struct launcher *launcher_free (struct launcher *l)
{
    agent_stop (l);
    site_programs_stop (l);
    if (l->pid_file && l->ever_ready && unlink (l->pid_file) && errno != ENOENT)
        log_warn ("cannot remove %s: %s", l->pid_file, strerror (errno));
    if (l->signal_fd >= 0)
        close (l->signal_fd);
    if (l->lock_fd >= 0)
        close (l->lock_fd);
    if (l->notify_fd >= 0)
        close (l->notify_fd);
    if (l->steps_fd >= 0)
        close (l->steps_fd);
    shepherds_close (&l->shepherds);
    spares_close (&l->spares);
    room_close (l);
    config_free (l->conf);
    for (size_t i = 0; i < l->n_live; i++)
        free (l->live[i].stop);
    free (l->live);
    pids_clear (&l->born_with);
    free (l->conf_path);
    free (l->node);
    free (l->spool);
    free (l->pid_file);
    free (l->agent_pid_file);
    free (l->conf_server);
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

    l->lock_fd = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (l->lock_fd < 0 || fchmod (l->lock_fd, 0600)) /* whoever can read it can lock it */
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
    if (spool_prepare (l->spool, err) || root_mode_own_spool (&l->root_mode, l->spool, err) || take_lock (l, err) ||
        boot_id_read (l->boot, err) || agent_open_sockets (l, err))
        return -1;
    if (rekey_recover (l->spool, err) || root_mode_own_spool (&l->root_mode, l->spool, err))
        return -1;
    if (key_read (key_path, l->verifier.key, err))
        return err_fix (err, "moisson node enroll %s --state STATE_DIR --spool %s", l->node, l->spool);
    random_fill (l->verifier.nonce, NONCE_SIZE);
    l->verifier.node = l->node;
    l->verifier.own_uid = getuid ();
    l->verifier.root_mode = l->root_mode.on;
    l->verifier.min_uid = l->conf->min_uid;
    l->verifier.agent_uid = l->root_mode.agent_uid;
    l->verifier.is_live = launcher_is_live;
    l->verifier.arg = l;
    if (spares_open (&l->spares, l->spool, err) || room_open (l, err) || launcher_adopt (l, err))
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

/* The kernel lets nobody have more files than this, and refuses a limit above it as a whole. */
static uint64_t most_files (void)
{
    _cleanup_free_ char *text = NULL;

    if (file_read ("/proc/sys/fs/nr_open", 64, &text, NULL, NULL))
        return UINT64_MAX;
    uint64_t n = strtoull (text, NULL, 10);
    return n ? n : UINT64_MAX;
}

static int make_terms (struct launcher *l, struct err *err)
{
    struct limits limits;
    uint64_t files = most_files ();

    if (limits_parse (l->conf->job_limits, &limits, err))
        return -1;
    for (size_t i = 0; i < LIMITS_N; i++) {
        Moisson__Limit *limit = &l->terms.limits[i];
        uint64_t most = limits.rows[i].resource == RLIMIT_NOFILE ? files : UINT64_MAX;

        moisson__limit__init (limit);
        limit->resource = (uint32_t) limits.rows[i].resource;
        limit->soft = limits.rows[i].soft < most ? limits.rows[i].soft : most;
        limit->hard = limits.rows[i].hard < most ? limits.rows[i].hard : most;
        l->terms.pointers[i] = limit;
    }
    return 0;
}

static int launcher_create (struct launcher **ret, int argc, char **argv, int *ret_terminal, struct err *err)
{
    _cleanup_ (program_clear) struct program p = {0};
    _cleanup_ (launcher_freep) struct launcher *l = xcalloc (1, sizeof *l);

    l->signal_fd = l->lock_fd = l->notify_fd = l->steps_fd = l->agent.fd = l->shepherds.fd = -1;
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
    l->configless = p.configless;
    l->conf_server = steal (&p.conf_server);
    if (program_sibling ("moisson-agent", &l->agent_path, err) ||
        program_sibling ("moisson-shepherd", &l->shepherd_path, err))
        return -1;
    if (root_mode_find (l->conf, &l->root_mode, err) || make_terms (l, err) || open_signals (l, err) ||
        open_spool (l, err))
        return -1;
    l->shepherds = (struct shepherds){
        .path = l->shepherd_path, .spool = l->spool, .conf_path = l->conf_path, .cgroup = l->cgroup, .fd = -1};
    log_info ("event=mode is=%s", l->root_mode.on ? "root" : "single-user");
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
    if (site_programs_due (l) < next)
        next = site_programs_due (l);
    if (next == UINT64_MAX)
        return -1;
    return next <= now ? 0 : (int) ((next - now) / 1000 + 1);
}

static int launcher_run (struct launcher *l, struct err *err)
{
    while (!l->stopping && !l->failed && !l->reload) {
        agent_start_due (l);
        launcher_look (l);
        site_programs_look (l);
        short wanted = (short) (POLLIN | (pipe_end_pending (&l->agent) ? POLLOUT : 0));
        struct pollfd fds[2 + SITE_PROGRAMS] = {{l->signal_fd, POLLIN}, {l->agent.fd, wanted}};
        if (poll (fds, 2 + site_programs_poll (l, fds + 2), next_due (l)) < 0 && errno != EINTR)
            return err_errno (err, errno, "cannot wait for events");
        if (fds[1].revents & POLLOUT)
            pipe_end_flush (&l->agent);
        if (fds[1].revents & (POLLIN | POLLHUP | POLLERR) && l->agent.fd >= 0)
            agent_hear (l);
        if (fds[0].revents)
            on_signals (l);
    }
    if (!l->failed || l->stopping || l->reload)
        return 0;
    err_set (err, 0, "the agent of node %s could not start", l->node);
    return err_fix (err, "its reason is in the lines above, or in SlurmdLogFile");
}

/* What this machine is, as a NodeName line: its agent has the library that knows. */
static int print_hardware (struct err *err)
{
    _cleanup_free_ char *agent = NULL;

    if (program_sibling ("moisson-agent", &agent, err))
        return err_report ("moissond", err);
    execl (agent, agent, "-C", (char *) NULL);
    err_errno (err, errno, "cannot run %s", agent);
    return err_report ("moissond", err);
}

/* Another configuration: the same process begins anew with it, as after a restart, and finds its jobs again. */
static int start_again (struct launcher *l, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;

    l->ever_ready = false; /* the pid file stays: so does the pid */
    launcher_free (l);
    log_info ("event=reloading");
    execv ("/proc/self/exe", argv);
    err_errno (&err, errno, "cannot start again with the new configuration");
    return err_report ("moissond", &err);
}

int main (int argc, char **argv)
{
    _cleanup_ (launcher_freep) struct launcher *l = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_close_ int terminal = -1;

    if (argc == 2 && !strcmp (argv[1], "-C"))
        return print_hardware (&err);
    if (launcher_create (&l, argc, argv, &terminal, &err) /* options, configuration, spool, what still runs */
        || launcher_run (l, &err))                        /* until told to stop; shepherds live on */
        return program_report ("moissond", &err, terminal);
    if (l->reload && !l->stopping)
        return start_again (steal (&l), argv);
    log_info ("event=stopped");
    return 0;
}
