/* optable.h - a command's own options as a table: parser (getopt_long, options may follow the words, unique
 * abbreviations), environment defaults and --help come from its rows. */
#pragma once
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"
#include "base/options.h"

struct optable_row {
    const char *name;
    char letter; /* 0 = none */
    enum option_arg arg;
    const char *env;   /* read before the command line; NULL = none */
    const char *value; /* what stands for the value in --help */
    const char *help;  /* NULL: accepted for Slurm's sake, changes nothing, not shown */
    int (*apply) (void *self, const char *value, struct err *err); /* NULL: accepted silently; value may be NULL */
};

/* Parses into self by the rows. argv is permuted: words from *ret_index on. -1: err says why, or, when err is not set,
 * getopt has said it already ("scancel: unrecognized option ..."). */
int optable_parse (const struct optable_row *rows, size_t n, int argc, char **argv, void *self, int *ret_index,
                   struct err *err);
/* The same for a command that runs another: what follows the first word that is no option belongs to that one. */
int optable_parse_leading (const struct optable_row *rows, size_t n, int argc, char **argv, void *self, int *ret_index,
                           struct err *err);
void optable_help (FILE *out, const char *usage, const struct optable_row *rows, size_t n);
