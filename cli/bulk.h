/* bulk.h - sbatch --bulk: a file of jobs, one JSON object a line, submitted together. */
#pragma once
#include "base/options.h"

/* first: the command line alone, parsed; index: its first word that is no option. */
int bulk_run (const struct submit *first, int argc, char **argv, int index);
