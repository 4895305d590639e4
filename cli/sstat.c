/* sstat.c - what a running job uses now is not known: nodes report usage when a job ends. Said in one sentence. */
#include <stdio.h>
#include <string.h>
#include "command.h"

int sstat_run (int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp (argv[i], "--version") || !strcmp (argv[i], "-V"))
            return command_version ();
        if (!strcmp (argv[i], "--help") || !strcmp (argv[i], "-h")) {
            printf ("Usage: sstat ...\n\nThe usage of a running job is not known: nodes report it when the job ends.\n"
                    "Then `sacct -j JOB -o JobID,MaxRSS,TotalCPU` and `seff JOB` have it.\n");
            return 0;
        }
    }
    fprintf (stderr, "sstat: error: the usage of a running job is not known: nodes report it when the job ends\n"
                     "        fix: ask sacct -j JOB -o JobID,MaxRSS,TotalCPU, or seff JOB, after its end\n");
    return COMMAND_ERROR;
}
