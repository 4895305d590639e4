/* launcher_agent.c - keep one agent running, and do what it says as far as the table of verbs goes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"
#include "base/step_news.h"
#include "nodeagent/launcher.h"

#define DELAY_MIN (USEC_PER_SEC / 5)
#define DELAY_MAX (10 * USEC_PER_SEC)
#define GOOD_RUN (30 * USEC_PER_SEC) /* an agent that lived this long was well: start over with the back-off */
#define AGENT_FD 3
#define AGENT_NOTIFY_FD 4
#define AGENT_STEPS_FD 5
#define HIGH_FD 200
enum { CANNOT_START = 120, CANNOT_BECOME, CANNOT_REACH }; /* exit codes before it was the agent's program */
#define STOP_PATIENCE 500 /* of 10 ms, then KILL: it holds nothing that a restart could not find again */

/* Beside the launcher's own. */
static char *pid_path (const struct launcher *l)
{
    size_t len = l->pid_file ? strlen (l->pid_file) : 0;

    if (len > 4 && strcmp (l->pid_file + len - 4, ".pid") == 0)
        len -= 4;
    return len ? xasprintf ("%.*s.agent.pid", (int) len, l->pid_file) : NULL;
}

/* A socket of datagrams in the spool. It is the agent's to read, and bound here: the agent may not write there, and
 * what comes while there is none waits for the next. */
static int bind_datagrams (const struct launcher *l, const char *file, mode_t mode, int *ret_fd, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, file);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen (path) >= sizeof address.sun_path) {
        err_set (err, 0, "SlurmdSpoolDir is too long: %s would have %zu characters, the limit is %zu", path,
                 strlen (path), sizeof address.sun_path - 1);
        return err_fix (err, "set SlurmdSpoolDir to a shorter path");
    }
    strcpy (address.sun_path, path);
    if (unlink (path) && errno != ENOENT)
        return err_errno (err, errno, "cannot remove the old %s", path);
    *ret_fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*ret_fd < 0 || bind (*ret_fd, (struct sockaddr *) &address, sizeof address) || chmod (path, mode))
        return err_errno (err, errno, "cannot listen on %s", path);
    return 0;
}

int agent_open_sockets (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *stale = pid_path (l);
    const int on = 1;

    if (stale && unlink (stale) && errno != ENOENT)
        return err_errno (err, errno, "cannot remove the old %s", stale);
    if (bind_datagrams (l, "notify.sock", 0600, &l->notify_fd, err) ||
        bind_datagrams (l, STEP_SOCKET, 0666, &l->steps_fd, err))
        return -1;
    if (setsockopt (l->steps_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on))
        return err_errno (err, errno, "cannot ask whose datagrams come on %s/%s", l->spool, STEP_SOCKET);
    return 0;
}

/* In the new process: system calls only. Through high numbers, as any of the fds may be 3, 4 or 5 itself. */
static _Noreturn void become_agent (const struct launcher *l, int fd, char **argv)
{
    sigset_t none;

    sigemptyset (&none);
    int agent = fcntl (fd, F_DUPFD_CLOEXEC, HIGH_FD), notify = fcntl (l->notify_fd, F_DUPFD_CLOEXEC, HIGH_FD);
    int steps = fcntl (l->steps_fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (agent < 0 || notify < 0 || steps < 0 || dup2 (agent, AGENT_FD) < 0 || dup2 (notify, AGENT_NOTIFY_FD) < 0 ||
        dup2 (steps, AGENT_STEPS_FD) < 0)
        _exit (CANNOT_START);
    if (root_mode_become_agent (&l->root_mode))
        _exit (CANNOT_BECOME);
    if (sigprocmask (SIG_SETMASK, &none, NULL) == 0)
        execve (l->agent_path, argv, environ);
    _exit (errno == EACCES ? CANNOT_REACH : CANNOT_START);
}

static int spawn_agent (struct launcher *l, int fd, struct err *err)
{
    char *argv[12] = {(char *) "moisson-agent", (char *) "-N", l->node, (char *) "-f", l->conf_path};
    size_t n = 5;

    if (l->verbose)
        argv[n++] = (char *) "-v";
    if (l->root_mode.on)
        argv[n++] = (char *) "-R";
    if (l->configless) {
        argv[n++] = (char *) "--spool";
        argv[n++] = l->spool;
    }
    if (l->conf_server) {
        argv[n++] = (char *) "--conf-server";
        argv[n++] = l->conf_server;
    }
    pid_t pid = fork ();
    if (pid == 0)
        become_agent (l, fd, argv);
    if (pid < 0)
        return err_errno (err, errno, "cannot start %s", l->agent_path);
    l->agent_pid = pid;
    return 0;
}

static void say_hello (struct launcher *l)
{
    Moisson__LauncherHello hello = MOISSON__LAUNCHER_HELLO__INIT;

    hello.nonce.data = l->verifier.nonce;
    hello.nonce.len = NONCE_SIZE;
    hello.boot_id = l->boot;
    hello.cgroup = (char *) cgroup_text (l->cgroup);
    pipe_end_send (&l->agent, VERB_HELLO, &hello.base);
}

static void plan_next (struct launcher *l, usec_t now)
{
    if (l->agent_since && now - l->agent_since >= GOOD_RUN)
        l->agent_delay = 0;
    l->agent_delay = l->agent_delay ? l->agent_delay * 2 : DELAY_MIN;
    if (l->agent_delay > DELAY_MAX)
        l->agent_delay = DELAY_MAX;
    l->agent_due = now + l->agent_delay;
}

void agent_start_due (struct launcher *l)
{
    _cleanup_err_ struct err err = ERR_INIT;
    usec_t now = clock_monotonic ();
    int ends[2];

    if (l->agent_pid || l->stopping || now < l->agent_due)
        return;
    l->agent_since = now;
    l->agent_ready = false;
    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        log_error ("cannot make a socket pair: %s", strerror (errno));
        plan_next (l, now);
        return;
    }
    int rc = spawn_agent (l, ends[1], &err);
    close (ends[1]);
    if (rc) {
        log_error ("%s", err.why);
        close (ends[0]);
        l->agent_pid = 0;
        l->failed = !l->ever_ready;
        plan_next (l, now);
        return;
    }
    pipe_end_open (&l->agent, ends[0], true);
    say_hello (l);
}

static void say_why (const struct launcher *l, int code)
{
    if (code == CANNOT_START)
        log_error ("%s could not be run", l->agent_path);
    else if (code == CANNOT_BECOME)
        log_error ("the agent cannot become uid %u: moissond lacks the rights of root (CAP_SETUID, CAP_SETGID)",
                   (unsigned) l->root_mode.agent_uid);
    else if (code == CANNOT_REACH)
        log_error ("uid %u, the agent's user, may not run %s (fix: chmod a+rx it and the directories above it)",
                   (unsigned) l->root_mode.agent_uid, l->agent_path);
}

static void remove_pid_file (struct launcher *l)
{
    if (l->agent_pid_file && unlink (l->agent_pid_file) && errno != ENOENT)
        log_warn ("cannot remove %s: %s", l->agent_pid_file, strerror (errno));
    free (steal (&l->agent_pid_file));
}

/* The agent may have no right to do it itself. */
static void write_agent_pid (struct launcher *l)
{
    _cleanup_free_ char *text = xasprintf ("%d\n", (int) l->agent_pid);
    _cleanup_err_ struct err err = ERR_INIT;
    remove_pid_file (l);
    l->agent_pid_file = pid_path (l);
    if (l->agent_pid_file && file_write (l->agent_pid_file, text, strlen (text), 0644, 0, &err))
        log_error ("pid file: %s", err.why);
}

void agent_gone (struct launcher *l, int wait_status)
{
    if (WIFEXITED (wait_status))
        say_why (l, WEXITSTATUS (wait_status));
    remove_pid_file (l);
    log_line (l->stopping ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "event=agent-gone pid=%d %s=%d", (int) l->agent_pid,
              WIFSIGNALED (wait_status) ? "signal" : "code",
              WIFSIGNALED (wait_status) ? WTERMSIG (wait_status) : WEXITSTATUS (wait_status));
    pipe_end_close (&l->agent);
    l->agent_pid = 0;
    l->failed = l->failed || (!l->ever_ready && !l->stopping);
    plan_next (l, clock_monotonic ());
}

/* The agent's end is closed or talks nonsense: it must go; SIGCHLD then brings the next one. */
static void disown (struct launcher *l)
{
    pipe_end_close (&l->agent);
    if (l->agent_pid && kill (l->agent_pid, SIGKILL) && errno != ESRCH)
        log_error ("cannot end agent %d: %s", (int) l->agent_pid, strerror (errno));
}

static void on_ready (struct launcher *l, ProtobufCMessage *msg)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *text = xasprintf ("%d\n", (int) getpid ());

    (void) msg;
    log_info ("event=agent-ready pid=%d", (int) l->agent_pid);
    l->agent_ready = true;
    write_agent_pid (l);
    if (l->ever_ready)
        return;
    l->ever_ready = true;
    if (*l->terminal >= 0) /* who started us may wait for it to be closed */
        close (*l->terminal);
    *l->terminal = -1;
    if (l->pid_file && file_write (l->pid_file, text, strlen (text), 0644, 0, &err)) {
        log_error ("pid file: %s", err.why);
        l->failed = true;
        return;
    }
    int rc = service_ready ();
    if (rc < 0)
        log_warn ("the service manager could not be told: %s", strerror (-rc));
}

static void on_start (struct launcher *l, ProtobufCMessage *msg)
{
    launcher_start (l, (const Moisson__Launch *) msg);
}

static void on_stop (struct launcher *l, ProtobufCMessage *msg)
{
    launcher_stop (l, (const Moisson__Stop *) msg);
}

static void on_remove (struct launcher *l, ProtobufCMessage *msg)
{
    const Moisson__AttemptId *id = (const Moisson__AttemptId *) msg;

    launcher_remove (l, (struct attempt_id){id->raw_id, id->attempt});
}

static void on_run (struct launcher *l, ProtobufCMessage *msg)
{
    if (((const Moisson__RunProgram *) msg)->kind == MOISSON__REPORT_KIND__REPORT_HEALTH)
        site_program_run (l, MOISSON__REPORT_KIND__REPORT_HEALTH);
    else
        log_error ("the agent asks for a program that is not its to ask for"); /* launcher_notes.c */
}

static void on_note (struct launcher *l, ProtobufCMessage *msg)
{
    launcher_note (l, (const Moisson__SignedNote *) msg);
}

static const struct {
    enum verb verb;
    void (*fn) (struct launcher *l, ProtobufCMessage *msg);
} handlers[] = {{VERB_READY, on_ready},   {VERB_START, on_start}, {VERB_STOP, on_stop},
                {VERB_REMOVE, on_remove}, {VERB_RUN, on_run},     {VERB_NOTE, on_note}};

static void on_verb (void *arg, enum verb verb, ProtobufCMessage *msg)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].verb == verb)
            handlers[i].fn (arg, msg);
}

void agent_hear (struct launcher *l)
{
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = pipe_end_receive (&l->agent, on_verb, l, &err);

    if (rc == 0)
        return;
    if (rc < 0)
        log_error ("the agent is ended: it sent %s", err.why);
    disown (l);
}

void agent_stop (struct launcher *l)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    int wait_status;

    pipe_end_close (&l->agent);
    if (!l->agent_pid || (kill (l->agent_pid, SIGTERM) && errno == ESRCH))
        return;
    for (int i = 0; waitpid (l->agent_pid, &wait_status, WNOHANG) == 0; i++) {
        if (i == STOP_PATIENCE && kill (l->agent_pid, SIGKILL))
            log_error ("cannot end agent %d: %s", (int) l->agent_pid, strerror (errno));
        nanosleep (&pause, NULL);
    }
    l->agent_pid = 0;
    remove_pid_file (l);
}
