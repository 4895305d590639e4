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
/* A command as --help, --usage, its manual page and completion show it. */
struct optable_example {
    const char *command, *meaning;
};
struct optable_page {
    const char *tool, *words, *about; /* "squeue", "[OPTIONS] [JOBS]"; a sentence or NULL */
    const struct optable_row *rows;
    size_t n;
    struct optable_example examples[6]; /* command NULL: no more */
};

void optable_page_help (FILE *out, const struct optable_page *page);
void optable_page_usage (FILE *out, const struct optable_page *page); /* one paragraph: the options alone */
void optable_page_man (FILE *out, const struct optable_page *page);   /* OPTIONS and EXAMPLES of a manual page */
void optable_page_words (FILE *out, const struct optable_page *page); /* for completion, one a line */
void optable_help (FILE *out, const char *usage, const struct optable_row *rows, size_t n);
