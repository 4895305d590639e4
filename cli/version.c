/* version.c - the banner that Slurm's clients look at. */
#include <stdio.h>
#include "base/version.h"
#include "command.h"

int command_version (void)
{
    printf ("slurm %s\n", SLURM_COMPAT_VERSION);
    return 0;
}
