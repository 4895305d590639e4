/* node_cmd.c - `moisson node enroll NAME [--state DIR] [--spool DIR]`: gives a node its keys, both directories at hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/config.h"
#include "base/keys.h"
#include "base/mem.h"
#include "command.h"
#include "optable.h"

#define TOOL "moisson node"

struct enroll {
    char *state, *spool;
    bool help;
};

static int on_state (void *self, const char *value, struct err *err)
{
    struct enroll *e = self;

    (void) err;
    free (e->state);
    e->state = xstrdup (value);
    return 0;
}

static int on_spool (void *self, const char *value, struct err *err)
{
    struct enroll *e = self;

    (void) err;
    free (e->spool);
    e->spool = xstrdup (value);
    return 0;
}

static int on_help (void *self, const char *value, struct err *err)
{
    (void) value;
    (void) err;
    ((struct enroll *) self)->help = true;
    return 0;
}

static const struct optable_row rows[] = {
    {"spool", 0, ARG_REQUIRED, NULL, "<dir>", "the node's SlurmdSpoolDir (else from the configuration)", on_spool},
    {"state", 0, ARG_REQUIRED, NULL, "<dir>", "the controller's StateSaveLocation (else from the configuration)",
     on_state},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void enroll_clear (struct enroll *e)
{
    free (e->state);
    free (e->spool);
}

/* Directories that were not named come from the configuration, which then must know the node. */
static int fill_in (struct enroll *e, const char *node, struct err *err)
{
    _cleanup_config_ struct config *conf = NULL;
    const char *path = config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));

    if (e->state && e->spool)
        return 0;
    if (config_load (&conf, path, err))
        return -1;
    if (!config_node (conf, node, NULL)) {
        err_set (err, 0, "%s has no node \"%s\"", path, node);
        return err_fix (err, "add a NodeName=%s line, or name both --state and --spool", node);
    }
    if (!e->state)
        e->state = xstrdup (conf->state_dir);
    if (!e->spool)
        e->spool = config_node_path (conf->spool_dir, node);
    return 0;
}

static int enroll (struct enroll *e, const char *node)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (fill_in (e, node, &err) || node_enroll_local (e->state, e->spool, node, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    printf ("%s is enrolled: keys in %s, line in %s/node_keys\n", node, e->spool, e->state);
    return 0;
}

int node_run (int argc, char **argv)
{
    _cleanup_ (enroll_clear) struct enroll e = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &e, &index, &err)) {
        if (err_is_set (&err))
            err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    if (e.help) {
        optable_help (stdout, "Usage: moisson node enroll NAME [--state DIR] [--spool DIR]", rows, N_ROWS);
        return 0;
    }
    if (argc - index == 2 && !strcmp (argv[index], "enroll"))
        return enroll (&e, argv[index + 1]);
    fprintf (stderr, TOOL ": error: which node?\n        fix: moisson node enroll NAME [--state DIR] [--spool DIR]\n");
    return COMMAND_ERROR;
}
