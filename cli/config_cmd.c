/* config_cmd.c - `moisson config check|show [FILE]`: needs no controller. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/config.h"
#include "command.h"
#include "config_topologies.h"
#include "import_cmd.h"
#include "pages.h"

static void report (void *arg, const char *file, unsigned line, bool is_error, const char *what, const char *fix)
{
    unsigned *notes = arg;

    if (line)
        fprintf (stderr, "%s:%u: %s: %s\n", file, line, is_error ? "error" : "note", what);
    else
        fprintf (stderr, "%s: %s: %s\n", file, is_error ? "error" : "note", what);
    if (fix)
        fprintf (stderr, "        fix: %s\n", fix);
    *notes += !is_error;
}

/* Nothing is wrong with the file so far; it may be written before its controller has a key. */
static void look_for_key (const char *path, unsigned *notes)
{
    _cleanup_config_ struct config *conf = NULL;

    if (config_load (&conf, path, NULL) || *conf->controller_key)
        return;
    fprintf (stderr,
             "%s: note: no ControllerKey: commands and nodes will not trust the controller\n        fix: add the "
             "line that `moisson keygen %s` prints, run as the controller's user\n",
             path, conf->state_dir);
    ++*notes;
}

static int check (const char *path)
{
    unsigned notes = 0;
    int errors = config_check (path, report, &notes);

    if (!errors)
        errors = (int) topologies_check (path, &notes);
    if (!errors)
        look_for_key (path, &notes);
    if (errors) {
        fprintf (stderr, "%s: %d error%s\n", path, errors, errors == 1 ? "" : "s");
        return COMMAND_ERROR;
    }
    printf ("%s is correct", path);
    if (notes)
        printf (" (%u note%s)", notes, notes == 1 ? "" : "s");
    putchar ('\n');
    return 0;
}

static void print_entry (void *arg, const char *key, const char *value)
{
    (void) arg;
    printf ("%-23s = %s\n", key, value);
}

static int show (const char *path)
{
    _cleanup_config_ struct config *conf = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (config_load (&conf, path, &err)) {
        err_report ("moisson config", &err);
        return COMMAND_ERROR;
    }
    config_entries (conf, print_entry, NULL);
    return 0;
}

int config_run (int argc, char **argv)
{
    const char *path = config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));

    if (argc == 3 && !strcmp (argv[1], "import") && !strcmp (argv[2], "--usage")) {
        optable_page_usage (stdout, import_page ());
        return 0;
    }
    if (argc >= 2 && !strcmp (argv[1], "import"))
        return config_import (argc - 1, argv + 1);
    if (argc == 3)
        path = argv[2];
    if (argc >= 2 && argc <= 3 && !strcmp (argv[1], "check"))
        return check (path);
    if (argc >= 2 && argc <= 3 && !strcmp (argv[1], "show"))
        return show (path);
    if (argc == 2 && !strcmp (argv[1], "--help")) {
        printf ("Usage: moisson config check [FILE]   find every mistake in a configuration file\n"
                "       moisson config show [FILE]    print every key with its value in force\n"
                "       moisson config import [-o FILE] SLURM.CONF [GRES.CONF]\n"
                "                                     what of a slurm.conf carries over, line by line, and the file "
                "for Moisson\n");
        return 0;
    }
    fprintf (stderr, "moisson config: error: check, show or import?\n        fix: moisson config check [FILE]\n");
    return COMMAND_ERROR;
}
