/* cgroup_v2.c - the unified hierarchy: one directory a job. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/cgroup_devices.h"
#include "nodeagent/cgroup_files.h"
#include "nodeagent/cgroup_manager.h"
#include "nodeagent/cgroup_place.h"

#define TEXT_MAX (1u << 20)
#define SHARE_OF_ONE 100 /* cpu.weight of one CPU, the kernel's default */
#define SHARE_MAX 10000

/* memory first: it is refused where processes sit, which then move. The others would be taken, but make a threaded
 * group of it, below which nothing can be limited. */
static const char *const wished[] = {"memory", "cpuset", "cpu", "pids"};
#define N_WISHED (sizeof wished / sizeof *wished)

/* --- the node's directory -------------------------------------------------------------------------------------------
 */

/* A hybrid host has its controllers in v1's hierarchies: v2 is for names only there. */
static bool has_v1_memory (const struct cgroup_mount *mounts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!mounts[i].is_v2 && cgroup_has_word (mounts[i].options, "memory"))
            return true;
    return false;
}

static int base_in (const struct cgroup_mount *mounts, size_t n, const char *proc_cgroup, char **ret_base,
                    struct err *err)
{
    _cleanup_free_ char *path = NULL, *place = NULL;
    size_t i = 0;

    while (i < n && !mounts[i].is_v2)
        i++;
    if (i == n)
        return err_set (err, 0, "it is not mounted");
    if (has_v1_memory (mounts, n))
        return err_set (err, 0, "the host's controllers are in the hierarchies of v1");
    path = cgroup_path_of (proc_cgroup, "");
    place = path ? cgroup_place_of (&mounts[i], path) : NULL;
    if (!place)
        return err_set (err, 0, "this process is in no group that is seen below %s", mounts[i].point);
    *ret_base = cgroup_base_dir (&mounts[i], place);
    return 0;
}

static int find_base (const char *below, char **ret_base, struct err *err)
{
    _cleanup_free_ char *mountinfo = NULL, *own = NULL;
    struct cgroup_mount *mounts = NULL;

    if (file_read ("/proc/self/mountinfo", TEXT_MAX, &mountinfo, NULL, err) ||
        file_read ("/proc/self/cgroup", TEXT_MAX, &own, NULL, err))
        return -1;
    size_t n = cgroup_mounts_parse (mountinfo, below, &mounts);
    int rc = base_in (mounts, n, own, ret_base, err);
    cgroup_mounts_free (mounts, n);
    return rc;
}

struct move {
    const char *to;
    int rc;
};

static void move_pid (void *arg, pid_t pid)
{
    struct move *m = arg;
    int rc = pid > 0 ? cgroup_write_number (m->to, "cgroup.procs", (uint64_t) pid) : 0;

    if (rc && rc != -ESRCH)
        m->rc = rc;
}

static int enable (const char *dir, const char *controller)
{
    char text[32];

    snprintf (text, sizeof text, "+%s", controller);
    return cgroup_write (dir, "cgroup.subtree_control", text);
}

/* Where processes sit in a group itself, nothing below it can be limited: they move to the leaf. */
static int enable_below (const char *dir, const char *leaf, const char *controller)
{
    _cleanup_buf_ struct buf pids = BUF_INIT;
    struct move move = {leaf, 0};
    int rc = enable (dir, controller);

    if (rc != -EBUSY || cgroup_read (dir, "cgroup.procs", &pids))
        return rc;
    for (char *p = pids.data, *end; p && *p; p = end) {
        long pid = strtol (p, &end, 10);
        if (end == p)
            break;
        end += *end == '\n';
        move_pid (&move, (pid_t) pid);
    }
    return move.rc ? move.rc : enable (dir, controller);
}

/* Hand the controllers that there are down to the jobs. */
static void enable_all (struct cgroup *cg, const char *base, const char *node)
{
    _cleanup_free_ char *tree = xasprintf ("%s/moisson", base), *leaf = xasprintf ("%s/shepherds", node);
    _cleanup_buf_ struct buf have = BUF_INIT;

    cgroup_read (base, "cgroup.controllers", &have);
    for (size_t i = 0; i < N_WISHED; i++) {
        int rc = cgroup_has_word (buf_str (&have), wished[i]) ? 0 : -ENOENT;
        rc = rc ? rc : enable_below (base, leaf, wished[i]);
        rc = rc ? rc : enable (tree, wished[i]);
        rc = rc ? rc : enable (node, wished[i]);
        if (rc == 0)
            continue;
        _cleanup_free_ char *why =
            rc == -ENOENT ? xasprintf ("%s", wished[i]) : xasprintf ("%s (%s)", wished[i], strerror (-rc));
        cgroup_add_missing (cg, why);
    }
}

static int v2_open (struct cgroup *cg, const struct cgroup_wish *wish, struct err *err)
{
    _cleanup_free_ char *base = NULL, *tree = NULL, *leaf = NULL, *node = cgroup_before (wish, "cgroup/v2", "");

    if (node) {
        tree = xstrndup (node, (size_t) (strrchr (node, '/') - node));
        base = xstrndup (tree, (size_t) (strrchr (tree, '/') - tree));
    } else {
        if (find_base (wish->mountpoint, &base, err))
            return -1;
        tree = xasprintf ("%s/moisson", base);
        node = xasprintf ("%s/%s", tree, wish->node);
    }
    leaf = xasprintf ("%s/shepherds", node);
    if (cgroup_mkdir (tree, err) || cgroup_mkdir (node, err) || cgroup_mkdir (leaf, err))
        return -1;
    enable_all (cg, base, node);
    cgroup_add_node (cg, "", node);
    return 0;
}

/* --- a job's group --------------------------------------------------------------------------------------------------
 */

static bool v2_is_needed (const struct cgroup *cg, size_t node, const struct cgroup_limits *limits)
{
    (void) cg;
    (void) node;
    (void) limits;
    return true;
}

static int set_memory (const char *dir, const struct cgroup_limits *limits, struct err *err)
{
    if (limits->mem_bytes != CGROUP_NO_LIMIT && cgroup_set_number (dir, "memory.max", limits->mem_bytes, err))
        return -1;
    /* All of a job or nothing: half of one computes nonsense. Not there before Linux 4.19. */
    cgroup_write (dir, "memory.oom.group", "1");
    if (limits->swap_bytes == CGROUP_NO_LIMIT)
        return 0;
    int rc = cgroup_write_number (dir, "memory.swap.max", limits->swap_bytes);
    if (rc && rc != -ENOENT) /* no such file: the kernel was built, or told, not to count swap */
        return err_errno (err, -rc, "cannot limit swap in %s", dir);
    return 0;
}

static int set_list (const char *dir, const char *file, const uint32_t *list, size_t n, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (size_t i = 0; i < n; i++)
        buf_printf (&text, "%s%u", i ? "," : "", list[i]);
    return n ? cgroup_set (dir, file, buf_str (&text), err) : 0;
}

/* A controller that is not there has been said at the start; its limits do not hold on this node. */
static int v2_limit (const struct cgroup_group *g, const struct cgroup_limits *limits, struct err *err)
{
    _cleanup_buf_ struct buf have = BUF_INIT;
    const char *dir = g->dirs[0].path, *list;

    if (cgroup_read (dir, "cgroup.controllers", &have))
        return err_set (err, 0, "the job's cgroup %s is not there", dir);
    list = buf_str (&have);
    if (cgroup_has_word (list, "memory") && set_memory (dir, limits, err))
        return -1;
    if (cgroup_has_word (list, "pids") && limits->pids != CGROUP_NO_LIMIT &&
        cgroup_set_number (dir, "pids.max", limits->pids, err))
        return -1;
    if (cgroup_has_word (list, "cpuset") && (set_list (dir, "cpuset.cpus", limits->cpus, limits->n_cpus, err) ||
                                             set_list (dir, "cpuset.mems", limits->mems, limits->n_mems, err)))
        return -1;
    if (cgroup_has_word (list, "cpu") && limits->weight) {
        uint64_t share = (uint64_t) limits->weight * SHARE_OF_ONE;
        if (cgroup_set_number (dir, "cpu.weight", share < SHARE_MAX ? share : SHARE_MAX, err))
            return -1;
    }
    return limits->n_deny ? cgroup_devices_deny (dir, limits->deny, limits->n_deny, err) : 0;
}

/* Born in it: cheaper than moving there, which waits for everybody on the machine who forks. */
static pid_t v2_fork (struct cgroup_group *g, int *ret_errnum)
{
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t) g->fds[0]};
    pid_t pid = (pid_t) syscall (SYS_clone3, &args, sizeof args);

    if (pid >= 0 || (errno != ENOSYS && errno != E2BIG && errno != EINVAL && errno != EPERM))
        return pid;
    pid = fork ();
    if (pid == 0) {
        _cleanup_close_ int fd = openat (g->fds[0], "cgroup.procs", O_WRONLY | O_CLOEXEC);
        *ret_errnum = fd < 0 || write (fd, "0", 1) < 0 ? errno : 0;
    }
    return pid;
}

static bool v2_is_populated (const struct cgroup_group *g)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    return cgroup_read (g->dirs[0].path, "cgroup.events", &text) == 0 &&
           cgroup_number_of (buf_str (&text), "populated") != 0;
}

static int v2_kill (struct cgroup_group *g)
{
    const char *dir = g->dirs[0].path;
    int rc = cgroup_write (dir, "cgroup.kill", "1");

    if (rc != -ENOENT || access (dir, F_OK))
        return rc == -ENOENT ? 0 : rc;
    /* Before Linux 5.14: nobody forks while they stand still, and KILL reaches those too. */
    rc = cgroup_write (dir, "cgroup.freeze", "1");
    cgroup_kill_pids (dir);
    int thawed = cgroup_write (dir, "cgroup.freeze", "0");
    return rc ? rc : thawed;
}

static int v2_freeze (struct cgroup_group *g, bool on)
{
    return cgroup_write (g->dirs[0].path, "cgroup.freeze", on ? "1" : "0"); /* not there before Linux 5.2 */
}

static int v2_usage (const struct cgroup_group *g, bool now, struct cgroup_usage *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *dir = g->dirs[0].path;
    int rc = cgroup_read (dir, "cpu.stat", &text);

    if (rc)
        return rc;
    ret->cpu_user_us = cgroup_number_of (buf_str (&text), "user_usec");
    ret->cpu_sys_us = cgroup_number_of (buf_str (&text), "system_usec");
    if (now && cgroup_read (dir, "memory.stat", &text) == 0)
        ret->mem_bytes = cgroup_number_of (buf_str (&text), "anon") + cgroup_number_of (buf_str (&text), "shmem");
    ret->mem_peak_bytes = cgroup_read_number (dir, "memory.peak");
    return 0;
}

static uint64_t v2_ooms (const struct cgroup_group *g)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    return cgroup_read (g->dirs[0].path, "memory.events", &text) ? 0 : cgroup_number_of (buf_str (&text), "oom_kill");
}

static int v2_oom_fd (struct cgroup_group *g, short *ret_events)
{
    if (g->oom_fd < 0)
        g->oom_fd = openat (g->fds[0], "memory.events", O_RDONLY | O_CLOEXEC);
    cgroup_oom_heard (g); /* polling starts from what has been read */
    *ret_events = POLLPRI;
    return g->oom_fd;
}

const struct cgroup_manager *cgroup_v2 (void)
{
    static const struct cgroup_manager v2 = {"cgroup/v2", v2_open,   v2_is_needed, v2_limit, v2_fork,  v2_is_populated,
                                             v2_kill,     v2_freeze, v2_usage,     v2_ooms,  v2_oom_fd};

    return &v2;
}
