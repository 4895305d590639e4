/* cgroup_manager.h - what a manager is, and the two structs that all of them share. Internal to cgroup*.c. */
#pragma once
#include "base/buf.h"
#include "nodeagent/cgroup.h"

#define CGROUP_TREES_MAX 8

struct cgroup_dir { /* in one hierarchy */
    char *what;     /* its controllers as v1 names them, "cpu,cpuacct"; "" on v2 */
    char *path;
};

struct cgroup {
    const struct cgroup_manager *manager;
    char *text, *base;
    char *missing;                             /* "cpuset, pids": what was wished and is not there; NULL = nothing */
    struct cgroup_dir nodes[CGROUP_TREES_MAX]; /* BASE/moisson/NODE in each hierarchy */
    size_t n_nodes;
    char *freezer; /* v1: the node's directory there, for groups that are made when they are needed; NULL = none */
};

struct cgroup_group {
    const struct cgroup_manager *manager;
    struct cgroup_dir dirs[CGROUP_TREES_MAX];
    size_t n_dirs;
    char *freezer;              /* v1: its directory there, which is made when it is needed; NULL = the host has none */
    int fds[CGROUP_TREES_MAX];  /* of dirs, O_PATH; -1 until cgroup_join */
    int oom_fd, oom_control_fd; /* -1 until cgroup_oom_fd */
};

struct cgroup_manager {
    const char *name;
    /* Fill nodes and missing of a manager that may work here; -1 with the reason leaves what cgroup_close clears. */
    int (*open) (struct cgroup *cg, const struct cgroup_wish *wish, struct err *err);
    /* Does the hierarchy belong to a group with these limits? */
    bool (*is_needed) (const struct cgroup *cg, size_t node, const struct cgroup_limits *limits);
    int (*limit) (const struct cgroup_group *g, const struct cgroup_limits *limits, struct err *err);
    pid_t (*fork) (struct cgroup_group *g, int *ret_errnum);
    bool (*is_populated) (const struct cgroup_group *g);
    int (*kill) (struct cgroup_group *g);
    int (*freeze) (struct cgroup_group *g, bool on);
    int (*usage) (const struct cgroup_group *g, bool now, struct cgroup_usage *ret);
    uint64_t (*ooms) (const struct cgroup_group *g);
    int (*oom_fd) (struct cgroup_group *g, short *ret_events);
};

const struct cgroup_manager *cgroup_v2 (void);
const struct cgroup_manager *cgroup_v1 (void);
const struct cgroup_manager *cgroup_none (void);

/* The node's directory where the groups of an earlier start are, if wish->before names one that is there. Owned. */
char *cgroup_before (const struct cgroup_wish *wish, const char *manager, const char *what);
void cgroup_add_node (struct cgroup *cg, const char *what, const char *path);
void cgroup_add_missing (struct cgroup *cg, const char *what);
bool cgroup_has_word (const char *list, const char *word); /* in "cpu,cpuacct" or "cpuset cpu memory" */
/* The group's directory in the hierarchy of a controller; NULL: it is in none. */
const char *cgroup_dir_of (const struct cgroup_group *g, const char *controller);
