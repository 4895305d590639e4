/* launcher_agent.c - keep one agent running, and do what it says as far as the table of verbs goes. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"

#define DELAY_MIN (USEC_PER_SEC / 5)
#define DELAY_MAX (10 * USEC_PER_SEC)
#define GOOD_RUN (30 * USEC_PER_SEC) /* an agent that lived this long was well: start over with the back-off */
#define AGENT_FD 3
#define STOP_PATIENCE 500 /* of 10 ms, then KILL: it holds nothing that a restart could not find again */

static int spawn_agent (struct launcher *l, int fd, struct err *err)
{
    char *argv[] = {(char *) "moisson-agent",          (char *) "-N", l->node, (char *) "-f", l->conf_path,
                    l->verbose ? (char *) "-v" : NULL, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    int rc;

    sigemptyset (&none);
    if ((rc = posix_spawn_file_actions_init (&actions)))
        return err_errno (err, rc, "cannot start moisson-agent");
    if ((rc = posix_spawnattr_init (&attr))) {
        posix_spawn_file_actions_destroy (&actions);
        return err_errno (err, rc, "cannot start moisson-agent");
    }
    if (!(rc = posix_spawn_file_actions_adddup2 (&actions, fd, AGENT_FD)) &&
        !(rc = posix_spawnattr_setflags (&attr, POSIX_SPAWN_SETSIGMASK)) &&
        !(rc = posix_spawnattr_setsigmask (&attr, &none)))
        rc = posix_spawn (&l->agent_pid, l->agent_path, &actions, &attr, argv, environ);
    posix_spawnattr_destroy (&attr);
    posix_spawn_file_actions_destroy (&actions);
    return rc ? err_errno (err, rc, "cannot start %s", l->agent_path) : 0;
}

static void say_hello (struct launcher *l)
{
    Moisson__LauncherHello hello = MOISSON__LAUNCHER_HELLO__INIT;

    hello.nonce.data = l->verifier.nonce;
    hello.nonce.len = NONCE_SIZE;
    hello.boot_id = l->boot;
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

void agent_gone (struct launcher *l, int wait_status)
{
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
    if (l->ever_ready)
        return;
    l->ever_ready = true;
    if (*l->terminal >= 0) /* who started us may wait for it to be closed */
        close (*l->terminal);
    *l->terminal = -1;
    if (l->pid_file && file_write (l->pid_file, text, strlen (text), 0644, 0, &err)) {
        log_error ("pid file: %s", err.why);
        l->failed = true;
    }
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

static const struct {
    enum verb verb;
    void (*fn) (struct launcher *l, ProtobufCMessage *msg);
} handlers[] = {{VERB_READY, on_ready}, {VERB_START, on_start}, {VERB_STOP, on_stop}, {VERB_REMOVE, on_remove}};

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
}
