/* node_cmd.c - `moisson node ...`: who may be a node of the cluster. Here: its words, and enrolment where both
 * directories are at hand. */
#include "node_cmd.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/config.h"
#include "base/mem.h"
#include "base/node_keys.h"
#include "command.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"

#define SPOOL "/var/spool/moisson/%n"

OPTION_TEXT (node_options, on_controller, controller)
OPTION_TEXT (node_options, on_key, key)
OPTION_TEXT (node_options, on_spool, spool)
OPTION_TEXT (node_options, on_state, state)
OPTION_TEXT (node_options, on_matching, matching)
OPTION_FLAG (node_options, on_no_wait, no_wait)
OPTION_FLAG (node_options, on_new_key, new_key)
OPTION_FLAG (node_options, on_replace, replace)
OPTION_FLAG (node_options, on_all, all)
OPTION_FLAG (node_options, on_json, json)
OPTION_FLAG (node_options, on_help, help)

static const struct optable_row rows[] = {
    {"controller", 0, ARG_REQUIRED, "MOISSON_CONF_SERVER", "<host[:port]>", "enroll: the controller to ask",
     on_controller},
    {"key", 0, ARG_REQUIRED, NULL, "<key>", "enroll: its public key, as `moisson keygen` prints it there", on_key},
    {"no-wait", 0, ARG_NONE, NULL, NULL, "enroll: ask once; exit status 2 while nobody has decided", on_no_wait},
    {"new-key", 0, ARG_NONE, NULL, NULL, "enroll: make another key, also where there is one", on_new_key},
    {"spool", 0, ARG_REQUIRED, NULL, "<dir>", "enroll, fingerprint: the node's SlurmdSpoolDir", on_spool},
    {"state", 0, ARG_REQUIRED, NULL, "<dir>", "enroll without --controller: StateSaveLocation, at hand here", on_state},
    {"all-matching", 0, ARG_REQUIRED, NULL, "<file>", "accept: each NAME FINGERPRINT of the file (- is stdin)",
     on_matching},
    {"replace", 0, ARG_NONE, NULL, NULL, "accept: also where the name has another key that is accepted", on_replace},
    {"all", 0, ARG_NONE, NULL, NULL, "rekey: every node that is connected", on_all},
    {"json", 0, ARG_NONE, NULL, NULL, "list: as JSON", on_json},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *node_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson node",
        .words = "WORD [OPTIONS] ...",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson node enroll", "on a new node, as root: make its keys and ask for admission"},
                     {"moisson node list", "who asks, who is in"},
                     {"moisson node accept n17", "let it in"}}};

    return &page;
}

static void options_clear (struct node_options *o)
{
    free (o->controller);
    free (o->key);
    free (o->spool);
    free (o->state);
    free (o->matching);
}

int node_name_or_host (const char *given, char **ret, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";

    if (!given && gethostname (host, sizeof host - 1) < 0)
        return err_errno (err, errno, "cannot get this host's name");
    host[strcspn (host, ".")] = '\0';
    if (node_name_check (given ? given : host, err) < 0)
        return -1;
    *ret = xstrdup (given ? given : host);
    return 0;
}

char *node_spool (const struct node_options *o, const char *node)
{
    return o->spool ? xstrdup (o->spool) : config_node_path (SPOOL, node);
}

/* --- a node whose spool lies on the controller's host -------------------------------------------------------- */

/* Directories that were not named come from the configuration, which then must know the node. */
static int find_directories (const struct node_options *o, const char *node, char **ret_state, char **ret_spool,
                             struct err *err)
{
    _cleanup_config_ struct config *conf = NULL;
    const char *path = config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));

    if (!o->state || !o->spool) {
        if (config_load (&conf, path, err))
            return -1;
        if (!config_node (conf, node, NULL)) {
            err_set (err, 0, "%s has no node \"%s\"", path, node);
            return err_fix (err, "add a NodeName=%s line, or name both --state and --spool", node);
        }
    }
    *ret_state = xstrdup (o->state ? o->state : conf->state_dir);
    *ret_spool = o->spool ? xstrdup (o->spool) : config_node_path (conf->spool_dir, node);
    return 0;
}

static int enroll_here (const struct node_options *o, const char *node)
{
    _cleanup_free_ char *state = NULL, *spool = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (find_directories (o, node, &state, &spool, &err)) {
        err_report (NODE_TOOL, &err);
        fprintf (stderr, "             On a node: moisson node enroll --controller HOST --key KEY\n");
        return COMMAND_ERROR;
    }
    if (node_enroll_local (state, spool, node, &err)) {
        err_report (NODE_TOOL, &err);
        return COMMAND_ERROR;
    }
    printf ("%s is enrolled: keys in %s, line in %s/node_keys\n", node, spool, state);
    return 0;
}

static int node_enroll (const struct node_options *o, int n, char **words)
{
    if (n > 1 || (n == 0 && !o->controller)) {
        fprintf (stderr,
                 NODE_TOOL ": error: which node?\n        fix: moisson node enroll --controller HOST --key KEY [NAME], "
                           "or, where both directories are at hand,\n             moisson node enroll NAME "
                           "[--state DIR] [--spool DIR]\n");
        return COMMAND_ERROR;
    }
    return o->controller && !o->state ? node_enroll_net (o, n ? words[0] : NULL) : enroll_here (o, words[0]);
}

/* --- the words ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    int (*run) (const struct node_options *o, int n, char **words);
    const char *help;
} subcommands[] = {
    {"enroll", node_enroll, "[NAME]: on a node: make its key, ask the controller to accept it, get what it needs"},
    {"fingerprint", node_fingerprint, "[NAME]: on a node: print its name and the fingerprint of its key"},
    {"list", node_list, "[NAMES]: nodes that ask, are accepted, are revoked"},
    {"accept", node_accept, "NAME FINGERPRINT: let a node in that asks"},
    {"revoke", node_revoke, "NAMES: let it in no more, from this moment on; its jobs are not ended"},
    {"rekey", node_rekey, "NAMES: exchange its keys, over its session; jobs are not touched"},
};
#define N_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static int help (void)
{
    optable_page_help (stdout, node_page ());
    printf ("\nWords (the last four are an operator's, on any host that has commands):\n");
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        printf ("  %-12s %s\n", subcommands[i].word, subcommands[i].help);
    return 0;
}

int node_run (int argc, char **argv)
{
    _cleanup_ (options_clear) struct node_options o = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &o, &index, &err))
        return list_refused (NODE_TOOL, &err);
    if (o.help)
        return help ();
    for (size_t i = 0; index < argc && i < N_SUBCOMMANDS; i++)
        if (!strcmp (argv[index], subcommands[i].word))
            return subcommands[i].run (&o, argc - index - 1, argv + index + 1);
    if (index < argc)
        err_set (&err, 0, "there is no word \"%s\"", argv[index]);
    else
        err_set (&err, 0, "what is to be done with which node?");
    err_fix (&err, "see: moisson node --help");
    err_report (NODE_TOOL, &err);
    return COMMAND_ERROR;
}
