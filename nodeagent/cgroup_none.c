/* cgroup_none.c - the manager of hosts without cgroups: it limits nothing, and nobody is ever in a group of it. */
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>
#include "nodeagent/cgroup_manager.h"

static int none_open (struct cgroup *cg, const struct cgroup_wish *wish, struct err *err)
{
    (void) cg;
    (void) wish;
    (void) err;
    return 0;
}

static bool none_is_needed (const struct cgroup *cg, size_t node, const struct cgroup_limits *limits)
{
    (void) cg;
    (void) node;
    (void) limits;
    return false;
}

static int none_limit (const struct cgroup_group *g, const struct cgroup_limits *limits, struct err *err)
{
    (void) g;
    (void) limits;
    (void) err;
    return 0;
}

static pid_t none_fork (struct cgroup_group *g, int *ret_errnum)
{
    (void) g;
    (void) ret_errnum;
    return fork ();
}

static bool none_is_populated (const struct cgroup_group *g)
{
    (void) g;
    return false;
}

static int none_kill (struct cgroup_group *g)
{
    (void) g;
    return 0;
}

static int none_freeze (struct cgroup_group *g, bool on)
{
    (void) g;
    (void) on;
    return -ENOTSUP;
}

static int none_usage (const struct cgroup_group *g, bool now, struct cgroup_usage *ret)
{
    (void) g;
    (void) now;
    (void) ret;
    return 0;
}

static uint64_t none_ooms (const struct cgroup_group *g)
{
    (void) g;
    return 0;
}

static int none_oom_fd (struct cgroup_group *g, short *ret_events)
{
    (void) g;
    (void) ret_events;
    return -1;
}

const struct cgroup_manager *cgroup_none (void)
{
    static const struct cgroup_manager none = {"none",     none_open,         none_is_needed, none_limit,
                                               none_fork,  none_is_populated, none_kill,      none_freeze,
                                               none_usage, none_ooms,         none_oom_fd};

    return &none;
}
