/* wait_cmd.c - `moisson wait`: the controller answers when a job ends, so nothing is asked again and again. What ended
 * and how is then read from the records, which know it also after MinJobAge. */
#include <inttypes.h>
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
#include "sbatch_wait.h"

#define TOOL "wait"

struct awaited {
    uint64_t id;
    bool known, unfinished;
    Moisson__JobState state; /* of an array: of the task with the highest status */
    uint32_t exit_code, exit_signal;
    int status;
};

struct waiting {
    Moisson__JobFilter filter;
    struct awaited *jobs;
    struct rpc *rpc;
    bool any, want_json, help, version;
};

#define SELF struct waiting *s = self
OPTION_FLAG (waiting, on_any, any)
OPTION_FLAG (waiting, on_json, want_json)
OPTION_FLAG (waiting, on_help, help)
OPTION_FLAG (waiting, on_version, version)

static int on_all (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->any = false;
    return 0;
}

static const struct optable_row rows[] = {
    {"all", 0, ARG_NONE, NULL, NULL, "until all have ended (without an option, too)", on_all},
    {"any", 0, ARG_NONE, NULL, NULL, "until one of them has ended", on_any},
    {"json", 0, ARG_OPTIONAL, NULL, NULL, "print what ended as JSON", on_json},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *wait_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson wait",
        .words = "[--any|--all] JOB...",
        .about = "Waits until jobs have ended, and prints a line for each that has: JOB STATE CODE:SIGNAL.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson wait 1200 1201", "until both have ended; the exit status is theirs"},
                     {"moisson wait --any 1200 1201", "until one of them has"}}};

    return &page;
}

static void count (struct awaited *job, const Moisson__AcctRecord *r)
{
    int status = wait_status (r->state, r->exit_code, r->exit_signal);

    if (r->requeued)
        return;
    if (!state_is_ended (r->state))
        job->unfinished = true;
    else if (!job->known || status > job->status) {
        job->status = status;
        job->state = r->state;
        job->exit_code = r->exit_code;
        job->exit_signal = r->exit_signal;
    }
    job->known = true;
}

static int is_task (const Moisson__AcctRecord *r, struct err *err)
{
    err_set (err, 0, "%" PRIu64 " is a task of array %" PRIu64, r->raw_id, r->array_id);
    return err_fix (err, "wait for the whole array: moisson wait %" PRIu64, r->array_id);
}

static int look (struct waiting *s, struct err *err)
{
    _cleanup_ (records_clear) struct records records = {0};

    if (records_fetch (&records, s->rpc, &s->filter, err))
        return -1;
    for (size_t i = 0; i < s->filter.n_jobs; i++) {
        struct awaited *job = &s->jobs[i];
        *job = (struct awaited){.id = s->filter.jobs[i]->job_id};
        for (size_t k = 0; k < records.n; k++) {
            const Moisson__AcctRecord *r = records.list[k];
            if (r->has_array_id && r->raw_id == job->id && r->array_id != job->id)
                return is_task (r, err);
            if (r->raw_id == job->id || (r->has_array_id && r->array_id == job->id))
                count (job, r);
        }
        if (!job->known) {
            err_set (err, 0, "no job %" PRIu64 " is known, neither in the queue nor in the records", job->id);
            return err_fix (err, "look for it with sacct -S 1970-01-01");
        }
    }
    return 0;
}

static bool satisfied (const struct waiting *s)
{
    size_t ended = 0;

    for (size_t i = 0; i < s->filter.n_jobs; i++)
        ended += !s->jobs[i].unfinished;
    return s->any ? ended > 0 : ended == s->filter.n_jobs;
}

/* Blocks until one of these has ended; one that the controller has dropped meanwhile has. */
static int await (struct waiting *s, uint64_t *ids, size_t n, struct err *err)
{
    Moisson__WaitRequest request = MOISSON__WAIT_REQUEST__INIT;
    Moisson__WaitReply *reply = NULL;
    _cleanup_err_ struct err why = ERR_INIT;

    request.job_id = ids[0];
    request.others = ids + 1;
    request.n_others = n - 1;
    if (rpc_wait (s->rpc, MOISSON__MSG_TYPE__MSG_WAIT, &request.base, MOISSON__MSG_TYPE__MSG_WAIT_REPLY,
                  &moisson__wait_reply__descriptor, &reply, &why) == 0) {
        moisson__wait_reply__free_unpacked (reply, NULL);
        return 0;
    }
    if (why.code == MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID)
        return 0;
    *err = why;
    why = ERR_INIT;
    return -1;
}

static int await_some (struct waiting *s, struct err *err)
{
    _cleanup_free_ uint64_t *ids = xcalloc (s->filter.n_jobs + 1, sizeof *ids);
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; i < s->filter.n_jobs; i++)
        if (s->jobs[i].unfinished)
            ids[n++] = s->jobs[i].id;
    if (s->any)
        return await (s, ids, n, err);
    for (size_t i = 0; i < n && !r; i++)
        r = await (s, &ids[i], 1, err);
    return r;
}

static json_t *object_of (const struct awaited *job)
{
    return json_pack ("{s:I, s:o, s:I, s:I}", "job_id", (json_int_t) job->id, "job_state",
                      json_text (state_name (job->state)), "exit_code", (json_int_t) job->exit_code, "exit_signal",
                      (json_int_t) job->exit_signal);
}

/* Returns the highest exit status. */
static int report (const struct waiting *s)
{
    json_t *list = s->want_json ? json_array () : NULL;
    int status = 0;

    for (size_t i = 0; i < s->filter.n_jobs; i++) {
        const struct awaited *job = &s->jobs[i];
        if (job->unfinished)
            continue;
        status = job->status > status ? job->status : status;
        if (list)
            json_array_append_new (list, object_of (job));
        else
            printf ("%" PRIu64 " %s %" PRIu32 ":%" PRIu32 "\n", job->id, state_name (job->state), job->exit_code,
                    job->exit_signal);
    }
    return list && json_print ("jobs", list) ? COMMAND_ERROR : status;
}

static int add_job (struct waiting *s, const char *text, struct err *err)
{
    size_t n = s->filter.n_jobs;

    if (jobref_list_add (text, &s->filter.jobs, &s->filter.n_jobs, err))
        return -1;
    for (; n < s->filter.n_jobs; n++)
        if (s->filter.jobs[n]->n_tasks) {
            err_set (err, 0, "\"%s\" names tasks of an array", text);
            return err_fix (err, "wait for the whole array: moisson wait %" PRIu64, s->filter.jobs[n]->job_id);
        }
    return 0;
}

static int run (struct waiting *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int r = rpc_create (&rpc, NULL, &err);

    s->rpc = rpc;
    s->jobs = xcalloc (s->filter.n_jobs + 1, sizeof *s->jobs);
    r = r ? r : look (s, &err);
    while (!r && !satisfied (s)) {
        r = await_some (s, &err);
        r = r ? r : look (s, &err);
    }
    return r ? failure_report (TOOL, NULL, &err) : report (s);
}

static int print_help (void)
{
    optable_page_help (stdout, wait_page ());
    printf ("\nExit status: 0 when what ended has COMPLETED; else the highest exit code, and 1 where a signal or the "
            "system\n"
            "ended a job, or where a job is not known.\n");
    return 0;
}

static void waiting_clear (struct waiting *s)
{
    filter_clear (&s->filter);
    free (s->jobs);
}

int wait_run (int argc, char **argv)
{
    _cleanup_ (waiting_clear) struct waiting s = {.filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    for (int i = index; !r && i < argc; i++)
        r = add_job (&s, argv[i], &err);
    if (!r && !s.help && !s.version && !s.filter.n_jobs) {
        r = err_set (&err, 0, "no job named");
        err_fix (&err, "moisson wait JOB...");
    }
    if (r)
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    return s.help ? print_help () : run (&s);
}
