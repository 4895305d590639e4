/* optable.c - getopt_long from a table. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "optable.h"

#define LONG_BASE 1000 /* getopt's value of row i is LONG_BASE + i */

static const int has_arg[] = {
    [ARG_NONE] = no_argument, [ARG_REQUIRED] = required_argument, [ARG_OPTIONAL] = optional_argument};

static int apply (const struct optable_row *row, const char *value, void *self, struct err *err)
{
    return row->apply ? row->apply (self, value, err) : 0;
}

/* A filter of scancel that is empty must be refused, not forgotten. */
static bool ends_jobs (const char *env)
{
    return !strncmp (env, "SCANCEL_", strlen ("SCANCEL_"));
}

static int apply_environment (const struct optable_row *rows, size_t n, void *self, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = rows[i].env ? getenv (rows[i].env) : NULL;

        if (value && !*value && rows[i].arg != ARG_NONE && !ends_jobs (rows[i].env))
            continue; /* set and empty: nothing was said; a flag only needs to be there */
        if (value && apply (&rows[i], value, self, err))
            return err_what (err, "%s=%s", rows[i].env, value);
    }
    return 0;
}

static const struct optable_row *row_of (const struct optable_row *rows, size_t n, int c)
{
    if (c >= LONG_BASE)
        return &rows[c - LONG_BASE];
    for (size_t i = 0; i < n; i++)
        if (rows[i].letter == c)
            return &rows[i];
    return NULL;
}

static int parse (const struct optable_row *rows, size_t n, const char *order, int argc, char **argv, void *self,
                  int *ret_index, struct err *err)
{
    static const char *const colons[] = {[ARG_NONE] = "", [ARG_REQUIRED] = ":", [ARG_OPTIONAL] = "::"};
    _cleanup_free_ struct option *options = xcalloc (n + 1, sizeof *options);
    _cleanup_buf_ struct buf letters = BUF_INIT;
    int c;

    buf_puts (&letters, order);
    for (size_t i = 0; i < n; i++) {
        options[i] = (struct option){rows[i].name, has_arg[rows[i].arg], NULL, LONG_BASE + (int) i};
        if (rows[i].letter)
            buf_printf (&letters, "%c%s", rows[i].letter, colons[rows[i].arg]);
    }
    if (apply_environment (rows, n, self, err))
        return -1;
    optind = 0; /* glibc: start afresh */
    while ((c = getopt_long (argc, argv, buf_str (&letters), options, NULL)) != -1) {
        const struct optable_row *row = c == '?' ? NULL : row_of (rows, n, c);

        if (!row)
            return -1;
        if (apply (row, optarg, self, err))
            return -1;
    }
    *ret_index = optind;
    return 0;
}

int optable_parse (const struct optable_row *rows, size_t n, int argc, char **argv, void *self, int *ret_index,
                   struct err *err)
{
    return parse (rows, n, "", argc, argv, self, ret_index, err);
}

int optable_parse_leading (const struct optable_row *rows, size_t n, int argc, char **argv, void *self, int *ret_index,
                           struct err *err)
{
    return parse (rows, n, "+", argc, argv, self, ret_index, err);
}

static void help_row (FILE *out, const struct optable_row *row)
{
    char left[64];
    const char *value = row->arg != ARG_NONE && row->value ? row->value : "";
    const char *open = !*value ? "" : row->arg == ARG_OPTIONAL ? "[=" : "=";

    if (row->letter)
        snprintf (left, sizeof left, "-%c, --%s%s%s%s", row->letter, row->name, open, value, *open == '[' ? "]" : "");
    else
        snprintf (left, sizeof left, "    --%s%s%s%s", row->name, open, value, *open == '[' ? "]" : "");
    fprintf (out, "  %-30s %s\n", left, row->help);
}

void optable_help (FILE *out, const char *usage, const struct optable_row *rows, size_t n)
{
    fprintf (out, "%s\n\nOptions:\n", usage);
    for (size_t i = 0; i < n; i++)
        if (rows[i].help)
            help_row (out, &rows[i]);
}

void optable_page_help (FILE *out, const struct optable_page *page)
{
    fprintf (out, "Usage: %s %s\n", page->tool, page->words);
    if (page->about)
        fprintf (out, "\n%s\n", page->about);
    fprintf (out, "\nExamples:\n");
    for (const struct optable_example *e = page->examples; e->command; e++)
        fprintf (out, "  %-46s %s\n", e->command, e->meaning);
    fprintf (out, "\nOptions:\n");
    for (size_t i = 0; i < page->n; i++)
        if (page->rows[i].help)
            help_row (out, &page->rows[i]);
}

/* As Slurm's: one option after the other, lines of some eighty characters. */
void optable_page_usage (FILE *out, const struct optable_page *page)
{
    int column = fprintf (out, "Usage: %s", page->tool);

    for (size_t i = 0; i < page->n; i++) {
        const struct optable_row *row = &page->rows[i];
        _cleanup_buf_ struct buf text = BUF_INIT;

        if (!row->help)
            continue;
        if (row->letter)
            buf_printf (&text, " [-%c", row->letter);
        else
            buf_printf (&text, " [--%s", row->name);
        if (row->arg != ARG_NONE && row->value)
            buf_printf (&text, "%s%s%s",
                        row->arg == ARG_OPTIONAL ? "[="
                        : row->letter            ? " "
                                                 : "=",
                        row->value, row->arg == ARG_OPTIONAL ? "]" : "");
        if (column + (int) text.len > 78)
            column = fprintf (out, "\n       ") - 1;
        column += fprintf (out, "%s]", buf_str (&text));
    }
    fputc ('\n', out);
}

void optable_page_words (FILE *out, const struct optable_page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        if (!page->rows[i].help)
            continue;
        fprintf (out, "--%s%s\n", page->rows[i].name, page->rows[i].arg == ARG_REQUIRED ? "=" : "");
        if (page->rows[i].letter)
            fprintf (out, "-%c\n", page->rows[i].letter);
    }
}
