/* shepherd_watch.c - one running job until nothing of it is left. */
#include "nodeagent/shepherd_watch.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/clock.h"
#include "nodeagent/control.h"
#include "nodeagent/hooks.h"
#include "nodeagent/shepherd_home.h"
#include "nodeagent/shepherd_note.h"
#include "nodeagent/shepherd_meter.h"
#include "nodeagent/tree.h"

#define NEVER UINT64_MAX
#define RUNNING_AFTER 10000               /* us: a job that ends sooner is reported once, as ended */
#define SETUP_PATIENCE (1 * USEC_PER_SEC) /* one that waits for its files (a dead home, a fifo) runs, too */
#define AGAIN_MIN 2000                    /* us between looks at processes that were killed */
#define AGAIN_MAX 200000
#define RETRY_WRITE (1 * USEC_PER_SEC) /* the spool is full: until it is not */
#define HOME_EVERY (5 * USEC_PER_SEC)
#define LINE_MAX_CTL 1024
#define OOM_LOOK (USEC_PER_SEC / 50)
#define NAMED 8 /* pids in a sentence */

/* Everything that may have to be done at some time (monotonic). */
enum due {
    DUE_RUNNING,
    DUE_WARN,
    DUE_LIMIT,
    DUE_KILL,
    DUE_AGAIN,
    DUE_UNKILLABLE,
    DUE_HOME,
    DUE_SAMPLE,
    DUE_OOM,
    N_DUE
};

struct watch {
    struct shepherd *s;
    pid_t child; /* 0 once reaped */
    int setup_fd, stderr_fd, signal_fd;
    bool alone;   /* the child has ended and has no living descendants */
    bool killing; /* KILL whatever is there, until nothing is */
    bool term_sent;
    bool setup_failed;
    bool told; /* that it has ended: what is left cannot be killed */
    int oom_fd;
    short oom_events;
    struct meter meter;
    usec_t begun, due[N_DUE], again;
    uint64_t limit_s;          /* in force; 0 = none */
    usec_t still_at, still_us; /* since when it stands still, 0 = it does not; how long it did before */
    bool by_signals;           /* it stands still by STOP, for want of a freezer */
    struct warning warning;
    bool warned;
    char *note;       /* of the next stop */
    uint64_t grace_s; /* likewise; 0 = KillWait */
    char line[LINE_MAX_CTL];
    size_t line_len;
};

static void notify (const struct shepherd *s, char what)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "../../notify.sock"}; /* from the attempt's directory */
    char name[ATTEMPT_NAME_SIZE], text[ATTEMPT_NAME_SIZE + 4];
    int n = snprintf (text, sizeof text, "%c %s", what, attempt_format (s->job->id, name));

    if (s->notify_fd >= 0 &&
        sendto (s->notify_fd, text, (size_t) n, MSG_NOSIGNAL, (struct sockaddr *) &to, sizeof to) < 0)
        return; /* best effort: the truth is the status file */
}

static void set_due (struct watch *w, enum due what, usec_t at)
{
    w->due[what] = at;
}

/* Everybody in the job but one. */
static void signal_all (struct watch *w, pid_t spare, int sig)
{
    const struct cgroup_group *g = w->s->job->group;

    if (!cgroup_knows_all (g)) {
        tree_signal (getpid (), spare, sig);
        return;
    }
    size_t room = cgroup_pids (g, NULL, 0) + 1;
    _cleanup_free_ pid_t *list = xcalloc (room, sizeof *list);
    size_t n = cgroup_pids (g, list, room);
    pid_t child = w->child; /* on v1 it enters the group itself, and a stop may come before that */
    for (size_t i = 0; i < n && i < room; i++) {
        if (list[i] > 1 && list[i] != spare) /* 0: of another pid namespace */
            kill (list[i], sig);
        child = list[i] == child ? 0 : child;
    }
    if (child > 0 && child != spare)
        kill (child, sig);
}

/* --- how a job ends -------------------------------------------------------------------------------------------------
 */

static void begin_killing (struct watch *w)
{
    set_due (w, DUE_KILL, NEVER);
    if (!w->killing)
        set_due (w, DUE_UNKILLABLE, clock_monotonic () + (usec_t) w->s->job->launch->unkillable_s * USEC_PER_SEC);
    w->killing = true;
    set_due (w, DUE_AGAIN, 0);
}

/* --- standing still ------------------------------------------------------------------------------------------------
 */

static void stop_all (struct watch *w)
{
    const struct cgroup_group *g = w->s->job->group;
    size_t before = 0, n = 0;

    if (!cgroup_knows_all (g)) {
        tree_stop (getpid ());
        return;
    }
    do { /* who is stopped forks no more: again while there are more than before */
        before = n;
        signal_all (w, 0, SIGSTOP);
        n = cgroup_pids (g, NULL, 0);
    } while (n > before);
}

static int let_freeze (struct watch *w, bool on)
{
    int rc = on || !w->by_signals ? cgroup_freeze (w->s->job->group, on) : 0;

    if (on) {
        w->by_signals = rc != 0;
        if (rc)
            stop_all (w);
    } else if (w->by_signals) {
        signal_all (w, 0, SIGCONT);
        w->by_signals = false;
    }
    return on ? 0 : rc;
}

static void set_limits (struct watch *w);
static void save (struct watch *w);

static void stand_still (struct watch *w, bool on)
{
    struct status *st = &w->s->status;
    usec_t now = clock_monotonic ();
    int rc = let_freeze (w, on);

    if (rc)
        log_error ("the job's cgroup does not thaw: %s", strerror (-rc));
    if (!on)
        w->still_us += now - w->still_at;
    w->still_at = on ? now : 0;
    st->suspended_at = on ? clock_wall () : 0;
    st->suspended_us = w->still_us;
    set_limits (w);
    save (w);
}

/* What is being ended, or is not there yet, does not stand still. */
static void suspend (struct watch *w, bool on)
{
    if ((w->still_at != 0) == on || w->child <= 0 || w->term_sent || w->killing)
        return;
    stand_still (w, on);
}

static void send_term (struct watch *w)
{
    w->term_sent = true;
    set_due (w, DUE_LIMIT, NEVER);
    set_due (w, DUE_WARN, NEVER);
    set_due (w, DUE_KILL,
             clock_monotonic () + (w->grace_s ? w->grace_s : w->s->job->order->kill_wait_s) * USEC_PER_SEC);
    signal_all (w, 0, SIGTERM);
    if (w->still_at)
        stand_still (w, false);
    signal_all (w, 0, SIGCONT); /* a stopped process meets its TERM only when it goes on */
}

/* The first reason counts: a job that is cancelled while its time is up has been ended by its limit. The note comes
 * last: nothing that happens to it may keep the job alive. */
static void begin_stop (struct watch *w, Moisson__EndKind kind, const char *note, const char *due)
{
    bool first = w->s->status.kind == 0;

    if (first)
        w->s->status.kind = kind;
    if (!w->term_sent)
        send_term (w);
    if (first)
        note_stop (w->s->job, w->stderr_fd, note, due);
}

/* Root's TERM: the service moisson-jobs says that the machine goes down (contrib/systemd). */
static void node_goes_down (struct watch *w)
{
    if (w->s->status.kind == 0 && !w->s->status.cause)
        w->s->status.cause = xstrdup ("the node was shut down");
    begin_stop (w, MOISSON__END_KIND__END_NODE_REBOOT, NULL, " DUE TO NODE FAILURE");
}

/* The kernel has killed some of the job, and on some kernels not all: half of one computes nonsense. */
static void look_for_oom (struct watch *w)
{
    struct status *st = &w->s->status;

    set_due (w, DUE_OOM, NEVER);
    if (st->kind || !meter_oom (&w->meter))
        return;
    st->kind = MOISSON__END_KIND__END_OOM;
    free (st->cause);
    st->cause = meter_oom_words (&w->meter);
    begin_killing (w);
    note_oom (w->s->job, w->stderr_fd, w->meter.ooms);
}

/* The notice comes before the kill. */
static void hear_of_oom (struct watch *w)
{
    cgroup_oom_heard (w->s->job->group);
    look_for_oom (w);
    if (!w->meter.ooms)
        set_due (w, DUE_OOM, clock_monotonic () + OOM_LOOK);
}

static void send_signal (struct watch *w, int sig, enum control_whom whom)
{
    if (whom == WHOM_BATCH) {
        if (w->child > 0)
            kill (w->child, sig);
    } else
        signal_all (w, whom == WHOM_CHILDREN ? w->child : 0, sig);
}

/* --signal is about the limit itself, whatever OverTimeLimit adds to it. */
static void set_warning (struct watch *w, usec_t begun, usec_t limit)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const char *text = w->s->job->spec->signal;
    usec_t now = clock_monotonic ();

    if (!text || !text[0])
        return;
    if (warning_parse (text, &w->warning, &err)) {
        log_warn ("%s", err.why);
        return;
    }
    usec_t before = (usec_t) w->warning.before_s * USEC_PER_SEC;
    usec_t at = before < limit ? begun + limit - before : begun;
    if (!w->warned || at > now) /* who was warned is warned again only of an end that has moved away */
        set_due (w, DUE_WARN, at);
}

/* Time in which it stood still does not count. */
static void set_limits (struct watch *w)
{
    const Moisson__Order *order = w->s->job->order;
    usec_t limit = w->limit_s * USEC_PER_SEC, begun = w->begun + w->still_us;
    uint64_t over = order->has_over_limit_s ? order->over_limit_s : 0;

    set_due (w, DUE_LIMIT, NEVER);
    set_due (w, DUE_WARN, NEVER);
    if (limit == 0 || w->still_at || w->term_sent)
        return;
    if (over <= UINT32_MAX)
        set_due (w, DUE_LIMIT, begun + limit + over * USEC_PER_SEC);
    set_warning (w, begun, limit);
}

/* The limit has been changed. What is being ended stays so. */
static void change_limit (struct watch *w, uint64_t limit_s)
{
    if (w->child <= 0 || w->term_sent)
        return;
    w->limit_s = limit_s;
    set_limits (w);
}

/* One that comes while another has its grace may end that, and never prolongs it. */
static void cancel (struct watch *w)
{
    usec_t now = clock_monotonic (), wait = w->grace_s ? w->grace_s : w->s->job->order->kill_wait_s;

    begin_stop (w, MOISSON__END_KIND__END_CANCELLED, w->note, "");
    if (!w->killing && now + wait * USEC_PER_SEC < w->due[DUE_KILL])
        set_due (w, DUE_KILL, now + wait * USEC_PER_SEC);
    w->grace_s = 0;
}

static void obey (struct watch *w, const char *line)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct control c;

    if (control_parse (line, &c, &err)) {
        log_warn ("ctl: %s", err.why);
        return;
    }
    switch (c.verb) {
    case CONTROL_NOTE:
        free (w->note);
        w->note = xstrdup (c.text);
        break;
    case CONTROL_CANCEL: cancel (w); break;
    case CONTROL_KILL:
        begin_stop (w, MOISSON__END_KIND__END_CANCELLED, w->note, "");
        begin_killing (w);
        break;
    case CONTROL_SIGNAL: send_signal (w, c.signal, c.whom); break;
    case CONTROL_GRACE: w->grace_s = c.limit_s; break;
    case CONTROL_LIMIT: change_limit (w, c.limit_s); break;
    case CONTROL_SUSPEND: suspend (w, true); break;
    case CONTROL_RESUME: suspend (w, false); break;
    }
}

static void read_ctl (struct watch *w)
{
    ssize_t n = read (w->s->ctl_fd, w->line + w->line_len, sizeof w->line - 1 - w->line_len);
    char *start = w->line, *end;

    if (n <= 0)
        return;
    w->line_len += (size_t) n;
    w->line[w->line_len] = '\0';
    while ((end = strchr (start, '\n'))) {
        *end = '\0';
        obey (w, start);
        start = end + 1;
    }
    w->line_len = strlen (start);
    memmove (w->line, start, w->line_len + 1);
    if (w->line_len == sizeof w->line - 1) /* nobody who knows the format writes this */
        w->line_len = 0;
}

/* --- what has happened ----------------------------------------------------------------------------------------------
 */

static void save (struct watch *w)
{
    while (true) {
        _cleanup_err_ struct err err = ERR_INIT;
        if (home_keep (w->s, &err) == 0 && status_replace ("status", &w->s->status, &err) == 0)
            return;
        log_error ("%s; trying again", err.why);
        if (w->s->status.phase != STATUS_EXITED)
            return; /* an end is kept until it can be told; this can do without */
        struct timespec pause = {.tv_sec = RETRY_WRITE / USEC_PER_SEC};
        nanosleep (&pause, NULL);
    }
}

/* A job may have cleaned up more than it should: without its directory it can be neither cancelled nor found. */
static void look_at_home (struct watch *w)
{
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = home_keep (w->s, &err);

    set_due (w, DUE_HOME, clock_monotonic () + HOME_EVERY);
    if (rc)
        log_error ("%s; trying again", err.why);
}

static void say_running (struct watch *w)
{
    set_due (w, DUE_RUNNING, NEVER);
    w->s->status.phase = STATUS_RUNNING;
    save (w);
    notify (w->s, 'R');
}

static void end_setup (struct watch *w)
{
    struct setup_failure failure;
    int rc = job_setup_result (w->setup_fd, &w->stderr_fd, &failure);

    if (rc == JOB_SETTING_UP)
        return;
    close (w->setup_fd);
    w->setup_fd = -1;
    if (rc == JOB_FAILED) {
        w->setup_failed = true;
        if (w->s->status.kind == 0) {
            w->s->status.kind =
                setup_is_the_nodes (&failure) ? MOISSON__END_KIND__END_REFUSED : MOISSON__END_KIND__END_SETUP;
            w->s->status.cause = job_setup_words (w->s->job, &failure);
        }
    } else if (w->s->status.phase == STATUS_STARTING)
        set_due (w, DUE_RUNNING, clock_monotonic () + RUNNING_AFTER);
}

static uint64_t microseconds (struct timeval tv)
{
    return (uint64_t) tv.tv_sec * USEC_PER_SEC + (uint64_t) tv.tv_usec;
}

static void child_ended (struct watch *w, int wait_status)
{
    struct status *st = &w->s->status;

    w->child = 0;
    st->code = WIFEXITED (wait_status) ? (uint64_t) WEXITSTATUS (wait_status) : 0;
    st->signal = WIFSIGNALED (wait_status) ? (uint64_t) WTERMSIG (wait_status) : 0;
    if (w->setup_fd >= 0)
        end_setup (w); /* it may have said why */
    set_due (w, DUE_RUNNING, NEVER);
    set_due (w, DUE_WARN, NEVER);
    set_due (w, DUE_LIMIT, NEVER);
}

/* Take everybody who has ended. Usage of deeper descendants comes with those who waited for them; daemons are ours. */
static void reap (struct watch *w)
{
    struct status *st = &w->s->status;
    struct rusage ru;
    int wait_status;
    pid_t pid;

    while ((pid = wait4 (-1, &wait_status, WNOHANG, &ru)) > 0) {
        st->cpu_user_us += microseconds (ru.ru_utime);
        st->cpu_sys_us += microseconds (ru.ru_stime);
        if ((uint64_t) ru.ru_maxrss > st->max_rss_kb)
            st->max_rss_kb = (uint64_t) ru.ru_maxrss;
        if (pid == w->child)
            child_ended (w, wait_status);
    }
    /* What a prolog has left running is none of the job, where that can be told. */
    w->alone = pid < 0 && errno == ECHILD;
    if (w->child == 0) /* before anything else is taken for the cause of the end */
        look_for_oom (w);
    if (!w->alone && w->child == 0 && cgroup_knows_all (w->s->job->group))
        w->alone = !cgroup_is_populated (w->s->job->group);
    /* What a script leaves behind ends with it; while it is being stopped the others keep their KillWait. */
    if (!w->alone && w->child == 0 && !w->killing && !w->term_sent)
        begin_killing (w);
}

static void kill_again (struct watch *w)
{
    int rc = cgroup_kill (w->s->job->group);

    if (rc)
        log_error ("cannot kill by cgroup: %s", strerror (-rc));
    if (rc || !cgroup_is_kept (w->s->job->group))
        tree_kill (getpid ());
    if (w->child == 0) /* who is not our child is not heard of */
        reap (w);
    w->again = w->again ? w->again * 2 : AGAIN_MIN;
    if (w->again > AGAIN_MAX)
        w->again = AGAIN_MAX;
    set_due (w, DUE_AGAIN, clock_monotonic () + w->again);
}

/* What comes after this is not the job's time. */
static void note_end (struct watch *w)
{
    struct status *st = &w->s->status;

    if (w->told)
        return;
    st->end_us = clock_wall ();
    st->suspended_us = w->still_us + (w->still_at ? clock_monotonic () - w->still_at : 0);
    st->suspended_at = 0;
    st->wall_us = w->begun ? clock_monotonic () - w->begun - st->suspended_us : 0;
    if (st->kind == 0)
        st->kind = MOISSON__END_KIND__END_EXITED;
    meter_finish (&w->meter, st);
}

static void list_left (const struct watch *w, struct pids *ret)
{
    const struct cgroup_group *g = w->s->job->group;

    if (!cgroup_knows_all (g)) {
        tree_list (getpid (), ret);
        return;
    }
    ret->room = cgroup_pids (g, NULL, 0) + 1;
    ret->list = xcalloc (ret->room, sizeof *ret->list);
    ret->n = cgroup_pids (g, ret->list, ret->room);
    ret->n = ret->n < ret->room ? ret->n : ret->room;
}

/* The job is over for its user, but not for the node: what is left holds its cpus, memory and GPUs until it vanishes,
 * for which we stay. */
static void tell_unkillable (struct watch *w)
{
    struct status *st = &w->s->status;
    _cleanup_buf_ struct buf words = BUF_INIT;
    _cleanup_pids_ struct pids left = PIDS_INIT;
    char name[ATTEMPT_NAME_SIZE];

    set_due (w, DUE_UNKILLABLE, NEVER);
    list_left (w, &left);
    st->unkillable = left.n ? left.n : 1;
    buf_printf (&words, "%s%s%zu of its processes cannot be killed, they hang in the kernel (pid",
                st->cause ? st->cause : "", st->cause ? "; " : "", left.n);
    for (size_t i = 0; i < left.n && i < NAMED; i++)
        buf_printf (&words, "%s %d", i ? "," : "", (int) left.list[i]);
    buf_puts (&words, left.n > NAMED ? ", ...)" : ")");
    note_end (w);
    free (st->cause);
    st->cause = buf_steal (&words);
    log_warn ("attempt=%s event=unkillable why='%s'", attempt_format (w->s->job->id, name), st->cause);
    st->phase = STATUS_EXITED;
    save (w);
    w->told = true;
    notify (w->s, 'X');
}

/* --- time -----------------------------------------------------------------------------------------------------------
 */

static void on_warn (struct watch *w)
{
    set_due (w, DUE_WARN, NEVER);
    w->warned = true;
    send_signal (w, w->warning.signal, w->warning.whom);
}

static void on_limit (struct watch *w)
{
    begin_stop (w, MOISSON__END_KIND__END_TIME_LIMIT, NULL, " DUE TO TIME LIMIT");
}

static void on_sample (struct watch *w)
{
    usec_t next = meter_sample (&w->meter);

    if (w->oom_events == 0) { /* not for jobs that end sooner: they are looked at when they do */
        w->oom_fd = cgroup_oom_fd (w->s->job->group, &w->oom_events);
        look_for_oom (w);
    }
    set_due (w, DUE_SAMPLE, next ? clock_monotonic () + next : NEVER);
}

static void (*const on_due[N_DUE]) (struct watch *w) = {
    [DUE_RUNNING] = say_running, [DUE_WARN] = on_warn,     [DUE_LIMIT] = on_limit,
    [DUE_KILL] = begin_killing,  [DUE_AGAIN] = kill_again, [DUE_UNKILLABLE] = tell_unkillable,
    [DUE_HOME] = look_at_home,   [DUE_SAMPLE] = on_sample, [DUE_OOM] = look_for_oom,
};

static void do_what_is_due (struct watch *w)
{
    for (int i = 0; i < N_DUE; i++)
        if (w->due[i] != NEVER && w->due[i] <= clock_monotonic ())
            on_due[i](w);
}

static int wait_for_news (struct watch *w)
{
    struct pollfd fds[] = {
        {w->signal_fd, POLLIN}, {w->s->ctl_fd, POLLIN}, {w->setup_fd, POLLIN}, {w->oom_fd, w->oom_events}};
    struct signalfd_siginfo info;
    struct timespec ts, *timeout = NULL;
    usec_t next = NEVER, now;

    for (int i = 0; i < N_DUE; i++)
        next = w->due[i] < next ? w->due[i] : next;
    if (next != NEVER) {
        now = clock_monotonic ();
        next = next > now ? next - now : 0;
        ts = (struct timespec){(time_t) (next / USEC_PER_SEC), (long) (next % USEC_PER_SEC * 1000)};
        timeout = &ts;
    }
    if (ppoll (fds, 4, timeout, NULL) < 0)
        return errno == EINTR ? 0 : -1;
    if (fds[2].revents)
        end_setup (w);
    if (fds[3].revents)
        hear_of_oom (w);
    if (fds[0].revents && read (w->signal_fd, &info, sizeof info) > 0) {
        if (info.ssi_signo != SIGTERM)
            reap (w);
        else if (info.ssi_uid == 0) /* a user's own `kill -TERM -1` is none of ours */
            node_goes_down (w);
    }
    if (fds[1].revents)
        read_ctl (w);
    do_what_is_due (w);
    return 0;
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static void begin (struct watch *w)
{
    struct setup_failure failure;

    w->begun = clock_monotonic ();
    w->s->status.start_us = clock_wall ();
    w->child = job_fork (w->s->job, &w->setup_fd, &failure);
    if (w->child < 0) {
        w->child = 0;
        w->alone = true;
        w->s->status.kind = MOISSON__END_KIND__END_REFUSED;
        w->s->status.cause = job_setup_words (w->s->job, &failure);
        return;
    }
    w->s->status.pid = (uint64_t) w->child;
    set_due (w, DUE_SAMPLE, w->begun + METER_FIRST);
    set_due (w, DUE_HOME, w->begun + HOME_EVERY);
    set_due (w, DUE_RUNNING, w->begun + SETUP_PATIENCE);
    w->limit_s = w->s->job->order->has_time_limit_s ? w->s->job->order->time_limit_s : 0;
    set_limits (w);
}

static void finish (struct watch *w)
{
    w->s->status.phase = STATUS_EXITED;
    w->s->status.unkillable = 0;
    save (w);
    if (!w->told)
        notify (w->s, 'X');
}

int shepherd_run (struct shepherd *s, struct err *err)
{
    struct watch w = {.s = s, .setup_fd = -1, .stderr_fd = -1, .oom_fd = -1};
    sigset_t set;

    meter_open (&w.meter, s->job);
    for (int i = 0; i < N_DUE; i++)
        w.due[i] = NEVER;
    sigfillset (&set); /* nothing but KILL ends a shepherd; what it hears comes through the fd */
    if (sigprocmask (SIG_SETMASK, &set, NULL))
        return err_errno (err, errno, "cannot block signals");
    sigemptyset (&set);
    sigaddset (&set, SIGCHLD);
    sigaddset (&set, SIGTERM);
    w.signal_fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (w.signal_fd < 0)
        return err_errno (err, errno, "cannot wait for processes");
    if (status_create ("status", &s->status, err))
        return -1;
    if (hooks_run (s, HOOK_PROLOG, w.signal_fd) == 0) {
        begin (&w);
        while (!w.alone)
            if (wait_for_news (&w))
                return err_errno (err, errno, "cannot wait for the job");
    }
    note_end (&w);
    hooks_run (s, HOOK_EPILOG, w.signal_fd); /* what it has to say is in the status */
    finish (&w);
    if (w.stderr_fd >= 0)
        close (w.stderr_fd);
    close (w.signal_fd);
    free (w.note);
    return 0;
}
