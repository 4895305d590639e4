/* roff.c - manual pages from tables. */
#include "roff.h"
#include "optable.h"

void roff_text (FILE *out, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs ("\\&", out);
    for (; *s; s++) {
        if (*s == '\\')
            fputs ("\\e", out);
        else if (*s == '-')
            fputs ("\\-", out);
        else
            fputc (*s, out);
    }
}

static void man_row (FILE *out, const struct optable_row *row)
{
    fputs (".TP\n\\fB", out);
    if (row->letter)
        fprintf (out, "\\-%c\\fR, \\fB", row->letter);
    fputs ("\\-\\-", out);
    roff_text (out, row->name);
    fputs ("\\fR", out);
    if (row->arg != ARG_NONE && row->value) {
        fputs (row->arg == ARG_OPTIONAL ? "[=" : "=", out);
        roff_text (out, row->value);
        fputs (row->arg == ARG_OPTIONAL ? "]" : "", out);
    }
    fputc ('\n', out);
    roff_text (out, row->help);
    if (row->env)
        fprintf (out, "\nEnvironment: %s.", row->env);
    fputc ('\n', out);
}

void optable_page_man (FILE *out, const struct optable_page *page)
{
    fputs (".SH OPTIONS\n", out);
    for (size_t i = 0; i < page->n; i++)
        if (page->rows[i].help)
            man_row (out, &page->rows[i]);
    fputs (".SH EXAMPLES\n", out);
    for (const struct optable_example *e = page->examples; e->command; e++) {
        fputs (".TP\n\\fB", out);
        roff_text (out, e->command);
        fputs ("\\fR\n", out);
        roff_text (out, e->meaning);
        fputc ('\n', out);
    }
}
