/* sacct.c - the records of jobs: ended ones from the store, others from the controller, by id. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "aliases.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "lists.h"
#include "rpc.h"
#include "sacct_json.h"
#include "sacct_request.h"
#include "sacct_sort.h"

#define TOOL "sacct"
#define FORMAT_PLAIN "jobid,jobname,partition,account,alloccpus,state,exitcode"
#define FORMAT_BRIEF "jobid,state,exitcode"
#define FORMAT_LONG                                                                                                    \
    "jobid,jobidraw,jobname,partition,maxvmsize,maxrss,avecpu,ntasks,alloccpus,elapsed,state,exitcode,reqmem,"         \
    "totalcpu,"                                                                                                        \
    "nodelist,reason"

struct printing {
    const struct sacct *s;
    struct columns columns;
    struct buf line, value;
    bool header_done;
    json_t *json;
    struct sacct_sort *sort;
    usec_t now;
    struct aliases aliases;
};

/* One cell: padded or cut (mark) and followed by a blank, or natural with the separator. */
static void put_cell (struct printing *p, size_t i, const char *text, bool right, char mark)
{
    const struct column *c = &p->columns.list[i];

    if (!p->s->separator) {
        column_put (&p->line, text, c->width, right, mark);
        buf_putc (&p->line, ' ');
        return;
    }
    if (i && !p->s->trailing)
        buf_puts (&p->line, p->s->separator);
    column_put (&p->line, text, 0, false, 0);
    if (p->s->trailing)
        buf_puts (&p->line, p->s->separator);
}

static void print_header (struct printing *p)
{
    if (p->header_done || p->s->noheader || p->s->want_json)
        return;
    p->header_done = true;
    for (size_t i = 0; i < p->columns.n; i++)
        put_cell (p, i, p->columns.list[i].field->header, p->columns.list[i].right, 0);
    list_line (&p->line);
    if (p->s->separator)
        return;
    for (size_t i = 0; i < p->columns.n; i++) {
        for (int w = p->columns.list[i].width; w > 0; w--)
            buf_putc (&p->line, '-');
        buf_putc (&p->line, ' ');
    }
    list_line (&p->line);
}

static void print_row (struct printing *p, const Moisson__AcctRecord *record, bool batch, const char *step)
{
    struct sacct_row row = p->s->row;

    row.record = record;
    row.batch = batch;
    row.step = step;
    row.now = p->now;
    for (size_t i = 0; i < p->columns.n; i++) {
        buf_reset (&p->value);
        p->columns.list[i].field->print (&p->value, &row);
        put_cell (p, i, buf_str (&p->value), p->columns.list[i].right, '+');
    }
    list_line (&p->line);
}

static void print_steps (struct printing *p, const Moisson__AcctRecord *r)
{
    char name[16];

    for (size_t i = 0; i < r->n_steps; i++) {
        const Moisson__AcctRecord step = sacct_step_record (r, r->steps[i]);

        snprintf (name, sizeof name, "%" PRIu32, r->steps[i]->id);
        if (sacct_wants_step (p->s, r, name))
            print_row (p, &step, true, name);
    }
}

/* In the order of the output. */
static void on_record (void *arg, const Moisson__AcctRecord *r)
{
    struct printing *p = arg;

    if (p->s->want_json) {
        if (sacct_wants (p->s, r, false))
            json_array_append_new (p->json, json_acct (r, p->s->row.cluster, p->now));
        return;
    }
    print_header (p);
    for (int batch = 0; batch < 2; batch++)
        if (sacct_wants (p->s, r, batch))
            print_row (p, r, batch, NULL);
    print_steps (p, r);
}

static bool on_page (void *arg, const void *message)
{
    struct printing *p = arg;
    const Moisson__AcctPage *page = message;

    if (page->now_us)
        p->now = page->now_us;
    for (size_t i = 0; i < page->n_records; i++) {
        aliases_record (&p->aliases, page->records[i]);
        if (sacct_wants_some (p->s, page->records[i]))
            sacct_sort_add (p->sort, page->records[i]);
    }
    return page->last;
}

static int choose_columns (const struct sacct *s, struct columns *ret, struct err *err)
{
    const char *env = environment ("SACCT_FORMAT");
    const char *format = s->format    ? s->format
                         : s->is_long ? FORMAT_LONG
                         : s->brief   ? FORMAT_BRIEF
                         : env        ? env
                                      : FORMAT_PLAIN;
    size_t n;
    const struct field *table = sacct_fields (&n);

    return columns_parse_sacct (ret, table, n, format, err);
}

static int query (struct sacct *s, struct rpc *rpc, struct printing *p)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_sacct_sort_ struct sacct_sort *sort = sacct_sort_create (SACCT_SORT_MOST, on_record, p);

    p->sort = sort;
    if (s->want_json)
        p->json = json_array ();
    if (!s->no_match &&
        rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_ACCT, &s->request.base, MOISSON__MSG_TYPE__MSG_ACCT_PAGE,
                    &moisson__acct_page__descriptor, on_page, p, &err))
        return failure_report (TOOL, NULL, &err);
    sacct_sort_finish (sort);
    print_header (p);
    return s->want_json && json_print ("jobs", steal (&p->json)) ? COMMAND_ERROR : 0;
}

static int run (struct sacct *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    struct printing p = {.s = s, .now = (usec_t) time (NULL) * USEC_PER_SEC};
    int status = COMMAND_ERROR;

    if (choose_columns (s, &p.columns, &err) || sacct_resolve (s, p.now, getuid (), &err) ||
        rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
    } else {
        s->row.time_format = environment ("SLURM_TIME_FORMAT");
        aliases_load (&p.aliases, rpc);
        s->row.cluster = rpc_config (rpc)->cluster_name;
        status = query (s, rpc, &p);
    }
    columns_clear (&p.columns);
    buf_clear (&p.line);
    buf_clear (&p.value);
    json_decref (p.json);
    aliases_clear (&p.aliases);
    return status;
}

/* All names, four a line. */
static int print_names (void)
{
    size_t n;
    const struct field *table = sacct_fields (&n);

    for (size_t i = 0; i < n; i++)
        printf ("%-19s%s", table[i].name, i % 4 == 3 || i + 1 == n ? "\n" : " ");
    return 0;
}

int sacct_run (int argc, char **argv)
{
    _cleanup_ (sacct_clear) struct sacct s = {.request = MOISSON__ACCT_REQUEST__INIT,
                                              .filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;

    if (sacct_parse (&s, argc, argv, &err)) {
        return list_refused (TOOL, &err);
    }
    if (s.version)
        return command_version ();
    if (s.helpformat)
        return print_names ();
    if (s.help) {
        sacct_usage ();
        return 0;
    }
    return run (&s);
}
