/* scontrol.c - options and subcommands. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "optable.h"
#include "pages.h"
#include "scontrol.h"

#define TOOL "scontrol"

bool scontrol_matches (const struct scontrol_word *row, const char *word)
{
    size_t len = strlen (word);

    return len >= row->min && len <= strlen (row->name) && !strncasecmp (row->name, word, len);
}

static int on_oneline (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->oneline = true;
    return 0;
}

static int on_details (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->detail++;
    return 0;
}

static int on_json (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->json = true;
    return 0;
}

static int on_quiet (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->quiet = true;
    return 0;
}

static int on_help (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->help = true;
    return 0;
}

static int on_version (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct scontrol *) self)->version = true;
    return 0;
}

static int on_clusters (void *self, const char *value, struct err *err)
{
    struct scontrol *s = self;

    (void) err;
    free (s->clusters);
    s->clusters = xstrdup (value);
    return 0;
}

static const struct optable_row rows[] = {
    {"all", 'a', ARG_NONE, "SCONTROL_ALL", NULL, NULL, NULL},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"details", 'd', ARG_NONE, NULL, NULL, "show more (twice: even more)", on_details},
    {"future", 'F', ARG_NONE, "SCONTROL_FUTURE", NULL, NULL, NULL},
    {"hide", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"json", 0, ARG_NONE, NULL, NULL, "show job, node, partition, reservation, licenses: as JSON", on_json},
    {"local", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"oneliner", 'o', ARG_NONE, NULL, NULL, "one line a record", on_oneline},
    {"quiet", 'Q', ARG_NONE, NULL, NULL, "print no warnings", on_quiet},
    {"sibling", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *scontrol_page (void)
{
    static const struct optable_page page = {
        .tool = "scontrol",
        .words = "[OPTIONS] COMMAND [WORDS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"scontrol show job 12", "everything about it"},
                     {"scontrol update JobId=12 TimeLimit=2:00:00", "change what was asked for"},
                     {"scontrol hold 12; scontrol release 12", "keep it from starting, and let it"},
                     {"scontrol update NodeName=n7 State=DRAIN Reason=fan", "take a node out of service"}}};

    return &page;
}

static int print_version (struct scontrol *s, int argc, char **argv)
{
    (void) s;
    (void) argc;
    (void) argv;
    return command_version ();
}

static const struct subcommand {
    struct scontrol_word word;
    int (*run) (struct scontrol *s, int argc, char **argv);
    const char *help; /* without run: what to do instead */
} subcommands[] = {
    {{"show", 2},
     scontrol_show,
     "job|step|node|partition|reservation|licenses|assoc_mgr|config|hostnames|hostlist [NAME]"},
    {{"hold", 2}, scontrol_hold, "JOBS: keep pending jobs from starting"},
    {{"uhold", 2}, scontrol_uhold, "JOBS: as hold, and the owner may release them"},
    {{"release", 3}, scontrol_release, "JOBS: let held jobs start"},
    {{"requeuehold", 8}, scontrol_requeuehold, "[State=SpecialExit] JOBS: end them and put them back, held"},
    {{"requeue", 4}, scontrol_requeue, "JOBS: end them and put them back into the queue; also what has just ended"},
    {{"update", 2}, scontrol_update, "JobId=JOBS|NodeName=NODES|PartitionName=NAMES KEY=VALUE...: see below"},
    {{"create", 2}, scontrol_create, "reservation ReservationName= StartTime= Duration= Users= Nodes=...: see below"},
    {{"delete", 2}, scontrol_delete, "reservation NAME (operators)"},
    {{"reconfigure", 4}, scontrol_reconfigure, "apply moisson.conf, all of it or nothing (operators)"},
    {{"top", 2}, scontrol_top, "JOBS: before the other pending jobs of their user there (operators)"},
    {{"write", 2}, scontrol_write, "batch_script JOB [FILE|-]: its script, for its owner and operators"},
    {{"wait_job", 4}, scontrol_wait_job, "JOB: return when it runs"},
    {{"suspend", 2}, scontrol_suspend, "JOBS: what runs stands still, and keeps its cpus and memory (operators)"},
    {{"resume", 3}, scontrol_resume, "JOBS: let suspended jobs go on (operators)"},
    {{"reboot", 3}, scontrol_reboot, "[ASAP] [nextstate=RESUME|DOWN] [reason=TEXT] ALL|NODES: once they are idle"},
    {{"cancel_reboot", 7}, scontrol_cancel_reboot, "ALL|NODES: those that are not under way"},
    {{"ping", 1}, scontrol_ping, "is the controller there?"},
    {{"shutdown", 4}, scontrol_shutdown, "stop the controller; jobs keep running"},
    {{"version", 1}, print_version, "print the version"},
    {{"notify", 1}, NULL, "write to the job's files instead"},
    {{"completing", 1}, NULL, "use squeue --states=CG"},
    {{"listpids", 1}, NULL, "log in on the node and use ps"},
    {{"pidinfo", 2}, NULL, "log in on the node and use ps"},
    {{"setdebug", 4}, NULL, "set SlurmctldDebug in moisson.conf and restart moissonctld"},
    {{"setdebugflags", 9}, NULL, "set SlurmctldDebug in moisson.conf and restart moissonctld"},
    {{"takeover", 2}, NULL, "there is one controller"},
    {{"token", 2}, NULL, "users are known by munge"},
    {{"checkpoint", 2}, NULL, "jobs are not checkpointed"},
    {{"abort", 2}, NULL, "use scontrol shutdown"},
    {{"script", 2}, NULL, "use: scontrol write batch_script JOB -"},
};
#define N_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static const struct subcommand *find_subcommand (const char *word)
{
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        if (!strcasecmp (subcommands[i].word.name, word))
            return &subcommands[i];
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        if (scontrol_matches (&subcommands[i].word, word))
            return &subcommands[i];
    return NULL;
}

static int help (FILE *out, int status)
{
    optable_page_help (out, scontrol_page ());
    fprintf (out, "\nCommands (may be shortened; JOBS as 12, 12_3, 12_[1-5] or a comma list):\n");
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        if (subcommands[i].run)
            fprintf (out, "  %-12s %s\n", subcommands[i].word.name, subcommands[i].help);
    scontrol_update_help (out);
    return status;
}

int scontrol_rpc (struct scontrol *s)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (s->rpc || (!rpc_create (&s->rpc, NULL, &err) && !rpc_check_clusters (s->rpc, s->clusters, &err)))
        return 0;
    err_report (TOOL, &err);
    return COMMAND_ERROR;
}

static void scontrol_clear (struct scontrol *s)
{
    rpc_free (s->rpc);
    free (s->clusters);
}

int scontrol_no_json (const char *what)
{
    fprintf (stderr,
             TOOL
             ": error: there is no JSON of \"%s\"\n        fix: leave --json out, or show job, node or partition\n",
             what);
    return COMMAND_ERROR;
}

static int run (struct scontrol *s, int argc, char **argv)
{
    const struct subcommand *command;

    if (argc == 0) {
        fprintf (stderr, TOOL ": error: there is no interactive mode: name a command\n");
        return help (stderr, COMMAND_ERROR);
    }
    if (!strcasecmp (argv[0], "help"))
        return help (stdout, 0);
    command = find_subcommand (argv[0]);
    if (!command) {
        fprintf (stderr, "invalid keyword: %s\n        fix: see scontrol --help\n", argv[0]);
        return COMMAND_ERROR;
    }
    if (!command->run) {
        fprintf (stderr, TOOL ": error: \"%s\" is known, not available yet\n        fix: %s\n", command->word.name,
                 command->help);
        return COMMAND_ERROR;
    }
    if (s->json && command->run != scontrol_show)
        return scontrol_no_json (command->word.name);
    return command->run (s, argc - 1, argv + 1);
}

int scontrol_run (int argc, char **argv)
{
    _cleanup_ (scontrol_clear) struct scontrol s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err)) {
        if (err_is_set (&err))
            err_report (TOOL, &err);
        else
            fprintf (stderr, "Try \"scontrol --help\" for more information\n");
        return COMMAND_ERROR;
    }
    if (s.version)
        return command_version ();
    if (s.help)
        return help (stdout, 0);
    return run (&s, argc - index, argv + index);
}
