/* scancel.c - end jobs or signal them: the jobs named, those that match the filters, or the named ones that match. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "scancel"

struct scancel {
    Moisson__CancelRequest request;
    Moisson__JobFilter filter;
    char *clusters;
    bool filtered; /* an option that Slurm treats as a filter was given: unknown ids are then errors */
    bool no_state; /* only states that Moisson's jobs are never in: nothing can match */
    bool quiet, verbose, help, version;
};

/* An empty filter must never become no filter: that would end more than was asked. */
static int add_words (struct scancel *s, const char *value, char ***list, size_t *n, struct err *err)
{
    size_t before = *n;

    s->filtered = true;
    words_add (value, list, n);
    if (*n > before)
        return 0;
    err_set (err, 0, "a filter is empty: \"%s\"", value);
    return err_fix (err, "give it a value, or leave the option out");
}

static int on_account (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    return add_words (s, value, &s->filter.accounts, &s->filter.n_accounts, err);
}

static int on_name (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    return add_words (s, value, &s->filter.names, &s->filter.n_names, err);
}

static int on_partition (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    return add_words (s, value, &s->filter.partitions, &s->filter.n_partitions, err);
}

static int on_qos (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    return add_words (s, value, &s->filter.qos, &s->filter.n_qos, err);
}

static int on_reservation (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    return add_words (s, value, &s->filter.reservations, &s->filter.n_reservations, err);
}

static int on_user (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    s->filtered = true;
    if (users_add (value, &s->filter.uids, &s->filter.n_uids, err))
        return -1;
    if (s->filter.n_uids)
        return 0;
    err_set (err, 0, "Invalid user: %s", value);
    return err_fix (err, "name a user of this host, or give a user id");
}

static int on_me (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    (void) value;
    (void) err;
    s->filtered = true;
    filter_add_uid (&s->filter, getuid ());
    return 0;
}

static int on_state (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;
    protobuf_c_boolean all = false;

    s->filtered = true;
    if (job_states_add (value, &s->filter.states, &s->filter.n_states, &all, err))
        return -1;
    s->no_state = !all && !s->filter.n_states;
    if (all) {
        free (s->filter.states);
        s->filter.states = NULL;
        s->filter.n_states = 0;
    }
    return 0;
}

static int on_nodelist (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    if (!*value)
        return err_set (err, 0, "a filter is empty: --nodelist");
    s->filtered = true;
    text_replace (&s->filter.nodelist, value);
    return 0;
}

static int on_signal (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;
    int signo;

    if (signal_parse (value, &signo, err))
        return err_what (err, "--signal=%s", value);
    s->filtered = true;
    s->request.has_signal = true;
    s->request.signal = signo;
    return 0;
}

static int on_batch (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    (void) value;
    (void) err;
    s->request.has_batch = true;
    s->request.batch = true;
    return 0;
}

static int on_full (void *self, const char *value, struct err *err)
{
    struct scancel *s = self;

    (void) value;
    (void) err;
    s->request.has_full = true;
    s->request.full = true;
    return 0;
}

OPTION_TEXT (scancel, on_clusters, clusters)
OPTION_FLAG (scancel, on_quiet, quiet)
OPTION_FLAG (scancel, on_verbose, verbose)
OPTION_FLAG (scancel, on_help, help)
OPTION_FLAG (scancel, on_version, version)

static int on_unavailable (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "wckeys and sibling clusters are known, not available yet");
    return err_fix (err, "choose jobs by id, --name, --user, --partition or --state");
}

static const struct optable_row rows[] = {
    {"account", 'A', ARG_REQUIRED, "SCANCEL_ACCOUNT", "<names>", "only jobs of these accounts", on_account},
    {"batch", 'b', ARG_NONE, "SCANCEL_BATCH", NULL, "send the signal to the batch shell only", on_batch},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"ctld", 0, ARG_NONE, "SCANCEL_CTLD", NULL, NULL, NULL},
    {"full", 'f', ARG_NONE, "SCANCEL_FULL", NULL, "send the signal to the batch shell and its children", on_full},
    {"hurry", 'H', ARG_NONE, "SCANCEL_HURRY", NULL, NULL, NULL},
    {"interactive", 'i', ARG_NONE, "SCANCEL_INTERACTIVE", NULL, NULL, NULL},
    {"jobname", 0, ARG_REQUIRED, NULL, NULL, NULL, on_name},
    {"me", 0, ARG_NONE, NULL, NULL, "only my jobs", on_me},
    {"name", 'n', ARG_REQUIRED, "SCANCEL_NAME", "<names>", "only jobs with these names", on_name},
    {"nodelist", 'w', ARG_REQUIRED, NULL, "<nodes>", "only jobs on these nodes", on_nodelist},
    {"partition", 'p', ARG_REQUIRED, "SCANCEL_PARTITION", "<names>", "only jobs of these partitions", on_partition},
    {"qos", 'q', ARG_REQUIRED, "SCANCEL_QOS", "<names>", "only jobs with these QoS", on_qos},
    {"quiet", 'Q', ARG_NONE, NULL, NULL, "say nothing about jobs that have ended already", on_quiet},
    {"reservation", 'R', ARG_REQUIRED, "SCANCEL_RESERVATION", "<names>", "only jobs in these reservations",
     on_reservation},
    {"sibling", 0, ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"signal", 's', ARG_REQUIRED, NULL, "<name|number>", "send this signal instead of ending the job", on_signal},
    {"state", 't', ARG_REQUIRED, "SCANCEL_STATE", "<states>", "only PENDING, RUNNING... jobs", on_state},
    {"user", 'u', ARG_REQUIRED, "SCANCEL_USER", "<names>", "only jobs of these users", on_user},
    {"verbose", 'v', ARG_NONE, "SCANCEL_VERBOSE", NULL, "say also what had ended already", on_verbose},
    {"wckey", 0, ARG_REQUIRED, "SCANCEL_WCKEY", NULL, NULL, on_unavailable},
    {"help", 0, ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *scancel_page (void)
{
    static const struct optable_page page = {
        .tool = "scancel",
        .words = "[OPTIONS] [JOB[_TASK | _[TASKS]] ...]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"scancel 12 13_4 14_[1-5]", "a job, a task of an array, some tasks"},
                     {"scancel --me --state=pending", "all of your jobs that wait"},
                     {"scancel 12 --signal=USR1 --batch", "a signal to the batch script"}}};

    return &page;
}

static void scancel_clear (struct scancel *s)
{
    filter_clear (&s->filter);
    free (s->clusters);
}

static bool already_over (Moisson__FailCode code)
{
    return code == MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID || code == MOISSON__FAIL_CODE__FAIL_JOB_FINISHED;
}

static void say (const char *job, const char *sentence)
{
    fprintf (stderr, TOOL ": error: Kill job error on job id %s: %s\n", job, sentence);
}

/* clients.md 0.7: an id that is unknown or has ended is an error only together with a filter. */
static int judge (const struct scancel *s, const Moisson__IdResult *result)
{
    const char *job = result->job->text ? result->job->text : "?";
    const char *sentence = failure_sentence ((int) result->code);

    if (already_over (result->code)) {
        if (s->filtered && !s->quiet)
            say (job, failure_sentence (MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID));
        else if (s->verbose)
            say (job, sentence);
        return s->filtered && !s->quiet ? COMMAND_ERROR : 0;
    }
    if (result->code == MOISSON__FAIL_CODE__FAIL_OTHER && !result->why) {
        return 0;
    }
    say (job, sentence ? sentence : result->why);
    if (!s->filtered)
        failure_why ((int) result->code, result->why);
    return COMMAND_ERROR;
}

static int contact_failed (const struct scancel *s, const struct err *err)
{
    for (size_t i = 0; i < s->filter.n_jobs; i++)
        say (s->filter.jobs[i]->text, failure_text (err));
    if (!s->filter.n_jobs)
        return failure_report_query ("slurm_load_jobs", err);
    if (err->fix)
        fprintf (stderr, "        fix: %s\n", err->fix);
    return COMMAND_ERROR;
}

static int cancel (struct scancel *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__IdResults *reply = NULL;
    enum rpc_policy policy = s->request.has_signal && s->request.signal != SIGKILL ? RPC_ONCE : RPC_QUERY;
    int status = 0;

    if (rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    s->request.filter = &s->filter;
    for (size_t i = 0; s->verbose && i < s->filter.n_jobs; i++)
        fprintf (stderr, TOOL ": %s job %s\n", s->request.has_signal ? "Signaling" : "Terminating",
                 s->filter.jobs[i]->text);
    if (rpc_request (rpc, policy, MOISSON__MSG_TYPE__MSG_CANCEL, &s->request.base, MOISSON__MSG_TYPE__MSG_ID_RESULTS,
                     &moisson__id_results__descriptor, &reply, &err))
        return contact_failed (s, &err);
    for (size_t i = 0; i < reply->n_results; i++)
        if (judge (s, reply->results[i]))
            status = COMMAND_ERROR;
    if (s->verbose && !s->filter.n_jobs)
        fprintf (stderr, TOOL ": %u jobs and tasks reached\n", reply->affected);
    moisson__id_results__free_unpacked (reply, NULL);
    return status;
}

static int take_ids (struct scancel *s, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++)
        if (jobref_list_add (argv[i], &s->filter.jobs, &s->filter.n_jobs, err))
            return -1;
    if (s->filter.n_jobs ||
        (s->filtered && (s->filter.n_uids || s->filter.n_names || s->filter.n_accounts || s->filter.n_partitions ||
                         s->filter.n_qos || s->filter.n_states || s->filter.nodelist)))
        return 0;
    err_set (err, 0, "No job identification provided");
    return err_fix (err, "name jobs (scancel 12 13_4) or filters (scancel --me --state=pending)");
}

int scancel_run (int argc, char **argv)
{
    _cleanup_ (scancel_clear) struct scancel s = {.request = MOISSON__CANCEL_REQUEST__INIT,
                                                  .filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err)) {
        return list_refused (TOOL, &err);
    }
    if (s.version)
        return command_version ();
    if (s.help) {
        optable_page_help (stdout, scancel_page ());
        return 0;
    }
    if (take_ids (&s, argc - index, argv + index, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return s.no_state ? 0 : cancel (&s);
}
