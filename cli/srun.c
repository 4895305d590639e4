/* srun.c - run a command as a step of the job around us. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "command.h"
#include "lists.h"
#include "net/loop.h"
#include "srun.h"

struct srun {
    struct srun_options o;
    struct srun_job job;
    struct srun_step step;
    struct srun_streams streams;
    char **env;
    struct srun_news *news;
};

static void srun_clear (struct srun *s)
{
    srun_options_clear (&s->o);
    srun_step_clear (&s->step);
    srun_streams_close (&s->streams);
    srun_env_free (s->env);
    srun_news_free (s->news);
}

static const char *step_name (const struct srun *s, const char *command)
{
    const char *slash = strrchr (command, '/');

    return s->o.name ? s->o.name : slash ? slash + 1 : command;
}

/* ReFrame reads the partition from this line. */
static int test_only (const struct srun *s)
{
    char when[64];

    fprintf (stderr,
             SRUN ": Job %" PRIu64 " to start at %s using %" PRIu64 " processors on nodes %s in partition %s \n",
             s->job.id, time_format (now_wall (), getenv ("SLURM_TIME_FORMAT"), "Unknown", when, sizeof when),
             s->o.cpus ? s->o.cpus : s->job.cpus, s->job.node, s->job.partition ? s->job.partition : "(null)");
    return 0;
}

/* From here on relative names are below that directory. */
static int enter (const struct srun_options *o, struct err *err)
{
    if (!o->chdir || chdir (o->chdir) == 0)
        return 0;
    err_errno (err, errno, "cannot change to directory %s", o->chdir);
    return err_fix (err, "make it, or name another one with --chdir");
}

static int prepare (struct srun *s, struct err *err)
{
    if (enter (&s->o, err))
        return -1;
    srun_step_number (&s->job, &s->step);
    if (srun_step_cpus (&s->job, &s->o, &s->step, err) ||
        srun_streams_open (&s->streams, &s->job, &s->step, &s->o, err))
        return -1;
    s->env = srun_env_make (&s->job, &s->step, &s->o, environ, err);
    return s->env ? 0 : -1;
}

struct begun {
    struct srun *s;
    const char *name;
};

static void tell_begun (void *arg, usec_t when)
{
    struct begun *b = arg;

    srun_news_begun (b->s->news, &b->s->step, b->name, when);
}

static void report (const struct srun *s, const struct srun_end *end)
{
    _cleanup_free_ char *words = srun_end_words (end->status);
    _cleanup_free_ char *refusal = srun_news_refusal (s->news);
    char when[64];

    if (end->timed_out)
        fprintf (stderr, "slurmstepd: error: *** STEP %" PRIu64 ".%s ON %s CANCELLED AT %s DUE TO TIME LIMIT ***\n",
                 s->job.id, s->step.text, s->job.node, time_format (end->end, NULL, "Unknown", when, sizeof when));
    if (words)
        fprintf (stderr, SRUN ": error: %s: task 0: %s\n", s->job.node, words);
    if (refusal && !s->o.quiet)
        fprintf (stderr, SRUN ": warning: step %" PRIu64 ".%s is not recorded: %s\n", s->job.id, s->step.text, refusal);
}

static int run (struct srun *s, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct begun begun = {s, step_name (s, argv[0])};
    struct srun_end end;

    s->step.lock_fd = -1;
    if (srun_job_find (&s->job, &err) || srun_job_admits (&s->job, &s->o, &err))
        goto fail;
    if (s->o.test_only)
        return test_only (s);
    if (prepare (s, &err))
        goto fail;
    if (s->o.verbose)
        fprintf (stderr, SRUN ": StepId=%" PRIu64 ".%s of %u CPUs on %s\n", s->job.id, s->step.text, s->step.cpus,
                 s->job.node);
    s->news = srun_news_open (&s->job);
    const struct srun_task task = {.step = &s->step,
                                   .streams = &s->streams,
                                   .argv = argv,
                                   .env = s->env,
                                   .time_s = s->o.time_s,
                                   .started = tell_begun,
                                   .arg = &begun};
    if (srun_task_run (&task, &end, &err))
        goto fail;
    srun_news_ended (s->news, &s->step, begun.name, &end);
    report (s, &end);
    return srun_end_code (end.status);
fail:
    err_report (SRUN, &err);
    return COMMAND_ERROR;
}

int srun_run (int argc, char **argv)
{
    _cleanup_ (srun_clear) struct srun s = {.step.lock_fd = -1, .streams = {-1, -1, -1, false}};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (srun_options_parse (&s.o, argc, argv, &index, &err))
        return list_refused (SRUN, &err);
    if (s.o.version)
        return command_version ();
    if (s.o.help) {
        srun_help (stdout);
        return 0;
    }
    if (s.o.list_mpi) {
        fputs ("MPI plugin types are...\n\tnone\n", stderr);
        return 0;
    }
    if (index == argc) {
        err_set (&err, 0, "No command given to execute.");
        err_fix (&err, "srun [OPTIONS] COMMAND [ARGUMENTS]; see srun --help");
        return list_refused (SRUN, &err);
    }
    return run (&s, argv + index);
}
