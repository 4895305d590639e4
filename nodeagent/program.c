/* program.c - what the node's two daemons share. */
#include "nodeagent/program.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hostport.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/node_keys.h"
#include "nodeagent/configless.h"

#define SPOOL "/var/spool/moisson/%n" /* of a node that no configuration has told otherwise */

void program_clear (struct program *p)
{
    config_free (p->conf);
    free (p->conf_path);
    free (p->node);
    free (p->spool);
    free (p->pid_file);
    free (p->conf_server);
    *p = (struct program){0};
}

static const char help_text[] =
    "Usage: %s -N NODE [-f CONF | --conf-server HOST[:PORT]] [--spool DIR] [-v]\n"
    "The launcher of one node; it starts the node's agent. Runs in the foreground until SIGTERM or SIGINT; jobs go on\n"
    "meanwhile, and are found again by the next one.\n"
    "\n"
    "  -N NODE             a NodeName of the configuration (default: this host's name)\n"
    "  -f, --config CONF   the configuration (default: $MOISSON_CONF, $SLURM_CONF,\n"
    "                      /etc/moisson/moisson.conf); check it with: moisson config check CONF\n"
    "      --conf-server HOST[:PORT]\n"
    "                      no configuration here: the controller there gives it, once `moisson node enroll` has been\n"
    "                      accepted (default: $MOISSON_CONF_SERVER; without both, and without any file, where the\n"
    "                      enrolment was)\n"
    "      --spool DIR     the same, and where that node keeps its keys and jobs (default: /var/spool/moisson/NODE)\n"
    "  -C                  print the NodeName line of this machine, and end\n"
    "  -D                  accepted for Slurm's sake: it always stays in the foreground\n"
    "  -v, --verbose       log more\n"
    "  -h, --help          this text\n"
    "  -V, --version       print the version\n";

static int usage (struct err *err, const char *name, const char *why)
{
    err_set (err, 0, "%s", why);
    return err_fix (err, "usage: %s -N NODE [-f CONF | --conf-server HOST[:PORT]] [--spool DIR] [-v]", name);
}

static int parse (struct program *p, const char *name, int argc, char **argv, struct err *err)
{
    static const struct option rows[] = {
        {"config", required_argument, NULL, 'f'},
        {"conf-server", required_argument, NULL, 's'},
        {"spool", required_argument, NULL, 'd'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long (argc, argv, "N:f:DRvhV", rows, NULL)) != -1) {
        if (c == 'h') {
            printf (help_text, name);
            exit (0);
        } else if (c == 'V') {
            printf ("%s %s\n", name, MOISSON_VERSION);
            exit (0);
        } else if (c == 'D') {
            continue;
        } else if (c == 'R' && p->log_is_open) {
            p->root_mode = true;
        } else if (c == 'v') {
            p->verbose = true;
        } else if (c == 'N' || c == 'f' || c == 's' || c == 'd') {
            char **slot = c == 'N' ? &p->node : c == 'f' ? &p->conf_path : c == 's' ? &p->conf_server : &p->spool;
            free (*slot);
            *slot = xstrdup (optarg);
        } else
            return usage (err, name, "an option that is not known, or lacks its value");
    }
    if (optind < argc)
        return usage (err, name, "it takes no arguments");
    return 0;
}

/* The node's name: -N, else the host's short name. */
static int name_node (struct program *p, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";

    if (p->node)
        return node_name_check (p->node, err);
    if (gethostname (host, sizeof host - 1))
        return err_errno (err, errno, "cannot get this host's name");
    host[strcspn (host, ".")] = '\0';
    p->node = xstrdup (host);
    return 0;
}

/* --- which configuration ------------------------------------------------------------------------------------- */

/* A file, by its absolute path. */
static int take_file (struct program *p, const char *path, struct err *err)
{
    char *absolute = realpath (path, NULL);

    if (!absolute) {
        err_errno (err, errno, "cannot read the configuration %s", path);
        return err_fix (err, "name it with -f or MOISSON_CONF, or let the controller give it: --conf-server");
    }
    free (p->conf_path);
    p->conf_path = absolute;
    return 0;
}

/* The controller's, in the spool. By the link, not by what it points to: jobs are told this path. */
static int take_given (struct program *p, struct err *err)
{
    p->configless = true;
    if (!p->spool)
        p->spool = config_node_path (SPOOL, p->node);
    if (p->spool[0] != '/') {
        err_set (err, 0, "--spool=%s is no absolute path", p->spool);
        return err_fix (err, "start it with '/'");
    }
    return configless_find (p->spool, p->node, &p->conf_path, &p->first_config, err);
}

static bool is_enrolled (const struct program *p)
{
    _cleanup_free_ char *spool = config_node_path (SPOOL, p->node), *path = configless_first_path (spool);

    return access (path, F_OK) == 0;
}

static int choose_config (struct program *p, const char *name, struct err *err)
{
    const char *server = getenv ("MOISSON_CONF_SERVER"), *conf = getenv ("MOISSON_CONF"),
               *slurm = getenv ("SLURM_CONF");
    const char *path = config_default_path (conf, slurm);
    bool named = (conf && *conf) || (slurm && *slurm);

    if (p->conf_path && p->spool && p->log_is_open) { /* an agent: the launcher has chosen */
        p->configless = true;
        p->first_config = configless_is_first (p->conf_path);
        return 0;
    }
    if (p->conf_path && (p->spool || p->conf_server))
        return usage (err, name, "-f names a file of this host; --conf-server and --spool are for nodes without one");
    if (p->conf_path)
        return take_file (p, p->conf_path, err);
    if (!p->conf_server && server && *server)
        p->conf_server = xstrdup (server);
    if (p->conf_server || p->spool || (!named && access (path, F_OK) < 0 && is_enrolled (p)))
        return take_given (p, err);
    return take_file (p, path, err);
}

/* Where another controller was named than the configuration says. */
static int apply_server (struct program *p, struct err *err)
{
    char *host = NULL;
    uint16_t port;

    if (!p->conf_server)
        return 0;
    if (hostport_parse (p->conf_server, "--conf-server", &host, &port, err) < 0)
        return -1;
    free (p->conf->controller_addr);
    p->conf->controller_addr = host;
    p->conf->controller_port = port;
    return 0;
}

/* What the controller gave may be of a later release than this program: then begin again with what enrolment wrote. */
static int load (struct program *p, const char *name, struct err *err)
{
    int r = config_load (&p->conf, p->conf_path, err);

    if (r < 0 && p->configless && !p->first_config && !p->log_is_open) {
        fprintf (stderr, "%s: the configuration in the spool cannot be used (%s); asking the controller for it\n", name,
                 err->why);
        err_clear (err);
        free (p->conf_path);
        p->conf_path = configless_first_path (p->spool);
        p->first_config = true;
        r = config_load (&p->conf, p->conf_path, err);
    }
    return r < 0 ? -1 : apply_server (p, err);
}

static int find_node (struct program *p, const char *name, struct err *err)
{
    if (config_node (p->conf, p->node, NULL))
        return 0;
    err_set (err, 0, "node %s is not in %s", p->node, p->conf_path);
    return err_fix (err, "name one of its NodeName= lines: %s -N NODE", name);
}

static int open_log (const char *path, int *ret_terminal, struct err *err)
{
    int fd;

    if (!path[0])
        return 0;
    fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno (err, errno, "cannot open the log file %s", path);
    *ret_terminal = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); /* -1: there was none */
    int rc = dup2 (fd, STDERR_FILENO) < 0 ? err_errno (err, errno, "cannot log to %s", path) : 0;
    close (fd);
    return rc;
}

/* Jobs and siblings get 0 and 1 from us: nothing to read, nothing to write. */
static int open_null (struct err *err)
{
    int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0 || dup2 (fd, STDIN_FILENO) < 0 || dup2 (fd, STDOUT_FILENO) < 0)
        return err_errno (err, errno, "cannot open /dev/null");
    if (fd > STDERR_FILENO)
        close (fd);
    return 0;
}

int program_open (struct program *ret, const char *name, int argc, char **argv, struct err *err)
{
    enum log_level level = LOG_LEVEL_INFO;

    ret->terminal = -1;
    if (parse (ret, name, argc, argv, err))
        return -1;
    if (name_node (ret, err) || choose_config (ret, name, err) || load (ret, name, err) || find_node (ret, name, err))
        return -1;
    if (!ret->configless)
        ret->spool = config_node_path (ret->conf->spool_dir, ret->node);
    if (ret->conf->node_pid[0])
        ret->pid_file = config_node_path (ret->conf->node_pid, ret->node);
    _cleanup_free_ char *log = config_node_path (ret->conf->node_log, ret->node);
    if (log_level_parse (ret->conf->node_debug, &level))
        level = LOG_LEVEL_INFO; /* the configuration's reader has checked the word */
    log_open (name, ret->verbose ? LOG_LEVEL_DEBUG : level);
    return open_null (err) || (!ret->log_is_open && open_log (log, &ret->terminal, err)) ? -1 : 0;
}

int program_report (const char *name, const struct err *err, int terminal)
{
    err_report (name, err);
    if (terminal >= 0 && dup2 (terminal, STDERR_FILENO) >= 0)
        err_report (name, err);
    return 1;
}

int program_sibling (const char *name, char **ret, struct err *err)
{
    static const char *const places[] = {"", "/../libexec/moisson"};
    char self[PATH_MAX];
    ssize_t n = readlink ("/proc/self/exe", self, sizeof self - 1);

    if (n < 0)
        return err_errno (err, errno, "cannot find this program's own file");
    self[n] = '\0';
    *strrchr (self, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = xasprintf ("%s%s/%s", self, places[i], name);
        if (access (path, X_OK) == 0) {
            *ret = path;
            return 0;
        }
        free (path);
    }
    err_set (err, 0, "the program %s is not there", name);
    return err_fix (err, "it belongs beside moissond, in %s", self);
}
