/* login_env.c - the environment that a user has after logging in. */
#include "nodeagent/login_env.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "nodeagent/clock.h"

#define OUTPUT_MAX (16u << 20)
#define MARK "MOISSON-ENVIRONMENT-BEGINS"

/* What profiles print comes before the mark. Every shell takes this, csh and fish too. */
static const char command[] = "/bin/echo " MARK "; exec /usr/bin/env -0";

static const char default_path[] = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

static const char *base_of (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash ? slash + 1 : path;
}

const char *login_shell (const struct login *login)
{
    const char *shell = login->shell;

    if (!shell || shell[0] != '/' || strcmp (base_of (shell), "nologin") == 0 || strcmp (base_of (shell), "false") == 0)
        return "/bin/sh";
    return shell;
}

static _Noreturn void run_shell (const struct login *login, int out)
{
    const char *shell = login_shell (login);
    _cleanup_free_ char *name =
        xasprintf ("%s%s", login->brief ? "" : "-", base_of (shell)); /* a '-': read the profile */
    char *argv[] = {name, (char *) "-c", (char *) command, NULL};
    char *env[] = {xasprintf ("HOME=%s", login->home && *login->home ? login->home : "/"),
                   xasprintf ("USER=%s", login->user),
                   xasprintf ("LOGNAME=%s", login->user),
                   xasprintf ("SHELL=%s", shell),
                   (char *) default_path,
                   (char *) login->attempt,
                   (char *) login->spool,
                   NULL};
    int null = open ("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2 (null, STDIN_FILENO) < 0 || dup2 (out, STDOUT_FILENO) < 0 || dup2 (null, STDERR_FILENO) < 0)
        _exit (126);
    if (chdir (strchr (env[0], '=') + 1) && chdir ("/"))
        _exit (126);
    execve (shell, argv, env);
    _exit (127);
}

/* 0 at the end of the output, else an errno. */
static int read_until (int fd, usec_t end, struct buf *text)
{
    char block[16384];

    for (;;) {
        usec_t now = clock_monotonic ();
        struct pollfd p = {fd, POLLIN, 0};
        int rc = now < end ? poll (&p, 1, (int) ((end - now) / 1000 + 1)) : 0;

        if (rc == 0)
            return ETIMEDOUT;
        ssize_t n = rc < 0 ? -1 : read (fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return 0;
        buf_add (text, block, (size_t) n);
        if (text->len > OUTPUT_MAX)
            return EFBIG;
    }
}

static bool is_the_shells (const char *entry)
{
    static const char *const names[] = {"PWD", "OLDPWD", "SHLVL", "_", "MOISSON_ATTEMPT", "MOISSON_SPOOL"};
    size_t len = strcspn (entry, "=");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen (names[i]) == len && strncmp (names[i], entry, len) == 0)
            return true;
    return false;
}

int login_env_parse (const char *text, size_t len, struct buf *out)
{
    static const char mark[] = MARK "\n";
    const char *from = len ? memmem (text, len, mark, sizeof mark - 1) : NULL, *end = text + len;

    if (!from)
        return ENODATA;
    from += sizeof mark - 1;
    if (from == end)
        return ENODATA;
    while (from < end) {
        size_t n = strnlen (from, (size_t) (end - from));

        if (n == (size_t) (end - from)) /* cut off */
            return ENODATA;
        if (!is_the_shells (from))
            buf_add (out, from, n + 1);
        from += n + 1;
    }
    return 0;
}

int login_env_read (const struct login *login, struct buf *out)
{
    usec_t end = clock_monotonic () + login->wait_s * USEC_PER_SEC;
    _cleanup_buf_ struct buf text = BUF_INIT;
    int ends[2];

    if (pipe2 (ends, O_CLOEXEC))
        return errno;
    pid_t pid = fork ();
    if (pid == 0)
        run_shell (login, ends[1]);
    int rc = pid < 0 ? errno : 0;
    close (ends[1]);
    if (rc == 0)
        rc = read_until (ends[0], end, &text);
    close (ends[0]);
    if (pid > 0) {
        kill (pid, SIGKILL); /* it has closed its output: nothing more is to be had from it */
        while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return rc ? rc : login_env_parse (text.data, text.len, out);
}
