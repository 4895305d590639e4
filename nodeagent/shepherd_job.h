/* shepherd_job.h - from a verified order to a process: what the child needs is made before the fork, so that the child
 * only makes system calls. */
#pragma once
#include <sys/types.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "nodeagent/cgroup.h"
#include "nodeagent/env.h"
#include "nodeagent/paths.h"
#include "nodeagent/rights.h"
#include "nodeagent/setup.h"
#include "nodeagent/spool.h"

struct job {
    char *spool;
    struct attempt_id id;
    Moisson__Launch *launch;
    Moisson__Order *order;
    Moisson__JobSpec *spec;
    char *script_path; /* absolute: it is the job's $0 */
    char **argv;
    struct env env;
    char *env_blob; /* where the login environment comes first: kept until that is known */
    size_t env_len;
    char *conf_path; /* NULL = unknown */
    struct job_paths paths;
    struct identity identity;
    struct cgroup_group *group;
};

/* Reads order and env of the attempt in the current directory. */
int job_load (struct job **ret, const char *spool, struct attempt_id id, const char *conf_path, struct err *err);
struct job *job_free (struct job *job);
DEFINE_CLEANUP (struct job *, job_free)

/* Fork. The child is in the job's cgroup, takes its private /tmp, gets its limits, becomes the job's user, makes a
 * session, sets umask, directory, streams and cpus, and runs the script, with its user's login environment where that
 * was asked. What may hang (a home that does not answer, a fifo as --output) hangs the child alone. *ret_setup_fd (to
 * be closed by the caller) becomes readable when that is done: see job_setup_result. -1: no process, `failure` says
 * why.
 */
pid_t job_fork (struct job *job, int *ret_setup_fd, struct setup_failure *failure);

enum { JOB_RUNS = 0, JOB_FAILED = 1, JOB_SETTING_UP = 2 };
/* Take what the child said. *ret_stderr_fd: the job's stderr as the job itself opened it (never opened with more
 * rights than the job has), set at most once over several calls; the caller closes it. */
int job_setup_result (int setup_fd, int *ret_stderr_fd, struct setup_failure *ret_failure);

/* Why the job never ran, in words; the caller frees it. */
char *job_setup_words (const struct job *job, const struct setup_failure *failure);
