/* sbatch_env.c - chooses what of the submitter's environment a job gets. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "sbatch_env.h"

struct env {
    char **list; /* owned strings NAME=value */
    size_t n, room;
};

static void env_clear (struct env *env)
{
    for (size_t i = 0; i < env->n; i++)
        free (env->list[i]);
    free (env->list);
}

static void env_append (struct env *env, const char *entry)
{
    GROW (env->list, env->n, env->room);
    env->list[env->n++] = xstrdup (entry);
}

/* Set NAME=value, replacing every earlier definition of NAME. */
static void env_put (struct env *env, const char *entry)
{
    size_t name_len = strcspn (entry, "=");
    size_t kept = 0;

    for (size_t i = 0; i < env->n; i++) {
        if (!strncmp (env->list[i], entry, name_len) && env->list[i][name_len] == '=')
            free (env->list[i]);
        else
            env->list[kept++] = env->list[i];
    }
    env->n = kept;
    env_append (env, entry);
}

/* What a job is told about itself. A '*' at the end: everything that begins so. */
static const char *const of_a_job[] = {
    "SLURM_JOB_*",           "SLURM_JOBID",        "SLURM_ARRAY_*",      "SLURM_NTASKS*",
    "SLURM_NPROCS",          "SLURM_NNODES",       "SLURM_NODELIST",     "SLURM_NODEID",
    "SLURM_PROCID",          "SLURM_LOCALID",      "SLURM_GTIDS",        "SLURM_TASKS_*",
    "SLURM_TASK_PID",        "SLURM_STEP*",        "SLURM_CPUS_*",       "SLURM_CPU_*",
    "SLURM_MEM_*",           "SLURM_GPU*",         "SLURM_SUBMIT_*",     "SLURM_RESTART_COUNT",
    "SLURM_EXPORT_ENV",      "SLURM_CLUSTER_NAME", "SLURM_PRIO_PROCESS", "SLURM_TOPOLOGY_*",
    "SLURM_DISTRIBUTION",    "SLURM_OVERCOMMIT",   "SLURM_HINT",         "SLURM_THREADS_*",
    "SLURM_UMASK",           "SLURM_LAUNCH_*",     "SLURM_SRUN_*",       "SLURM_NODE_ALIASES",
    "SLURM_WORKING_CLUSTER", "SLURMD_NODENAME",
};

/* Of the session in which the user typed sbatch: sockets, terminals and ids that mean nothing on a node, or mean
 * something else there by then. */
static const char *const of_a_login[] = {
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_*",
    "XDG_SEAT",
    "XDG_SEAT_PATH",
    "XDG_SESSION_PATH",
    "XDG_VTNR",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "DBUS_SESSION_BUS_*",
    "GPG_AGENT_INFO",
    "GPG_TTY",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WAYLAND_DISPLAY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
    "WATCHDOG_*",
};

static bool is_named (const char *entry, const char *pattern)
{
    size_t len = strlen (pattern);

    if (pattern[len - 1] == '*')
        return !strncmp (entry, pattern, len - 1);
    return !strncmp (entry, pattern, len) && entry[len] == '=';
}

static const char *find_variable (char *const *environment, const char *name)
{
    for (size_t i = 0; environment[i]; i++)
        if (is_named (environment[i], name))
            return environment[i];
    return NULL;
}

struct surroundings { /* of the submitting process */
    char *const *environment;
    bool in_job, has_gpus;
};

static bool stays_behind (const struct surroundings *s, const char *entry)
{
    if (is_named (entry, "SBATCH_SUBMIT_KEY")) /* the key of this job, not of those that it submits */
        return true;
    for (size_t i = 0; i < sizeof of_a_login / sizeof *of_a_login; i++)
        if (is_named (entry, of_a_login[i]))
            return true;
    for (size_t i = 0; s->in_job && i < sizeof of_a_job / sizeof *of_a_job; i++)
        if (is_named (entry, of_a_job[i]))
            return true;
    return s->has_gpus && is_named (entry, "CUDA_VISIBLE_DEVICES");
}

static bool always_passes (const char *entry)
{
    return !strncmp (entry, "SLURM_", 6) || !strncmp (entry, "SPANK_", 6);
}

static void take_all (struct env *env, const struct surroundings *s)
{
    for (size_t i = 0; s->environment[i]; i++)
        if (!stays_behind (s, s->environment[i]))
            env_append (env, s->environment[i]);
}

static void take_slurm (struct env *env, const struct surroundings *s)
{
    for (size_t i = 0; s->environment[i]; i++)
        if (always_passes (s->environment[i]) && !stays_behind (s, s->environment[i]))
            env_append (env, s->environment[i]);
}

/* Length of the word at s: up to a comma outside quotes. */
static size_t word_length (const char *s)
{
    char quote = '\0';
    size_t len = 0;

    for (; s[len] && (quote || s[len] != ','); len++) {
        if (quote)
            quote = s[len] == quote ? '\0' : quote;
        else if (s[len] == '\'' || s[len] == '"')
            quote = s[len];
    }
    return len;
}

/* NAME='a,b' -> NAME=a,b, in place. */
static void strip_quotes (char *entry)
{
    char *value = strchr (entry, '=') + 1;
    size_t len = strlen (value);

    if (len >= 2 && (*value == '\'' || *value == '"') && value[len - 1] == *value) {
        memmove (value, value + 1, len - 2);
        value[len - 2] = '\0';
    }
}

static int take_word (struct env *env, const struct surroundings *s, char *word, struct err *err)
{
    const char *equals = strchr (word, '='), *here;

    if (equals == word) {
        err_set (err, 0, "--export: \"%s\" has no name before '='", word);
        return err_fix (err, "write --export=ALL,NAME=value");
    }
    if (equals) {
        strip_quotes (word);
        env_put (env, word);
        return 0;
    }
    here = find_variable (s->environment, word);
    if (here)
        env_put (env, here);
    return 0;
}

static int take_list (struct env *env, const struct surroundings *from, const char *mode, struct err *err)
{
    bool all = false;

    /* First the base, so that a definition wins wherever ALL stands in the list. */
    for (const char *s = mode; *s; s += word_length (s), s += *s == ',')
        all = all || (word_length (s) == 3 && !strncasecmp (s, "ALL", 3));
    if (all)
        take_all (env, from);
    else
        take_slurm (env, from);
    for (const char *s = mode; *s; s += word_length (s), s += *s == ',') {
        _cleanup_free_ char *word = xstrndup (s, word_length (s));

        if (*word && strcasecmp (word, "ALL") != 0 && take_word (env, from, word, err))
            return -1;
    }
    return 0;
}

static int take_file (struct env *env, const char *file, size_t len, struct err *err)
{
    size_t at = 0;

    while (at < len) {
        size_t n = strnlen (file + at, len - at);
        _cleanup_free_ char *entry = xstrndup (file + at, n);

        at += n + 1;
        if (strspn (entry, " \t\n") == n)
            continue;
        if (!strchr (entry, '=') || *entry == '=') {
            err_set (err, 0, "--export-file: \"%.60s\" is no NAME=value", entry);
            return err_fix (err, "separate the definitions with NUL bytes, as `env -0` does");
        }
        env_put (env, entry);
    }
    return 0;
}

bool env_wants_login (const char *mode)
{
    bool all = !mode || !strcasecmp (mode, "NIL");

    for (const char *s = mode; s && *s; s += word_length (s), s += *s == ',')
        all = all || (word_length (s) == 3 && !strncasecmp (s, "ALL", 3));
    return !all;
}

int env_build (struct buf *ret, char *const *environment, const char *mode, const char *file, size_t file_len,
               struct err *err)
{
    struct surroundings from = {environment, find_variable (environment, "SLURM_JOB_ID"),
                                find_variable (environment, "SLURM_JOB_GPUS")};
    _cleanup_ (env_clear) struct env env = {0};
    size_t total = 0;

    if (!mode || !strcasecmp (mode, "ALL"))
        take_all (&env, &from);
    else if (!strcasecmp (mode, "NONE") || !strcasecmp (mode, "NIL"))
        take_slurm (&env, &from);
    else if (take_list (&env, &from, mode, err))
        return -1;
    if (file && take_file (&env, file, file_len, err))
        return -1;
    for (size_t i = 0; i < env.n; i++)
        total += strlen (env.list[i]) + 1;
    if (total > ENV_BLOB_MAX) {
        err_set (err, 0, "the environment has %zu bytes, at most %u can travel with a job", total, ENV_BLOB_MAX);
        return err_fix (err, "submit with --export=NONE or with a list of names");
    }
    for (size_t i = 0; i < env.n; i++)
        buf_add (ret, env.list[i], strlen (env.list[i]) + 1);
    return 0;
}
