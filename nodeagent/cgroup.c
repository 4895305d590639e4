/* cgroup.c - the choice of a manager, and what is the same with all of them. */
#include "nodeagent/cgroup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "nodeagent/cgroup_files.h"
#include "nodeagent/cgroup_manager.h"

static const char shepherds[] = "shepherds";

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

bool cgroup_has_word (const char *list, const char *word)
{
    size_t len = strlen (word);

    for (const char *p = list; *p;) {
        size_t n = strcspn (p, ", \n");
        if (n == len && strncmp (p, word, len) == 0)
            return true;
        p += n + (p[n] != '\0');
    }
    return false;
}

/* "cgroup/v1\tmemory=/sys/fs/cgroup/memory/moisson/n1\t..." */
char *cgroup_before (const struct cgroup_wish *wish, const char *manager, const char *what)
{
    _cleanup_free_ char *copy = xstrdup (wish->before ? wish->before : "");
    char *rest = copy, *word = strsep (&rest, "\t"), *path = NULL;
    size_t len = strlen (what);

    if (strcmp (word, manager) != 0)
        return NULL;
    while (!path && (word = strsep (&rest, "\t")))
        if (strncmp (word, what, len) == 0 && word[len] == '=')
            path = word + len + 1;
    const char *slash = path ? strrchr (path, '/') : NULL;
    if (!slash || strcmp (slash + 1, wish->node) != 0 || access (path, F_OK))
        return NULL;
    return xstrdup (path);
}

void cgroup_add_node (struct cgroup *cg, const char *what, const char *path)
{
    if (cg->n_nodes < CGROUP_TREES_MAX)
        cg->nodes[cg->n_nodes++] = (struct cgroup_dir){xstrdup (what), xstrdup (path)};
}

void cgroup_add_missing (struct cgroup *cg, const char *what)
{
    char *all = cg->missing ? xasprintf ("%s, %s", cg->missing, what) : xstrdup (what);

    free (cg->missing);
    cg->missing = all;
}

const char *cgroup_dir_of (const struct cgroup_group *g, const char *controller)
{
    for (size_t i = 0; i < g->n_dirs; i++)
        if (cgroup_has_word (g->dirs[i].what, controller))
            return g->dirs[i].path;
    return NULL;
}

static void dirs_clear (struct cgroup_dir *dirs, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        free (dirs[i].what);
        free (dirs[i].path);
    }
    *n = 0;
}

/* --- a node's manager -----------------------------------------------------------------------------------------------
 */

static void make_texts (struct cgroup *cg)
{
    struct buf base = BUF_INIT;

    cg->text = cg->missing ? xasprintf ("%s without %s", cg->manager->name, cg->missing) : xstrdup (cg->manager->name);
    buf_puts (&base, cg->manager->name);
    for (size_t i = 0; i < cg->n_nodes; i++)
        buf_printf (&base, "\t%s=%s", cg->nodes[i].what, cg->nodes[i].path);
    if (cg->freezer)
        buf_printf (&base, "\tfreezer=%s", cg->freezer);
    cg->base = buf_steal (&base);
}

static int try_manager (const struct cgroup_manager *m, const struct cgroup_wish *wish, struct cgroup **ret,
                        struct err *err)
{
    _cleanup_ (cgroup_closep) struct cgroup *cg = xcalloc (1, sizeof *cg);

    cg->manager = m;
    if (m->open (cg, wish, err))
        return -1;
    make_texts (cg);
    *ret = steal (&cg);
    return 0;
}

static void open_none (const char *why, struct cgroup **ret)
{
    struct cgroup *cg = xcalloc (1, sizeof *cg);

    cg->manager = cgroup_none ();
    cg->text = xasprintf ("%s (%s)", cg->manager->name, why);
    cg->base = xstrdup ("");
    *ret = cg;
}

int cgroup_open (struct cgroup **ret, const struct cgroup_wish *wish, struct err *err)
{
    const struct cgroup_manager *const all[] = {cgroup_v2 (), cgroup_v1 ()};
    _cleanup_buf_ struct buf whys = BUF_INIT;
    bool any = strcasecmp (wish->plugin, "autodetect") == 0;

    if (strcasecmp (wish->plugin, "disabled") == 0) {
        open_none ("CgroupPlugin=disabled", ret);
        return 0;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        _cleanup_err_ struct err why = ERR_INIT;
        if (!any && strcasecmp (wish->plugin, all[i]->name) != 0)
            continue;
        if (try_manager (all[i], wish, ret, &why) == 0)
            return 0;
        buf_printf (&whys, "%s%s: %s", whys.len ? "; " : "", all[i]->name, why.why);
    }
    if (any) {
        open_none (geteuid () ? "moissond does not run as root" : buf_str (&whys), ret);
        return 0;
    }
    err_set (err, 0, "CgroupPlugin=%s: %s", wish->plugin, buf_str (&whys));
    return err_fix (err, "write CgroupPlugin=autodetect to use what the host has");
}

/* What is in use stays: rmdir says no. */
static void leave_node (const char *path)
{
    _cleanup_free_ char *leaf = xasprintf ("%s/%s", path, shepherds);
    _cleanup_free_ char *above = xstrndup (path, (size_t) (strrchr (path, '/') - path));

    (void) !rmdir (leaf);
    if (rmdir (path) == 0)
        (void) !rmdir (above);
}

struct cgroup *cgroup_close (struct cgroup *cg)
{
    if (!cg)
        return NULL;
    for (size_t i = 0; i < cg->n_nodes; i++)
        leave_node (cg->nodes[i].path);
    if (cg->freezer)
        leave_node (cg->freezer);
    dirs_clear (cg->nodes, &cg->n_nodes);
    free (cg->freezer);
    free (cg->missing);
    free (cg->text);
    free (cg->base);
    free (cg);
    return NULL;
}

const char *cgroup_text (const struct cgroup *cg)
{
    return cg->text;
}

const char *cgroup_base (const struct cgroup *cg)
{
    return cg->base;
}

/* Where there is such a leaf; what is in it already stays for nothing. */
void cgroup_take_shepherd (const struct cgroup *cg, pid_t pid)
{
    for (size_t i = 0; i < cg->n_nodes; i++) {
        _cleanup_free_ char *leaf = xasprintf ("%s/%s", cg->nodes[i].path, shepherds);
        cgroup_write_number (leaf, "cgroup.procs", (uint64_t) pid);
    }
}

void cgroup_each (struct cgroup *cg, void (*fn) (void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < cg->n_nodes; i++) {
        _cleanup_ (cleanup_closedirp) DIR *dir = opendir (cg->nodes[i].path);
        for (struct dirent *e; dir && (e = readdir (dir));)
            if (strncmp (e->d_name, CGROUP_JOB_PREFIX, sizeof CGROUP_JOB_PREFIX - 1) == 0)
                fn (arg, e->d_name);
    }
}

/* --- a job's group --------------------------------------------------------------------------------------------------
 */

static struct cgroup_group *group_create (const struct cgroup_manager *m)
{
    struct cgroup_group *g = xcalloc (1, sizeof *g);

    g->manager = m;
    g->oom_fd = g->oom_control_fd = -1;
    for (size_t i = 0; i < CGROUP_TREES_MAX; i++)
        g->fds[i] = -1;
    return g;
}

static void add_dir (struct cgroup_group *g, const struct cgroup_dir *node, const char *name)
{
    g->dirs[g->n_dirs++] = (struct cgroup_dir){xstrdup (node->what), xasprintf ("%s/%s", node->path, name)};
}

struct cgroup_group *cgroup_find (struct cgroup *cg, const char *name)
{
    struct cgroup_group *g = group_create (cg->manager);

    for (size_t i = 0; i < cg->n_nodes; i++)
        add_dir (g, &cg->nodes[i], name);
    g->freezer = cg->freezer ? xasprintf ("%s/%s", cg->freezer, name) : NULL;
    return g;
}

/* Never one that was there: its counters tell of another job. */
static int make_dir (const char *path, struct err *err)
{
    if (mkdir (path, 0755) == 0)
        return 0;
    if (errno == EEXIST && cgroup_remove_dir (path) == 0 && mkdir (path, 0755) == 0)
        return 0;
    return err_errno (err, errno, "cannot create the job's cgroup %s", path);
}

int cgroup_make (struct cgroup *cg, const char *name, const struct cgroup_limits *limits, struct cgroup_group **ret,
                 struct err *err)
{
    _cleanup_ (cgroup_freep) struct cgroup_group *g = group_create (cg->manager);
    int rc = 0;

    g->freezer = cg->freezer ? xasprintf ("%s/%s", cg->freezer, name) : NULL;
    for (size_t i = 0; i < cg->n_nodes && rc == 0; i++) {
        if (!cg->manager->is_needed (cg, i, limits))
            continue;
        add_dir (g, &cg->nodes[i], name);
        rc = make_dir (g->dirs[g->n_dirs - 1].path, err);
    }
    if (rc || cg->manager->limit (g, limits, err)) {
        cgroup_remove (g);
        return -1;
    }
    *ret = steal (&g);
    return 0;
}

/* Before the path of a group that is not made yet. */
#define LATER_FREEZER "later freezer="

char **cgroup_words (const struct cgroup_group *g, size_t *ret_n)
{
    size_t n = g->n_dirs + 1;
    char **words = xcalloc (n + 1, sizeof *words);

    words[0] = xstrdup (g->manager->name);
    for (size_t i = 0; i < g->n_dirs; i++)
        words[i + 1] = xasprintf ("%s=%s", g->dirs[i].what, g->dirs[i].path);
    if (g->freezer)
        words[n++] = xasprintf (LATER_FREEZER "%s", g->freezer);
    *ret_n = n;
    return words;
}

static const struct cgroup_manager *manager_named (const char *name)
{
    const struct cgroup_manager *const all[] = {cgroup_v2 (), cgroup_v1 (), cgroup_none ()};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp (all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

int cgroup_join (struct cgroup_group **ret, char *const *words, size_t n_words, struct err *err)
{
    const struct cgroup_manager *m = n_words ? manager_named (words[0]) : cgroup_none ();

    if (!m || n_words > CGROUP_TREES_MAX + 2)
        return err_set (err, 0, "the order names no known kind of cgroup");
    _cleanup_ (cgroup_freep) struct cgroup_group *g = group_create (m);
    for (size_t i = 1; i < n_words; i++) {
        const char *equals = strchr (words[i], '=');
        if (strncmp (words[i], LATER_FREEZER, strlen (LATER_FREEZER)) == 0 && !g->freezer) {
            g->freezer = xstrdup (words[i] + strlen (LATER_FREEZER));
            continue;
        }
        if (!equals || g->n_dirs == CGROUP_TREES_MAX)
            return err_set (err, 0, "the order's cgroup '%s' is no CONTROLLER=DIRECTORY", words[i]);
        struct cgroup_dir *dir = &g->dirs[g->n_dirs];
        *dir = (struct cgroup_dir){xstrndup (words[i], (size_t) (equals - words[i])), xstrdup (equals + 1)};
        g->fds[g->n_dirs++] = open (dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (g->fds[g->n_dirs - 1] < 0)
            return err_errno (err, errno, "cannot open the job's cgroup %s", dir->path);
    }
    *ret = steal (&g);
    return 0;
}

struct cgroup_group *cgroup_free (struct cgroup_group *g)
{
    if (!g)
        return NULL;
    for (size_t i = 0; i < CGROUP_TREES_MAX; i++)
        if (g->fds[i] >= 0)
            close (g->fds[i]);
    if (g->oom_fd >= 0)
        close (g->oom_fd);
    if (g->oom_control_fd >= 0)
        close (g->oom_control_fd);
    dirs_clear (g->dirs, &g->n_dirs);
    free (g->freezer);
    free (g);
    return NULL;
}

pid_t cgroup_fork (struct cgroup_group *g, int *ret_errnum)
{
    *ret_errnum = 0;
    return g->manager->fork (g, ret_errnum);
}

bool cgroup_is_kept (const struct cgroup_group *g)
{
    return g->n_dirs > 0;
}

bool cgroup_knows_all (const struct cgroup_group *g)
{
    return g->n_dirs && (g->manager == cgroup_v2 () || cgroup_dir_of (g, "pids") || cgroup_dir_of (g, "freezer"));
}

bool cgroup_is_populated (const struct cgroup_group *g)
{
    return g->manager->is_populated (g);
}

int cgroup_kill (struct cgroup_group *g)
{
    return g->manager->kill (g);
}

int cgroup_freeze (struct cgroup_group *g, bool on)
{
    return g->manager->freeze (g, on);
}

struct pid_list {
    pid_t *list;
    size_t n, room;
};

static void take_pid (void *arg, pid_t pid)
{
    struct pid_list *p = arg;

    if (p->n < p->room)
        p->list[p->n] = pid;
    p->n++;
}

size_t cgroup_pids (const struct cgroup_group *g, pid_t *ret, size_t room)
{
    struct pid_list p = {ret, 0, room};

    if (g->n_dirs)
        cgroup_each_pid (g->dirs[0].path, take_pid, &p);
    return p.n;
}

int cgroup_usage (const struct cgroup_group *g, bool now, struct cgroup_usage *ret)
{
    *ret = (struct cgroup_usage){0};
    return g->manager->usage (g, now, ret);
}

uint64_t cgroup_ooms (const struct cgroup_group *g)
{
    return g->manager->ooms (g);
}

int cgroup_oom_fd (struct cgroup_group *g, short *ret_events)
{
    return g->manager->oom_fd (g, ret_events);
}

/* An eventfd counts; the file of v2 says what has changed, and must be read to say it again. */
void cgroup_oom_heard (struct cgroup_group *g)
{
    char text[512];

    if (g->oom_fd >= 0 && g->oom_control_fd < 0 && lseek (g->oom_fd, 0, SEEK_SET) < 0)
        return;
    if (g->oom_fd >= 0)
        (void) !read (g->oom_fd, text, sizeof text);
}

int cgroup_remove (struct cgroup_group *g)
{
    int rc = 0;

    for (size_t i = 0; i < g->n_dirs; i++) {
        int one = cgroup_remove_dir (g->dirs[i].path);
        rc = rc ? rc : one;
    }
    if (g->freezer && rc == 0)
        rc = cgroup_remove_dir (g->freezer);
    return rc == -ENOTEMPTY ? -EBUSY : rc;
}
