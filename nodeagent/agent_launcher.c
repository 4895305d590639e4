/* agent_launcher.c - verbs to and from the launcher, on fd 3. Without a launcher an agent is nothing: it ends, and the
 * next launcher starts the next agent. */
#include <fcntl.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

#define LAUNCHER_FD 3

static struct attempt *attempt_of (struct agent *a, const ProtobufCMessage *msg)
{
    const Moisson__LaunchResult *result = (const Moisson__LaunchResult *) msg;

    return attempt_find (a, (struct attempt_id){result->id->raw_id, result->id->attempt});
}

static void on_hello (struct agent *a, const ProtobufCMessage *msg)
{
    const Moisson__LauncherHello *hello = (const Moisson__LauncherHello *) msg;

    if (hello->nonce.len > sizeof a->nonce)
        return;
    memcpy (a->nonce, hello->nonce.data, hello->nonce.len);
    a->nonce_len = hello->nonce.len;
    free (a->boot_id);
    a->boot_id = xstrdup (hello->boot_id);
    free (a->cgroup);
    a->cgroup = xstrdup (hello->cgroup ? hello->cgroup : "none");
    a->greeted = true;
}

static void on_started (struct agent *a, const ProtobufCMessage *msg)
{
    struct attempt *t = attempt_of (a, msg);

    if (t)
        orders_answered (a, t);
}

static void on_refused (struct agent *a, const ProtobufCMessage *msg)
{
    const Moisson__LaunchResult *result = (const Moisson__LaunchResult *) msg;
    struct attempt *t = attempt_of (a, msg);

    if (!t || t->phase != ATTEMPT_STARTING)
        return;
    for (int i = 0; i < 2; i++)
        if (t->wanted[i])
            blobs_doubt (a->blobs, &t->blobs[i]); /* it may be that one of them was not what it should be */
    orders_answered (a, t);
    attempt_end_early (a, t, ATTEMPT_REFUSED, MOISSON__END_KIND__END_REFUSED,
                       result->why ? result->why : "refused by the launcher");
}

static void on_ended (struct agent *a, const ProtobufCMessage *msg)
{
    struct attempt *t = attempt_of (a, msg);

    if (t)
        attempt_read_status (a, t);
}

static void on_reaped (struct agent *a, const ProtobufCMessage *msg)
{
    struct attempt *t = attempt_of (a, msg);

    if (t)
        attempt_reaped (a, t);
}

static void on_report (struct agent *a, const ProtobufCMessage *msg)
{
    health_heard (a, (const Moisson__NodeReport *) msg);
}

static void on_note_result (struct agent *a, const ProtobufCMessage *msg)
{
    notes_on_result (a, (const Moisson__NoteResult *) msg);
}

static const struct {
    enum verb verb;
    void (*fn) (struct agent *a, const ProtobufCMessage *msg);
} handlers[] = {
    {VERB_HELLO, on_hello},   {VERB_STARTED, on_started}, {VERB_REFUSED, on_refused},        {VERB_ENDED, on_ended},
    {VERB_REAPED, on_reaped}, {VERB_REPORT, on_report},   {VERB_NOTE_RESULT, on_note_result}};

static void on_verb (void *arg, enum verb verb, ProtobufCMessage *msg)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].verb == verb)
            handlers[i].fn (arg, msg);
}

static void rewatch (struct agent *a)
{
    watch_set (a->launcher_watch, WATCH_READ | (pipe_end_pending (&a->launcher) ? WATCH_WRITE : 0));
}

static void on_ready (void *arg, int events)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct agent *a = arg;
    int rc;

    if (events & WATCH_WRITE)
        pipe_end_flush (&a->launcher);
    rc = pipe_end_receive (&a->launcher, on_verb, a, &err);
    if (rc == 0) {
        rewatch (a);
        return;
    }
    log_line (rc < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "event=launcher-gone%s%s", rc < 0 ? " it sent " : "",
              rc < 0 ? err.why : "");
    watch_set (a->launcher_watch, 0);
    a->rc = rc < 0;
    loop_stop (a->loop);
}

int launcher_open (struct agent *a, struct err *err)
{
    int flags = fcntl (LAUNCHER_FD, F_GETFL);

    if (flags < 0 || fcntl (LAUNCHER_FD, F_SETFL, flags | O_NONBLOCK) || fcntl (LAUNCHER_FD, F_SETFD, FD_CLOEXEC)) {
        err_set (err, 0, "there is no launcher on fd 3");
        return err_fix (err, "start moissond: it starts its agent itself");
    }
    pipe_end_open (&a->launcher, LAUNCHER_FD, false);
    a->launcher_watch = watch_create (a->loop, LAUNCHER_FD, on_ready, a);
    rewatch (a);
    return 0;
}

void launcher_send (struct agent *a, enum verb verb, const ProtobufCMessage *msg)
{
    pipe_end_send (&a->launcher, verb, msg);
    rewatch (a);
}

void launcher_close (struct agent *a)
{
    if (a->launcher_watch)
        watch_free (a->launcher_watch);
    a->launcher_watch = NULL;
    if (a->launcher.fd >= 0)
        pipe_end_close (&a->launcher);
    free (a->boot_id);
    free (a->cgroup);
    a->boot_id = a->cgroup = NULL;
}
