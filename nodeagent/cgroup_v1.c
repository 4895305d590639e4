/* cgroup_v1.c - a hierarchy for each controller, or for some of them: a directory a job in those that it needs, since
 * each costs the job's start about as much as a fork. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/cgroup_files.h"
#include "nodeagent/cgroup_manager.h"
#include "nodeagent/cgroup_place.h"

#define TEXT_MAX (1u << 20)
#define SHARE_OF_ONE 1024 /* cpu.shares of one CPU, the kernel's default */

/* --- the node's directories -----------------------------------------------------------------------------------------
 */

static bool wants_cpuset (const struct cgroup_limits *l)
{
    return l->n_cpus || l->n_mems;
}

static bool wants_devices (const struct cgroup_limits *l)
{
    return l->n_deny != 0;
}

static bool wants_cpu (const struct cgroup_limits *l)
{
    return l->weight != 0;
}

/* Which controllers are used, and for whom: NULL = every job. CPU time is summed up well enough from the processes
 * themselves (a shepherd reaps whoever lost his parent) not to pay for one more hierarchy, where it is one. */
static const struct {
    const char *name;
    bool (*wanted) (const struct cgroup_limits *limits);
} wished[] = {
    {"memory", NULL},           {"pids", NULL},     {"cpuset", wants_cpuset},
    {"devices", wants_devices}, {"cpu", wants_cpu}, {"cpuacct", wants_cpu},
};
#define N_WISHED (sizeof wished / sizeof *wished)

struct host { /* what the kernel says */
    struct cgroup_mount *mounts;
    size_t n_mounts;
    char *own;
};

static void host_clear (struct host *h)
{
    cgroup_mounts_free (h->mounts, h->n_mounts);
    free (h->own);
}

static int host_read (struct host *h, const char *below, struct err *err)
{
    _cleanup_free_ char *mountinfo = NULL;

    if (file_read ("/proc/self/mountinfo", TEXT_MAX, &mountinfo, NULL, err) ||
        file_read ("/proc/self/cgroup", TEXT_MAX, &h->own, NULL, err))
        return -1;
    h->n_mounts = cgroup_mounts_parse (mountinfo, below, &h->mounts);
    return 0;
}

static const struct cgroup_mount *mount_of (const struct host *h, const char *controller)
{
    for (size_t i = 0; i < h->n_mounts; i++)
        if (!h->mounts[i].is_v2 && cgroup_has_word (h->mounts[i].options, controller))
            return &h->mounts[i];
    return NULL;
}

/* A new group of cpuset is empty, and nobody may enter it: it takes after the one above. */
static void inherit_cpuset (const char *dir)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    _cleanup_free_ char *above = xasprintf ("%s/..", dir);

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        _cleanup_buf_ struct buf has = BUF_INIT;
        if (cgroup_read (dir, files[i], &has) || buf_str (&has)[strspn (buf_str (&has), " \n")])
            continue;
        if (cgroup_read (above, files[i], &has) == 0)
            cgroup_write (dir, files[i], buf_str (&has));
    }
}

static int make_level (const char *dir, const char *controllers, struct err *err)
{
    if (cgroup_mkdir (dir, err))
        return -1;
    if (cgroup_has_word (controllers, "cpuset"))
        inherit_cpuset (dir);
    if (cgroup_has_word (controllers, "memory"))
        cgroup_write (dir, "memory.use_hierarchy", "1"); /* always so in newer kernels, which have no such file */
    return 0;
}

/* Of one hierarchy: BASE/moisson/NODE. */
static int make_node (struct cgroup *cg, const struct host *h, const struct cgroup_wish *wish, const char *controller,
                      struct err *err)
{
    const struct cgroup_mount *m = mount_of (h, controller);
    _cleanup_free_ char *path = m ? cgroup_path_of (h->own, controller) : NULL;
    _cleanup_free_ char *own = path ? cgroup_place_of (m, path) : NULL, *base = NULL, *tree = NULL;
    _cleanup_free_ char *node = m ? cgroup_before (wish, "cgroup/v1", controller) : NULL;

    if (!m)
        return err_set (err, 0, "it is not mounted");
    if (!own)
        return err_set (err, 0, "this process is in no group that is seen below %s", m->point);
    if (node)
        tree = xstrndup (node, (size_t) (strrchr (node, '/') - node));
    else {
        base = cgroup_base_dir (m, own);
        tree = xasprintf ("%s/moisson", base);
        node = xasprintf ("%s/%s", tree, wish->node);
    }
    if (make_level (tree, m->options, err) || make_level (node, m->options, err))
        return -1;
    for (size_t i = 0; i < cg->n_nodes; i++)
        if (strcmp (cg->nodes[i].path, node) == 0) { /* mounted together with another one */
            char *both = xasprintf ("%s,%s", cg->nodes[i].what, controller);
            free (cg->nodes[i].what);
            cg->nodes[i].what = both;
            return 0;
        }
    cgroup_add_node (cg, controller, node);
    return 0;
}

static bool has_node (const struct cgroup *cg, const char *controller)
{
    for (size_t i = 0; i < cg->n_nodes; i++)
        if (cgroup_has_word (cg->nodes[i].what, controller))
            return true;
    return false;
}

/* For those few jobs that are suspended: not one more directory for every job. Where it is mounted with another
 * controller it is that one's. */
static void keep_freezer (struct cgroup *cg, const struct host *h, const struct cgroup_wish *wish)
{
    size_t n = cg->n_nodes;

    if (make_node (cg, h, wish, "freezer", NULL) || cg->n_nodes == n)
        return;
    cg->n_nodes = n;
    cg->freezer = cg->nodes[n].path;
    free (cg->nodes[n].what);
}

/* pids stops forks while a job is killed; where it is not there, the freezer does. */
static int v1_open (struct cgroup *cg, const struct cgroup_wish *wish, struct err *err)
{
    _cleanup_ (host_clear) struct host h = {0};

    if (host_read (&h, wish->mountpoint, err))
        return -1;
    for (size_t i = 0; i < N_WISHED; i++) {
        _cleanup_err_ struct err why = ERR_INIT;
        if (make_node (cg, &h, wish, wished[i].name, &why) == 0)
            continue;
        _cleanup_free_ char *words = xasprintf ("%s (%s)", wished[i].name, why.why);
        cgroup_add_missing (cg, words);
    }
    if (has_node (cg, "pids")) {
        keep_freezer (cg, &h, wish);
        return 0;
    }
    if (make_node (cg, &h, wish, "freezer", err) == 0)
        return 0;
    return err_set (err, 0, "neither pids nor freezer can be used: %s", cg->missing);
}

/* --- a job's group --------------------------------------------------------------------------------------------------
 */

static bool v1_is_needed (const struct cgroup *cg, size_t node, const struct cgroup_limits *limits)
{
    const char *what = cg->nodes[node].what;

    for (size_t i = 0; i < N_WISHED; i++)
        if (cgroup_has_word (what, wished[i].name) && (!wished[i].wanted || wished[i].wanted (limits)))
            return true;
    return cgroup_has_word (what, "freezer");
}

/* memsw counts memory and swap together, and is never below memory alone. */
static int set_memory (const char *dir, const struct cgroup_limits *limits, struct err *err)
{
    if (limits->mem_bytes == CGROUP_NO_LIMIT)
        return 0;
    if (cgroup_set_number (dir, "memory.limit_in_bytes", limits->mem_bytes, err))
        return -1;
    if (limits->swap_bytes == CGROUP_NO_LIMIT)
        return 0;
    int rc = cgroup_write_number (dir, "memory.memsw.limit_in_bytes", limits->mem_bytes + limits->swap_bytes);
    if (rc == -ENOENT) /* the kernel was built, or told, not to count swap: then none is used, if that is asked */
        return limits->swap_bytes ? 0 : cgroup_set (dir, "memory.swappiness", "0", err);
    return rc ? err_errno (err, -rc, "cannot limit swap in %s", dir) : 0;
}

/* The group of the node says where its jobs may run at all. */
static int set_list (const char *dir, const char *file, const uint32_t *list, size_t n, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (size_t i = 0; i < n; i++)
        buf_printf (&text, "%s%u", i ? "," : "", list[i]);
    return n ? cgroup_set (dir, file, buf_str (&text), err) : 0;
}

static int set_cpuset (const char *dir, const struct cgroup_limits *limits, struct err *err)
{
    if (set_list (dir, "cpuset.cpus", limits->cpus, limits->n_cpus, err) ||
        set_list (dir, "cpuset.mems", limits->mems, limits->n_mems, err))
        return -1;
    inherit_cpuset (dir); /* what is still empty */
    return 0;
}

static int set_devices (const char *dir, const struct cgroup_limits *limits, struct err *err)
{
    char rule[64];

    for (size_t i = 0; i < limits->n_deny; i++) {
        const struct cgroup_device *d = &limits->deny[i];
        snprintf (rule, sizeof rule, "%c %u:%u rwm", d->type, d->major, d->minor);
        if (cgroup_set (dir, "devices.deny", rule, err))
            return -1;
    }
    return 0;
}

static int v1_limit (const struct cgroup_group *g, const struct cgroup_limits *limits, struct err *err)
{
    const char *memory = cgroup_dir_of (g, "memory"), *pids = cgroup_dir_of (g, "pids");
    const char *cpuset = cgroup_dir_of (g, "cpuset"), *devices = cgroup_dir_of (g, "devices");
    const char *cpu = cgroup_dir_of (g, "cpu");

    if (memory && set_memory (memory, limits, err))
        return -1;
    if (pids && limits->pids != CGROUP_NO_LIMIT && cgroup_set_number (pids, "pids.max", limits->pids, err))
        return -1;
    if (cpuset && set_cpuset (cpuset, limits, err))
        return -1;
    if (devices && set_devices (devices, limits, err))
        return -1;
    if (cpu && limits->weight)
        return cgroup_set_number (cpu, "cpu.shares", (uint64_t) limits->weight * SHARE_OF_ONE, err);
    return 0;
}

/* A thread that moves itself waits for nobody; so `tasks`, and not the `cgroup.procs` of whole processes. */
static pid_t v1_fork (struct cgroup_group *g, int *ret_errnum)
{
    pid_t pid = fork ();

    for (size_t i = 0; pid == 0 && i < g->n_dirs && *ret_errnum == 0; i++) {
        int fd = openat (g->fds[i], "tasks", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write (fd, "0", 1) < 0)
            *ret_errnum = errno;
        if (fd >= 0)
            close (fd);
    }
    return pid;
}

static const char *dir_of_forks (const struct cgroup_group *g)
{
    const char *pids = cgroup_dir_of (g, "pids");

    return pids ? pids : cgroup_dir_of (g, "freezer");
}

static bool v1_is_populated (const struct cgroup_group *g)
{
    const char *dir = dir_of_forks (g);

    return dir && cgroup_each_pid (dir, NULL, NULL) > 0;
}

static int v1_kill (struct cgroup_group *g)
{
    const char *pids = cgroup_dir_of (g, "pids"), *freezer = cgroup_dir_of (g, "freezer");
    int rc = pids ? cgroup_write (pids, "pids.max", "0") : 0;

    if (freezer)
        rc = cgroup_write (freezer, "freezer.state", "FROZEN");
    if (dir_of_forks (g))
        cgroup_kill_pids (dir_of_forks (g));
    if (freezer) /* who is frozen dies when it thaws */
        rc = cgroup_write (freezer, "freezer.state", "THAWED");
    if (g->freezer)
        cgroup_write (g->freezer, "freezer.state", "THAWED");
    return rc == -ENOENT ? 0 : rc;
}

struct moving {
    const char *to;
    size_t n;
};

static void move_pid (void *arg, pid_t pid)
{
    struct moving *m = arg;

    m->n += pid > 0 && cgroup_write_number (m->to, "cgroup.procs", (uint64_t) pid) == 0;
}

static void count_pid (void *arg, pid_t pid)
{
    (void) pid;
    ++*(size_t *) arg;
}

/* Everybody into a group of the freezer: again while somebody was forked beside it. Whom they fork later is in it. */
#define ROUNDS_MOST 100
static int enter_freezer (const struct cgroup_group *g)
{
    struct moving m = {.to = g->freezer};
    size_t inside = 0, before = SIZE_MAX;

    if (!dir_of_forks (g) || cgroup_mkdir (g->freezer, NULL))
        return -ENOTSUP;
    for (int i = 0; i < ROUNDS_MOST && inside != before; i++) {
        before = inside;
        inside = 0;
        cgroup_each_pid (dir_of_forks (g), move_pid, &m);
        cgroup_each_pid (g->freezer, count_pid, &inside);
    }
    return m.n ? 0 : -ESRCH;
}

static int v1_freeze (struct cgroup_group *g, bool on)
{
    const char *own = cgroup_dir_of (g, "freezer"), *dir = own ? own : g->freezer;
    int rc = !dir ? -ENOTSUP : on && !own ? enter_freezer (g) : 0;

    return rc ? rc : cgroup_write (dir, "freezer.state", on ? "FROZEN" : "THAWED");
}

static int v1_usage (const struct cgroup_group *g, bool now, struct cgroup_usage *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *memory = cgroup_dir_of (g, "memory"), *cpuacct = cgroup_dir_of (g, "cpuacct");

    if (cpuacct) { /* nanoseconds */
        ret->cpu_user_us = cgroup_read_number (cpuacct, "cpuacct.usage_user") / 1000;
        ret->cpu_sys_us = cgroup_read_number (cpuacct, "cpuacct.usage_sys") / 1000;
    }
    if (!memory)
        return 0;
    ret->mem_peak_bytes = cgroup_read_number (memory, "memory.max_usage_in_bytes");
    int rc = now ? cgroup_read (memory, "memory.stat", &text) : 0;
    ret->mem_bytes =
        cgroup_number_of (buf_str (&text), "total_rss") + cgroup_number_of (buf_str (&text), "total_shmem");
    return rc;
}

static uint64_t v1_ooms (const struct cgroup_group *g)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *memory = cgroup_dir_of (g, "memory");

    return memory && cgroup_read (memory, "memory.oom_control", &text) == 0
               ? cgroup_number_of (buf_str (&text), "oom_kill")
               : 0;
}

/* The kernel counts up an eventfd that has been registered for the group's oom_control. */
static int v1_oom_fd (struct cgroup_group *g, short *ret_events)
{
    const char *memory = cgroup_dir_of (g, "memory");
    char text[32];

    *ret_events = POLLIN;
    if (g->oom_fd >= 0 || !memory)
        return g->oom_fd;
    _cleanup_free_ char *path = xasprintf ("%s/memory.oom_control", memory);
    g->oom_control_fd = open (path, O_RDONLY | O_CLOEXEC);
    g->oom_fd = g->oom_control_fd < 0 ? -1 : eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    snprintf (text, sizeof text, "%d %d", g->oom_fd, g->oom_control_fd);
    if (g->oom_fd >= 0 && cgroup_write (memory, "cgroup.event_control", text)) {
        close (g->oom_fd);
        g->oom_fd = -1;
    }
    return g->oom_fd;
}

const struct cgroup_manager *cgroup_v1 (void)
{
    static const struct cgroup_manager v1 = {"cgroup/v1", v1_open,   v1_is_needed, v1_limit, v1_fork,  v1_is_populated,
                                             v1_kill,     v1_freeze, v1_usage,     v1_ooms,  v1_oom_fd};

    return &v1;
}
