/* events.c - `moisson events`: what happens, one JSON object a line, over one connection that is opened again when it
 * is lost, from the cursor of the last line on. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/states.h"
#include "base/units.h"
#include "command.h"
#include "cursor.h"
#include "failure.h"
#include "jobref.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "words.h"

#define TOOL "events"
#define LONGEST_PAUSE 2000000u /* microseconds between tries to reach a controller that is away */

struct events {
    Moisson__JobFilter filter;
    Moisson__EventsRequest request;
    struct rpc *rpc;
    bool no_follow, help, version;
    bool failed; /* stdout takes no more */
    unsigned pause;
};

#define SELF struct events *s = self
OPTION_FLAG (events, on_no_follow, no_follow)
OPTION_FLAG (events, on_help, help)
OPTION_FLAG (events, on_version, version)

static int on_follow (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->no_follow = false;
    return 0;
}

static int on_since (void *self, const char *value, struct err *err)
{
    SELF;
    uint64_t sequence;
    uint32_t part;

    s->request.has_from_oldest = s->request.from_oldest = !strcmp (value, "begin");
    s->request.has_since = s->request.has_since_part = false;
    if (s->request.from_oldest || !strcmp (value, "now"))
        return 0;
    if (cursor_parse (value, &sequence, &part, err))
        return -1;
    s->request.has_since = true;
    s->request.since = sequence;
    s->request.has_since_part = part != 0;
    s->request.since_part = part;
    return 0;
}

static int on_jobs (void *self, const char *value, struct err *err)
{
    SELF;

    return jobref_list_add (value, &s->filter.jobs, &s->filter.n_jobs, err);
}

static int on_user (void *self, const char *value, struct err *err)
{
    SELF;

    return users_add (value, &s->filter.uids, &s->filter.n_uids, err);
}

static int on_me (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    filter_add_uid (&s->filter, getuid ());
    return 0;
}

static int on_types (void *self, const char *value, struct err *err)
{
    SELF;

    (void) err;
    words_add (value, &s->request.types, &s->request.n_types);
    return 0;
}

static const struct optable_row rows[] = {
    {"follow", 'f', ARG_NONE, NULL, NULL, "go on for ever (without an option, too)", on_follow},
    {"jobs", 'j', ARG_REQUIRED, NULL, "IDS", "of these jobs, arrays, tasks only: 12,13_4", on_jobs},
    {"me", 0, ARG_NONE, NULL, NULL, "of your own jobs only", on_me},
    {"no-follow", 0, ARG_NONE, NULL, NULL, "end with what has happened so far", on_no_follow},
    {"since", 0, ARG_REQUIRED, NULL, "CURSOR",
     "what came after the line with this cursor; begin: all that is kept; now (without an option)", on_since},
    {"types", 't', ARG_REQUIRED, NULL, "LIST", "of these types only: submitted,ended,node_down", on_types},
    {"user", 'u', ARG_REQUIRED, NULL, "LIST", "of jobs of these users only", on_user},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *events_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson events",
        .words = "[OPTIONS]",
        .about = "What happens to jobs and nodes, a JSON object a line.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson events --me", "your own jobs, from now on"},
                     {"moisson events --since=begin --no-follow", "all that is kept"},
                     {"moisson events --jobs=1200 --since=48123.2", "of one job, behind that cursor"}}};

    return &page;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void set_text (json_t *o, const char *key, const char *value)
{
    if (value && *value)
        json_object_set_new (o, key, json_text (value));
}

static void set_number (json_t *o, const char *key, bool has, uint64_t value)
{
    if (has)
        json_object_set_new (o, key, json_integer ((json_int_t) value));
}

static json_t *line_of (const Moisson__EventRow *row)
{
    const Moisson__News *n = row->news;
    json_t *o = json_object ();
    char cursor[CURSOR_TEXT];

    /* the last thing that an event told: the cursor stands behind the whole event */
    cursor_format (row->sequence, row->final ? 0 : row->part, cursor);
    json_object_set_new (o, "cursor", json_string (cursor));
    json_object_set_new (o, "time", json_real ((double) row->time_us / 1e6));
    json_object_set_new (o, "type", json_text (n->type));
    set_number (o, "job_id", n->has_job_id, n->has_raw_id && !n->has_task ? n->raw_id : n->job_id);
    return o;
}

static void add_details (json_t *o, const Moisson__News *n)
{
    set_number (o, "array_task_id", n->has_task, n->task);
    set_text (o, "array_tasks", n->tasks);
    set_number (o, "raw_job_id", n->has_raw_id, n->raw_id);
    set_number (o, "attempt", n->has_attempt, n->attempt);
    set_number (o, "user_id", n->has_uid, n->uid);
    set_text (o, "user_name", n->user);
    set_text (o, "name", n->name);
    set_text (o, "partition", n->partition);
    if (n->has_state)
        set_text (o, "state", state_name (n->state));
    set_number (o, "exit_code", n->has_exit_code, n->exit_code);
    set_number (o, "exit_signal", n->has_exit_signal, n->exit_signal);
    set_text (o, n->has_job_id ? "nodes" : "node", n->nodes);
    set_text (o, "node_state", n->node_state);
    set_text (o, "reason", n->reason);
    set_number (o, "by_user_id", n->has_by_uid, n->by_uid);
}

static void print_line (struct events *s, json_t *o)
{
    if (json_dumpf (o, stdout, JSON_COMPACT | JSON_REAL_PRECISION (16)) < 0 || putchar ('\n') == EOF)
        s->failed = true;
    json_decref (o);
}

static void print_gap (struct events *s, uint64_t oldest)
{
    json_t *o = json_object ();
    _cleanup_free_ char *asked = xasprintf ("%" PRIu64, s->request.since);
    _cleanup_free_ char *from = xasprintf ("%" PRIu64, oldest - 1);

    json_object_set_new (o, "cursor", json_string (from));
    json_object_set_new (o, "type", json_string ("gap"));
    json_object_set_new (o, "since", json_string (asked));
    json_object_set_new (
        o, "reason", json_string ("what came after `since` is not kept any more; it goes on with the oldest that is"));
    print_line (s, o);
}

/* So far everything is said: from here on after a lost connection. */
static void keep_cursor (struct events *s, uint64_t cursor)
{
    s->request.has_from_oldest = s->request.from_oldest = false;
    s->request.has_since = true;
    s->request.since = cursor;
    s->request.has_since_part = false;
    s->request.since_part = 0;
}

static bool take_page (void *arg, const void *data)
{
    const Moisson__EventsPage *page = data;
    struct events *s = arg;

    s->pause = 0;
    if (page->has_oldest)
        print_gap (s, page->oldest);
    for (size_t i = 0; i < page->n_rows && !s->failed; i++) {
        json_t *o = line_of (page->rows[i]);
        add_details (o, page->rows[i]->news);
        print_line (s, o);
    }
    if (page->has_cursor)
        keep_cursor (s, page->cursor);
    if (fflush (stdout))
        s->failed = true;
    return page->last || s->failed;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static void wait_a_little (struct events *s)
{
    struct timespec ts;

    s->pause = s->pause ? s->pause * 2 : 50000;
    if (s->pause > LONGEST_PAUSE)
        s->pause = LONGEST_PAUSE;
    ts = (struct timespec){.tv_sec = s->pause / 1000000, .tv_nsec = (long) (s->pause % 1000000) * 1000};
    nanosleep (&ts, NULL);
}

static int follow (struct events *s)
{
    for (;;) {
        _cleanup_err_ struct err err = ERR_INIT;
        int r = rpc_follow (s->rpc, MOISSON__MSG_TYPE__MSG_EVENTS, &s->request.base, MOISSON__MSG_TYPE__MSG_EVENTS_PAGE,
                            &moisson__events_page__descriptor, take_page, s, &err);
        if (!r)
            return 0; /* main says it where stdout failed */
        if (r != RPC_E_CONTACT || (s->no_follow && s->pause))
            return failure_report (TOOL, NULL, &err);
        wait_a_little (s);
    }
}

static void events_clear (struct events *s)
{
    filter_clear (&s->filter);
    words_clear (&s->request.types, &s->request.n_types);
    rpc_free (s->rpc);
}

int events_run (int argc, char **argv)
{
    _cleanup_ (events_clear) struct events s = {.filter = MOISSON__JOB_FILTER__INIT,
                                                .request = MOISSON__EVENTS_REQUEST__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err))
        return list_refused (TOOL, &err);
    if (s.help) {
        optable_page_help (stdout, events_page ());
        return 0;
    }
    if (s.version)
        return command_version ();
    if (index < argc) {
        err_set (&err, 0, "\"%s\" is one word too many", argv[index]);
        err_fix (&err, "name jobs with --jobs=%s", argv[index]);
        return list_refused (TOOL, &err);
    }
    if (rpc_create (&s.rpc, NULL, &err))
        return list_refused (TOOL, &err);
    s.request.filter = &s.filter;
    s.request.has_follow = true;
    s.request.follow = !s.no_follow;
    return follow (&s);
}
