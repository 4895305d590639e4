/* env.h - the environment of a job: the user's blob byte for byte, then what the controller adds, then what only the
 * node knows. Pure. */
#pragma once
#include <stddef.h>
#include "proto/launch.pb-c.h"

/* A NULL-terminated list, each string owned. A later setting of a name replaces the earlier one in its place. */
struct env {
    char **list;
    size_t n, room;
};

#define ENV_INIT ((struct env){0})
#define _cleanup_env_ __attribute__ ((cleanup (env_clear)))

void env_clear (struct env *env);
void env_add (struct env *env, const char *entry); /* NAME=value; copied */
void env_set (struct env *env, const char *name, const char *value);
const char *env_get (const struct env *env, const char *name); /* borrowed; NULL = not there */
/* NAME=value\0NAME=value\0... A last one without NUL counts; entries without '=' or without a name are dropped. */
void env_add_blob (struct env *env, const char *blob, size_t len);
/* The same over what is there: an entry takes the place of one of its name. */
void env_add_over (struct env *env, const char *blob, size_t len);

struct env_facts {
    const Moisson__Launch *launch;
    const Moisson__Order *order;
    const char *spool;     /* absolute */
    const char *conf_path; /* the node's configuration file; NULL = unknown */
};

/* What the order adds (extra_env), defaults where the name is absent (HOME USER LOGNAME SHELL PATH), TMPDIR, then the
 * node's own: SLURM_TASK_PID (a placeholder, see env_set_pid), the variables of GPUs (env.c), SLURM_CONF,
 * MOISSON_CPU_IDS, MOISSON_SCRATCH (the job's own directory, whatever TMPDIR is), and MOISSON_ATTEMPT with
 * MOISSON_SPOOL, by which processes without a shepherd are found. */
void env_add_job (struct env *env, const struct env_facts *facts);
void env_add_gpus (struct env *env, const Moisson__Launch *launch); /* of that, what is said of GPUs */

/* In the child, between fork and exec: writes into memory that env_add_job has set aside. */
void env_set_pid (struct env *env, long pid);
