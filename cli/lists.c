/* lists.c - what listing commands share. */
#include "lists.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "command.h"
#include "jobref.h"

void text_replace (char **slot, const char *value)
{
    free (*slot);
    *slot = xstrdup (value);
}

void filter_add_uid (Moisson__JobFilter *f, uint32_t uid)
{
    f->uids = xrealloc (f->uids, (f->n_uids + 1) * sizeof *f->uids);
    f->uids[f->n_uids++] = uid;
}

void filter_clear (Moisson__JobFilter *f)
{
    jobref_list_clear (&f->jobs, &f->n_jobs);
    words_clear (&f->accounts, &f->n_accounts);
    words_clear (&f->names, &f->n_names);
    words_clear (&f->partitions, &f->n_partitions);
    words_clear (&f->qos, &f->n_qos);
    words_clear (&f->reservations, &f->n_reservations);
    words_clear (&f->licences, &f->n_licences);
    free (f->uids);
    free (f->states);
    free (f->nodelist);
    *f = (Moisson__JobFilter) MOISSON__JOB_FILTER__INIT;
}

const char *environment (const char *name)
{
    const char *value = getenv (name);

    return value && *value ? value : NULL;
}

int list_refused (const char *tool, const struct err *err)
{
    if (err_is_set (err))
        err_report (tool, err);
    else
        fprintf (stderr, "Try \"%s --help\" for more information\n", tool);
    return COMMAND_ERROR;
}

void list_line (struct buf *line)
{
    buf_putc (line, '\n');
    fwrite (line->data, 1, line->len, stdout);
    buf_reset (line);
}

int list_repeat (int (*query) (void *self, struct rpc *rpc), void *self, struct rpc *rpc, uint64_t every_s)
{
    for (;;) {
        int r = query (self, rpc);
        if (r || !every_s)
            return r;
        printf ("\n");
        fflush (stdout);
        sleep ((unsigned) every_s);
    }
}

void list_title (const char *cluster, bool date)
{
    time_t now = time (NULL);
    struct tm tm;
    char text[64];

    if (cluster)
        printf ("CLUSTER: %s\n", cluster);
    if (date && localtime_r (&now, &tm) && strftime (text, sizeof text, "%a %b %d %H:%M:%S %Y", &tm))
        printf ("%s\n", text);
}

void list_columns_help (const struct field *table, size_t n, int name_width)
{
    printf ("\nColumns (letter of -o, name of -O):\n");
    for (size_t i = 0; i < n; i++)
        printf ("  %c  %-*s %s\n", table[i].letter ? table[i].letter : ' ', name_width, table[i].name, table[i].help);
}
