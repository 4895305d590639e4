/* sshare.c - accounts and users that have jobs in the queue. There are no shares yet: those columns are empty, as
 * Slurm's are where fairshare is not in use. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "command.h"
#include "failure.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "sshare"
#define FORMAT "account,user,rawshares,normshares,rawusage,effectvusage,fairshare"

struct pair {
    char *account, *user;
};

struct sshare {
    Moisson__JobsRequest request;
    Moisson__JobFilter filter;
    char *format, *clusters;
    struct columns columns;
    struct pair *pairs;
    size_t n_pairs, room;
    const char *separator; /* -p, -P */
    bool trailing, all, associations, noheader, help, version;
};

#define SELF struct sshare *s = self
OPTION_WORDS (sshare, on_account, accounts)
OPTION_TEXT (sshare, on_clusters, clusters)
OPTION_TEXT (sshare, on_format, format)
OPTION_FLAG (sshare, on_all, all)
OPTION_FLAG (sshare, on_associations, associations)
OPTION_FLAG (sshare, on_noheader, noheader)
OPTION_FLAG (sshare, on_help, help)
OPTION_FLAG (sshare, on_version, version)

static int on_user (void *self, const char *value, struct err *err)
{
    SELF;

    return users_add (value, &s->filter.uids, &s->filter.n_uids, err);
}

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

    on_parsable (self, value, err);
    s->trailing = false;
    return 0;
}

static const struct optable_row rows[] = {
    {"accounts", 'A', ARG_REQUIRED, NULL, "<names>", "only these accounts", on_account},
    {"all", 'a', ARG_NONE, NULL, NULL, "all users", on_all},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"format", 'o', ARG_REQUIRED, NULL, "<names>", "columns as name[%[-]width]", on_format},
    {"long", 'l', ARG_NONE, NULL, NULL, NULL, NULL},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header lines", on_noheader},
    {"partition", 'm', ARG_NONE, NULL, NULL, NULL, NULL},
    {"no-header", 'n', ARG_NONE, NULL, NULL, NULL, on_noheader},
    {"parsable", 'p', ARG_NONE, NULL, NULL, "columns as wide as they are, with | after each", on_parsable},
    {"parsable2", 'P', ARG_NONE, NULL, NULL, "the same with | between them", on_parsable2},
    {"users", 'u', ARG_REQUIRED, NULL, "<names>", "only these users", on_user},
    {"Users", 'U', ARG_NONE, NULL, NULL, "what ties users to accounts: nothing yet, any account is accepted",
     on_associations},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"help", 0, ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sshare_page (void)
{
    static const struct optable_page page = {
        .tool = "sshare",
        .words = "[OPTIONS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sshare", "your accounts"},
                     {"sshare -a -o Account,User,RawUsage", "all accounts and users, these columns"}}};

    return &page;
}

static void put_account (struct buf *out, const void *row)
{
    const struct pair *pair = row;

    buf_puts (out, pair->account);
}

static void put_user (struct buf *out, const void *row)
{
    const struct pair *pair = row;

    buf_puts (out, pair->user);
}

static void put_nothing (struct buf *out, const void *row)
{
    (void) out;
    (void) row;
}

static const struct field fields[] = {
    {0, "Account", "Account", -20, "account", put_account},
    {0, "Cluster", "Cluster", 10, "nothing here", put_nothing},
    {0, "EffectvUsage", "EffectvUsage", 13, "nothing here", put_nothing},
    {0, "FairShare", "FairShare", 10, "nothing here", put_nothing},
    {0, "GrpTRESMins", "GrpTRESMins", 30, "nothing here", put_nothing},
    {0, "GrpTRESRaw", "GrpTRESRaw", 30, "nothing here", put_nothing},
    {0, "ID", "ID", 6, "nothing here", put_nothing},
    {0, "LevelFS", "LevelFS", 10, "nothing here", put_nothing},
    {0, "NormShares", "NormShares", 11, "nothing here", put_nothing},
    {0, "NormUsage", "NormUsage", 11, "nothing here", put_nothing},
    {0, "Partition", "Partition", 12, "nothing here", put_nothing},
    {0, "RawShares", "RawShares", 10, "nothing here", put_nothing},
    {0, "RawUsage", "RawUsage", 11, "nothing here", put_nothing},
    {0, "TRESRunMins", "TRESRunMins", 30, "nothing here", put_nothing},
    {0, "User", "User", 10, "user", put_user},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static void put_line (const struct sshare *s, const struct pair *pair)
{
    _cleanup_buf_ struct buf line = BUF_INIT, value = BUF_INIT;

    for (size_t i = 0; i < s->columns.n; i++) {
        const struct column *c = &s->columns.list[i];
        buf_reset (&value);
        if (pair)
            c->field->print (&value, pair);
        else
            buf_puts (&value, c->field->header);
        if (i && s->separator && !s->trailing)
            buf_puts (&line, s->separator);
        column_put (&line, buf_str (&value), s->separator ? 0 : c->width, c->right, '+');
        buf_puts (&line, !s->separator ? " " : s->trailing ? s->separator : "");
    }
    list_line (&line);
}

static void print_header (const struct sshare *s)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    if (s->noheader)
        return;
    put_line (s, NULL);
    if (s->separator)
        return;
    for (size_t i = 0; i < s->columns.n; i++) {
        for (int w = s->columns.list[i].width; w > 0; w--)
            buf_putc (&line, '-');
        buf_putc (&line, ' ');
    }
    list_line (&line);
}

static void add_pair (struct sshare *s, const char *account, const char *user)
{
    for (size_t i = 0; i < s->n_pairs; i++)
        if (!strcmp (s->pairs[i].account, account) && !strcmp (s->pairs[i].user, user))
            return;
    GROW (s->pairs, s->n_pairs, s->room);
    s->pairs[s->n_pairs++] = (struct pair){xstrdup (account), xstrdup (user)};
}

static bool on_page (void *arg, const void *message)
{
    struct sshare *s = arg;
    const Moisson__JobsPage *page = message;

    for (size_t i = 0; i < page->n_jobs; i++) {
        const Moisson__JobInfo *job = page->jobs[i];
        const char *account = job->spec && job->spec->account ? job->spec->account : "default";
        add_pair (s, account, "");
        add_pair (s, account, job->user ? job->user : "");
    }
    return page->last;
}

static int compare (const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int c = strcmp (x->account, y->account);

    return c ? c : strcmp (x->user, y->user);
}

static int query (struct sshare *s, struct rpc *rpc)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!s->all && !s->filter.n_uids && !s->filter.n_accounts)
        filter_add_uid (&s->filter, getuid ());
    s->request.filter = &s->filter;
    s->request.has_ended = s->request.ended = true;
    if (!s->associations &&
        rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_JOBS, &s->request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                    &moisson__jobs_page__descriptor, on_page, s, &err))
        return failure_report (TOOL, NULL, &err);
    if (s->n_pairs)
        qsort (s->pairs, s->n_pairs, sizeof *s->pairs, compare);
    print_header (s);
    for (size_t i = 0; i < s->n_pairs; i++)
        put_line (s, &s->pairs[i]);
    return 0;
}

static int run (struct sshare *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (columns_parse_sacct (&s->columns, fields, N_FIELDS, s->format ? s->format : FORMAT, &err) ||
        rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return query (s, rpc);
}

static void sshare_clear (struct sshare *s)
{
    filter_clear (&s->filter);
    free (s->format);
    free (s->clusters);
    columns_clear (&s->columns);
    for (size_t i = 0; i < s->n_pairs; i++) {
        free (s->pairs[i].account);
        free (s->pairs[i].user);
    }
    free (s->pairs);
}

int sshare_run (int argc, char **argv)
{
    _cleanup_ (sshare_clear) struct sshare s = {.request = MOISSON__JOBS_REQUEST__INIT,
                                                .filter = MOISSON__JOB_FILTER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    if (!r && index < argc) {
        r = err_set (&err, 0, "unexpected word \"%s\"", argv[index]);
        err_fix (&err, "name users with -u, accounts with -A");
    }
    if (r)
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    if (!s.help)
        return run (&s);
    optable_page_help (stdout, sshare_page ());
    return 0;
}
