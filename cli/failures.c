/* failures.c - `moisson failures JOB`: its records, as they come, into groups. */
#include <stdio.h>
#include "base/cleanup.h"
#include "command.h"
#include "failure.h"
#include "failures.h"
#include "jobref.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "failures"

struct options {
    bool want_json, help, version;
};

OPTION_FLAG (options, on_json, want_json)
OPTION_FLAG (options, on_help, help)
OPTION_FLAG (options, on_version, version)

static const struct optable_row rows[] = {
    {"json", 0, ARG_OPTIONAL, NULL, NULL, "the same as JSON", on_json},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *failures_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson failures",
        .words = "[--json] JOB",
        .about = "What went wrong in a job or array, by cause, and the command that runs it again.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {
            {"moisson failures 1200", "of an array: how many tasks failed, of what, and the line to run them again"},
            {"moisson failures 1200 --json", "for programs"}}};

    return &page;
}

static bool on_page (void *arg, const void *message)
{
    const Moisson__AcctPage *page = message;

    for (size_t i = 0; i < page->n_records; i++)
        failures_add (arg, page->records[i]);
    return page->last;
}

static int show (const struct failures *failures, bool want_json)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    if (want_json) {
        json_t *list = json_array ();
        json_array_append_new (list, failures_json (failures));
        return json_print ("failures", list) ? COMMAND_ERROR : 0;
    }
    failures_put (failures, &out);
    fputs (buf_str (&out), stdout);
    return 0;
}

static int run (const char *text, bool want_json)
{
    _cleanup_failures_ struct failures *failures = failures_create ();
    _cleanup_jobref_ Moisson__JobRef *ref = NULL;
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__AcctRequest request = MOISSON__ACCT_REQUEST__INIT;

    if (jobref_parse (text, &ref, NULL, &err) || rpc_create (&rpc, NULL, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    filter.jobs = &ref;
    filter.n_jobs = 1;
    request.filter = &filter;
    if (rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_ACCT, &request.base, MOISSON__MSG_TYPE__MSG_ACCT_PAGE,
                    &moisson__acct_page__descriptor, on_page, failures, &err))
        return failure_report (TOOL, NULL, &err);
    if (failures_total (failures))
        return show (failures, want_json);
    err_set (&err, 0, "no job %s is known, neither in the queue nor in the records", text);
    err_fix (&err, "look for it with sacct -S 1970-01-01");
    err_report (TOOL, &err);
    return COMMAND_ERROR;
}

int failures_run (int argc, char **argv)
{
    struct options o = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &o, &index, &err))
        return list_refused (TOOL, &err);
    if (o.version)
        return command_version ();
    if (o.help) {
        optable_page_help (stdout, failures_page ());
        return 0;
    }
    if (argc - index != 1) {
        err_set (&err, 0, "%d jobs named", argc - index);
        err_fix (&err, "name one: moisson failures JOB");
        return list_refused (TOOL, &err);
    }
    return run (argv[index], o.want_json);
}
