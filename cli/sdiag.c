/* sdiag.c - what the controller says of itself, in the layout that Slurm's exporters read; --json has every figure. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "sdiag"
#define RULE "*******************************************************\n"

struct sdiag {
    char *clusters;
    bool want_json, help, version;
};

#define SELF struct sdiag *s = self
OPTION_FLAG (sdiag, on_json, want_json)
OPTION_FLAG (sdiag, on_help, help)
OPTION_FLAG (sdiag, on_version, version)
OPTION_TEXT (sdiag, on_clusters, clusters)

static int on_unavailable (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "the figures count from the controller's start, and are not kept by message or user");
    return err_fix (err, "take the difference of two calls; --json has every figure");
}

static const struct optable_row rows[] = {
    {"all", 'a', ARG_NONE, NULL, NULL, NULL, NULL},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"cluster", 0, ARG_REQUIRED, NULL, NULL, NULL, on_clusters},
    {"json", 0, ARG_OPTIONAL, NULL, "<version>", "every figure, as JSON", on_json},
    {"reset", 'r', ARG_NONE, NULL, NULL, NULL, on_unavailable},
    {"sort-by-id", 'i', ARG_NONE, NULL, NULL, NULL, NULL},
    {"sort-by-time", 't', ARG_NONE, NULL, NULL, NULL, NULL},
    {"sort-by-time2", 'T', ARG_NONE, NULL, NULL, NULL, NULL},
    {"yaml", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_unavailable},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sdiag_page (void)
{
    static const struct optable_page page = {
        .tool = "sdiag",
        .words = "[OPTIONS]",
        .about = "What the controller has done since its start, and how long it takes.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sdiag", "all figures"},
                     {"sdiag --json | jq .statistics.tasks_pending", "one of them, for programs"}}};

    return &page;
}

/* Lines in their order: a label with the controller's name for the figure, or a text alone. "" is a
 * figure that there cannot be: nothing is backfilled yet, and orders leave in the turn of the loop that makes them. */
static const struct line {
    const char *label, *figure;
} lines[] = {
    {"Server thread count:  ", "sessions"},
    {"Agent queue size:     ", ""},
    {"Agent count:          ", "nodes_connected"},
    {"DBD Agent queue size: ", "uncommitted"},
    {"\nJobs started:   ", "placed"},
    {"Jobs pending:   ", "tasks_pending"},
    {"Jobs running:   ", "tasks_running"},
    {"\nMain schedule statistics (microseconds):", NULL},
    {"\tLast cycle:   ", "pass_us_last"},
    {"\tMax cycle:    ", "pass_us_longest"},
    {"\tTotal cycles: ", "slices"},
    {"\tMean cycle:   ", "pass_us_mean"},
    {"\tCycles per minute: ", "slices_per_minute"},
    {"\tLast queue length: ", "tasks_pending"},
    {"\nBackfilling stats", NULL},
    {"\tTotal backfilled jobs (since last slurm start): ", ""},
    {"\tTotal backfilled jobs (since last stats cycle start): ", ""},
    {"\tTotal backfilled heterogeneous job components: ", ""},
    {"\tTotal cycles: ", ""},
    {"\tLast cycle: ", ""},
    {"\tMax cycle:  ", ""},
    {"\tMean cycle: ", ""},
    {"\tDepth Mean: ", ""},
    {"\tDepth Mean (try depth): ", ""},
    {"\tLast queue length: ", ""},
    {"\tQueue length mean: ", ""},
    {"\nStore (microseconds)", NULL},
    {"\tHealth: ", "store"},
    {"\tCommits: ", "commits"},
    {"\tEvents: ", "events_since_start"},
    {"\tLast commit: ", "commit_us_last"},
    {"\tMean commit: ", "commit_us_mean"},
    {"\tMax commit:  ", "commit_us_longest"},
    {"\nEvent loop (microseconds)", NULL},
    {"\tCallbacks: ", "loop_callbacks"},
    {"\tOver 5000: ", "loop_over_5ms"},
    {"\tMax callback: ", "loop_us_longest"},
};

static const char *figure (const Moisson__StatsReply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_entries; i++)
        if (!strcmp (reply->entries[i]->key, name))
            return reply->entries[i]->value;
    return "0";
}

static void put_time (const char *before, time_t at)
{
    struct tm tm;
    char text[64];

    localtime_r (&at, &tm);
    strftime (text, sizeof text, "%a %b %d %H:%M:%S %Y", &tm);
    printf ("%s%s (%lld)\n", before, text, (long long) at);
}

static void print_text (const Moisson__StatsReply *reply)
{
    time_t now = time (NULL);

    fputs (RULE, stdout);
    put_time ("sdiag output at ", now);
    put_time ("Data since      ", now - (time_t) strtoull (figure (reply, "uptime_s"), NULL, 10));
    fputs (RULE, stdout);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        printf ("%s%s\n", lines[i].label, lines[i].figure ? figure (reply, lines[i].figure) : "");
}

static int print_json (const Moisson__StatsReply *reply)
{
    json_t *object = json_object ();
    char *end;

    for (size_t i = 0; i < reply->n_entries; i++) {
        const char *value = reply->entries[i]->value;
        json_int_t number = strtoll (value, &end, 10);
        json_object_set_new (object, reply->entries[i]->key, *end ? json_text (value) : json_integer (number));
    }
    return json_print ("statistics", object) ? COMMAND_ERROR : 0;
}

static int run (struct sdiag *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__StatsReply *reply = NULL;
    int r = 0;

    if (rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_STATS, NULL, MOISSON__MSG_TYPE__MSG_STATS_REPLY,
                     &moisson__stats_reply__descriptor, &reply, &err))
        return failure_report_query ("slurm_get_statistics", &err);
    if (s->want_json)
        r = print_json (reply);
    else
        print_text (reply);
    moisson__stats_reply__free_unpacked (reply, NULL);
    return r;
}

int sdiag_run (int argc, char **argv)
{
    struct sdiag s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc, r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    if (!r && index < argc)
        r = err_set (&err, 0, "unexpected word \"%s\"", argv[index]);
    if (r)
        r = list_refused (TOOL, &err);
    else if (s.version)
        r = command_version ();
    else if (s.help)
        optable_page_help (stdout, sdiag_page ());
    else
        r = run (&s);
    free (s.clusters);
    return r;
}
