/* import.c - `moisson config import`: reads, reports line by line, and writes what `moisson config check` accepts. */
#include "import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/config.h"
#include "base/files.h"
#include "base/mem.h"
#include "command.h"
#include "import_cmd.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"

#define TOOL "moisson config import"
#define FILE_MOST (16u << 20)
#define ROUNDS 64 /* of check and strike */
#define EXIT_DECIDE 2

struct importing {
    const char *output;
    bool help, version, quiet;
    struct import conf, gres;
    char *scratch; /* a directory: moisson.conf, gres.conf */
    unsigned struck;
    char *stuck; /* an error that no line can be blamed for */
};

#define SELF struct importing *s = self
OPTION_FLAG (importing, on_help, help)
OPTION_FLAG (importing, on_quiet, quiet)
OPTION_FLAG (importing, on_version, version)

static int on_output (void *self, const char *value, struct err *err)
{
    SELF;

    (void) err;
    s->output = value;
    return 0;
}

static const struct optable_row rows[] = {
    {"output", 'o', ARG_REQUIRED, NULL, "FILE",
     "write the configuration there (gres.conf beside it); - is standard output", on_output},
    {"quiet", 'q', ARG_NONE, NULL, NULL, "say nothing about lines that are carried over", on_quiet},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *import_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson config import",
        .words = "[-o FILE] SLURM.CONF [GRES.CONF]",
        .about = "What of a slurm.conf carries over, line by line, and the configuration for Moisson.\nExit status: 0; "
                 "2 where something is to be decided; 1 where it cannot be imported.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson config import /etc/slurm/slurm.conf", "only the report"},
                     {"moisson config import -q -o new/moisson.conf slurm.conf gres.conf",
                      "write it, and say what does not carry over"}}};

    return &page;
}

static char *read_file (void *arg, const char *path, const char **ret_why)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *text = NULL;
    size_t len = 0;

    (void) arg;
    if (file_read (path, FILE_MOST, &text, &len, &err) < 0) {
        *ret_why = "the file cannot be read";
        return NULL;
    }
    if (strlen (text) != len) {
        *ret_why = "the file holds a zero byte, it is not text";
        free (text);
        return NULL;
    }
    return text;
}

static int load (struct import *m, const char *path, bool gres, struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t len = 0;

    if (file_read (path, FILE_MOST, &text, &len, err) < 0)
        return err_fix (err, "name a slurm.conf that you may read, and its gres.conf behind it");
    if (strlen (text) != len) {
        err_set (err, 0, "%s holds a zero byte, it is not text", path);
        return err_fix (err, "is this the right file?");
    }
    m->read = read_file;
    if (gres)
        import_gres_text (m, path, text);
    else
        import_text (m, path, text);
    return 0;
}

/* --- what the parser says ----------------------------------------------------------------------------------------- */

static void on_finding (void *arg, const char *file, unsigned line, bool is_error, const char *what, const char *fix)
{
    struct importing *s = arg;
    const char *slash = strrchr (file, '/');
    struct import *m = slash && !strcmp (slash + 1, "gres.conf") ? &s->gres : &s->conf;

    if (!is_error)
        return;
    if (line && import_strike (m, line, what))
        s->struck++;
    else if (!line && !s->stuck)
        s->stuck = xasprintf ("%s%s%s", what, fix ? "; " : "", fix ? fix : "");
}

static int write_scratch (const struct importing *s, const char *name, const struct import *m, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", s->scratch, name);

    return file_write (path, buf_str (&m->out), m->out.len, 0644, 0, err);
}

/* Until nothing is wrong with it any more, or nothing can be left out any more. */
static int settle (struct importing *s, struct err *err)
{
    char dir[] = "/tmp/moisson-import-XXXXXX";
    _cleanup_free_ char *path = NULL;
    int errors = 1;

    if (!mkdtemp (dir))
        return err_errno (err, errno, "cannot make a directory in /tmp");
    s->scratch = xstrdup (dir);
    path = xasprintf ("%s/moisson.conf", dir);
    for (int round = 0; round < ROUNDS && errors; round++) {
        if (write_scratch (s, "moisson.conf", &s->conf, err) ||
            (s->gres.out.len && write_scratch (s, "gres.conf", &s->gres, err)))
            return -1;
        s->struck = 0;
        free (s->stuck);
        s->stuck = NULL;
        errors = config_check (path, on_finding, s);
        if (errors && !s->struck)
            break;
    }
    if (!errors)
        return 0;
    err_set (err, 0, "what is left is no configuration: %s", s->stuck ? s->stuck : "some line is wrong all the same");
    return err_fix (err, "mend the file that is imported, or add what is missing to it");
}

/* --- the report --------------------------------------------------------------------------------------------------- */

static int by_place (const void *a, const void *b)
{
    const struct import_line *x = a, *y = b;
    int files = strcmp (x->file, y->file);

    return files ? files : x->line < y->line ? -1 : x->line > y->line;
}

static void report_lines (const struct importing *s, const struct import *m, FILE *out)
{
    for (size_t i = 0; i < m->n_lines; i++) {
        const struct import_line *l = &m->lines[i];
        if (s->quiet && l->verdict == IMPORT_CARRIED)
            continue;
        if (l->line)
            fprintf (out, "%s:%u: ", l->file, l->line);
        fprintf (out, "%s: %s%s%s\n", l->text, import_word (l->verdict), l->why ? ": " : "", l->why ? l->why : "");
    }
}

static void sort_last (struct import *m, size_t from)
{
    if (m->n_lines > from)
        qsort (m->lines + from, m->n_lines - from, sizeof *m->lines, by_place);
}

static void report (const struct importing *s, FILE *out)
{
    size_t n[N_IMPORT_VERDICTS];

    report_lines (s, &s->conf, out);
    report_lines (s, &s->gres, out);
    for (int v = 0; v < N_IMPORT_VERDICTS; v++)
        n[v] = import_count (&s->conf, v) + import_count (&s->gres, v);
    fprintf (out, "%zu carried over, %zu changed, %zu dropped, %zu to be decided\n", n[IMPORT_CARRIED],
             n[IMPORT_CHANGED], n[IMPORT_DROPPED], n[IMPORT_DECIDE]);
}

static int write_result (const struct importing *s, struct err *err)
{
    const char *slash = strrchr (s->output, '/');
    _cleanup_free_ char *gres = xasprintf ("%.*sgres.conf", slash ? (int) (slash + 1 - s->output) : 0, s->output);

    if (!strcmp (s->output, "-")) {
        fputs (buf_str (&s->conf.out), stdout);
        return 0;
    }
    if (!access (s->output, F_OK) || (s->gres.out.len && !access (gres, F_OK))) {
        err_set (err, 0, "%s or a gres.conf beside it is there already", s->output);
        return err_fix (err, "name a new file, in a directory of its own");
    }
    if (file_write (s->output, buf_str (&s->conf.out), s->conf.out.len, 0644, 0, err))
        return -1;
    return s->gres.out.len ? file_write (gres, buf_str (&s->gres.out), s->gres.out.len, 0644, 0, err) : 0;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static void importing_clear (struct importing *s)
{
    if (s->scratch)
        dir_remove (s->scratch);
    free (s->scratch);
    free (s->stuck);
    import_clear (&s->conf);
    import_clear (&s->gres);
}

static int convert (struct importing *s, const char *conf, const char *gres, struct err *err)
{
    size_t n_conf, n_gres;

    if (load (&s->conf, conf, false, err) || (gres && load (&s->gres, gres, true, err)))
        return -1;
    import_finish (&s->conf);
    n_conf = s->conf.n_lines;
    n_gres = s->gres.n_lines;
    int rc = settle (s, err);
    sort_last (&s->conf, n_conf);
    sort_last (&s->gres, n_gres);
    return rc;
}

int config_import (int argc, char **argv)
{
    _cleanup_ (importing_clear) struct importing s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index, rc;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err))
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    if (s.help) {
        optable_page_help (stdout, import_page ());
        return 0;
    }
    if (index == argc || argc - index > 2) {
        err_set (&err, 0, "name one slurm.conf, and its gres.conf if it has one");
        err_fix (&err, "moisson config import -o moisson.conf /etc/slurm/slurm.conf /etc/slurm/gres.conf");
        return list_refused (TOOL, &err);
    }
    rc = convert (&s, argv[index], index + 1 < argc ? argv[index + 1] : NULL, &err);
    if (s.conf.n_lines)
        report (&s, s.output && !strcmp (s.output, "-") ? stderr : stdout);
    if (rc || (s.output && write_result (&s, &err))) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return import_count (&s.conf, IMPORT_DECIDE) + import_count (&s.gres, IMPORT_DECIDE) ? EXIT_DECIDE : 0;
}
