/* why.c - `moisson why JOB`: the controller's row while the job has not ended, else its record. */
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "base/states.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "records.h"
#include "why_words.h"

#define TOOL "why"
#define MOST_ROWS 20 /* of an array; the rest is counted */

struct why {
    struct rpc *rpc;
    struct why_style style;
    struct buf text;
    size_t rows;   /* about the job that is looked at */
    json_t *array; /* with --json */
    Moisson__JobRef **refs;
    size_t n_refs; /* what the job looked at depends on */
    bool want_json, help, version;
};

#define SELF struct why *s = self
OPTION_FLAG (why, on_json, want_json)
OPTION_FLAG (why, on_help, help)
OPTION_FLAG (why, on_version, version)

static const struct optable_row rows[] = {
    {"json", 0, ARG_OPTIONAL, NULL, NULL, "the same as JSON", on_json},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *why_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson why",
        .words = "[--json] JOB...",
        .about = "Why a job waits, or how it ended, in plain words.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson why 1200", "what it waits for, and when it could start"},
                     {"moisson why 1200_7", "of one task"}}};

    return &page;
}

/* The words of this row, to stdout or into a JSON object. */
static void put_out (struct why *s, json_t *object)
{
    if (object) {
        json_object_set_new (object, "text", json_text (buf_str (&s->text)));
        json_array_append_new (s->array, object);
    } else
        fputs (buf_str (&s->text), stdout);
    buf_reset (&s->text);
}

static json_t *object_of_job (const Moisson__JobInfo *job)
{
    json_t *o = json_job (job);
    json_t *start =
        job->start_estimate_us ? json_integer ((json_int_t) (job->start_estimate_us / USEC_PER_SEC)) : json_null ();

    json_object_set_new (o, "start_estimate", start);
    return o;
}

static void note_dependencies (struct why *s, const Moisson__JobSpec *spec)
{
    for (size_t i = 0; spec && i < spec->n_depends && s->n_refs < MOST_ROWS; i++) {
        _cleanup_free_ char *id =
            spec->depends[i]->has_job_id ? xasprintf ("%llu", (unsigned long long) spec->depends[i]->job_id) : NULL;
        if (id)
            jobref_list_add (id, &s->refs, &s->n_refs, NULL);
    }
}

static bool on_jobs (void *arg, const void *message)
{
    struct why *s = arg;
    const Moisson__JobsPage *page = message;

    if (page->now_us)
        s->style.now = page->now_us;
    for (size_t i = 0; i < page->n_jobs; i++) {
        if (s->rows++ >= MOST_ROWS && !s->array)
            continue;
        why_put_job (&s->text, page->jobs[i], &s->style);
        put_out (s, s->array ? object_of_job (page->jobs[i]) : NULL);
        if (state_is_pending (page->jobs[i]->state) && s->rows == 1)
            note_dependencies (s, page->jobs[i]->spec);
    }
    return page->last;
}

/* What it depends on, a line each; those that are no longer known are left out. */
static bool on_dependency (void *arg, const void *message)
{
    struct why *s = arg;
    const Moisson__JobsPage *page = message;

    for (size_t i = 0; i < page->n_jobs; i++) {
        _cleanup_free_ char *id = jobref_format (page->jobs[i]);
        if (s->rows++ < MOST_ROWS)
            printf ("  job %s is %s\n", id, state_name (page->jobs[i]->state));
    }
    return page->last;
}

static int ask_jobs (struct why *s, Moisson__JobRef **refs, size_t n, bool ended, rpc_page_fn fn, struct err *err)
{
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;

    filter.jobs = refs;
    filter.n_jobs = n;
    request.filter = &filter;
    request.has_ended = request.has_estimate = true;
    request.ended = ended;
    request.estimate = !ended;
    return rpc_stream (s->rpc, MOISSON__MSG_TYPE__MSG_JOBS, &request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                       &moisson__jobs_page__descriptor, fn, s, err);
}

static int say_dependencies (struct why *s, struct err *err)
{
    int r = 0;

    if (s->n_refs && !s->array) {
        Moisson__JobRef *list[MOST_ROWS + 1];
        for (size_t i = 0; i < s->n_refs; i++)
            list[i] = s->refs[i];
        list[s->n_refs] = s->refs[0]; /* one that is not known would be an error, two are not */
        s->rows = 0;
        r = ask_jobs (s, list, s->n_refs + 1, true, on_dependency, err);
    }
    jobref_list_clear (&s->refs, &s->n_refs);
    return r;
}

static void say_record (struct why *s, const Moisson__AcctRecord *r)
{
    _cleanup_free_ char *who =
        r->has_cancelled_by && r->state == MOISSON__JOB_STATE__STATE_CANCELLED ? user_format (r->cancelled_by) : NULL;
    json_t *o = NULL;

    why_put_record (&s->text, r, who, &s->style);
    if (s->array)
        o = json_pack ("{s:I, s:o, s:o, s:I, s:I, s:I}", "job_id", (json_int_t) r->raw_id, "job_state",
                       json_text (state_name (r->state)), "cause", json_text (r->cause), "exit_code",
                       (json_int_t) r->exit_code, "exit_signal", (json_int_t) r->exit_signal, "end_time",
                       (json_int_t) (r->end_us / USEC_PER_SEC));
    put_out (s, o);
}

static int say_records (struct why *s, Moisson__JobRef *ref, struct err *err)
{
    _cleanup_ (records_clear) struct records records = {0};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;

    filter.jobs = &ref;
    filter.n_jobs = 1;
    if (records_fetch (&records, s->rpc, &filter, err))
        return -1;
    s->rows = records.n;
    for (size_t i = 0; i < records.n && (i < MOST_ROWS || s->array); i++)
        say_record (s, records.list[i]);
    return 0;
}

static int look (struct why *s, const char *text, struct err *err)
{
    _cleanup_jobref_ Moisson__JobRef *ref = NULL;
    _cleanup_err_ struct err unknown = ERR_INIT;

    if (jobref_parse (text, &ref, NULL, err))
        return -1;
    s->rows = 0;
    if (ask_jobs (s, &ref, 1, false, on_jobs, &unknown) && unknown.code != MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID)
        return failure_report (TOOL, NULL, &unknown);
    if (!s->rows && say_records (s, ref, err))
        return -1;
    if (!s->rows) {
        err_set (err, 0, "no job %s is known, neither in the queue nor in the records", text);
        return err_fix (err, "look for it with sacct -S 1970-01-01");
    }
    if (s->rows > MOST_ROWS && !s->array)
        printf ("... and %zu more: squeue -r -j %s, sacct -j %s\n", s->rows - MOST_ROWS, text, text);
    return say_dependencies (s, err);
}

static int run (struct why *s, int n, char **words)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int r = rpc_create (&rpc, NULL, &err);

    s->rpc = rpc;
    s->style.time_format = environment ("SLURM_TIME_FORMAT");
    if (s->want_json)
        s->array = json_array ();
    for (int i = 0; i < n && !r; i++)
        r = look (s, words[i], &err);
    if (r) {
        if (err_is_set (&err))
            err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return s->array && json_print ("jobs", steal (&s->array)) ? COMMAND_ERROR : 0;
}

static void why_clear (struct why *s)
{
    buf_clear (&s->text);
    json_decref (s->array);
    jobref_list_clear (&s->refs, &s->n_refs);
}

int why_run (int argc, char **argv)
{
    _cleanup_ (why_clear) struct why s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err))
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    if (s.help) {
        optable_page_help (stdout, why_page ());
        return 0;
    }
    if (index == argc) {
        err_set (&err, 0, "no job named");
        err_fix (&err, "moisson why JOB");
        return list_refused (TOOL, &err);
    }
    return run (&s, argc - index, argv + index);
}
