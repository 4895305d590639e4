/* sprio.c - pending jobs and what their priority is made of: with priority/multifactor the sum of its factors, each
 * times its weight; else what all have. Both are less --nice, and SITE is what no factor accounts for: --priority.
 * Among equals the first submitted starts first. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
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
#define FORMAT_LONG "%.15i %9r %.8u %.10Y %.10S %.10A %.10B %.10F %.10J %.10P %.10Q %.6N %.20T"

struct weights { /* of the configuration */
    double age, assoc, fairshare, size, partition, qos, tres;
    char *tres_words;
    bool multifactor;
};

struct sprio {
    Moisson__JobsRequest request;
    Moisson__JobFilter filter;
    char *letters, *clusters;
    struct columns columns;
    struct weights of;
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
    {"long", 'l', ARG_NONE, NULL, NULL, "all factors and the user", on_long},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header line", on_noheader},
    {"norm", 'n', ARG_NONE, NULL, NULL, "factors from 0 to 1", on_norm},
    {"partition", 'p', ARG_REQUIRED, NULL, "<names>", "only jobs of these partitions", on_partition},
    {"sibling", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"sort", 'S', ARG_REQUIRED, NULL, NULL, NULL, NULL},
    {"user", 'u', ARG_REQUIRED, NULL, "<names>", "only jobs of these users", on_user},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"weights", 'w', ARG_NONE, NULL, NULL, "what each factor is multiplied by, instead of jobs", on_weights},
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
struct sprio_row {
    const Moisson__JobInfo *job;
    const struct weights *weights;
};

static const struct sprio_row *of (const void *row)
{
    return row;
}

static const Moisson__JobInfo *job_of (const void *row)
{
    static const Moisson__JobInfo weights = {
        .base = {&moisson__job_info__descriptor, 0, NULL}, .user = (char *) "", .partition = (char *) ""};

    return of (row)->job ? of (row)->job : &weights;
}

static const Moisson__PriorityParts *parts_of (const void *row)
{
    static const Moisson__PriorityParts none = {.base = {&moisson__priority_parts__descriptor, 0, NULL}};

    return job_of (row)->parts ? job_of (row)->parts : &none;
}

TEXT (put_user, job_of, user, "")
TEXT (put_partition, job_of, partition, "")

/* The factor times its weight, and the factor alone, from 0 to 1; of the weights both times the weight. */
static void put_part (struct buf *out, const void *row, double part, double weight)
{
    buf_printf (out, "%.0f", of (row)->job ? part : weight);
}

static void put_factor (struct buf *out, const void *row, double part, double weight)
{
    if (of (row)->job)
        buf_printf (out, "%.7f", weight > 0 ? part / weight : 0);
    else
        buf_printf (out, "%.0f", weight);
}

#define FACTOR(member)                                                                                                 \
    static void put_##member (struct buf *out, const void *row)                                                        \
    {                                                                                                                  \
        put_part (out, row, parts_of (row)->member, of (row)->weights->member);                                        \
    }                                                                                                                  \
    static void put_##member##_factor (struct buf *out, const void *row)                                               \
    {                                                                                                                  \
        put_factor (out, row, parts_of (row)->member, of (row)->weights->member);                                      \
    }

FACTOR (age)
FACTOR (assoc)
FACTOR (fairshare)
FACTOR (size)

static void put_partition_part (struct buf *out, const void *row)
{
    put_part (out, row, parts_of (row)->partition, of (row)->weights->partition);
}

static void put_partition_factor (struct buf *out, const void *row)
{
    put_factor (out, row, parts_of (row)->partition, of (row)->weights->partition);
}

FACTOR (qos)

static void put_tres (struct buf *out, const void *row)
{
    if (of (row)->job)
        buf_printf (out, "%.0f", parts_of (row)->tres);
    else
        buf_puts (out, of (row)->weights->tres_words ? of (row)->weights->tres_words : "");
}

static void put_tres_factor (struct buf *out, const void *row)
{
    put_factor (out, row, parts_of (row)->tres, of (row)->weights->tres);
}

static void put_priority (struct buf *out, const void *row)
{
    if (of (row)->job)
        buf_printf (out, "%" PRIu32, job_of (row)->priority);
}

/* 0 where the job is held. */
static void put_site (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = of (row)->job;

    if (!job)
        buf_putc (out, '1');
    else if (job->parts)
        buf_printf (out, "%lld", llround (job->parts->site)); /* never -0 */
    else
        buf_printf (out, "%" PRId64,
                    job->priority && job->spec ? (int64_t) job->priority + job->spec->nice : job->priority);
}

static void put_id (struct buf *out, const void *row)
{
    _cleanup_free_ char *id = of (row)->job ? jobref_format (of (row)->job) : NULL;

    buf_puts (out, id ? id : "Weights");
}

static void put_share (struct buf *out, const void *row)
{
    if (of (row)->job)
        buf_printf (out, "%.14f", (double) job_of (row)->priority / (double) UINT32_MAX);
}

static void put_account (struct buf *out, const void *row)
{
    const Moisson__JobSpec *spec = job_of (row)->spec;

    buf_puts (out, of (row)->job ? spec && spec->account ? spec->account : "default" : "");
}

static void put_nice (struct buf *out, const void *row)
{
    if (of (row)->job)
        buf_printf (out, "%" PRId32, job_of (row)->spec ? job_of (row)->spec->nice : 0);
}

static const struct field fields[] = {
    {'a', NULL, "AGE", 0, "how long it has waited, from 0 to 1", put_age_factor},
    {'A', NULL, "AGE", 0, "the same times its weight", put_age},
    {'b', NULL, "ASSOC", 0, "Priority of its association, from 0 to 1", put_assoc_factor},
    {'B', NULL, "ASSOC", 0, "the same times its weight", put_assoc},
    {'f', NULL, "FAIRSHARE", 0, "fairshare, from 0 to 1", put_fairshare_factor},
    {'F', NULL, "FAIRSHARE", 0, "the same times its weight", put_fairshare},
    {'i', NULL, "JOBID", 0, "id", put_id},
    {'j', NULL, "JOBSIZE", 0, "size, from 0 to 1", put_size_factor},
    {'J', NULL, "JOBSIZE", 0, "the same times its weight", put_size},
    {'N', NULL, "NICE", 0, "nice value", put_nice},
    {'o', NULL, "ACCOUNT", 0, "account", put_account},
    {'p', NULL, "PARTITION", 0, "PriorityJobFactor of its partition, from 0 to 1", put_partition_factor},
    {'P', NULL, "PARTITION", 0, "the same times its weight", put_partition_part},
    {'q', NULL, "QOS", 0, "Priority of its QoS, from 0 to 1", put_qos_factor},
    {'Q', NULL, "QOS", 0, "the same times its weight", put_qos},
    {'r', NULL, "PARTITION", 0, "partition", put_partition},
    {'S', NULL, "SITE", 0, "what no factor accounts for: --priority, or what all have", put_site},
    {'t', NULL, "TRES", 0, "what it asks for of the cluster, from 0 to 1", put_tres_factor},
    {'T', NULL, "TRES", 0, "the same times its weights", put_tres},
    {'u', NULL, "USER", 0, "user", put_user},
    {'y', NULL, "PRIORITY", 0, "priority, from 0 to 1", put_share},
    {'Y', NULL, "PRIORITY", 0, "priority", put_priority},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

/* --- what the controller says --------------------------------------------------------------------------------------
 */

/* CPU=1000,Mem=2000: together */
static double sum_of (const char *words)
{
    double sum = 0;

    for (const char *p = words; (p = strchr (p, '=')); p++)
        sum += strtod (p + 1, NULL);
    return sum;
}

static void take_entry (struct weights *of, const char *key, const char *value)
{
    const struct {
        const char *key;
        double *weight;
    } keys[] = {{"PriorityWeightAge", &of->age},
                {"PriorityWeightAssoc", &of->assoc},
                {"PriorityWeightFairshare", &of->fairshare},
                {"PriorityWeightJobSize", &of->size},
                {"PriorityWeightPartition", &of->partition},
                {"PriorityWeightQOS", &of->qos}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp (keys[i].key, key))
            *keys[i].weight = strtod (value, NULL);
    if (!strcmp (key, "PriorityType"))
        of->multifactor = !strcmp (value, "priority/multifactor");
    else if (!strcmp (key, "PriorityWeightTRES") && strchr (value, '=')) {
        text_replace (&of->tres_words, value);
        of->tres = sum_of (value);
    }
}

static int fetch_weights (struct sprio *s, struct rpc *rpc)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ConfigReply *reply = NULL;

    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_CONFIG, NULL, MOISSON__MSG_TYPE__MSG_CONFIG_REPLY,
                     &moisson__config_reply__descriptor, &reply, &err))
        return failure_report_query ("slurm_load_ctl_conf", &err);
    for (size_t i = 0; i < reply->n_entries; i++)
        take_entry (&s->of, reply->entries[i]->key, reply->entries[i]->value);
    moisson__config_reply__free_unpacked (reply, NULL);
    return 0;
}

/* A factor without weight has no column, as in Slurm; nor has any, where the order is not a sum of factors. */
static void standard_format (const struct sprio *s, struct buf *out)
{
    const struct {
        double weight;
        char letter;
        int width;
    } factors[] = {{s->of.age, 'a', 10},  {s->of.assoc, 'b', 10},     {s->of.fairshare, 'f', 10},
                   {s->of.size, 'j', 10}, {s->of.partition, 'p', 10}, {s->of.qos, 'q', 10},
                   {s->of.tres, 't', 20}};

    buf_printf (out, "%%.15i %%9r %%.%s %%.10S", s->norm ? "16y" : "10Y");
    for (size_t i = 0; s->of.multifactor && i < sizeof factors / sizeof *factors; i++)
        if (factors[i].weight > 0)
            buf_printf (out, " %%.%d%c", factors[i].width, s->norm ? factors[i].letter : factors[i].letter - 'a' + 'A');
    buf_puts (out, " %.6N");
}

static void print_row (const struct sprio *s, const Moisson__JobInfo *job)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    columns_row (&s->columns, &(struct sprio_row){job, &s->of}, &line);
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
    s->request.has_parts = s->request.parts = true;
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
    _cleanup_buf_ struct buf standard = BUF_INIT;

    if (s->letters && columns_parse_letters (&s->columns, fields, N_FIELDS, s->letters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    if (rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    if (fetch_weights (s, rpc))
        return COMMAND_ERROR;
    standard_format (s, &standard);
    if (!s->letters &&
        columns_parse_letters (&s->columns, fields, N_FIELDS, s->is_long ? FORMAT_LONG : buf_str (&standard), &err)) {
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
    free (s->of.tres_words);
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
