/* options_show.c - the option table as --help, docs/options.md and words for completion. */
#include <string.h>
#include "base/options.h"

static const struct {
    const char *command, *meaning;
} examples[] = {
    {"sbatch job.sh", "submit a script; its #SBATCH lines are options, too"},
    {"sbatch -c 4 --mem=8G -t 2:00:00 job.sh", "4 CPUs, 8 GB, two hours"},
    {"sbatch -a 1-100%10 job.sh", "100 tasks, at most 10 at a time; SLURM_ARRAY_TASK_ID tells them apart"},
    {"sbatch -d afterok:12 merge.sh", "once job 12 has ended well"},
    {"sbatch --wrap 'gzip big.dat'", "one command, no script"},
    {"sbatch --bulk jobs.ndjson", "many jobs at once, each {\"wrap\": \"gzip 1.dat\", \"time\": \"10\"}"},
    {"sbatch --submit-key=run7 job.sh", "safe to repeat: the same key gives the same job"},
};

static void left_side (char *text, size_t size, const struct option_row *row)
{
    char letter[8] = "    ";
    const char *open = row->arg == ARG_OPTIONAL ? "[=" : "=";

    if (row->letter)
        snprintf (letter, sizeof letter, "-%c, ", row->letter);
    snprintf (text, size, "%s--%s%s%s%s", letter, row->name, row->arg == ARG_NONE ? "" : open,
              row->arg == ARG_NONE ? "" : row->value, row->arg == ARG_OPTIONAL ? "]" : "");
}

static void names_of (FILE *out, enum option_status status)
{
    size_t n, column = 0;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++) {
        if (rows[i].status != status)
            continue;
        size_t width = strlen (rows[i].name) + 3;
        if (column + width > 100)
            column = 0;
        fprintf (out, "%s--%s", column ? " " : i ? "\n  " : "  ", rows[i].name);
        column += width;
    }
    fputc ('\n', out);
}

void options_help (FILE *out, const char *tool)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    fprintf (out, "Usage: %s [options] script [arguments]\n\nExamples:\n", tool);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        fprintf (out, "  %-42s %s\n", examples[i].command, examples[i].meaning);
    fputs ("\nOptions:\n", out);
    for (size_t i = 0; i < n; i++) {
        char left[96];
        if (rows[i].status != OPT_HONOURED)
            continue;
        left_side (left, sizeof left, &rows[i]);
        fprintf (out, "  %-36s %s\n", left, rows[i].help);
    }
    fputs ("\nAccepted, and without effect:", out);
    names_of (out, OPT_HARMLESS);
    fputs ("\nKnown, not available yet:", out);
    names_of (out, OPT_REFUSED);
}

void options_usage (FILE *out, const char *tool)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);
    int column = fprintf (out, "Usage: %s", tool);

    for (size_t i = 0; i < n; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        if (rows[i].status != OPT_HONOURED)
            continue;
        if (rows[i].letter)
            buf_printf (&text, " [-%c%s%s", rows[i].letter, rows[i].value ? " " : "",
                        rows[i].value ? rows[i].value : "");
        else
            buf_printf (&text, " [--%s%s%s", rows[i].name, rows[i].value ? "=" : "",
                        rows[i].value ? rows[i].value : "");
        if (column + (int) text.len > 78)
            column = fprintf (out, "\n       ") - 1;
        column += fprintf (out, "%s]", text.data);
    }
    fprintf (out, " [script [arguments]]\n");
}

static void document_part (FILE *out, enum option_status status, const char *last)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    fprintf (out, "\n| option | environment | %s |\n| --- | --- | --- |\n", last);
    for (size_t i = 0; i < n; i++) {
        char left[96];
        if (rows[i].status != status)
            continue;
        left_side (left, sizeof left, &rows[i]);
        fprintf (out, "| `%s` | %s | ", left + strspn (left, " "), rows[i].env ? rows[i].env : "");
        for (const char *p = rows[i].help; *p; p++)
            fprintf (out, *p == '|' ? "\\%c" : "%c", *p);
        fputs (" |\n", out);
    }
}

void options_document (FILE *out)
{
    fputs (
        "# Options of sbatch\n\n"
        "From the command line, from `#SBATCH` lines at the head of the script, and from the environment. The command\n"
        "line wins over the script, the script over the environment. Long options may be shortened as long as they "
        "stay\n"
        "unambiguous. This page is printed from the table in lib/base/options_table.c.\n\n## Honoured\n",
        out);
    document_part (out, OPT_HONOURED, "meaning");
    fputs ("\n## Accepted, and without effect\n", out);
    document_part (out, OPT_HARMLESS, "why");
    fputs ("\n## Known, not available yet\n\nThese would change what the job means, so they are refused.\n", out);
    document_part (out, OPT_REFUSED, "instead");
}

void options_complete (FILE *out)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++) {
        if (rows[i].status == OPT_REFUSED)
            continue;
        fprintf (out, "--%s%s\n", rows[i].name, rows[i].arg == ARG_REQUIRED ? "=" : "");
        if (rows[i].letter)
            fprintf (out, "-%c\n", rows[i].letter);
    }
}
