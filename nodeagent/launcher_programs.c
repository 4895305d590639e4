/* launcher_programs.c - health checks and reboots. */
#include "nodeagent/launcher_programs.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"

#define NEVER UINT64_MAX

static const struct {
    Moisson__ReportKind kind;
    const char *key; /* the word in the configuration */
    size_t offset;   /* of it in struct config */
    unsigned limit_s;
    bool outlives_us; /* it, and what it leaves to act later */
} kinds[SITE_PROGRAMS] = {
    {MOISSON__REPORT_KIND__REPORT_HEALTH, "HealthCheckProgram", offsetof (struct config, health_program), 60, false},
    {MOISSON__REPORT_KIND__REPORT_REBOOT, "RebootProgram", offsetof (struct config, reboot_program), 600, true},
};

static const char *path_of (const struct launcher *l, size_t i)
{
    return *(char *const *) ((const char *) l->conf + kinds[i].offset);
}

static void tell (struct launcher *l, size_t i, const char *failure)
{
    Moisson__NodeReport report = MOISSON__NODE_REPORT__INIT;

    report.kind = kinds[i].kind;
    report.ok = !failure;
    report.words = (char *) failure;
    log_line (failure ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "event=program key=%s ok=%d%s%s%s", kinds[i].key, !failure,
              failure ? " why='" : "", failure ? failure : "", failure ? "'" : "");
    pipe_end_send (&l->agent, VERB_REPORT, &report.base);
}

static int start (struct launcher *l, size_t i, struct err *err)
{
    _cleanup_program_env_ struct program_env env = {0};
    struct site_program *p = &l->programs[i];
    const char *path = path_of (l, i);
    int write_fd;

    if (!*path)
        return err_set (err, 0, "%s is not set in the configuration of node %s", kinds[i].key, l->node);
    program_env_begin (&env);
    program_env_set (&env, "SLURMD_NODENAME", l->node);
    program_env_set (&env, "SLURM_CLUSTER_NAME", l->conf->cluster_name);
    program_env_set (&env, "SLURM_CONF", l->conf_path);
    program_env_set (&env, "MOISSON_CONF", l->conf_path);
    if (program_output_open (&p->output, &write_fd, err))
        return -1;
    int rc = program_spawn (&p->pid, path, NULL, &env, write_fd, err);
    close (write_fd);
    if (rc) {
        p->pid = 0;
        program_output_close (&p->output, kinds[i].key);
        return -1;
    }
    p->timed_out = false;
    p->kill_at = clock_monotonic () + kinds[i].limit_s * USEC_PER_SEC;
    return 0;
}

void site_program_run (struct launcher *l, Moisson__ReportKind kind)
{
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < SITE_PROGRAMS; i++)
        if (kinds[i].kind == kind && !l->programs[i].pid && start (l, i, &err))
            tell (l, i, err.why);
}

void site_program_refuse (struct launcher *l, Moisson__ReportKind kind, const char *why)
{
    for (size_t i = 0; i < SITE_PROGRAMS; i++)
        if (kinds[i].kind == kind)
            tell (l, i, why);
}

/* Its last line says why; else how it ended. */
static char *failure_of (const struct site_program *p, size_t i, int wait_status)
{
    _cleanup_free_ char *how = program_words (wait_status);

    if (p->timed_out)
        return xasprintf ("%s took more than %u s", kinds[i].key, kinds[i].limit_s);
    if (wait_status == 0)
        return NULL;
    if (p->output.last[0])
        return xstrdup (p->output.last);
    return xasprintf ("%s %s", kinds[i].key, how);
}

bool site_program_reaped (struct launcher *l, pid_t pid, int wait_status)
{
    for (size_t i = 0; i < SITE_PROGRAMS; i++) {
        struct site_program *p = &l->programs[i];
        if (!p->pid || p->pid != pid)
            continue;
        if (!kinds[i].outlives_us && kill (-pid, SIGKILL) && errno != ESRCH) /* what it left in its session */
            log_warn ("cannot end what %s left: %s", kinds[i].key, strerror (errno));
        program_output_close (&p->output, kinds[i].key);
        _cleanup_free_ char *failure = failure_of (p, i, wait_status);
        p->pid = 0;
        tell (l, i, failure);
        return true;
    }
    return false;
}

bool site_program_is (const struct launcher *l, pid_t pid)
{
    for (size_t i = 0; i < SITE_PROGRAMS; i++)
        if (l->programs[i].pid && l->programs[i].pid == pid)
            return true;
    return false;
}

nfds_t site_programs_poll (const struct launcher *l, struct pollfd *fds)
{
    nfds_t n = 0;

    for (size_t i = 0; i < SITE_PROGRAMS; i++)
        if (l->programs[i].pid && l->programs[i].output.fd >= 0)
            fds[n++] = (struct pollfd){l->programs[i].output.fd, POLLIN};
    return n;
}

usec_t site_programs_due (const struct launcher *l)
{
    usec_t first = NEVER;

    for (size_t i = 0; i < SITE_PROGRAMS; i++)
        if (l->programs[i].pid && l->programs[i].kill_at < first)
            first = l->programs[i].kill_at;
    return first;
}

void site_programs_look (struct launcher *l)
{
    usec_t now = clock_monotonic ();

    for (size_t i = 0; i < SITE_PROGRAMS; i++) {
        struct site_program *p = &l->programs[i];
        if (!p->pid)
            continue;
        if (p->output.fd >= 0 && !program_output_read (&p->output, kinds[i].key))
            program_output_close (&p->output, kinds[i].key);
        if (p->kill_at > now)
            continue;
        p->timed_out = true;
        p->kill_at = now + USEC_PER_SEC; /* until it is gone */
        if (kill (-p->pid, SIGKILL) && errno != ESRCH)
            log_warn ("cannot end %s: %s", kinds[i].key, strerror (errno));
    }
}

void site_programs_stop (struct launcher *l)
{
    for (size_t i = 0; i < SITE_PROGRAMS; i++) {
        if (!l->programs[i].pid)
            continue;
        if (!kinds[i].outlives_us && kill (-l->programs[i].pid, SIGKILL) && errno != ESRCH)
            log_warn ("cannot end %s: %s", kinds[i].key, strerror (errno));
        program_output_close (&l->programs[i].output, kinds[i].key);
    }
}
