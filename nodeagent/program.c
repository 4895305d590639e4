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
#include "base/log.h"
#include "base/mem.h"

void program_clear (struct program *p)
{
    config_free (p->conf);
    free (p->conf_path);
    free (p->node);
    free (p->spool);
    free (p->pid_file);
    *p = (struct program){0};
}

static const char help_text[] =
    "Usage: %s -N NODE [-f CONF] [-v]\n"
    "The launcher of one node; it starts the node's agent. Runs in the foreground until SIGTERM or SIGINT; jobs go on\n"
    "meanwhile, and are found again by the next one.\n"
    "\n"
    "  -N NODE             a NodeName of the configuration (default: this host's name)\n"
    "  -f, --config CONF   the configuration (default: $MOISSON_CONF, $SLURM_CONF,\n"
    "                      /etc/moisson/moisson.conf); check it with: moisson config check CONF\n"
    "  -D                  accepted for Slurm's sake: it always stays in the foreground\n"
    "  -v, --verbose       log more\n"
    "  -h, --help          this text\n"
    "  -V, --version       print the version\n";

static int usage (struct err *err, const char *name, const char *why)
{
    err_set (err, 0, "%s", why);
    return err_fix (err, "usage: %s -N NODE [-f CONF] [-v]", name);
}

static int parse (struct program *p, const char *name, int argc, char **argv, struct err *err)
{
    static const struct option rows[] = {
        {"config", required_argument, NULL, 'f'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long (argc, argv, "N:f:DvhV", rows, NULL)) != -1) {
        if (c == 'h') {
            printf (help_text, name);
            exit (0);
        } else if (c == 'V') {
            printf ("%s %s\n", name, MOISSON_VERSION);
            exit (0);
        } else if (c == 'D') {
            continue;
        } else if (c == 'v') {
            p->verbose = true;
        } else if (c == 'N' || c == 'f') {
            char **slot = c == 'N' ? &p->node : &p->conf_path;
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
static int find_node (struct program *p, const char *name, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";

    if (!p->node) {
        if (gethostname (host, sizeof host - 1))
            return err_errno (err, errno, "cannot get this host's name");
        host[strcspn (host, ".")] = '\0';
        p->node = xstrdup (host);
    }
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
    const char *path =
        ret->conf_path ? ret->conf_path : config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));
    char *absolute = realpath (path, NULL);
    if (!absolute) {
        err_errno (err, errno, "cannot read the configuration %s", path);
        return err_fix (err, "name it with -f or MOISSON_CONF");
    }
    free (ret->conf_path);
    ret->conf_path = absolute;
    if (config_load (&ret->conf, ret->conf_path, err) || find_node (ret, name, err))
        return -1;
    ret->spool = config_node_path (ret->conf->spool_dir, ret->node);
    if (ret->conf->node_pid[0])
        ret->pid_file = config_node_path (ret->conf->node_pid, ret->node);
    _cleanup_free_ char *log = config_node_path (ret->conf->node_log, ret->node);
    if (log_level_parse (ret->conf->node_debug, &level))
        level = LOG_LEVEL_INFO; /* the configuration's reader has checked the word */
    log_open (name, ret->verbose ? LOG_LEVEL_DEBUG : level);
    return open_null (err) || open_log (log, &ret->terminal, err) ? -1 : 0;
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
