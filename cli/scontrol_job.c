/* scontrol_job.c - one job: write its script, wait until it runs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "scontrol.h"

#define LOOK_EVERY 500000000L /* ns */

static int refused (const char *why, const char *fix)
{
    fprintf (stderr, "scontrol: error: %s\n        fix: %s\n", why, fix);
    return COMMAND_ERROR;
}

static int take_job (const char *text, Moisson__JobRef **ret)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!jobref_parse (text, ret, NULL, &err))
        return 0;
    err_report ("scontrol", &err);
    return COMMAND_ERROR;
}

/* --- write batch_script ------------------------------------------------------------------------------------------- */

static int put_script (const char *path, const Moisson__BatchScript *reply)
{
    bool to_stdout = !strcmp (path, "-");
    _cleanup_close_ int fd =
        to_stdout ? dup (STDOUT_FILENO) : open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    size_t done = 0;

    while (fd >= 0 && done < reply->script.len) {
        ssize_t n = write (fd, reply->script.data + done, reply->script.len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t) n : 0;
    }
    if (fd < 0 || done < reply->script.len) {
        fprintf (stderr, "scontrol: error: cannot write %s: %s\n", path, strerror (errno));
        return COMMAND_ERROR;
    }
    return 0;
}

static int write_script (struct scontrol *s, const Moisson__JobRef *job, const char *path)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__BatchScript *reply = NULL;
    int status;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_BATCH_SCRIPT, &job->base,
                     MOISSON__MSG_TYPE__MSG_BATCH_SCRIPT_REPLY, &moisson__batch_script__descriptor, &reply, &err))
        return failure_report_query ("scontrol write batch_script", &err);
    status = put_script (path, reply);
    if (!status && !s->quiet && strcmp (path, "-") != 0)
        printf ("batch script for job %" PRIu64 " written to %s\n", job->job_id, path);
    moisson__batch_script__free_unpacked (reply, NULL);
    return status;
}

int scontrol_write (struct scontrol *s, int argc, char **argv)
{
    static const struct scontrol_word batch_script = {"batch_script", 1};
    _cleanup_jobref_ Moisson__JobRef *job = NULL;
    _cleanup_free_ char *path = NULL;

    if (argc && !scontrol_matches (&batch_script, argv[0]))
        return refused ("only batch scripts are written", "the configuration is printed by: moisson config show");
    if (argc < 2 || argc > 3)
        return refused (argc < 2 ? "no job is named" : "one job at a time", "scontrol write batch_script JOB [FILE|-]");
    if (take_job (argv[1], &job))
        return COMMAND_ERROR;
    path = argc == 3 ? xstrdup (argv[2]) : xasprintf ("slurm-%" PRIu64 ".sh", job->job_id);
    return write_script (s, job, path);
}

/* --- wait_job ----------------------------------------------------------------------------------------------------- */

struct look {
    bool waits, runs;
};

static bool on_jobs (void *arg, const void *message)
{
    const Moisson__JobsPage *page = message;
    struct look *look = arg;

    for (size_t i = 0; i < page->n_jobs; i++) {
        look->runs |= page->jobs[i]->state == MOISSON__JOB_STATE__STATE_RUNNING;
        look->waits = true; /* what has ended is not asked for */
    }
    return page->last;
}

static int look_at (struct scontrol *s, Moisson__JobRef *job, struct look *ret, struct err *err)
{
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;

    *ret = (struct look){0};
    filter.jobs = &job;
    filter.n_jobs = 1;
    request.filter = &filter;
    return rpc_stream (s->rpc, MOISSON__MSG_TYPE__MSG_JOBS, &request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                       &moisson__jobs_page__descriptor, on_jobs, ret, err);
}

int scontrol_wait_job (struct scontrol *s, int argc, char **argv)
{
    static const struct timespec pause = {.tv_nsec = LOOK_EVERY};
    _cleanup_jobref_ Moisson__JobRef *job = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    struct look look;

    if (argc != 1)
        return refused (argc ? "one job at a time" : "no job is named", "scontrol wait_job JOB");
    if (take_job (argv[0], &job) || scontrol_rpc (s))
        return COMMAND_ERROR;
    while (look_at (s, job, &look, &err) == 0) {
        if (look.runs)
            return 0;
        if (!look.waits) {
            fprintf (stderr, "Job %" PRIu64 " is no longer running\n", job->job_id);
            return COMMAND_ERROR;
        }
        nanosleep (&pause, NULL);
    }
    return failure_report_query ("slurm_load_jobs", &err);
}
