/* squeue.c - one row a job, in order once all pages have come. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/states.h"
#include "aliases.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"
#include "squeue_fields.h"
#include "squeue_sort.h"
#include "squeue_steps.h"

#define TOOL "squeue"
#define FORMAT_PLAIN "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R"
#define FORMAT_LONG "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
#define FORMAT_START "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R"

struct squeue {
    Moisson__JobsRequest request;
    Moisson__JobFilter filter;
    char *letters, *names, *sort, *clusters;
    struct columns columns;
    struct squeue_sort *sorted;
    json_t *json;
    struct squeue_row row; /* what all rows share */
    char **only_steps;     /* beside filter.jobs: what follows the '.'; NULL entries: all of that job */
    bool steps;
    struct aliases aliases;
    uint64_t iterate_s;
    bool all_states, no_state, no_user; /* no_*: a filter that nothing can match */
    bool noheader, header_done, is_long, start, want_json, help, version;
};

#define SELF struct squeue *s = self
OPTION_WORDS (squeue, on_account, accounts)
OPTION_WORDS (squeue, on_name, names)
OPTION_WORDS (squeue, on_partition, partitions)
OPTION_WORDS (squeue, on_qos, qos)
OPTION_WORDS (squeue, on_reservation, reservations)
OPTION_WORDS (squeue, on_licences, licences)
OPTION_TEXT (squeue, on_clusters, clusters)
OPTION_TEXT (squeue, on_nodelist, filter.nodelist)
OPTION_TEXT (squeue, on_sort, sort)
OPTION_FLAG (squeue, on_noheader, noheader)
OPTION_FLAG (squeue, on_long, is_long)
OPTION_FLAG (squeue, on_start, start)
OPTION_FLAG (squeue, on_json, want_json)
OPTION_FLAG (squeue, on_noconvert, row.noconvert)
OPTION_FLAG (squeue, on_help, help)
OPTION_FLAG (squeue, on_version, version)
OPTION_EITHER (squeue, on_letters, letters, names)
OPTION_EITHER (squeue, on_names, names, letters)

static int on_array (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->request.has_expand = s->request.expand = true;
    return 0;
}

/* 12, or 12.0 with --steps. */
static int add_steps (struct squeue *s, const char *value, struct err *err)
{
    char **words = NULL;
    size_t n = 0;
    int r = 0;

    words_add (value, &words, &n);
    for (size_t i = 0; i < n && !r; i++) {
        size_t at = s->filter.n_jobs;
        Moisson__JobRef *ref = NULL;
        char *step = NULL;
        r = jobref_parse (words[i], &ref, &step, err);
        if (r)
            break;
        s->filter.jobs = xrealloc (s->filter.jobs, (at + 1) * sizeof *s->filter.jobs);
        s->only_steps = xrealloc (s->only_steps, (at + 1) * sizeof *s->only_steps);
        s->filter.jobs[at] = ref;
        s->only_steps[at] = step;
        s->filter.n_jobs++;
    }
    words_clear (&words, &n);
    return r;
}

/* The argument is optional: `-j 1,2` leaves the list among the words, where it is found later. */
static int on_jobs (void *self, const char *value, struct err *err)
{
    SELF;

    if (s->steps)
        return value ? add_steps (s, value, err) : 0;
    return value ? jobref_list_add (value, &s->filter.jobs, &s->filter.n_jobs, err) : 0;
}

static int on_steps (void *self, const char *value, struct err *err)
{
    SELF;

    if (s->filter.n_jobs && !s->only_steps) /* jobs that were named before: all steps of theirs */
        s->only_steps = xcalloc (s->filter.n_jobs, sizeof *s->only_steps);
    s->steps = true;
    s->request.has_steps = s->request.steps = true;
    return value ? add_steps (s, value, err) : 0;
}

static int on_states (void *self, const char *value, struct err *err)
{
    SELF;
    protobuf_c_boolean all = false;

    s->filter.n_states = 0; /* the last -t counts */
    if (job_states_add (value, &s->filter.states, &s->filter.n_states, &all, err))
        return -1;
    s->all_states = all;
    s->no_state = !s->all_states && !s->filter.n_states;
    return 0;
}

/* A user who does not exist has no jobs: said, but no failure. */
static int on_user (void *self, const char *value, struct err *err)
{
    SELF;
    char **names = NULL;
    size_t n = 0;

    (void) err;
    words_add (value, &names, &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_err_ struct err why = ERR_INIT;
        uint32_t uid;
        if (user_parse (names[i], &uid, &why))
            err_report (TOOL, &why);
        else
            filter_add_uid (&s->filter, uid);
    }
    words_clear (&names, &n);
    s->no_user = !s->filter.n_uids;
    return 0;
}

static int on_me (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    filter_add_uid (&s->filter, getuid ());
    s->no_user = false;
    return 0;
}

static int on_iterate (void *self, const char *value, struct err *err)
{
    SELF;

    return number_parse (value, "--iterate", 1, 86400, &s->iterate_s, err);
}

static int on_unavailable (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "YAML is known, not available yet");
    return err_fix (err, "choose jobs by id, user, partition, name or state; --json prints everything");
}

static const struct optable_row rows[] = {
    {"account", 'A', ARG_REQUIRED, "SQUEUE_ACCOUNT", "<names>", "only jobs of these accounts", on_account},
    {"all", 'a', ARG_NONE, "SQUEUE_ALL", NULL, NULL, NULL},
    {"array", 'r', ARG_NONE, "SQUEUE_ARRAY", NULL, "one row for each pending task of an array", on_array},
    {"array-unique", 0, ARG_NONE, "SQUEUE_ARRAY_UNIQUE", NULL, NULL, NULL},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"federation", 0, ARG_NONE, "SQUEUE_FEDERATION", NULL, NULL, NULL},
    {"format", 'o', ARG_REQUIRED, NULL, "<format>", "columns as %[.][width]letter with text between", on_letters},
    {"Format", 'O', ARG_REQUIRED, NULL, "<names>", "columns as name[:[.][width][text]]", on_names},
    {"hide", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"iterate", 'i', ARG_REQUIRED, NULL, "<seconds>", "print again and again", on_iterate},
    {"jobs", 'j', ARG_OPTIONAL, NULL, "<ids>", "only these jobs", on_jobs},
    {"json", 0, ARG_OPTIONAL, NULL, "<version>", "everything as JSON", on_json},
    {"licenses", 'L', ARG_REQUIRED, "SQUEUE_LICENSES", "<names>", "only jobs that ask for these licences", on_licences},
    {"local", 0, ARG_NONE, "SQUEUE_LOCAL", NULL, NULL, NULL},
    {"long", 'l', ARG_NONE, NULL, NULL, "more columns", on_long},
    {"me", 0, ARG_NONE, NULL, NULL, "only my jobs", on_me},
    {"name", 'n', ARG_REQUIRED, "SQUEUE_NAMES", "<names>", "only jobs with these names", on_name},
    {"noconvert", 0, ARG_NONE, NULL, NULL, "memory always in M", on_noconvert},
    {"nodelist", 'w', ARG_REQUIRED, NULL, "<nodes>", "only jobs on these nodes", on_nodelist},
    {"nodes", 0, ARG_REQUIRED, NULL, NULL, NULL, on_nodelist},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header line", on_noheader},
    {"only-job-state", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"partition", 'p', ARG_REQUIRED, "SQUEUE_PARTITION", "<names>", "only jobs of these partitions", on_partition},
    {"partitions", 0, ARG_REQUIRED, NULL, NULL, NULL, on_partition},
    {"priority", 'P', ARG_NONE, "SQUEUE_PRIORITY", NULL, NULL, NULL},
    {"qos", 'q', ARG_REQUIRED, "SQUEUE_QOS", "<names>", "only jobs with these QoS", on_qos},
    {"reservation", 'R', ARG_REQUIRED, NULL, "<names>", "only jobs in these reservations", on_reservation},
    {"sibling", 0, ARG_NONE, "SQUEUE_SIBLING", NULL, NULL, NULL},
    {"sort", 'S', ARG_REQUIRED, "SQUEUE_SORT", "<letters>", "sort by columns: P,-t", on_sort},
    {"start", 0, ARG_NONE, NULL, NULL, "pending jobs and when they may start", on_start},
    {"states", 't', ARG_REQUIRED, "SQUEUE_STATES", "<states>", "only jobs in these states, or all", on_states},
    {"steps", 's', ARG_OPTIONAL, NULL, "<ids>", "the steps that run, not the jobs", on_steps},
    {"user", 'u', ARG_REQUIRED, "SQUEUE_USERS", "<names>", "only jobs of these users", on_user},
    {"users", 0, ARG_REQUIRED, NULL, NULL, NULL, on_user},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"yaml", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_unavailable},
    {"help", 0, ARG_NONE, NULL, NULL, "this text, and the columns", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *squeue_page (void)
{
    static const struct optable_page page = {
        .tool = "squeue",
        .words = "[OPTIONS] [JOBS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"squeue --me", "your own jobs"},
                     {"squeue -t PENDING --start", "what waits, and when it could start"},
                     {"squeue -h -j 12,13 -t all -o '%i %T %r'", "columns by letter, for programs"},
                     {"squeue -O JobID,State,ReasonList", "columns by name"}}};

    return &page;
}

static void squeue_clear (struct squeue *s)
{
    for (size_t i = 0; s->only_steps && i < s->filter.n_jobs; i++)
        free (s->only_steps[i]);
    filter_clear (&s->filter);
    free (s->letters);
    free (s->only_steps);
    free (s->names);
    free (s->sort);
    free (s->clusters);
    columns_clear (&s->columns);
    squeue_sort_free (s->sorted);
    json_decref (s->json);
    aliases_clear (&s->aliases);
}

/* Command line, then -l and --start, then the environment, then Slurm's own. */
static int choose_columns (struct squeue *s, struct err *err)
{
    size_t n;
    const struct field *table = s->steps ? squeue_step_fields (&n) : squeue_fields (&n);

    if (!s->letters && !s->names && !s->is_long && !s->start && !s->steps) {
        text_replace (&s->letters, environment ("SQUEUE_FORMAT"));
        text_replace (&s->names, s->letters ? NULL : environment ("SQUEUE_FORMAT2"));
    }
    if (s->names)
        return columns_parse_names (&s->columns, table, n, s->names, err);
    const char *format = s->letters   ? s->letters
                         : s->steps   ? SQUEUE_STEP_FORMAT
                         : s->start   ? FORMAT_START
                         : s->is_long ? FORMAT_LONG
                                      : FORMAT_PLAIN;
    return columns_parse_letters (&s->columns, table, n, format, err);
}

/* Without -t: what waits and runs. With it: those states, the ended ones if asked. */
static void choose_states (struct squeue *s)
{
    Moisson__JobFilter *f = &s->filter;

    if (s->start) {
        free (f->states);
        f->states = xmalloc (sizeof *f->states);
        f->states[0] = MOISSON__JOB_STATE__STATE_PENDING;
        f->n_states = 1;
        s->no_state = s->all_states = false;
    }
    s->request.has_ended = true;
    s->request.ended = s->all_states;
    for (size_t i = 0; i < f->n_states && !s->all_states; i++)
        s->request.ended = s->request.ended || state_is_ended (f->states[i]);
    if (s->all_states)
        f->n_states = 0;
}

/* Printed with the first page, not before: an unknown id must leave stdout empty. */
static void print_header (struct squeue *s, const struct rpc *rpc)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    if (s->header_done || s->noheader || s->want_json)
        return;
    s->header_done = true;
    list_title (s->clusters ? rpc_config (rpc)->cluster_name : NULL, s->is_long || s->iterate_s);
    columns_header (&s->columns, &line);
    list_line (&line);
}

struct printing {
    struct squeue *s;
    const struct rpc *rpc;
    struct buf line;
};

static void keep_row (struct printing *p, const Moisson__JobInfo *job)
{
    p->s->row.job = job;
    columns_row (&p->s->columns, &p->s->row, &p->line);
    squeue_sort_add (p->s->sorted, &p->s->row, buf_str (&p->line));
    buf_reset (&p->line);
}

static void print_kept (void *arg, const char *line)
{
    (void) arg;
    puts (line);
}

static void print_step (void *arg, const Moisson__JobInfo *job, const Moisson__Step *step)
{
    struct printing *p = arg;
    const struct squeue_step_row row = {job, step, p->s->row.now, p->s->row.time_format};

    columns_row (&p->s->columns, &row, &p->line);
    list_line (&p->line);
}

static bool on_page (void *arg, const void *page)
{
    struct printing *p = arg;
    const Moisson__JobsPage *jobs = page;

    if (jobs->now_us)
        p->s->row.now = jobs->now_us;
    print_header (p->s, p->rpc);
    for (size_t i = 0; i < jobs->n_jobs; i++) {
        aliases_job (&p->s->aliases, jobs->jobs[i]);
        if (p->s->want_json)
            json_array_append_new (p->s->json, json_job (jobs->jobs[i]));
        else if (p->s->steps)
            squeue_steps_of (jobs->jobs[i], &p->s->filter, p->s->only_steps, print_step, p);
        else
            keep_row (p, jobs->jobs[i]);
    }
    return jobs->last;
}

/* One list. */
static int query (void *self, struct rpc *rpc)
{
    SELF;
    _cleanup_err_ struct err err = ERR_INIT;
    struct printing p = {.s = s, .rpc = rpc};
    int r = 0;

    s->row.now = (usec_t) time (NULL) * USEC_PER_SEC;
    s->header_done = false;
    if (s->want_json)
        s->json = json_array ();
    if (!s->no_state && !s->no_user)
        r = rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_JOBS, &s->request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                        &moisson__jobs_page__descriptor, on_page, &p, &err);
    if (r == 0) {
        print_header (s, rpc);
        squeue_sort_finish (s->sorted, print_kept, NULL);
    }
    buf_clear (&p.line);
    if (r)
        return failure_report_query ("slurm_load_jobs", &err);
    return s->want_json && json_print ("jobs", steal (&s->json)) ? COMMAND_ERROR : 0;
}

static const char *order_of (const struct squeue *s)
{
    return s->sort ? s->sort : s->start ? SQUEUE_SORT_START : SQUEUE_SORT_DEFAULT;
}

static int run (struct squeue *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    const char *length = environment ("SLURM_BITSTR_LEN");
    uint64_t task_text = SQUEUE_TASK_TEXT;

    if (choose_columns (s, &err) || squeue_sort_create (&s->sorted, order_of (s), &err) ||
        (length && number_parse (length, "SLURM_BITSTR_LEN", 0, 1 << 20, &task_text, &err)) ||
        rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    choose_states (s);
    aliases_load (&s->aliases, rpc);
    s->request.filter = &s->filter;
    s->row.time_format = environment ("SLURM_TIME_FORMAT");
    s->row.task_text = task_text;
    return list_repeat (query, s, rpc, s->iterate_s);
}

static int print_help (void)
{
    size_t n;
    const struct field *table = squeue_fields (&n);

    optable_page_help (stdout, squeue_page ());
    list_columns_help (table, n, 15);
    table = squeue_step_fields (&n);
    printf ("\nWith --steps:");
    list_columns_help (table, n, 15);
    return 0;
}

int squeue_run (int argc, char **argv)
{
    _cleanup_ (squeue_clear) struct squeue s = {.request = MOISSON__JOBS_REQUEST__INIT,
                                                .filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    for (int i = index; !r && i < argc; i++)
        r = on_jobs (&s, argv[i], &err);
    if (r) {
        return list_refused (TOOL, &err);
    }
    if (s.version)
        return command_version ();
    return s.help ? print_help () : run (&s);
}
