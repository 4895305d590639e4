/* later.c - commands that have their names already, and say what to do until they come. */
#include <stdio.h>
#include <string.h>
#include "command.h"

static int not_yet (int argc, char **argv, const char *name, const char *instead)
{
    for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp (argv[i], "--version") || !strcmp (argv[i], "-V"))
            return command_version ();
        if (!strcmp (argv[i], "--help") || !strcmp (argv[i], "-h")) {
            printf ("Usage: %s ...\n\n%s is not available yet: %s\n", name, name, instead);
            return 0;
        }
    }
    fprintf (stderr, "%s: error: %s is not available yet\n        fix: %s\n", name, name, instead);
    return COMMAND_ERROR;
}

int salloc_run (int argc, char **argv)
{
    return not_yet (argc, argv, "salloc", "use sbatch; --wait makes it stay until the job has ended");
}
