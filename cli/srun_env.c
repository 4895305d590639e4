/* srun_env.c - the environment of a task: what --export lets through, then the step's own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "srun.h"

static const char pid_name[] = "SLURM_TASK_PID=";
#define PID_ROOM "0000000000000000000"

struct list {
    char **words; /* NULL-terminated */
    size_t n, room;
};

static void append (struct list *l, char *word)
{
    GROW (l->words, l->n, l->room);
    l->words[l->n++] = word;
}

static char **find (struct list *l, const char *name, size_t len)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strncmp (l->words[i], name, len) && l->words[i][len] == '=')
            return &l->words[i];
    return NULL;
}

static void put (struct list *l, char *word)
{
    char **old = find (l, word, strcspn (word, "="));

    if (!old) {
        append (l, word);
        return;
    }
    free (*old);
    *old = word;
}

static void put_number (struct list *l, const char *name, uint64_t n)
{
    put (l, xasprintf ("%s=%" PRIu64, name, n));
}

/* --- what comes through ---------------------------------------------------------------------------------------------
 */

static bool is_ours (const char *word)
{
    static const char *const prefixes[] = {"SLURM_", "SLURMD_", "SPANK_", "MOISSON_"};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp (word, prefixes[i], strlen (prefixes[i])))
            return true;
    return false;
}

static void take (struct list *l, char *const *from, bool all)
{
    for (; *from; from++)
        if (all || is_ours (*from))
            append (l, xstrdup (*from));
}

static void take_name (struct list *l, char *const *from, const char *word, size_t len)
{
    if (memchr (word, '=', len)) {
        put (l, xstrndup (word, len));
        return;
    }
    for (; *from; from++)
        if (!strncmp (*from, word, len) && (*from)[len] == '=')
            put (l, xstrdup (*from));
}

static bool names_all (const char *mode)
{
    for (; *mode; mode += strcspn (mode, ","), mode += *mode == ',')
        if (strcspn (mode, ",") == 3 && !strncasecmp (mode, "ALL", 3))
            return true;
    return false;
}

static void take_exported (struct list *l, char *const *from, const char *mode)
{
    bool none = mode && (!strcasecmp (mode, "NONE") || !strcasecmp (mode, "NIL"));

    take (l, from, !mode || names_all (mode));
    for (; mode && *mode && !none; mode += strcspn (mode, ","), mode += *mode == ',')
        take_name (l, from, mode, strcspn (mode, ","));
}

/* --- GPUs -----------------------------------------------------------------------------------------------------------
 */

/* "a100:2", "2": the number; a name alone is one. */
static int count_of (const char *text, const char *option, int64_t *ret, struct err *err)
{
    const char *colon = strrchr (text, ':'), *digits = colon ? colon + 1 : text;
    uint64_t n = 1;

    if (strspn (digits, "0123456789") && number_parse (digits, option, 0, UINT32_MAX, &n, err))
        return -1;
    *ret = (int64_t) n;
    return 0;
}

/* How many of the job's GPUs the options leave: -1 = all. */
static int gpus_asked (const struct srun_options *o, int64_t *ret, struct err *err)
{
    *ret = -1;
    if (o->gres && !strcasecmp (o->gres, "none"))
        *ret = 0;
    else if (o->gres && !strncmp (o->gres, "gpu", 3) && count_of (o->gres, "--gres", ret, err))
        return -1;
    return o->gpus ? count_of (o->gpus, "--gpus", ret, err) : 0;
}

/* The first `want` of a comma list; *ret_have: how many it has. */
static size_t first_of (const char *list, int64_t want, int64_t *ret_have)
{
    size_t len = 0, kept = 0;

    for (*ret_have = 0; list[len]; len += list[len] == ',') {
        len += strcspn (list + len, ",");
        if (++*ret_have == want)
            kept = len;
    }
    return kept;
}

static int cut_gpus (struct list *l, const struct srun_options *o, struct err *err)
{
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"};
    int64_t want, have = 0, n;
    bool some = false;

    if (gpus_asked (o, &want, err))
        return -1;
    for (size_t i = 0; want >= 0 && i < sizeof names / sizeof *names; i++) {
        char **word = find (l, names[i], strlen (names[i]));
        const char *list = word ? *word + strlen (names[i]) + 1 : "";
        size_t kept = first_of (list, want, &n);

        have = n > have ? n : have;
        if (word && n >= want) {
            some = true;
            put (l, xasprintf ("%s=%.*s", names[i], (int) kept, list));
        }
    }
    if (want <= 0 || some)
        return 0;
    err_set (err, 0, "Unable to create step: %" PRId64 " GPUs asked, the job has %" PRId64 " here", want, have);
    return err_fix (err, "ask for them with sbatch --gpus, or leave --gpus and --gres out");
}

/* --- the step's own -------------------------------------------------------------------------------------------------
 */

static void put_step (struct list *l, const struct srun_job *job, const struct srun_step *step,
                      const struct srun_options *o)
{
    static const char *const zeros[] = {"SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_GTIDS"};
    static const char *const ones[] = {"SLURM_NTASKS",         "SLURM_NPROCS",         "SLURM_NNODES",
                                       "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES", "SLURM_STEP_TASKS_PER_NODE",
                                       "SLURM_TASKS_PER_NODE"};

    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        put_number (l, zeros[i], 0);
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        put_number (l, ones[i], 1);
    put_number (l, "SLURM_STEP_ID", step->id);
    put_number (l, "SLURM_STEPID", step->id);
    put (l, xasprintf ("SLURM_STEP_NODELIST=%s", job->node));
    put (l, xasprintf ("SLURM_NODELIST=%s", job->node));
    put (l, xasprintf ("SLURM_SRUN_COMM_HOST=%s", "127.0.0.1"));
    put (l, xasprintf ("SLURM_LAUNCH_NODE_IPADDR=%s", "127.0.0.1"));
    if (o->cpus)
        put_number (l, "SLURM_CPUS_PER_TASK", o->cpus);
    put (l, xasprintf ("%s" PID_ROOM, pid_name));
}

char **srun_env_make (const struct srun_job *job, const struct srun_step *step, const struct srun_options *o,
                      char *const *from, struct err *err)
{
    struct list l = {0};

    take_exported (&l, from, o->export_mode);
    put_step (&l, job, step, o);
    int rc = cut_gpus (&l, o, err);
    append (&l, NULL);
    if (rc) {
        srun_env_free (l.words);
        return NULL;
    }
    return l.words;
}

void srun_env_pid (char **env, pid_t pid)
{
    for (; *env; env++)
        if (!strncmp (*env, pid_name, sizeof pid_name - 1))
            snprintf (*env + sizeof pid_name - 1, sizeof PID_ROOM, "%ld", (long) pid);
}

void srun_env_free (char **env)
{
    for (char **p = env; p && *p; p++)
        free (*p);
    free (env);
}
