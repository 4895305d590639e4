/* node_cgroup.c - where groups are found, and what they do: for real where this host and user can have them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "nodeagent/cgroup.h"
#include "nodeagent/cgroup_files.h"
#include "nodeagent/cgroup_place.h"
#include "suite.h"

#define MB (1024u * 1024)

START_TEST (mounts_are_found_with_what_they_show)
{
    static const char text[] = "22 1 0:21 / /proc rw - proc proc rw\n"
                               "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                               "33 31 0:30 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 master:1 - "
                               "cgroup cgroup rw,cpu,cpuacct\n"
                               "41 31 0:38 / /odd\\040place/unified rw - cgroup2 none rw,nsdelegate\n"
                               "broken line\n";
    struct cgroup_mount *m;
    size_t n = cgroup_mounts_parse (text, NULL, &m);

    ck_assert_uint_eq (n, 2);
    ck_assert (!m[0].is_v2 && m[1].is_v2);
    ck_assert_str_eq (m[0].root, "/docker/ab");
    ck_assert_str_eq (m[0].point, "/sys/fs/cgroup/cpu,cpuacct");
    ck_assert_str_eq (m[1].point, "/odd place/unified");
    char *place = cgroup_place_of (&m[0], "/docker/ab/job");
    ck_assert_str_eq (place, "/sys/fs/cgroup/cpu,cpuacct/job");
    free (place);
    ck_assert_ptr_null (cgroup_place_of (&m[0], "/docker/abc"));
    cgroup_mounts_free (m, n);
    n = cgroup_mounts_parse (text, "/odd place", &m);
    ck_assert_uint_eq (n, 1);
    cgroup_mounts_free (m, n);
}
END_TEST

START_TEST (a_process_knows_its_place_in_each_hierarchy)
{
    static const char text[] = "9:name=systemd:/a\n4:cpu,cpuacct:/b/c\n0::/user.slice/x:y.scope\n";
    _cleanup_free_ char *cpuacct = cgroup_path_of (text, "cpuacct"), *v2 = cgroup_path_of (text, "");

    ck_assert_str_eq (cpuacct, "/b/c");
    ck_assert_str_eq (v2, "/user.slice/x:y.scope");
    ck_assert_ptr_null (cgroup_path_of (text, "memory"));
    ck_assert_ptr_null (cgroup_path_of (text, "acct"));
}
END_TEST

START_TEST (the_base_is_the_holder_unit_or_ones_own_group)
{
    char dir[] = "/tmp/moisson-base-XXXXXX";
    ck_assert_ptr_nonnull (mkdtemp (dir));
    const struct cgroup_mount mount = {.is_v2 = true, .root = (char *) "/", .point = dir};
    _cleanup_free_ char *slice = xasprintf ("%s/system.slice", dir), *own = xasprintf ("%s/moissond.service", slice);
    _cleanup_free_ char *holder = xasprintf ("%s/" CGROUP_HOLDER, slice),
                        *leaf = xasprintf ("%s/moisson/n1/shepherds", own);

    _cleanup_free_ char *without = cgroup_base_dir (&mount, own), *above_leaf = cgroup_base_dir (&mount, leaf);
    _cleanup_free_ char *root = cgroup_base_dir (&mount, dir);
    ck_assert_str_eq (without, own);
    ck_assert_str_eq (above_leaf, own);
    ck_assert_str_eq (root, dir);
    ck_assert_int_eq (mkdir (slice, 0755) || mkdir (holder, 0755), 0);
    _cleanup_free_ char *with = cgroup_base_dir (&mount, own), *from_root = cgroup_base_dir (&mount, dir);
    ck_assert_str_eq (with, holder);
    ck_assert_str_eq (from_root, holder);
    ck_assert_int_eq (rmdir (holder) || rmdir (slice) || rmdir (dir), 0);
}
END_TEST

START_TEST (numbers_of_files_with_keys)
{
    static const char text[] = "oom_kill_disable 0\nunder_oom 1\noom_kill 7\n";

    ck_assert_uint_eq (cgroup_number_of (text, "oom_kill"), 7);
    ck_assert_uint_eq (cgroup_number_of (text, "under_oom"), 1);
    ck_assert_uint_eq (cgroup_number_of (text, "oom"), 0);
}
END_TEST

/* --- for real -------------------------------------------------------------------------------------------------------
 */

struct place {
    struct cgroup *cg;
    struct cgroup_group *made, *g; /* the launcher's and the shepherd's */
    char name[32], node[32];
};

static struct cgroup *open_real (const char *node, const char *before)
{
    const struct cgroup_wish wish = {.plugin = "autodetect", .node = node, .before = before};
    _cleanup_err_ struct err err = ERR_INIT;
    struct cgroup *cg = NULL;

    ck_assert_msg (cgroup_open (&cg, &wish, &err) == 0, "%s", err.why);
    return cg;
}

/* false: this host or user has no cgroups; the test has nothing to say then. */
static bool place_open (struct place *p, const struct cgroup_limits *limits)
{
    _cleanup_err_ struct err err = ERR_INIT;
    size_t n;

    *p = (struct place){0};
    snprintf (p->node, sizeof p->node, "unit-%d", (int) getpid ());
    snprintf (p->name, sizeof p->name, "job_%d.1", (int) getpid ());
    p->cg = open_real (p->node, NULL);
    if (strncmp (cgroup_text (p->cg), "none", 4) == 0) {
        cgroup_close (p->cg);
        return false;
    }
    ck_assert_msg (cgroup_make (p->cg, p->name, limits, &p->made, &err) == 0, "%s", err.why);
    char **words = cgroup_words (p->made, &n);
    ck_assert_msg (cgroup_join (&p->g, words, n, &err) == 0, "%s", err.why);
    for (size_t i = 0; i < n; i++)
        free (words[i]);
    free (words);
    return true;
}

static void wait_empty (const struct place *p)
{
    for (int i = 0; i < 1000 && cgroup_is_populated (p->g); i++) {
        while (waitpid (-1, NULL, WNOHANG) > 0)
            ;
        poll (NULL, 0, 10);
    }
    ck_assert (!cgroup_is_populated (p->g));
}

static void place_close (struct place *p)
{
    wait_empty (p);
    ck_assert_int_eq (cgroup_remove (p->g), 0);
    cgroup_free (p->g);
    cgroup_free (p->made);
    cgroup_close (p->cg);
}

static pid_t fork_in (struct place *p)
{
    int errnum;
    pid_t pid = cgroup_fork (p->g, &errnum);

    ck_assert_int_ge (pid, 0);
    if (pid == 0 && errnum)
        _exit (100);
    return pid;
}

static const struct cgroup_limits unlimited = {
    .mem_bytes = CGROUP_NO_LIMIT, .swap_bytes = CGROUP_NO_LIMIT, .pids = CGROUP_NO_LIMIT};

#define PLACE(limits)                                                                                                  \
    struct place p;                                                                                                    \
    if (!place_open (&p, limits))                                                                                      \
    return

START_TEST (kill_ends_daemons_too)
{
    PLACE (&unlimited);
    int ends[2];
    char byte;

    ck_assert (!cgroup_is_populated (p.g));
    ck_assert_int_eq (pipe (ends), 0);
    if (fork_in (&p) == 0) {
        for (int i = 0; i < 2; i++)
            if (fork () > 0)
                _exit (0);
            else
                setsid ();
        signal (SIGTERM, SIG_IGN);
        close (STDOUT_FILENO); /* if the test fails it outlives it: whoever reads the output must not wait for it */
        close (STDERR_FILENO);
        alarm (100);
        if (write (ends[1], "x", 1) != 1)
            _exit (1);
        pause ();
        _exit (0);
    }
    close (ends[1]);
    ck_assert_int_eq (read (ends[0], &byte, 1), 1);
    ck_assert (cgroup_is_populated (p.g));
    ck_assert_int_eq (cgroup_remove (p.g), -EBUSY);
    for (int i = 0; i < 500 && cgroup_pids (p.g, NULL, 0) > 1; i++) /* its parents may be about to leave */
        poll (NULL, 0, 10);
    ck_assert_uint_eq (cgroup_pids (p.g, NULL, 0), 1);
    ck_assert_int_eq (cgroup_kill (p.g), 0);
    ck_assert_int_eq (read (ends[0], &byte, 1), 0);
    close (ends[0]);
    place_close (&p);
}
END_TEST

/* Forks as fast as it can, in every generation; the number stays below the limit, and kill gets them all. */
/* Where there is a freezer nobody moves on, and whom they fork is in it too. */
START_TEST (what_is_frozen_stands_still)
{
    PLACE (&unlimited);
    int ends[2];
    char byte;

    ck_assert_int_eq (pipe (ends), 0);
    if (fork_in (&p) == 0) {
        alarm (100);
        fork ();
        while (write (ends[1], "x", 1) == 1)
            ;
        _exit (0);
    }
    close (ends[1]);
    ck_assert_int_eq (read (ends[0], &byte, 1), 1);
    int rc = cgroup_freeze (p.g, true);
    if (rc == 0) { /* what is in the pipe is all that comes */
        struct pollfd fd = {.fd = ends[0], .events = POLLIN};
        size_t most = 10u << 20;
        while (poll (&fd, 1, 300) == 1 && most-- && read (ends[0], &byte, 1) == 1)
            ;
        ck_assert_uint_gt (most, 0);
        ck_assert_int_eq (cgroup_freeze (p.g, false), 0);
        ck_assert_int_eq (read (ends[0], &byte, 1), 1);
        ck_assert_int_eq (cgroup_freeze (p.g, true), 0);
    } else
        ck_assert_int_eq (rc, -ENOTSUP);
    for (int i = 0; i < 500 && cgroup_is_populated (p.g); i++) { /* also from there they can be killed */
        ck_assert_int_eq (cgroup_kill (p.g), 0);
        poll (NULL, 0, 5);
    }
    close (ends[0]);
    place_close (&p);
}
END_TEST

START_TEST (a_fork_bomb_is_contained_and_ended)
{
    struct cgroup_limits limits = unlimited;
    limits.pids = 50;
    PLACE (&limits);

    if (fork_in (&p) == 0)
        for (;;)
            if (fork () < 0)
                poll (NULL, 0, 1);
    for (int i = 0; i < 500 && cgroup_pids (p.g, NULL, 0) < 40; i++)
        poll (NULL, 0, 10);
    size_t n = cgroup_pids (p.g, NULL, 0);
    for (int i = 0; i < 500 && cgroup_is_populated (p.g); i++) {
        ck_assert_int_eq (cgroup_kill (p.g), 0);
        poll (NULL, 0, 5);
    }
    ck_assert_uint_ge (n, 40); /* only now: a bomb must not outlive a failure */
    ck_assert_uint_le (n, 50);
    place_close (&p);
}
END_TEST

static _Noreturn void eat (size_t bytes)
{
    char *room = mmap (NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room != MAP_FAILED)
        for (size_t i = 0; i < bytes; i += 4096)
            room[i] = 1;
    _exit (room == MAP_FAILED);
}

START_TEST (memory_has_a_limit_and_the_kernel_says_so)
{
    struct cgroup_limits limits = unlimited;
    limits.mem_bytes = 64 * MB;
    limits.swap_bytes = 0;
    PLACE (&limits);
    int status;
    short events;

    struct pollfd fd = {.fd = cgroup_oom_fd (p.g, &events)};
    fd.events = events;
    ck_assert_uint_eq (cgroup_ooms (p.g), 0);
    if (fork_in (&p) == 0)
        eat (256 * MB);
    ck_assert_int_gt (wait (&status), 0);
    ck_assert (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
    ck_assert_uint_ge (cgroup_ooms (p.g), 1);
    if (fd.fd >= 0)
        ck_assert_int_eq (poll (&fd, 1, 5000), 1);
    cgroup_oom_heard (p.g);
    place_close (&p);
}
END_TEST

/* Page cache is not what a job uses; what it has touched is. */
START_TEST (usage_is_without_page_cache)
{
    struct cgroup_limits limits = unlimited;
    limits.weight = 1;
    PLACE (&limits);
    char path[] = "/tmp/moisson-cache-XXXXXX", byte = 'x';
    int file = mkstemp (path), ends[2], back[2];
    struct cgroup_usage usage;

    ck_assert (file >= 0 && unlink (path) == 0 && pipe (ends) == 0 && pipe (back) == 0);
    if (fork_in (&p) == 0) {
        char *block = calloc (1, MB), *room = malloc (32 * MB);
        for (int i = 0; i < 64 && block && write (file, block, MB) == MB; i++)
            ;
        if (room)
            memset (room, 1, 32 * MB);
        if (write (ends[1], room + MB, 1) != 1 || read (back[0], &byte, 1) != 1)
            _exit (1);
        _exit (0);
    }
    ck_assert_int_eq (read (ends[0], &byte, 1), 1);
    ck_assert_int_eq (cgroup_usage (p.g, true, &usage), 0);
    ck_assert_int_eq (write (back[1], &byte, 1), 1);
    if (usage.mem_bytes) { /* the host has a memory controller for us */
        ck_assert_uint_ge (usage.mem_bytes, 32 * MB);
        ck_assert_uint_le (usage.mem_bytes, 60 * MB);
    }
    ck_assert (usage.mem_peak_bytes == 0 || usage.mem_peak_bytes >= usage.mem_bytes);
    ck_assert_uint_gt (usage.cpu_user_us + usage.cpu_sys_us, 1000);
    close (file);
    place_close (&p);
}
END_TEST

START_TEST (cpus_are_those_that_were_given)
{
    const uint32_t cpu = 0;
    struct cgroup_limits limits = unlimited;
    limits.cpus = &cpu;
    limits.n_cpus = 1;
    PLACE (&limits);
    int status;

    if (fork_in (&p) == 0) {
        cpu_set_t set;
        _exit (sched_getaffinity (0, sizeof set, &set) || CPU_COUNT (&set) != 1 || !CPU_ISSET (0, &set));
    }
    ck_assert_int_gt (wait (&status), 0);
    if (!strstr (cgroup_text (p.cg), "cpuset"))
        ck_assert_int_eq (status, 0);
    place_close (&p);
}
END_TEST

START_TEST (a_denied_device_cannot_be_opened_others_can)
{
    const struct cgroup_device zero = {'c', 1, 5};
    struct cgroup_limits limits = unlimited;
    limits.deny = &zero;
    limits.n_deny = 1;
    PLACE (&limits);
    int status;

    if (fork_in (&p) == 0) {
        if (open ("/dev/zero", O_RDONLY) >= 0 || errno != EPERM)
            _exit (1);
        _exit (open ("/dev/null", O_RDWR) < 0 ? 2 : 0);
    }
    ck_assert_int_gt (wait (&status), 0);
    if (!strstr (cgroup_text (p.cg), "devices"))
        ck_assert_int_eq (status, 0);
    place_close (&p);
}
END_TEST

static void take_name (void *arg, const char *name)
{
    snprintf (arg, 32, "%s", name);
}

/* A launcher that starts again, perhaps in another group, finds the groups of the one before. */
START_TEST (a_second_start_finds_the_groups_of_the_first)
{
    PLACE (&unlimited);
    char found[32] = "";
    _cleanup_free_ char *before = xstrdup (cgroup_base (p.cg));
    struct cgroup *again = open_real (p.node, before);

    ck_assert_str_eq (cgroup_base (again), before);
    cgroup_each (again, take_name, found);
    ck_assert_str_eq (found, p.name);
    struct cgroup_group *g = cgroup_find (again, found);
    ck_assert_int_eq (cgroup_remove (g), 0);
    ck_assert_int_eq (cgroup_remove (g), 0); /* gone is gone */
    cgroup_free (g);
    cgroup_close (again);
    place_close (&p);
}
END_TEST

START_TEST (without_a_manager_nothing_is_held_and_it_is_said)
{
    const struct cgroup_wish wish = {.plugin = "disabled", .node = "n1"};
    _cleanup_err_ struct err err = ERR_INIT;
    struct cgroup *cg = NULL;
    struct cgroup_group *g = NULL;

    ck_assert_int_eq (cgroup_open (&cg, &wish, &err), 0);
    ck_assert_str_eq (cgroup_text (cg), "none (CgroupPlugin=disabled)");
    ck_assert_int_eq (cgroup_make (cg, "job_1.1", &unlimited, &g, &err), 0);
    ck_assert (!cgroup_is_kept (g) && !cgroup_is_populated (g));
    ck_assert_int_eq (cgroup_remove (g), 0);
    cgroup_free (g);
    cgroup_close (cg);
}
END_TEST

START_TEST (an_order_with_a_wrong_group_is_refused)
{
    char *const unknown[] = {(char *) "cgroup/v9"}, *const no_dir[] = {(char *) "cgroup/v2", (char *) "/x"};
    char *const gone[] = {(char *) "cgroup/v1", (char *) "memory=/sys/fs/cgroup/not-there"};
    _cleanup_err_ struct err err = ERR_INIT;
    struct cgroup_group *g = NULL;

    ck_assert_int_eq (cgroup_join (&g, unknown, 1, &err), -1);
    ck_assert_int_eq (cgroup_join (&g, no_dir, 2, &err), -1);
    ck_assert_int_eq (cgroup_join (&g, gone, 2, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "cannot open the job's cgroup /sys/fs/cgroup/not-there"));
    ck_assert_int_eq (cgroup_join (&g, NULL, 0, &err), 0);
    ck_assert (!cgroup_is_kept (g));
    cgroup_free (g);
}
END_TEST

SUITE ("cgroup", mounts_are_found_with_what_they_show, a_process_knows_its_place_in_each_hierarchy,
       the_base_is_the_holder_unit_or_ones_own_group, numbers_of_files_with_keys, kill_ends_daemons_too,
       a_fork_bomb_is_contained_and_ended, what_is_frozen_stands_still, memory_has_a_limit_and_the_kernel_says_so,
       usage_is_without_page_cache, cpus_are_those_that_were_given, a_denied_device_cannot_be_opened_others_can,
       a_second_start_finds_the_groups_of_the_first, without_a_manager_nothing_is_held_and_it_is_said,
       an_order_with_a_wrong_group_is_refused)
