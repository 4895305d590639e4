/* sprio.c - pending jobs and what their priority is made of: what all have, or --priority (SITE), less --nice. Among
 * equals the first submitted starts first. The other columns of Slurm's are there, and 0. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "cells.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "sprio"
#define FORMAT_PLAIN "%.15i %9r %.10Y %.10S %.6N"
#define FORMAT_LONG "%.15i %9r %.8u %.10Y %.10S %.10A %.10B %.10F %.10J %.10P %.10Q %.6N %.20T"
#define FORMAT_NORM "%.15i %9r %.10y %.10S %.6N"

struct sprio {
    Moisson__JobsRequest request;
    Moisson__JobFilter filter;
    char *letters, *clusters;
    struct columns columns;
    bool noheader, is_long, norm, weights, help, version;
};

#define SELF struct sprio *s = self
OPTION_WORDS (sprio, on_partition, partitions)
OPTION_TEXT (sprio, on_clusters, clusters)
OPTION_TEXT (sprio, on_format, letters)
OPTION_FLAG (sprio, on_noheader, noheader)
OPTION_FLAG (sprio, on_long, is_long)
OPTION_FLAG (sprio, on_norm, norm)
OPTION_FLAG (sprio, on_weights, weights)
OPTION_FLAG (sprio, on_help, help)
OPTION_FLAG (sprio, on_version, version)

static int on_jobs (void *self, const char *value, struct err *err)
{
    SELF;

    return value ? jobref_list_add (value, &s->filter.jobs, &s->filter.n_jobs, err) : 0;
}

static int on_user (void *self, const char *value, struct err *err)
{
    SELF;

    return users_add (value, &s->filter.uids, &s->filter.n_uids, err);
}

static const struct optable_row rows[] = {
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"federation", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"format", 'o', ARG_REQUIRED, "SPRIO_FORMAT", "<format>", "columns as %[.][width]letter with text between",
     on_format},
    {"jobs", 'j', ARG_OPTIONAL, NULL, "<ids>", "only these jobs", on_jobs},
    {"local", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"long", 'l', ARG_NONE, NULL, NULL, "all factors", on_long},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header line", on_noheader},
    {"norm", 'n', ARG_NONE, NULL, NULL, "factors from 0 to 1", on_norm},
    {"partition", 'p', ARG_REQUIRED, NULL, "<names>", "only jobs of these partitions", on_partition},
    {"sibling", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"sort", 'S', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"user", 'u', ARG_REQUIRED, NULL, "<names>", "only jobs of these users", on_user},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"weights", 'w', ARG_NONE, NULL, NULL, "the weights of the factors instead of jobs", on_weights},
    {"help", 0, ARG_NONE, NULL, NULL, "this text, and the columns", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sprio_page (void)
{
    static const struct optable_page page = {
        .tool = "sprio",
        .words = "[OPTIONS] [JOBS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sprio -l", "what waits, with all parts of its priority"}, {"sprio -j 12", "of one job"}}};

    return &page;
}

/* A row without a job is that of the weights. */
static const Moisson__JobInfo *job_of (const void *row)
{
    static const Moisson__JobInfo weights = {.base = {&moisson__job_info__descriptor, 0, NULL},
                                             .user = (char *) "",
                                             .partition = (char *) "",
                                             .priority = 1};

    return row ? row : &weights;
}

TEXT (put_user, job_of, user, "")
TEXT (put_partition, job_of, partition, "")
NUMBER (put_priority, job_of (row)->priority)
FIXED (put_zero, "0")

/* 0 where the job is held. */
static void put_site (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);

    buf_printf (out, "%" PRId64,
                job->priority && job->spec ? (int64_t) job->priority + job->spec->nice : job->priority);
}

static void put_id (struct buf *out, const void *row)
{
    _cleanup_free_ char *id = row ? jobref_format (row) : NULL;

    buf_puts (out, id ? id : "Weights");
}

static void put_share (struct buf *out, const void *row)
{
    buf_printf (out, "%.7f", (double) job_of (row)->priority / (double) UINT32_MAX);
}

static void put_account (struct buf *out, const void *row)
{
    const Moisson__JobSpec *spec = job_of (row)->spec;

    buf_puts (out, row ? spec && spec->account ? spec->account : "default" : "");
}

static void put_nice (struct buf *out, const void *row)
{
    buf_printf (out, "%" PRId32, job_of (row)->spec ? job_of (row)->spec->nice : 0);
}

static const struct field fields[] = {
    {'a', NULL, "AGE", 0, "nothing here", put_zero},
    {'A', NULL, "AGE", 0, "nothing here", put_zero},
    {'b', NULL, "ASSOC", 0, "nothing here", put_zero},
    {'B', NULL, "ASSOC", 0, "nothing here", put_zero},
    {'f', NULL, "FAIRSHARE", 0, "nothing here", put_zero},
    {'F', NULL, "FAIRSHARE", 0, "nothing here", put_zero},
    {'i', NULL, "JOBID", 0, "id", put_id},
    {'j', NULL, "JOBSIZE", 0, "nothing here", put_zero},
    {'J', NULL, "JOBSIZE", 0, "nothing here", put_zero},
    {'N', NULL, "NICE", 0, "nice value", put_nice},
    {'o', NULL, "ACCOUNT", 0, "account", put_account},
    {'p', NULL, "PARTITION", 0, "nothing here", put_zero},
    {'P', NULL, "PARTITION", 0, "nothing here", put_zero},
    {'q', NULL, "QOS", 0, "nothing here", put_zero},
    {'Q', NULL, "QOS", 0, "nothing here", put_zero},
    {'r', NULL, "PARTITION", 0, "partition", put_partition},
    {'S', NULL, "SITE", 0, "what all have, or --priority", put_site},
    {'t', NULL, "TRES", 0, "nothing here", put_zero},
    {'T', NULL, "TRES", 0, "nothing here", put_zero},
    {'u', NULL, "USER", 0, "user", put_user},
    {'y', NULL, "PRIORITY", 0, "priority, from 0 to 1", put_share},
    {'Y', NULL, "PRIORITY", 0, "priority", put_priority},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static void print_row (const struct sprio *s, const Moisson__JobInfo *job)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    columns_row (&s->columns, job, &line);
    list_line (&line);
}

static void print_header (const struct sprio *s)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    if (s->noheader)
        return;
    columns_header (&s->columns, &line);
    list_line (&line);
}

static bool on_page (void *arg, const void *message)
{
    const struct sprio *s = arg;
    const Moisson__JobsPage *page = message;

    for (size_t i = 0; i < page->n_jobs; i++)
        print_row (s, page->jobs[i]);
    return page->last;
}

static int query (struct sprio *s, struct rpc *rpc)
{
    Moisson__JobState pending = MOISSON__JOB_STATE__STATE_PENDING;
    _cleanup_err_ struct err err = ERR_INIT;
    int status = 0;

    print_header (s);
    if (s->weights) {
        print_row (s, NULL);
        return 0;
    }
    s->filter.states = &pending;
    s->filter.n_states = 1;
    s->request.filter = &s->filter;
    if (rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_JOBS, &s->request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                    &moisson__jobs_page__descriptor, on_page, s, &err))
        status = failure_report_query ("slurm_load_jobs", &err);
    s->filter.states = NULL;
    return status;
}

static int run (struct sprio *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    const char *format = s->letters ? s->letters : s->is_long ? FORMAT_LONG : s->norm ? FORMAT_NORM : FORMAT_PLAIN;

    if (columns_parse_letters (&s->columns, fields, N_FIELDS, format, &err) || rpc_create (&rpc, NULL, &err) ||
        rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return query (s, rpc);
}

static int print_help (void)
{
    optable_page_help (stdout, sprio_page ());
    printf ("\nColumns (letter of -o):\n");
    for (size_t i = 0; i < N_FIELDS; i++)
        printf ("  %c  %-10s %s\n", fields[i].letter, fields[i].header, fields[i].help);
    return 0;
}

static void sprio_clear (struct sprio *s)
{
    filter_clear (&s->filter);
    free (s->letters);
    free (s->clusters);
    columns_clear (&s->columns);
}

int sprio_run (int argc, char **argv)
{
    _cleanup_ (sprio_clear) struct sprio s = {.request = MOISSON__JOBS_REQUEST__INIT,
                                              .filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    for (int i = index; !r && i < argc; i++)
        r = jobref_list_add (argv[i], &s.filter.jobs, &s.filter.n_jobs, &err);
    if (r)
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    return s.help ? print_help () : run (&s);
}
