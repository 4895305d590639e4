/* children.c - run programs, a few at a time. */
#include "ctld/children.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>
#include "base/log.h"
#include "base/mem.h"

#define AT_ONCE 32

struct child {
    struct children *children;
    struct child *prev, *next; /* in the list of those that wait, or of those that run */
    char *what;
    char **arguments; /* behind the path; NULL at the end */
    size_t n_arguments;
    int input; /* -1 = none */
    uint32_t limit_s;
    struct program_list programs;
    size_t at; /* of the programs */
    struct program_env env;
    void (*fn) (void *arg, const char *failure); /* NULL: cancelled */
    void *arg;
    pid_t pid; /* 0 = none runs now */
    bool timed_out, outlives;
    struct program_output output;
    struct watch *watch;
    struct timer *limit;
};

struct children {
    struct ctld *ctld;
    struct child *waiting, *running;
    size_t n_running;
    struct late *late; /* start what may start */
};

static void child_free (struct child *child)
{
    if (child->watch)
        watch_free (child->watch);
    program_output_close (&child->output, child->what);
    if (child->limit)
        timer_free (child->limit);
    programs_clear (&child->programs);
    program_env_clear (&child->env);
    free (child->what);
    for (size_t i = 0; i < child->n_arguments; i++)
        free (child->arguments[i]);
    free (child->arguments);
    if (child->input >= 0)
        close (child->input);
    free (child);
}

static void finish (struct child *child, const char *failure)
{
    struct children *children = child->children;

    DL_DELETE (children->running, child);
    children->n_running--;
    if (failure)
        log_warn ("event=program what=%s failed=\"%s\"", child->what, failure);
    if (child->fn)
        child->fn (child->arg, failure);
    child_free (child);
    late_arm (children->late);
}

static void kill_all (const struct child *child)
{
    if (child->pid && kill (-child->pid, SIGKILL) && errno != ESRCH)
        log_warn ("event=program what=%s note=\"cannot be ended: %s\"", child->what, strerror (errno));
}

static void on_limit (void *arg)
{
    struct child *child = arg;

    child->timed_out = true;
    kill_all (child);
    timer_arm (child->limit, USEC_PER_SEC); /* until it is gone */
}

static void on_output (void *arg, int events)
{
    struct child *child = arg;

    (void) events;
    if (program_output_read (&child->output, child->what))
        return;
    child->watch = watch_free (child->watch);
    program_output_close (&child->output, child->what);
}

static int start (struct child *child, struct err *err)
{
    const char *path = child->programs.paths[child->at];
    _cleanup_free_ char **args = xcalloc (child->n_arguments + 2, sizeof *args);
    uint32_t limit = child->limit_s;
    int write_fd;

    args[0] = (char *) path;
    for (size_t i = 0; i < child->n_arguments; i++)
        args[i + 1] = child->arguments[i];
    if (program_output_open (&child->output, &write_fd, err))
        return -1;
    int rc = program_spawn_fed (&child->pid, path, args, &child->env, child->input, write_fd, err);
    close (write_fd);
    if (rc) {
        child->pid = 0;
        program_output_close (&child->output, child->what);
        return -1;
    }
    child->watch = watch_create (child->children->ctld->loop, child->output.fd, on_output, child);
    watch_set (child->watch, WATCH_READ);
    if (limit)
        timer_arm (child->limit, limit * USEC_PER_SEC);
    return 0;
}

/* The next program of the list, or the end. */
static void go_on (struct child *child)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (child->at == child->programs.n || !child->fn)
        finish (child, NULL);
    else if (start (child, &err))
        finish (child, err.why);
}

static void start_waiting (void *arg)
{
    struct children *children = arg;

    while (children->waiting && children->n_running < AT_ONCE) {
        struct child *child = children->waiting;
        DL_DELETE (children->waiting, child);
        DL_APPEND (children->running, child);
        children->n_running++;
        go_on (child);
    }
}

static void ended (struct child *child, int wait_status)
{
    const char *path = child->programs.paths[child->at];
    _cleanup_free_ char *how = program_words (wait_status), *failure = NULL;

    kill_all (child); /* what it left in its session */
    child->pid = 0;
    timer_disarm (child->limit);
    if (child->watch)
        child->watch = watch_free (child->watch);
    program_output_close (&child->output, child->what);
    if (child->timed_out)
        failure = xasprintf ("%s took more than %u s", path, child->limit_s);
    else if (wait_status)
        failure = xasprintf ("%s %s%s%s", path, how, child->output.last[0] ? ": " : "", child->output.last);
    if (failure) {
        finish (child, failure);
        return;
    }
    child->at++;
    go_on (child);
}

static void on_child_signal (void *arg, int signo)
{
    struct children *children = arg;
    struct child *child, *next;
    int wait_status;

    (void) signo;
    DL_FOREACH_SAFE (children->running, child, next)
    if (child->pid && waitpid (child->pid, &wait_status, WNOHANG) == child->pid)
        ended (child, wait_status);
}

static void copy_arguments (struct child *child, const struct child_order *order)
{
    const char *const one[] = {order->argument, NULL};
    const char *const *list = order->arguments ? order->arguments : one;

    while (list[child->n_arguments])
        child->n_arguments++;
    child->arguments = xcalloc (child->n_arguments + 1, sizeof *child->arguments);
    for (size_t i = 0; i < child->n_arguments; i++)
        child->arguments[i] = xstrdup (list[i]);
}

struct child *children_run (struct children *children, const struct child_order *order)
{
    struct child *child = xcalloc (1, sizeof *child);

    child->children = children;
    child->what = xstrdup (order->what);
    child->input = order->has_input ? order->input : -1;
    child->limit_s = order->limit_s ? order->limit_s : children->ctld->conf->hook_timeout;
    copy_arguments (child, order);
    child->env = order->env;
    child->outlives = order->outlives;
    child->fn = order->fn;
    child->arg = order->arg;
    child->output.fd = -1;
    child->limit = timer_create_in (children->ctld->loop, on_limit, child);
    programs_add (&child->programs, order->programs);
    DL_APPEND (children->waiting, child);
    late_arm (children->late);
    return child;
}

void child_cancel (struct child *child)
{
    child->fn = NULL;
    kill_all (child);
}

bool children_rest (const struct children *children)
{
    return !children->waiting && !children->running;
}

struct children *children_create (struct ctld *ctld)
{
    struct children *children = xcalloc (1, sizeof *children);

    children->ctld = ctld;
    children->late = late_create (ctld->loop, start_waiting, children);
    if (loop_signal (ctld->loop, SIGCHLD, on_child_signal, children) < 0)
        log_error ("event=program note=\"the ends of programs cannot be watched\"");
    return children;
}

struct children *children_free (struct children *children)
{
    struct child *child, *next;

    if (!children)
        return NULL;
    DL_CONCAT (children->running, children->waiting);
    DL_FOREACH_SAFE (children->running, child, next)
    {
        if (!child->outlives)
            kill_all (child);
        if (child->fn)
            child->fn (child->arg, "the controller stops");
        child_free (child);
    }
    late_free (children->late);
    free (children);
    return NULL;
}
