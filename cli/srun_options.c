/* srun_options.c - the options of srun. Those that are about the job (partition, account ...) have been decided by the
 * time a step is made, and are accepted like Slurm's. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "lists.h"
#include "optable.h"
#include "srun.h"

#define SELF struct srun_options *o = self

OPTION_TEXT (srun_options, on_chdir, chdir)
OPTION_TEXT (srun_options, on_error, error)
OPTION_TEXT (srun_options, on_export, export_mode)
OPTION_TEXT (srun_options, on_gpus, gpus)
OPTION_TEXT (srun_options, on_gres, gres)
OPTION_TEXT (srun_options, on_input, input)
OPTION_TEXT (srun_options, on_job_id, job_id)
OPTION_TEXT (srun_options, on_name, name)
OPTION_TEXT (srun_options, on_nodelist, nodelist)
OPTION_TEXT (srun_options, on_output, output)
OPTION_FLAG (srun_options, on_exact, exact)
OPTION_FLAG (srun_options, on_help, help)
OPTION_FLAG (srun_options, on_label, label)
OPTION_FLAG (srun_options, on_overlap, overlap)
OPTION_FLAG (srun_options, on_quiet, quiet)
OPTION_FLAG (srun_options, on_test_only, test_only)
OPTION_FLAG (srun_options, on_version, version)

static int count (const char *value, const char *name, uint64_t *ret, struct err *err)
{
    return number_parse (value, name, 1, UINT32_MAX, ret, err);
}

static int on_tasks (void *self, const char *value, struct err *err)
{
    SELF;

    return count (value, "--ntasks", &o->tasks, err);
}

static int on_tasks_per_node (void *self, const char *value, struct err *err)
{
    SELF;

    return count (value, "--ntasks-per-node", &o->tasks_per_node, err);
}

static int on_cpus (void *self, const char *value, struct err *err)
{
    SELF;

    return count (value, "--cpus-per-task", &o->cpus, err);
}

/* MIN[-MAX]: we can make the smallest. */
static int on_nodes (void *self, const char *value, struct err *err)
{
    SELF;
    _cleanup_free_ char *least = xstrndup (value, strcspn (value, "-"));

    return count (least, "--nodes", &o->nodes, err);
}

static int on_time (void *self, const char *value, struct err *err)
{
    SELF;

    return duration_parse (value, &o->time_s, err) ? err_what (err, "--time") : 0;
}

static int on_verbose (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    o->verbose++;
    return 0;
}

static int on_open_mode (void *self, const char *value, struct err *err)
{
    SELF;

    if (strncasecmp (value, "a", 1) != 0 && strncasecmp (value, "t", 1) != 0) {
        err_set (err, 0, "--open-mode is \"%s\"", value);
        return err_fix (err, "give append or truncate");
    }
    text_replace (&o->open_mode, value);
    return 0;
}

/* One task: all ways of binding it are one, but for none at all. */
static int on_cpu_bind (void *self, const char *value, struct err *err)
{
    static const char *const words[] = {"q",       "quiet", "v",       "verbose", "none",   "no",  "rank",
                                        "sockets", "cores", "threads", "ldoms",   "boards", "yes", "auto",
                                        "socket",  "core",  "thread",  "ldom",    "board"};
    SELF;

    while (*value) {
        size_t len = strcspn (value, ","), i = 0, n = sizeof words / sizeof *words;

        while (i < n && (strlen (words[i]) != len || strncasecmp (words[i], value, len)))
            i++;
        if (i == n) {
            err_set (err, 0, "Invalid --cpu-bind argument: %.*s", (int) len, value);
            return err_fix (err, "leave it out: the task is bound to as many CPUs of the job as -c says; none: it is "
                                 "not bound");
        }
        o->unbound = !strncasecmp (words[i], "no", 2) || (o->unbound && i < 4);
        value += len + (value[len] == ',');
    }
    return 0;
}

static int on_mpi (void *self, const char *value, struct err *err)
{
    SELF;

    o->list_mpi = !strcasecmp (value, "list");
    if (o->list_mpi || !strcasecmp (value, "none"))
        return 0;
    err_set (err, 0, "--mpi=%s: MPI programs are not wired up (" SRUN_LATER ")", value);
    return err_fix (err, "--mpi=none, or start them with mpirun inside the job");
}

static int on_relative (void *self, const char *value, struct err *err)
{
    uint64_t n;

    (void) self;
    return number_parse (value, "--relative", 0, 0, &n, err);
}

static int on_later (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "terminals, several programs, containers and jobs of several parts: " SRUN_LATER);
    return err_fix (err, "leave --pty, --multi-prog, --container, --het-group, --bcast and --no-allocate out");
}

static const struct optable_row rows[] = {
    {"account", 'A', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"acctg-freq", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"bcast", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_later},
    {"begin", 'b', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"chdir", 'D', ARG_REQUIRED, "SLURM_WORKING_DIR", "<dir>", "directory in which the task starts", on_chdir},
    {"cluster-constraint", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"comment", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"compress", 0, ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"constraint", 'C', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"container", 0, ARG_REQUIRED, NULL, NULL, NULL, on_later},
    {"contiguous", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"core-spec", 'S', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"cores-per-socket", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"cpu-bind", 0, ARG_REQUIRED, NULL, "<none|...>", "none: on all CPUs of the job, whatever -c says", on_cpu_bind},
    {"cpu-freq", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"cpus-per-gpu", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"cpus-per-task", 'c', ARG_REQUIRED, "SRUN_CPUS_PER_TASK", "<n>", "bind the task to so many CPUs of the job",
     on_cpus},
    {"deadline", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"delay-boot", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"dependency", 'd', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"disable-status", 'X', ARG_NONE, NULL, NULL, NULL, NULL},
    {"distribution", 'm', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"epilog", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"error", 'e', ARG_REQUIRED, "SLURM_STDERRMODE", "<file>", "standard error; with --output, unless given", on_error},
    {"exact", 0, ARG_NONE, "SLURM_EXACT", NULL, "CPUs that no other such step has (-c; 1); wait for them", on_exact},
    {"exclude", 'x', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"exclusive", 0, ARG_OPTIONAL, NULL, NULL, "the same as --exact", on_exact},
    {"export", 0, ARG_REQUIRED, "SLURM_EXPORT_ENV", "<names>", "ALL, NONE (SLURM_* alone), NAME, NAME=VALUE",
     on_export},
    {"external-launcher", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"extra-node-info", 'B', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"gpu-bind", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"gpu-freq", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"gpus", 'G', ARG_REQUIRED, NULL, "<n>", "so many GPUs of the job; 0 hides them", on_gpus},
    {"gpus-per-node", 0, ARG_REQUIRED, NULL, "<n>", "likewise", on_gpus},
    {"gpus-per-socket", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"gpus-per-task", 0, ARG_REQUIRED, NULL, "<n>", "likewise", on_gpus},
    {"gres", 0, ARG_REQUIRED, NULL, "<list>", "gpu:N likewise; none hides them", on_gres},
    {"gres-flags", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"het-group", 0, ARG_REQUIRED, NULL, NULL, NULL, on_later},
    {"hint", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"hold", 'H', ARG_NONE, NULL, NULL, NULL, NULL},
    {"immediate", 'I', ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"input", 'i', ARG_REQUIRED, "SLURM_STDINMODE", "<file>", "standard input; none: there is none", on_input},
    {"job-name", 'J', ARG_REQUIRED, NULL, "<name>", "name of the step; that of the program by default", on_name},
    {"jobid", 0, ARG_REQUIRED, NULL, "<id>", "the job of the step: this one", on_job_id},
    {"kill-on-bad-exit", 'K', ARG_OPTIONAL, "SLURM_KILL_BAD_EXIT", NULL, NULL, NULL},
    {"label", 'l', ARG_NONE, "SLURM_LABELIO", NULL, "write the task's number before each line", on_label},
    {"licenses", 'L', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mail-type", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mail-user", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mem", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mem-bind", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mem-per-cpu", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mem-per-gpu", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mincpus", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"mpi", 0, ARG_REQUIRED, NULL, "<none|list>", "none: the task is not wired up for MPI", on_mpi},
    {"msg-timeout", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"multi-prog", 0, ARG_NONE, NULL, NULL, NULL, on_later},
    {"network", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"nice", 0, ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"no-allocate", 'Z', ARG_NONE, NULL, NULL, NULL, on_later},
    {"no-kill", 'k', ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"nodelist", 'w', ARG_REQUIRED, NULL, "<node>", "the node of the step: this one", on_nodelist},
    {"nodes", 'N', ARG_REQUIRED, NULL, "<n>", "number of nodes: 1", on_nodes},
    {"ntasks", 'n', ARG_REQUIRED, "SLURM_NTASKS", "<n>", "number of tasks: 1", on_tasks},
    {"ntasks-per-core", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"ntasks-per-gpu", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"ntasks-per-node", 0, ARG_REQUIRED, "SLURM_NTASKS_PER_NODE", "<n>", "tasks on each node: 1", on_tasks_per_node},
    {"ntasks-per-socket", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"open-mode", 0, ARG_REQUIRED, "SLURM_OPEN_MODE", "<append|truncate>", "of files that are there already",
     on_open_mode},
    {"output", 'o', ARG_REQUIRED, "SLURM_STDOUTMODE", "<file>",
     "standard output: %j job, %s step, %J both, %A %a array, %t task, %N node", on_output},
    {"overcommit", 'O', ARG_NONE, NULL, NULL, NULL, NULL},
    {"overlap", 0, ARG_NONE, "SLURM_OVERLAP", NULL, "share CPUs with other steps; the default", on_overlap},
    {"oversubscribe", 's', ARG_NONE, NULL, NULL, NULL, NULL},
    {"partition", 'p', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"power", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"prefer", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"preserve-env", 'E', ARG_NONE, NULL, NULL, NULL, NULL},
    {"priority", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"profile", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"prolog", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"propagate", 0, ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"pty", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_later},
    {"qos", 'q', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"quiet", 'Q', ARG_NONE, NULL, NULL, "say nothing but errors", on_quiet},
    {"quit-on-interrupt", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"reboot", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"relative", 'r', ARG_REQUIRED, NULL, "<n>", "the node of the job to begin with: 0", on_relative},
    {"reservation", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"resv-ports", 0, ARG_OPTIONAL, NULL, NULL, NULL, NULL},
    {"signal", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"slurmd-debug", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"sockets-per-node", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"spread-job", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"switches", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"task-epilog", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"task-prolog", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"tasks-per-node", 0, ARG_REQUIRED, NULL, NULL, NULL, on_tasks_per_node},
    {"test-only", 0, ARG_NONE, NULL, NULL, "say what would be started, and where", on_test_only},
    {"thread-spec", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"threads", 'T', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"threads-per-core", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"time", 't', ARG_REQUIRED, NULL, "<time>", "end the task after so long", on_time},
    {"time-min", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"tmp", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"unbuffered", 'u', ARG_NONE, "SLURM_UNBUFFEREDIO", NULL, NULL, NULL},
    {"use-min-nodes", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"verbose", 'v', ARG_NONE, NULL, NULL, "say more", on_verbose},
    {"wait", 'W', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"wckey", 0, ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

int srun_options_parse (struct srun_options *o, int argc, char **argv, int *ret_index, struct err *err)
{
    return optable_parse_leading (rows, N_ROWS, argc, argv, o, ret_index, err);
}

void srun_options_clear (struct srun_options *o)
{
    char **const texts[] = {&o->chdir,    &o->output, &o->error, &o->input, &o->name,     &o->export_mode,
                            &o->nodelist, &o->job_id, &o->gpus,  &o->gres,  &o->open_mode};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free (*texts[i]);
    *o = (struct srun_options){0};
}

/* --- as text --------------------------------------------------------------------------------------------------------
 */

static const char *const examples[][2] = {
    {"srun ./program args", "a step of this job: recorded by itself, with its exit code and usage"},
    {"srun -n1 -c4 ./program", "on 4 CPUs of the job"},
    {"srun --exact -c2 ./a & srun --exact -c2 ./b & wait", "side by side, each on CPUs of its own"},
    {"srun -o step-%s.out -l ./program", "output into a file, each line with the task's number"},
};

void srun_help (FILE *out)
{
    fputs ("Usage: srun [OPTIONS] COMMAND [ARGUMENTS]\n\n"
           "In a batch script: run a command as a step of the job, one task on this node.\n\nExamples:\n",
           out);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        fprintf (out, "  %-52s %s\n", examples[i][0], examples[i][1]);
    optable_help (out, "", rows, N_ROWS);
}

static bool is_silent (const struct optable_row *row)
{
    return !row->help && !row->apply;
}

static void names (FILE *out, bool (*which) (const struct optable_row *row), const char *dashes)
{
    size_t column = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        if (!which (&rows[i]))
            continue;
        size_t width = strlen (rows[i].name) + 3;
        bool wraps = column + width > 100;
        fprintf (out, "%s%s%s", wraps ? "\n" : column ? " " : "", dashes, rows[i].name);
        column = wraps ? width : column + width;
    }
    fputc ('\n', out);
}

static bool is_refused (const struct optable_row *row)
{
    return row->apply == on_later;
}

void srun_document (FILE *out)
{
    fputs (
        "# srun inside a job\n\n"
        "`srun COMMAND` in a batch script of ours runs the command as a step of the job: one task, on the node of the\n"
        "script, in the job's own cgroup. It gets `SLURM_STEP_ID`, `SLURM_PROCID=0` and their kin, srun's standard "
        "input\n"
        "and output, and srun's exit code is its own: 128 + n where signal n ended it. `sacct` shows it as `JOBID.0`,\n"
        "`squeue -s` while it runs, `scontrol show step JOBID.0` both.\n\n"
        "More than one task or node, and srun outside a job, are refused: " SRUN_LATER ".\n\n"
        "A step is reported to the agent of its node, which tells the controller. Nothing waits for either: while the\n"
        "controller is away the agent keeps the news. The first 1000 steps of a job are recorded. What a step leaves\n"
        "running in the background goes on until the job ends. MaxRSS is that of its largest process.\n\n"
        "This page is printed from the table in cli/srun_options.c.\n\n## Options\n\n"
        "| option | environment | meaning |\n| --- | --- | --- |\n",
        out);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct optable_row *row = &rows[i];

        if (!row->help)
            continue;
        fputs ("| `", out);
        if (row->letter)
            fprintf (out, "-%c, ", row->letter);
        fprintf (out, "--%s", row->name);
        for (const char *p = row->value ? row->value : ""; *p; p++)
            fprintf (out, *p == '|' ? "%s\\%c" : "%s%c", p == row->value ? "=" : "", *p);
        fprintf (out, "` | %s | %s |\n", row->env ? row->env : "", row->help);
    }
    fputs ("\n## Accepted, and without effect\n\nThey were decided with the job, or there is nothing to choose.\n\n",
           out);
    names (out, is_silent, "--");
    fputs ("\n## Known, not available yet\n\n", out);
    names (out, is_refused, "--");
}

static void man_words (FILE *out, const char *s)
{
    for (; *s; s++)
        fputs (*s == '-' ? "\\-" : *s == '\\' ? "\\e" : (char[]){*s, '\0'}, out);
}

static void man_row (FILE *out, const struct optable_row *row)
{
    fputs (".TP\n\\fB", out);
    if (row->letter)
        fprintf (out, "\\-%c\\fR, \\fB", row->letter);
    fputs ("\\-\\-", out);
    man_words (out, row->name);
    fputs ("\\fR", out);
    if (row->value) {
        fputc ('=', out);
        man_words (out, row->value);
    }
    fputc ('\n', out);
    man_words (out, row->help);
    if (row->env)
        fprintf (out, ".\nEnvironment: %s.", row->env);
    fputc ('\n', out);
}

void srun_man (FILE *out)
{
    fputs (".\\\" Generated by `moisson docs man-srun` from the option table.\n"
           ".TH SRUN 1 \"\" \"Moisson " MOISSON_VERSION "\" \"Moisson\"\n"
           ".SH NAME\nsrun \\- run a command as a step of the job around it\n"
           ".SH SYNOPSIS\n.B srun\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n"
           ".SH DESCRIPTION\n"
           "In a batch script: runs the command as one task on the script's node, in the job's own cgroup. Standard "
           "input\n"
           "and output are srun's. The step is recorded with its exit code, times and usage: sacct(1) shows it as\n"
           "\\fIjob\\fR.0, squeue \\-s while it runs. INT, TERM, HUP, QUIT, USR1 and USR2 are passed on to the "
           "task.\n.PP\n"
           "More than one task or node, and srun outside a job, are refused: " SRUN_LATER ".\n"
           ".SH OPTIONS\n",
           out);
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].help)
            man_row (out, &rows[i]);
    fputs (".SH ACCEPTED, AND WITHOUT EFFECT\n", out);
    names (out, is_silent, "\\-\\-");
    fputs (".SH KNOWN, NOT AVAILABLE YET\n", out);
    names (out, is_refused, "\\-\\-");
    fputs (".SH EXIT STATUS\n"
           "That of the task; 128 + \\fIn\\fR where signal \\fIn\\fR ended it; 1 (or SLURM_EXIT_ERROR) where none was\n"
           "started.\n"
           ".SH SEE ALSO\nsbatch(1), sacct(1), squeue(1), scontrol(1)\n",
           out);
}
