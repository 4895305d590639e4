/* sacct_request.c - options of sacct. */
#include "pages.h"
#include "sacct_request.h"
#include <ctype.h>
#include <grp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "jobref.h"
#include "lists.h"

#define SELF struct sacct *s = self

OPTION_WORDS (sacct, on_account, accounts)
OPTION_WORDS (sacct, on_name, names)
OPTION_WORDS (sacct, on_partition, partitions)
OPTION_WORDS (sacct, on_qos, qos)
OPTION_TEXT (sacct, on_clusters, clusters)
OPTION_TEXT (sacct, on_delimiter, delimiter)
OPTION_TEXT (sacct, on_since, since)
OPTION_TEXT (sacct, on_until, until)
OPTION_TEXT (sacct, on_nodelist, filter.nodelist)
OPTION_FLAG (sacct, on_all_users, all_users)
OPTION_FLAG (sacct, on_allocations, jobs_only)
OPTION_FLAG (sacct, on_brief, brief)
OPTION_FLAG (sacct, on_long, is_long)
OPTION_FLAG (sacct, on_noheader, noheader)
OPTION_FLAG (sacct, on_noconvert, row.noconvert)
OPTION_FLAG (sacct, on_json, want_json)
OPTION_FLAG (sacct, on_helpformat, helpformat)
OPTION_FLAG (sacct, on_help, help)
OPTION_FLAG (sacct, on_version, version)

static int on_parsable (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->separator = "|";
    s->trailing = true;
    return 0;
}

static int on_parsable2 (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->separator = "|";
    s->trailing = false;
    return 0;
}

static int on_duplicates (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->request.has_all_attempts = s->request.all_attempts = true;
    return 0;
}

/* -o may be repeated: the lists follow each other. */
static int on_format (void *self, const char *value, struct err *err)
{
    SELF;
    char *joined = s->format ? xasprintf ("%s,%s", s->format, value) : xstrdup (value);

    (void) err;
    free (s->format);
    s->format = joined;
    return 0;
}

static int add_job (struct sacct *s, const char *text, struct err *err)
{
    Moisson__JobRef *ref;
    char *step = NULL;

    if (jobref_parse (text, &ref, &step, err))
        return -1;
    size_t n = s->filter.n_jobs;
    s->filter.jobs = xrealloc (s->filter.jobs, (n + 1) * sizeof *s->filter.jobs);
    s->refs = xrealloc (s->refs, (n + 1) * sizeof *s->refs);
    s->filter.jobs[n] = ref;
    s->refs[n].step = step;
    s->filter.n_jobs = n + 1;
    s->some_steps = s->some_steps || step;
    return 0;
}

/* Length of the entry at s: up to a comma that is not between brackets. */
static size_t entry_length (const char *s)
{
    bool inside = false;
    size_t len = 0;

    for (; s[len] && (inside || s[len] != ','); len++)
        inside = s[len] == '[' || (inside && s[len] != ']');
    return len;
}

/* Empty entries and blanks around ids are fine. */
static int on_jobs (void *self, const char *value, struct err *err)
{
    SELF;

    while (*value) {
        value += strspn (value, " ,");
        size_t len = entry_length (value), end = len;
        while (end > 0 && value[end - 1] == ' ')
            end--;
        _cleanup_free_ char *text = xstrndup (value, end);
        if (*text && add_job (s, text, err))
            return -1;
        value += len;
    }
    return 0;
}

static int on_user (void *self, const char *value, struct err *err)
{
    SELF;

    return users_add (value, &s->filter.uids, &s->filter.n_uids, err);
}

static int on_group (void *self, const char *value, struct err *err)
{
    SELF;
    char **names = NULL;
    size_t n = 0;
    int r = 0;

    words_add (value, &names, &n);
    for (size_t i = 0; i < n && !r; i++) {
        const struct group *group = getgrnam (names[i]);
        uint64_t gid = 0;
        if (group)
            gid = group->gr_gid;
        else if (number_parse (names[i], "group", 0, UINT32_MAX - 1, &gid, NULL))
            r = err_set (err, 0, "Invalid group: %s", names[i]);
        s->gids = xrealloc (s->gids, (s->n_gids + 1) * sizeof *s->gids);
        s->gids[s->n_gids++] = (uint32_t) gid;
    }
    words_clear (&names, &n);
    return r;
}

static int on_state (void *self, const char *value, struct err *err)
{
    SELF;
    protobuf_c_boolean all = false;

    if (job_states_add (value, &s->filter.states, &s->filter.n_states, &all, err))
        return -1;
    if (all)
        s->filter.n_states = 0;
    s->no_match = !all && !s->filter.n_states;
    return 0;
}

/* "4" or "2-8". */
static int range_parse (const char *value, const char *option, struct sacct_range *ret, struct err *err)
{
    size_t len = strcspn (value, "-");
    _cleanup_free_ char *first = xstrndup (value, len);
    struct sacct_range range;

    if (number_parse (first, option, 0, UINT32_MAX, &range.least, err) ||
        number_parse (value[len] ? value + len + 1 : first, option, 1, UINT32_MAX, &range.most, err))
        return -1;
    *ret = range;
    return 0;
}

static int on_cpus (void *self, const char *value, struct err *err)
{
    SELF;

    return range_parse (value, "--ncpus", &s->cpus, err);
}

static int on_nodes (void *self, const char *value, struct err *err)
{
    SELF;

    return range_parse (value, "--nnodes", &s->nodes, err);
}

static int on_limit_min (void *self, const char *value, struct err *err)
{
    SELF;

    if (duration_parse (value, &s->limit_s.least, err))
        return -1;
    s->limit_s.most = s->limit_s.most ? s->limit_s.most : UINT64_MAX;
    return 0;
}

static int on_limit_max (void *self, const char *value, struct err *err)
{
    SELF;

    return duration_parse (value, &s->limit_s.most, err);
}

static int on_units (void *self, const char *value, struct err *err)
{
    SELF;
    char unit = (char) toupper ((unsigned char) value[0]);

    if (!unit || !strchr ("KMGTP", unit) || value[1]) {
        err_set (err, 0, "--units is \"%s\"", value);
        return err_fix (err, "give one of K, M, G, T and P");
    }
    s->row.unit = unit;
    return 0;
}

static int on_unavailable (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "this way of choosing or showing records is known, not available yet");
    return err_fix (err, "choose by -j, -u, -A, -r, -s, --name, -N and -S/-E; show with -o (see --helpformat)");
}

static const struct optable_row rows[] = {
    {"accounts", 'A', ARG_REQUIRED, NULL, "<names>", "only jobs of these accounts", on_account},
    {"allclusters", 'L', ARG_NONE, NULL, NULL, NULL, NULL},
    {"allocations", 'X', ARG_NONE, NULL, NULL, "one row a job, none for its script and steps", on_allocations},
    {"allusers", 'a', ARG_NONE, NULL, NULL, "all users' jobs", on_all_users},
    {"array", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"associations", 'x', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"batch-script", 'B', ARG_NONE, NULL, NULL, NULL, on_unavailable},
    {"brief", 'b', ARG_NONE, NULL, NULL, "id, state and exit code", on_brief},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"completion", 'c', ARG_NONE, NULL, NULL, NULL, on_unavailable},
    {"constraints", 'C', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"delimiter", 0, ARG_REQUIRED, NULL, "<text>", "instead of | with -p and -P", on_delimiter},
    {"duplicates", 'D', ARG_NONE, NULL, NULL, "every attempt, not only the last", on_duplicates},
    {"endtime", 'E', ARG_REQUIRED, NULL, "<time>", "jobs of the time before this", on_until},
    {"env-vars", 0, ARG_NONE, NULL, NULL, NULL, on_unavailable},
    {"federation", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"file", 'f', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"flags", 'F', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"format", 'o', ARG_REQUIRED, NULL, "<names>", "columns as name[%[-]width]", on_format},
    {"gid", 0, ARG_REQUIRED, NULL, NULL, NULL, on_group},
    {"group", 'g', ARG_REQUIRED, NULL, "<names>", "only jobs of these groups", on_group},
    {"helpformat", 'e', ARG_NONE, NULL, NULL, "the names of all columns", on_helpformat},
    {"jobs", 'j', ARG_REQUIRED, NULL, "<ids>", "only these jobs, 12.batch or 12.0 only that row", on_jobs},
    {"json", 0, ARG_OPTIONAL, NULL, "<version>", "everything as JSON", on_json},
    {"local", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"long", 'l', ARG_NONE, NULL, NULL, "more columns", on_long},
    {"name", 0, ARG_REQUIRED, NULL, "<names>", "only jobs with these names", on_name},
    {"ncpus", 'I', ARG_REQUIRED, NULL, "<n[-m]>", "only jobs with so many CPUs", on_cpus},
    {"nnodes", 'i', ARG_REQUIRED, NULL, "<n[-m]>", "only jobs with so many nodes", on_nodes},
    {"noconvert", 0, ARG_NONE, NULL, NULL, "memory in bytes", on_noconvert},
    {"nodelist", 'N', ARG_REQUIRED, NULL, "<nodes>", "only jobs on these nodes", on_nodelist},
    {"noheader", 'n', ARG_NONE, NULL, NULL, "no header lines", on_noheader},
    {"parsable", 'p', ARG_NONE, NULL, NULL, "columns as wide as they are, with | after each", on_parsable},
    {"parsable2", 'P', ARG_NONE, NULL, NULL, "the same with | between them", on_parsable2},
    {"partition", 'r', ARG_REQUIRED, NULL, "<names>", "only jobs of these partitions", on_partition},
    {"qos", 'q', ARG_REQUIRED, NULL, "<names>", "only jobs with these QoS", on_qos},
    {"reason", 'R', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"starttime", 'S', ARG_REQUIRED, NULL, "<time>", "jobs of the time from this on", on_since},
    {"state", 's', ARG_REQUIRED, NULL, "<states>", "only jobs in these states", on_state},
    {"timelimit-max", 'K', ARG_REQUIRED, NULL, "<time>", "only jobs with at most this time limit", on_limit_max},
    {"timelimit-min", 'k', ARG_REQUIRED, NULL, "<time>", "only jobs with at least this time limit", on_limit_min},
    {"truncate", 'T', ARG_NONE, NULL, NULL, NULL, on_unavailable},
    {"uid", 0, ARG_REQUIRED, NULL, NULL, NULL, on_user},
    {"units", 0, ARG_REQUIRED, NULL, "<K|M|G|T|P>", "memory in this unit", on_units},
    {"use-local-uid", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"user", 'u', ARG_REQUIRED, NULL, "<names>", "only jobs of these users", on_user},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"wckeys", 'W', ARG_REQUIRED, NULL, NULL, NULL, on_unavailable},
    {"yaml", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_unavailable},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sacct_page (void)
{
    static const struct optable_page page = {
        .tool = "sacct",
        .words = "[OPTIONS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sacct", "your jobs since midnight"},
                     {"sacct -j 12 -o JobID,State,ExitCode,MaxRSS,Reason", "columns by name"},
                     {"sacct -S now-2days -s FAILED -X", "what failed in two days, without steps"},
                     {"sacct -j 12 --json", "for programs"}}};

    return &page;
}

int sacct_parse (struct sacct *s, int argc, char **argv, struct err *err)
{
    int index = argc;

    if (optable_parse (rows, N_ROWS, argc, argv, s, &index, err))
        return -1;
    if (index < argc) {
        err_set (err, 0, "unexpected word \"%s\"", argv[index]);
        return err_fix (err, "name jobs with -j, users with -u");
    }
    return 0;
}

void sacct_usage (void)
{
    optable_page_help (stdout, sacct_page ());
}

void sacct_clear (struct sacct *s)
{
    for (size_t i = 0; i < s->filter.n_jobs; i++)
        free (s->refs[i].step);
    filter_clear (&s->filter);
    free (s->refs);
    free (s->gids);
    free (s->format);
    free (s->clusters);
    free (s->since);
    free (s->until);
    free (s->delimiter);
}

/* sacct(1), DEFAULT TIME WINDOW: with -j everything, with -s what is in that state now, else since midnight. */
static int resolve_window (struct sacct *s, usec_t now, struct err *err)
{
    const char *since = s->since ? s->since : s->filter.n_jobs ? NULL : s->filter.n_states ? "now" : "midnight";

    if (since) {
        if (time_parse (since, now, false, &s->request.since_us, err))
            return -1;
        s->request.has_since_us = true;
        s->no_match = s->no_match || s->request.since_us > now; /* no job is in a state yet that it will have then */
    }
    if (s->until) {
        if (time_parse (s->until, now, false, &s->request.until_us, err))
            return -1;
        /* "now" is in whole seconds: what began in this very second belongs to it */
        if (s->request.until_us / USEC_PER_SEC == now / USEC_PER_SEC)
            s->request.until_us += USEC_PER_SEC;
        s->request.has_until_us = true;
    }
    if (s->since && s->until && s->request.since_us > s->request.until_us)
        return err_set (err, 0, "the window begins (%s) after its end (%s)", s->since, s->until);
    return 0;
}

int sacct_resolve (struct sacct *s, usec_t now, uint32_t own_uid, struct err *err)
{
    if (resolve_window (s, now, err))
        return -1;
    if (s->all_users) {
        s->filter.n_uids = 0;
    } else if (!s->filter.n_uids && !s->filter.n_jobs && own_uid != 0) {
        filter_add_uid (&s->filter, own_uid);
    }
    if (s->separator && s->delimiter)
        s->separator = s->delimiter;
    s->request.filter = &s->filter;
    return 0;
}

static bool names_record (const Moisson__JobRef *ref, const Moisson__AcctRecord *r)
{
    if (!ref->n_tasks)
        return ref->job_id == r->raw_id || (r->has_array_id && ref->job_id == r->array_id);
    if (!r->has_array_id || ref->job_id != r->array_id)
        return false;
    if (!r->has_task)
        return true; /* the rest of the array: the controller has looked */
    for (size_t i = 0; i < ref->n_tasks; i++) {
        const Moisson__Range *range = ref->tasks[i];
        uint32_t step = range->has_step && range->step ? range->step : 1;
        if (r->task >= range->first && r->task <= range->last && (r->task - range->first) % step == 0)
            return true;
    }
    return false;
}

static bool wants_group (const struct sacct *s, const Moisson__AcctRecord *r)
{
    for (size_t i = 0; i < s->n_gids; i++)
        if (r->has_gid && r->gid == s->gids[i])
            return true;
    return s->n_gids == 0;
}

static bool within (const struct sacct_range *range, uint64_t value)
{
    return !range->most || (value >= range->least && value <= range->most);
}

static bool wants_size (const struct sacct *s, const Moisson__AcctRecord *r)
{
    uint64_t limit = r->time_limit_s ? r->time_limit_s : UINT64_MAX; /* 0 is none */

    return within (&s->cpus, r->num_cpus) && within (&s->nodes, r->num_nodes) && within (&s->limit_s, limit);
}

/* step NULL: the row of the job. */
static bool wants_row (const struct sacct *s, const Moisson__AcctRecord *r, const char *step)
{
    if (!wants_group (s, r) || !wants_size (s, r) || (step && s->jobs_only))
        return false;
    if (!s->some_steps)
        return true;
    for (size_t i = 0; i < s->filter.n_jobs; i++) {
        const char *only = s->refs[i].step;
        if (names_record (s->filter.jobs[i], r) && (!only || (step && !strcmp (step, only))))
            return true;
    }
    return false;
}

bool sacct_wants (const struct sacct *s, const Moisson__AcctRecord *r, bool batch)
{
    return batch ? sacct_has_batch_row (r) && wants_row (s, r, "batch") : wants_row (s, r, NULL);
}

bool sacct_wants_step (const struct sacct *s, const Moisson__AcctRecord *r, const char *step)
{
    return wants_row (s, r, step);
}

bool sacct_wants_some (const struct sacct *s, const Moisson__AcctRecord *r)
{
    bool some = sacct_wants (s, r, false) || sacct_wants (s, r, true);
    char name[16];

    for (size_t i = 0; i < r->n_steps && !some; i++) {
        snprintf (name, sizeof name, "%" PRIu32, r->steps[i]->id);
        some = wants_row (s, r, name);
    }
    return some;
}
