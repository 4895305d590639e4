/* programs.c - find and start programs of the site. */
#include "base/programs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"

#define PLAIN_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define TURNS 64         /* blocks read at once: a program that writes without a pause must not hold up its reader */
#define VALUE_MOST 65536 /* characters: the kernel starts no program with more than twice as many in one */

/* --- lists -------------------------------------------------------------------------------------------------------- */

static bool is_pattern (const char *text)
{
    return text[strcspn (text, "*?[")] != '\0';
}

int programs_check (const char *list, struct err *err)
{
    for (const char *p = list + strspn (list, " "); *p; p += strspn (p, " ")) {
        size_t len = strcspn (p, " ");
        _cleanup_free_ char *word = xstrndup (p, len);
        char *slash = strrchr (word, '/');

        if (*word != '/' || !slash[1]) {
            err_set (err, 0, "\"%s\" is not the absolute path of a program", word);
            return err_fix (err, "start it with '/'");
        }
        *slash = '\0';
        if (is_pattern (word)) {
            err_set (err, 0, "\"%.*s\" has a pattern before its last '/'", (int) len, p);
            return err_fix (err, "patterns choose files of one directory, as in /etc/moisson/prolog.d/?*");
        }
        p += len;
    }
    return 0;
}

void programs_clear (struct program_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free (list->paths[i]);
    free (list->paths);
    *list = (struct program_list){0};
}

static void add_path (struct program_list *list, char *path)
{
    GROW (list->paths, list->n, list->room);
    list->paths[list->n++] = path;
}

static int by_name (const void *a, const void *b)
{
    return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Files alone: a directory is no program. Names that begin with a dot are chosen by patterns that do. */
static void add_matching (struct program_list *list, const char *pattern)
{
    const char *name = strrchr (pattern, '/') + 1;
    _cleanup_free_ char *dir = xstrndup (pattern, (size_t) (name - pattern));
    DIR *d = opendir (dir);
    size_t first = list->n;

    for (struct dirent *e; d && (e = readdir (d));) {
        _cleanup_free_ char *path = xasprintf ("%s%s", dir, e->d_name);
        struct stat st;
        if (fnmatch (name, e->d_name, FNM_PERIOD) == 0 && stat (path, &st) == 0 && S_ISREG (st.st_mode))
            add_path (list, steal (&path));
    }
    if (d)
        closedir (d);
    else
        log_warn ("no program of %s is run: %s", pattern, strerror (errno));
    if (list->n > first)
        qsort (list->paths + first, list->n - first, sizeof *list->paths, by_name);
}

void programs_add (struct program_list *list, const char *words)
{
    for (const char *p = words + strspn (words, " "); *p; p += strspn (p, " ")) {
        size_t len = strcspn (p, " ");
        _cleanup_free_ char *word = xstrndup (p, len);

        p += len;
        if (is_pattern (word))
            add_matching (list, word);
        else
            add_path (list, steal (&word));
    }
}

/* --- environment ----------------------------------------------------------------------------------------------------
 */

static void env_add (struct program_env *env, char *entry)
{
    GROW (env->list, env->n, env->room);
    env->list[env->n++] = entry;
    GROW (env->list, env->n, env->room);
    env->list[env->n] = NULL;
}

void program_env_begin (struct program_env *env)
{
    *env = (struct program_env){0};
    env_add (env, xstrdup ("PATH=" PLAIN_PATH));
}

void program_env_set (struct program_env *env, const char *name, const char *value)
{
    if (value)
        env_add (env, xasprintf ("%s=%.*s", name, VALUE_MOST, value));
}

void program_env_setf (struct program_env *env, const char *name, const char *fmt, ...)
{
    char value[4096];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (value, sizeof value, fmt, ap);
    va_end (ap);
    program_env_set (env, name, value);
}

void program_env_clear (struct program_env *env)
{
    for (size_t i = 0; i < env->n; i++)
        free (env->list[i]);
    free (env->list);
    *env = (struct program_env){0};
}

/* --- one run --------------------------------------------------------------------------------------------------------
 */

static int add_actions (posix_spawn_file_actions_t *actions, int in_fd, int out_fd)
{
    int rc = in_fd < 0 ? posix_spawn_file_actions_addopen (actions, 0, "/dev/null", O_RDONLY, 0)
                       : posix_spawn_file_actions_adddup2 (actions, in_fd, 0);

    if (!rc)
        rc = posix_spawn_file_actions_adddup2 (actions, out_fd < 0 ? 2 : out_fd, 1);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2 (actions, 1, 2);
    return rc ? rc : posix_spawn_file_actions_addchdir_np (actions, "/");
}

static int set_attributes (posix_spawnattr_t *attr)
{
    sigset_t none, all;
    int rc = posix_spawnattr_setflags (attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    sigemptyset (&none);
    sigfillset (&all);
    sigdelset (&all, SIGKILL);
    sigdelset (&all, SIGSTOP);
    if (!rc)
        rc = posix_spawnattr_setsigmask (attr, &none);
    return rc ? rc : posix_spawnattr_setsigdefault (attr, &all);
}

int program_spawn (pid_t *ret_pid, const char *path, char *const *args, const struct program_env *env, int out_fd,
                   struct err *err)
{
    return program_spawn_fed (ret_pid, path, args, env, -1, out_fd, err);
}

int program_spawn_fed (pid_t *ret_pid, const char *path, char *const *args, const struct program_env *env, int in_fd,
                       int out_fd, struct err *err)
{
    char *alone[] = {(char *) path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc;

    if ((rc = posix_spawn_file_actions_init (&actions)))
        return err_errno (err, rc, "cannot start %s", path);
    if ((rc = posix_spawnattr_init (&attr))) {
        posix_spawn_file_actions_destroy (&actions);
        return err_errno (err, rc, "cannot start %s", path);
    }
    if (!(rc = add_actions (&actions, in_fd, out_fd)) && !(rc = set_attributes (&attr)))
        rc = posix_spawn (ret_pid, path, &actions, &attr, args ? args : alone, env->list);
    posix_spawnattr_destroy (&attr);
    posix_spawn_file_actions_destroy (&actions);
    return rc ? err_errno (err, rc, "cannot start %s", path) : 0;
}

char *program_words (int wait_status)
{
    if (WIFSIGNALED (wait_status))
        return xasprintf ("was ended by signal %d", WTERMSIG (wait_status));
    return xasprintf ("exited with code %d", WEXITSTATUS (wait_status));
}

/* --- what it writes -------------------------------------------------------------------------------------------------
 */

int program_output_open (struct program_output *out, int *ret_write_fd, struct err *err)
{
    int ends[2];

    *out = (struct program_output){.fd = -1};
    if (pipe2 (ends, O_CLOEXEC))
        return err_errno (err, errno, "cannot make a pipe");
    if (fcntl (ends[0], F_SETFL, O_NONBLOCK)) {
        close (ends[0]);
        close (ends[1]);
        return err_errno (err, errno, "cannot make a pipe");
    }
    out->fd = ends[0];
    *ret_write_fd = ends[1];
    return 0;
}

static void end_line (struct program_output *out, const char *label)
{
    out->line[out->len] = '\0';
    if (out->len) {
        memcpy (out->last, out->line, out->len + 1);
        log_info ("%s says '%s'", label, out->line);
    }
    out->len = 0;
}

bool program_output_read (struct program_output *out, const char *label)
{
    char block[1024];
    ssize_t n = 0;

    for (int turn = 0; turn < TURNS && (n = read (out->fd, block, sizeof block)) > 0; turn++)
        for (ssize_t i = 0; i < n; i++)
            if (block[i] == '\n')
                end_line (out, label);
            else if (out->len < sizeof out->line - 1) /* what is longer is cut */
                out->line[out->len++] = (unsigned char) block[i] < ' ' || block[i] == 127 ? ' ' : block[i];
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void program_output_close (struct program_output *out, const char *label)
{
    if (out->fd < 0)
        return;
    program_output_read (out, label);
    end_line (out, label);
    close (out->fd);
    out->fd = -1;
}
