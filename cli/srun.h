/* srun.h - what the parts of srun share. One task, on this node, in a job of ours: a child of this process, in the
 * job's own cgroup. The controller is told by way of the node's agent (srun_news), and nothing waits for that.
 *
 *   srun.c           the command: options, job, step, task, and what becomes of them
 *   srun_options.c   the option table
 *   srun_job.c       the job around us, and what of its step we cannot do
 *   srun_step.c      the step's number; which CPUs
 *   srun_env.c       the environment of the task
 *   srun_streams.c   files, labels
 *   srun_task.c      start, signals, time limit, end
 *   srun_news.c      begun, ended */
#pragma once
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/units.h"
#include "proto/node.pb-c.h"

#define SRUN "srun"
#define SRUN_LATER "more of srun is not available yet" /* in every refusal of what a later version will do */

struct srun_options {
    char *chdir, *output, *error, *input, *name, *export_mode, *nodelist, *job_id, *gpus, *gres, *open_mode;
    uint64_t tasks, tasks_per_node, nodes, cpus, time_s; /* 0 = not asked */
    bool label, exact, overlap, unbound, quiet, test_only, help, version, list_mpi;
    int verbose;
};

/* The job that this process is in, by its environment and what the node has of it. */
struct srun_job {
    uint64_t id, array; /* array: of its array, 0 = none */
    uint32_t attempt, task;
    bool has_task;
    uint32_t cpus, nodes; /* of this node; nodes of the job */
    const char *node, *spool, *scratch, *user, *name, *partition;
};

#define SRUN_CPUS_MOST 4096

struct srun_step {
    uint32_t id;
    char text[12]; /* the id */
    int lock_fd;   /* holds the locks on its CPUs; -1 = none */
    bool bound;
    cpu_set_t set;
    uint32_t cpus; /* of the task */
};

struct srun_streams {
    int in, out, err; /* of the task; -1 = ours */
    bool label;       /* lines go through us */
};

struct srun_end {
    int status;     /* of wait */
    bool timed_out; /* ended by --time */
    bool cancelled; /* the node was ending the job */
    usec_t start, end;
    uint64_t cpu_user_us, cpu_sys_us, max_rss_kb;
};

/* --- srun_options.c */
int srun_options_parse (struct srun_options *o, int argc, char **argv, int *ret_index, struct err *err);
void srun_options_clear (struct srun_options *o);
void srun_help (FILE *out);
void srun_document (FILE *out); /* docs/srun.md */
void srun_man (FILE *out);      /* docs/man/srun.1 */

/* --- srun_job.c */
int srun_job_find (struct srun_job *ret, struct err *err); /* -1: there is none */
/* Is it a step that we can make in this job? */
int srun_job_admits (const struct srun_job *job, const struct srun_options *o, struct err *err);

/* --- srun_step.c */
void srun_step_number (const struct srun_job *job, struct srun_step *step);
/* May wait for CPUs of its own. */
int srun_step_cpus (const struct srun_job *job, const struct srun_options *o, struct srun_step *step, struct err *err);
void srun_step_clear (struct srun_step *step);

/* --- srun_env.c */
/* A NULL-terminated list; the caller frees it with srun_env_free. `pid` is filled in later, by srun_env_pid. */
char **srun_env_make (const struct srun_job *job, const struct srun_step *step, const struct srun_options *o,
                      char *const *from, struct err *err);
void srun_env_pid (char **env, pid_t pid); /* in the child: no allocation */
void srun_env_free (char **env);

/* --- srun_streams.c */
int srun_streams_open (struct srun_streams *ret, const struct srun_job *job, const struct srun_step *step,
                       const struct srun_options *o, struct err *err);
void srun_streams_close (struct srun_streams *s);
/* One stream whose lines get a label: what comes out of it, and where to. */
struct srun_lines {
    int from, to; /* from -1: at its end */
    bool middle;  /* of a line */
};
/* Copy what is there; at its end `from` is closed. */
void srun_lines_copy (struct srun_lines *l);
/* The same on text, for tests: appends the labelled lines. */
void srun_label (struct srun_lines *l, const char *text, size_t len, struct buf *out);

/* --- srun_task.c */
struct srun_task {
    const struct srun_step *step;
    struct srun_streams *streams;
    char **argv, **env;
    uint64_t time_s;
    void (*started) (void *arg, usec_t when);
    void *arg;
};
int srun_task_run (const struct srun_task *task, struct srun_end *ret, struct err *err);
/* What is said of it: NULL for exit code 0. "Exited with exit code 3", "Killed". The caller frees it. */
char *srun_end_words (int wait_status);
int srun_end_code (int wait_status);

/* --- srun_news.c */
struct srun_news;
struct srun_news *srun_news_open (const struct srun_job *job);
void srun_news_begun (struct srun_news *n, const struct srun_step *step, const char *name, usec_t start);
void srun_news_ended (struct srun_news *n, const struct srun_step *step, const char *name, const struct srun_end *end);
/* What the agent has had against it, in words, if it has said so by now; NULL. The caller frees it. */
char *srun_news_refusal (struct srun_news *n);
struct srun_news *srun_news_free (struct srun_news *n);
DEFINE_CLEANUP (struct srun_news *, srun_news_free)
