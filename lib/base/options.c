/* options.c - a submit in the making, and the command line. */
#include "base/options_apply.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

void submit_init (struct submit *s)
{
    struct timespec now;

    *s = (struct submit){0};
    moisson__job_spec__init (&s->spec);
    if (clock_gettime (CLOCK_REALTIME, &now) == 0)
        s->now_us = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

void submit_clear (struct submit *s)
{
    Moisson__JobSpec *spec = xmemdup (&s->spec, sizeof s->spec); /* free_unpacked frees the message itself, too */

    moisson__job_spec__free_unpacked (spec, NULL);
    free (s->flags.wrap);
    free (s->flags.submit_key);
    free (s->flags.clusters);
    free (s->flags.export_file);
    free (s->flags.bulk);
    gres_option_clear (&s->gres);
    gres_option_clear (&s->gpus);
    gres_option_clear (&s->gpus_per_node);
    gres_option_clear (&s->gpus_per_task);
    *s = (struct submit){0};
    moisson__job_spec__init (&s->spec);
}

int option_apply (struct submit *s, const struct option_row *row, const char *value, struct err *err)
{
    if (row->status == OPT_HARMLESS)
        return 0;
    if (row->status == OPT_REFUSED) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--%s is known, not available yet", row->name);
        return err_fix (err, "%s", row->help);
    }
    if (row->apply (s, value || row->arg != ARG_REQUIRED ? value : "", err) < 0)
        return -1;
    options_derive (s);
    return 0;
}

/* --- the command line, in getopt_long's words -------------------------------------------------------------------- */

struct words { /* what is left of argv */
    int argc, index;
    char **argv;
};

static int argument (struct err *err, const char *name, const char *trouble, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "option '--%s' %s", name, trouble);
    return err_fix (err, "%s", fix);
}

static int unrecognized (struct err *err, const char *name, size_t len)
{
    _cleanup_free_ char *typed = xstrndup (name, len);
    _cleanup_free_ char *nearest = option_suggest (typed);

    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "unrecognized option '--%s'", typed);
    return nearest ? err_fix (err, "did you mean %s?", nearest) : err_fix (err, "see: sbatch --help");
}

static int ambiguous (struct err *err, const char *name, size_t len)
{
    _cleanup_buf_ struct buf list = BUF_INIT;
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++)
        if (!strncmp (rows[i].name, name, len))
            buf_printf (&list, " '--%s'", rows[i].name);
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "option '--%.*s' is ambiguous; possibilities:%s", (int) len, name,
             buf_str (&list));
    return err_fix (err, "write more letters of it");
}

/* The row of a long option: its name, or the only one that begins so. */
static const struct option_row *find_long (const char *name, size_t len, struct err *err)
{
    size_t n, matches = 0;
    const struct option_row *rows = option_rows (&n), *found = NULL;

    for (size_t i = 0; i < n; i++) {
        if (strncmp (rows[i].name, name, len))
            continue;
        if (!rows[i].name[len])
            return &rows[i];
        if (!found || rows[i].apply != found->apply || !found->apply) /* two names of one thing are one */
            matches++;
        found = &rows[i];
    }
    if (!matches || !len)
        unrecognized (err, name, len);
    else if (matches > 1)
        ambiguous (err, name, len);
    return matches == 1 && len ? found : NULL;
}

static const struct option_row *find_letter (char letter, struct err *err)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "invalid option -- '%c'", letter);
    err_fix (err, "see: sbatch --help");
    return NULL;
}

static int parse_long (struct submit *s, struct words *w, const char *word, struct err *err)
{
    size_t len = strcspn (word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct option_row *row = find_long (word, len, err);

    if (!row)
        return -1;
    if (row->arg == ARG_NONE && value)
        return argument (err, row->name, "doesn't allow an argument", "leave the value out");
    if (row->arg == ARG_REQUIRED && !value) {
        if (w->index == w->argc)
            return argument (err, row->name, "requires an argument", row->help);
        value = w->argv[w->index++];
    }
    return option_apply (s, row, value, err);
}

static int missing_argument (struct err *err, const struct option_row *row)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "option requires an argument -- '%c'", row->letter);
    return err_fix (err, "write -%c %s: %s", row->letter, row->value, row->help);
}

static int parse_letters (struct submit *s, struct words *w, const char *letters, struct err *err)
{
    for (; *letters; letters++) {
        const struct option_row *row = find_letter (*letters, err);
        const char *value = NULL;

        if (!row)
            return -1;
        if (row->arg != ARG_NONE && letters[1])
            value = letters + 1;
        else if (row->arg == ARG_REQUIRED && w->index == w->argc)
            return missing_argument (err, row);
        else if (row->arg == ARG_REQUIRED)
            value = w->argv[w->index++];
        if (option_apply (s, row, value, err) < 0)
            return -1;
        if (value)
            return 0;
    }
    return 0;
}

int options_parse (struct submit *s, int argc, char **argv, int *ret_index, struct err *err)
{
    struct words w = {argc, 1, argv};

    while (w.index < argc) {
        const char *word = argv[w.index];

        if (word[0] != '-' || !word[1])
            break;
        w.index++;
        if (!strcmp (word, "--"))
            break;
        if (word[1] == '-') {
            if (parse_long (s, &w, word + 2, err) < 0)
                return -1;
        } else if (parse_letters (s, &w, word + 1, err) < 0) {
            return -1;
        }
    }
    *ret_index = w.index;
    return 0;
}
