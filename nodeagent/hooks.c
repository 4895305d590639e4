/* hooks.c - prolog and epilog of one job. */
#include "nodeagent/hooks.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/programs.h"
#include "nodeagent/clock.h"
#include "nodeagent/control.h"

#define NEVER UINT64_MAX
#define LINES 4096 /* of `ctl` at once */

struct run { /* one program */
    struct shepherd *s;
    enum hook which;
    const char *path;
    pid_t pid;
    bool ended, timed_out;
    int wait_status;
    usec_t limit_at, kill_at; /* monotonic */
    struct program_output output;
};

static const struct {
    const char *name, *context;
} words[] = {
    [HOOK_PROLOG] = {"Prolog", "prolog_slurmd"},
    [HOOK_EPILOG] = {"Epilog", "epilog_slurmd"},
};

/* --- what it is told ------------------------------------------------------------------------------------------------
 */

static const char *extra (const Moisson__Order *order, const char *name)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < order->n_extra_env; i++)
        if (!strncmp (order->extra_env[i], name, len) && order->extra_env[i][len] == '=')
            return order->extra_env[i] + len + 1;
    return NULL;
}

static void set_exit (struct program_env *env, const struct status *st)
{
    program_env_setf (env, "SLURM_JOB_EXIT_CODE", "%" PRIu64, st->code << 8 | st->signal);
    program_env_setf (env, "SLURM_JOB_EXIT_CODE2", "%" PRIu64 ":%" PRIu64, st->code, st->signal);
}

/* Those the job was given, and nothing that the job's own environment says of any. */
static void set_gpus (struct program_env *env, const Moisson__Launch *launch)
{
    static const char *const names[] = {"SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"};
    _cleanup_env_ struct env gpus = ENV_INIT;

    env_add_gpus (&gpus, launch);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        program_env_set (env, names[i], env_get (&gpus, names[i]));
}

static void make_env (const struct shepherd *s, enum hook which, struct program_env *env)
{
    static const char *const from_order[] = {"SLURM_ARRAY_JOB_ID",   "SLURM_ARRAY_TASK_ID",  "SLURM_ARRAY_TASK_COUNT",
                                             "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
                                             "SLURM_JOB_ACCOUNT",    "SLURM_JOB_NAME",       "SLURM_JOB_NODELIST",
                                             "SLURM_NODELIST",       "SLURM_CPUS_ON_NODE",   "SLURM_JOB_QOS",
                                             "SLURM_RESTART_COUNT"};
    const struct job *job = s->job;
    const Moisson__Order *order = job->order;

    program_env_begin (env);
    program_env_setf (env, "SLURM_JOB_ID", "%" PRIu64, order->raw_id);
    program_env_setf (env, "SLURM_JOBID", "%" PRIu64, order->raw_id);
    program_env_set (env, "SLURM_JOB_USER", order->user);
    program_env_setf (env, "SLURM_JOB_UID", "%u", order->uid);
    program_env_setf (env, "SLURM_UID", "%u", order->uid);
    program_env_setf (env, "SLURM_JOB_GID", "%u", order->gid);
    program_env_set (env, "SLURM_JOB_PARTITION", order->partition);
    program_env_set (env, "SLURM_JOB_WORK_DIR", order->work_dir);
    program_env_set (env, "SLURM_JOB_CONSTRAINTS", job->spec->constraint);
    program_env_set (env, "SLURM_JOB_COMMENT", job->spec->comment);
    program_env_set (env, "SLURM_CLUSTER_NAME", order->cluster);
    program_env_set (env, "SLURMD_NODENAME", order->node);
    program_env_set (env, "SLURM_SCRIPT_CONTEXT", words[which].context);
    program_env_set (env, "SLURM_CONF", job->conf_path);
    program_env_set (env, "MOISSON_CONF", job->conf_path);
    set_gpus (env, job->launch);
    for (size_t i = 0; i < sizeof from_order / sizeof *from_order; i++)
        program_env_set (env, from_order[i], extra (order, from_order[i]));
    if (which == HOOK_EPILOG)
        set_exit (env, &s->status);
}

/* --- one program ----------------------------------------------------------------------------------------------------
 */

static void end_it (struct run *run, int sig)
{
    if (kill (-run->pid, sig) && errno != ESRCH)
        log_warn ("cannot end %s: %s", run->path, strerror (errno));
}

/* The job is not wanted any more: its prolog has KillWait to undo what it did. */
static void stop (struct run *run, Moisson__EndKind kind, const char *cause, bool at_once)
{
    struct status *st = &run->s->status;
    usec_t at = clock_monotonic () + (usec_t) run->s->job->order->kill_wait_s * USEC_PER_SEC;

    if (st->kind == 0) {
        st->kind = kind;
        st->cause = xstrdup (cause);
        end_it (run, SIGTERM);
    }
    run->kill_at = at_once ? 0 : at < run->kill_at ? at : run->kill_at;
}

static void obey (struct run *run, const char *line)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct control c;

    if (run->which == HOOK_EPILOG || control_parse (line, &c, &err))
        return;
    if (c.verb == CONTROL_CANCEL || c.verb == CONTROL_KILL)
        stop (run, MOISSON__END_KIND__END_CANCELLED, "cancelled during its prolog", c.verb == CONTROL_KILL);
}

/* Lines come whole: the launcher writes each stop in one piece. */
static void read_ctl (struct run *run)
{
    char block[LINES + 1], *rest = block, *line;
    ssize_t n = read (run->s->ctl_fd, block, LINES);

    if (n <= 0)
        return;
    block[n] = '\0';
    while ((line = strsep (&rest, "\n")))
        if (*line)
            obey (run, line);
}

static void reap (struct run *run)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid (-1, &wait_status, WNOHANG)) > 0)
        if (pid == run->pid) {
            run->ended = true;
            run->wait_status = wait_status;
        }
}

static void hear (struct run *run, int signal_fd)
{
    struct signalfd_siginfo info;

    while (read (signal_fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM && info.ssi_uid == 0 && run->which == HOOK_PROLOG)
            stop (run, MOISSON__END_KIND__END_REFUSED, "the node goes down", false);
    reap (run);
}

static void look_at_time (struct run *run)
{
    usec_t now = clock_monotonic ();

    if (run->limit_at <= now) {
        run->limit_at = NEVER;
        run->timed_out = true;
        run->kill_at = 0;
    }
    if (run->kill_at <= now) {
        run->kill_at = now + USEC_PER_SEC; /* until it is gone */
        end_it (run, SIGKILL);
    }
}

static int wait_for (struct run *run, int signal_fd)
{
    while (!run->ended) {
        struct pollfd fds[] = {{signal_fd, POLLIN}, {run->s->ctl_fd, POLLIN}, {run->output.fd, POLLIN}};
        usec_t next = run->limit_at < run->kill_at ? run->limit_at : run->kill_at, now = clock_monotonic ();
        int patience = next == NEVER ? -1 : next <= now ? 0 : (int) ((next - now) / 1000 + 1);

        if (poll (fds, sizeof fds / sizeof *fds, patience) < 0 && errno != EINTR)
            return -1;
        if (fds[0].revents)
            hear (run, signal_fd);
        if (fds[1].revents)
            read_ctl (run);
        if (fds[2].revents && !program_output_read (&run->output, words[run->which].name))
            program_output_close (&run->output, words[run->which].name);
        look_at_time (run);
    }
    end_it (run, SIGKILL); /* what it left in its session */
    return 0;
}

static int start (struct run *run, const struct program_env *env, struct err *err)
{
    int write_fd;

    if (program_output_open (&run->output, &write_fd, err))
        return -1;
    int rc = program_spawn (&run->pid, run->path, NULL, env, write_fd, err);
    close (write_fd);
    return rc;
}

/* Why it failed, in words; NULL: it did not. */
static char *run_one (struct run *run, const struct program_env *env, int signal_fd)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint32_t limit = run->s->job->launch->hook_limit_s;

    if (start (run, env, &err))
        return xstrdup (err.why);
    run->limit_at = limit ? clock_monotonic () + limit * USEC_PER_SEC : NEVER;
    run->kill_at = NEVER;
    if (wait_for (run, signal_fd)) {
        end_it (run, SIGKILL);
        return xasprintf ("cannot wait for %s: %s", run->path, strerror (errno));
    }
    if (run->timed_out)
        return xasprintf ("%s took more than %u s (PrologEpilogTimeout)", run->path, limit);
    if (run->wait_status == 0)
        return NULL;
    program_output_close (&run->output, words[run->which].name); /* and with it its last line */
    _cleanup_free_ char *how = program_words (run->wait_status);
    return xasprintf ("%s %s%s%s", run->path, how, *run->output.last ? ": " : "", run->output.last);
}

/* --- all of them ----------------------------------------------------------------------------------------------------
 */

static void note_failure (struct shepherd *s, enum hook which, const char *why)
{
    struct status *st = &s->status;

    log_error ("job=%" PRIu64 " event=%s-failed why='%s'", s->job->order->raw_id, words[which].name, why);
    if (st->drain)
        return; /* the prolog's reason stays */
    st->drain = xasprintf ("%s error: %s (job %" PRIu64 ")", words[which].name, why, s->job->order->raw_id);
    if (which == HOOK_EPILOG)
        return;
    st->kind = MOISSON__END_KIND__END_REFUSED;
    st->cause = xasprintf ("Prolog error: %s", why);
}

int hooks_run (struct shepherd *s, enum hook which, int signal_fd)
{
    const Moisson__Launch *launch = s->job->launch;
    char **lists = which == HOOK_PROLOG ? launch->prolog : launch->epilog;
    size_t n = which == HOOK_PROLOG ? launch->n_prolog : launch->n_epilog;
    _cleanup_programs_ struct program_list programs = {0};
    _cleanup_program_env_ struct program_env env = {0};

    for (size_t i = 0; i < n; i++)
        programs_add (&programs, lists[i]);
    if (!programs.n)
        return 0;
    make_env (s, which, &env);
    for (size_t i = 0; i < programs.n; i++) {
        struct run run = {.s = s, .which = which, .path = programs.paths[i], .output.fd = -1};
        uint64_t kind = s->status.kind;
        _cleanup_free_ char *why = run_one (&run, &env, signal_fd);

        program_output_close (&run.output, words[which].name);

        if (which == HOOK_PROLOG && s->status.kind != kind)
            return -1; /* stopped meanwhile: whatever it says of that */
        if (why) {
            note_failure (s, which, why);
            return -1;
        }
    }
    return 0;
}
