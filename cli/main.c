/* main.c - `sbatch ...` by the name it was called with, or `moisson sbatch ...`. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "command.h"
#include "pages.h"

static const struct command commands[] = {
    {"sbatch", "submit a batch script", sbatch_run},
    {"squeue", "list the jobs that wait and run", squeue_run},
    {"scancel", "end jobs, or send them a signal", scancel_run},
    {"sinfo", "list partitions and nodes", sinfo_run},
    {"sacct", "list the records of jobs, ended ones too", sacct_run},
    {"sdiag", "what the controller has done, and how long it takes", sdiag_run},
    {"scontrol", "show everything about a job, node or partition; hold, release, requeue", scontrol_run},
    {"srun", "run a command as a step of the job around it", srun_run},
    {"salloc", "get an interactive allocation (not available yet)", salloc_run},
    {"sacctmgr", "accounts, users in them, QoS", sacctmgr_run},
    {"sprio", "list what waits, with its priority", sprio_run},
    {"sshare", "accounts and users, their shares and what they used", sshare_run},
    {"sstat", "usage of running jobs (not known until they end)", sstat_run},
    {"seff", "how well a job used its CPUs and memory", seff_run},
    {"why", "why a job waits, or how it ended, in plain words", why_run},
    {"failures", "what went wrong in a job or array, by cause, and the line to run it again", failures_run},
    {"events", "follow what happens to jobs and nodes, one JSON object a line", events_run},
    {"wait", "wait until jobs have ended", wait_run},
    {"config", "check a configuration file, or show the one in force", config_run},
    {"keygen", "make the controller's key", keygen_run},
    {"node", "enroll a node", node_run},
    {"simulate", "try a configuration on the jobs of a trace, on virtual time", simulate_run},
    {"docs", "print the generated documentation", docs_run},
};

static const struct command *find (const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp (commands[i].name, name))
            return &commands[i];
    return NULL;
}

static int list (void)
{
    printf ("Usage: moisson COMMAND [ARGUMENTS]\n\nCommands (sbatch to seff also under their own names):\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf ("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf ("\n`moisson COMMAND --help` says more. Configuration: $MOISSON_CONF, else $SLURM_CONF,\n"
            "else /etc/moisson/moisson.conf.\n");
    return 0;
}

/* What every command with a table has, whatever it is. */
static bool run_common (const struct command *command, int argc, char **argv)
{
    static const char *const plain[] = {"config", "keygen", "node", "docs"}; /* take no such option themselves */
    const struct optable_page *page = page_find (command->name);

    if (argc != 2)
        return false;
    if (page && !strcmp (argv[1], "--usage")) {
        optable_page_usage (stdout, page);
        return true;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp (plain[i], command->name) && (!strcmp (argv[1], "-V") || !strcmp (argv[1], "--version")))
            return command_version () == 0;
    return false;
}

static int dispatch (int argc, char **argv)
{
    const struct command *command;

    if (strrchr (argv[0], '/')) /* getopt says it before its sentences */
        argv[0] = strrchr (argv[0], '/') + 1;
    command = find (argv[0]);
    if (!command) { /* called as moisson */
        if (argc < 2 || !strcmp (argv[1], "help") || !strcmp (argv[1], "--help") || !strcmp (argv[1], "-h"))
            return list ();
        if (!strcmp (argv[1], "--version") || !strcmp (argv[1], "-V")) {
            printf ("moisson %s\n", MOISSON_VERSION);
            return 0;
        }
        command = find (argv[1]);
        if (!command) {
            fprintf (stderr, "moisson: error: there is no command \"%s\"\n        fix: see: moisson --help\n", argv[1]);
            return COMMAND_ERROR;
        }
        argc--;
        argv++;
    }
    return run_common (command, argc, argv) ? 0 : command->run (argc, argv);
}

static int error_status (void)
{
    const char *text = getenv ("SLURM_EXIT_ERROR");
    int status = text ? atoi (text) : 0;

    return status > 0 && status < 256 ? status : 1;
}

int main (int argc, char **argv)
{
    int status;

    if (argc < 1)
        return 1;
    status = dispatch (argc, argv);
    if (fflush (stdout) || ferror (stdout)) {
        fprintf (stderr, "%s: error: cannot write the output: %s\n", argv[0], strerror (errno));
        return error_status ();
    }
    return status == COMMAND_ERROR ? error_status () : status;
}
