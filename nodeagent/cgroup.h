/* cgroup.h - a job's processes, held together by the kernel: limits that hold for all of them, usage of all of them,
 * and an end for all of them, whatever they did to their sessions, parents and environments.
 *
 * One manager a node, chosen at the launcher's start: cgroup/v2, cgroup/v1, or none (a real one that limits nothing and
 * finds nobody; tree.h then is what there is). A job has one group, BASE/moisson/NODE/job_RAW.ATTEMPT: on v2 one
 * directory, on v1 one in each hierarchy that this job needs. BASE is the group of the service unit moisson-jobs where
 * there is one (restarts of moissond never touch it), else the launcher's own.
 *
 * Launcher: cgroup_open, cgroup_make, cgroup_remove. Shepherd: cgroup_join from what the launcher wrote into the
 * attempt's order, cgroup_fork, then the rest. Nothing here waits, but for the file system of the kernel. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/cleanup.h"
#include "base/err.h"

struct cgroup;       /* the manager of a node */
struct cgroup_group; /* one job */

#define CGROUP_NO_LIMIT UINT64_MAX
#define CGROUP_JOB_PREFIX "job_"
#define CGROUP_HOLDER "moisson-jobs.service"

struct cgroup_wish {
    const char *plugin;     /* autodetect, cgroup/v2, cgroup/v1 or disabled */
    const char *mountpoint; /* below which to look; NULL or "" = wherever the kernel says they are */
    const char *node;       /* one path component */
    const char *before; /* what cgroup_base said at an earlier start of this launcher; NULL = none. Groups stay where
                         * they are while that is usable */
};

/* With autodetect whatever the host lacks is done without, and said by cgroup_text; with a named plugin it is an error.
 */
int cgroup_open (struct cgroup **ret, const struct cgroup_wish *wish, struct err *err);
struct cgroup *cgroup_close (struct cgroup *cg); /* and removes the node's directory if it is empty */
DEFINE_CLEANUP (struct cgroup *, cgroup_close)
/* "cgroup/v2", "cgroup/v1 without cpuset (it is not mounted)", "none (moissond does not run as root)". Borrowed. */
const char *cgroup_text (const struct cgroup *cg);
const char *cgroup_base (const struct cgroup *cg); /* one line, to be kept for the next start; "" = nothing to keep */
void cgroup_take_shepherd (const struct cgroup *cg, pid_t pid); /* into the leaf `shepherds`, if it is not there */

struct cgroup_device {
    char type; /* 'c' or 'b' */
    uint32_t major, minor;
};

struct cgroup_limits {
    const uint32_t *cpus, *mems; /* kernel numbers; none: wherever the node itself may run */
    size_t n_cpus, n_mems;
    uint32_t weight;                  /* CPUs of its share, for where others want the same ones; 0 = like one of many */
    uint64_t mem_bytes, swap_bytes;   /* or CGROUP_NO_LIMIT; swap comes on top of memory */
    uint64_t pids;                    /* processes and threads, or CGROUP_NO_LIMIT */
    const struct cgroup_device *deny; /* everything else stays as the node has it */
    size_t n_deny;
};

/* A new, empty group under limits. An empty one of the same name is used again; -1 leaves none. */
int cgroup_make (struct cgroup *cg, const char *name, const struct cgroup_limits *limits, struct cgroup_group **ret,
                 struct err *err);
/* The group of that name, whether it is there or not. */
struct cgroup_group *cgroup_find (struct cgroup *cg, const char *name);
/* Names of the job groups that exist. fn may remove the one it is called for. */
void cgroup_each (struct cgroup *cg, void (*fn) (void *arg, const char *name), void *arg);

/* Words by which another process finds the group; each owned by the caller, as is the array. */
char **cgroup_words (const struct cgroup_group *g, size_t *ret_n);
int cgroup_join (struct cgroup_group **ret, char *const *words, size_t n_words,
                 struct err *err);                         /* none: manager none */
struct cgroup_group *cgroup_free (struct cgroup_group *g); /* the group stays */
DEFINE_CLEANUP (struct cgroup_group *, cgroup_free)

/* fork; the child is in the group before it does anything else. In the child *ret_errnum is 0, or why it is not. */
pid_t cgroup_fork (struct cgroup_group *g, int *ret_errnum);
bool cgroup_is_kept (const struct cgroup_group *g);   /* false: manager none, nobody is ever in it */
bool cgroup_knows_all (const struct cgroup_group *g); /* is who is not in it none of the job's? */
bool cgroup_is_populated (const struct cgroup_group *g);
/* One round: KILL for everybody in it, such that none forks away. Repeat until it is not populated. 0 or -errno. */
int cgroup_kill (struct cgroup_group *g);
/* Everybody in it stands still, and whoever they would fork; or they go on. 0; -ENOTSUP: the host has no freezer;
 * or -errno. */
int cgroup_freeze (struct cgroup_group *g, bool on);
size_t cgroup_pids (const struct cgroup_group *g, pid_t *ret, size_t room); /* how many are in it; the first ones */

struct cgroup_usage {
    uint64_t cpu_user_us, cpu_sys_us;
    /* Anonymous and shared memory now, page cache not counted. The kernel keeps no peak of it: sample. */
    uint64_t mem_bytes;
    uint64_t mem_peak_bytes; /* highest of everything charged, page cache too: an upper bound; 0 = not known */
};
/* 0 or -errno; what the host does not count stays 0. Without now: mem_bytes stays 0, which is cheaper, and all there is
 * to know of an empty group. */
int cgroup_usage (const struct cgroup_group *g, bool now, struct cgroup_usage *ret);

/* Processes that the kernel has killed because the group was at its memory limit. */
uint64_t cgroup_ooms (const struct cgroup_group *g);
/* An fd to poll (for *ret_events) that wakes when that may have risen; the group's own. -1: there is none, look. */
int cgroup_oom_fd (struct cgroup_group *g, short *ret_events);
void cgroup_oom_heard (struct cgroup_group *g); /* after it woke */

/* 0: it is gone (or was never there); -EBUSY: somebody is in it. */
int cgroup_remove (struct cgroup_group *g);
