/* sshare.c - the account tree with its shares and what was used of them. */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "cells.h"
#include "command.h"
#include "failure.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "sshare"
#define FORMAT_LONG                                                                                                    \
    "account,user,rawshares,normshares,rawusage,normusage,effectvusage,fairshare,levelfs,grptresmins,tresrunmins"
#define FORMAT "account,user,rawshares,normshares,rawusage,effectvusage,fairshare"

struct sshare {
    Moisson__JobFilter filter; /* accounts, uids */
    char *format, *clusters;
    struct columns columns;
    const char *separator; /* -p, -P */
    bool trailing, all, associations, is_long, noheader, help, version;
};

#define SELF struct sshare *s = self
OPTION_WORDS (sshare, on_account, accounts)
OPTION_TEXT (sshare, on_clusters, clusters)
OPTION_TEXT (sshare, on_format, format)
OPTION_FLAG (sshare, on_all, all)
OPTION_FLAG (sshare, on_associations, associations)
OPTION_FLAG (sshare, on_long, is_long)
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
    {"long", 'l', ARG_NONE, NULL, NULL, "more columns", on_long},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header lines", on_noheader},
    {"partition", 'm', ARG_NONE, NULL, NULL, NULL, NULL},
    {"no-header", 'n', ARG_NONE, NULL, NULL, NULL, on_noheader},
    {"parsable", 'p', ARG_NONE, NULL, NULL, "columns as wide as they are, with | after each", on_parsable},
    {"parsable2", 'P', ARG_NONE, NULL, NULL, "the same with | between them", on_parsable2},
    {"users", 'u', ARG_REQUIRED, NULL, "<names>", "only these users", on_user},
    {"Users", 'U', ARG_NONE, NULL, NULL, "only users in accounts, not accounts", on_associations},
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

static const Moisson__AssocInfo *assoc_of (const void *row)
{
    return row;
}

/* Blanks show how deep it is in the tree: one before each level below the root, as in Slurm. */
static void put_account (struct buf *out, const void *row)
{
    buf_puts (out, *assoc_of (row)->account ? assoc_of (row)->account : "(none)");
}

TEXT (put_user, assoc_of, user, "")

static void put_raw_shares (struct buf *out, const void *row)
{
    if (assoc_of (row)->shares_parent)
        buf_puts (out, "parent");
    else
        buf_printf (out, "%" PRIu32, assoc_of (row)->shares);
}

static bool is_root (const void *row)
{
    return !assoc_of (row)->parent;
}

static void put_norm_shares (struct buf *out, const void *row)
{
    buf_printf (out, "%.6f", assoc_of (row)->norm_shares);
}

static void put_raw_usage (struct buf *out, const void *row)
{
    const Moisson__AssocInfo *a = row;

    buf_printf (out, "%.0f", a->n_used > 4 ? a->used[4] : 0);
}

static void put_norm_usage (struct buf *out, const void *row)
{
    buf_printf (out, "%.6f", is_root (row) ? 1.0 : assoc_of (row)->effective_usage);
}

static void put_effective (struct buf *out, const void *row)
{
    buf_printf (out, "%.6f", is_root (row) ? 1.0 : assoc_of (row)->norm_usage);
}

static void put_fairshare (struct buf *out, const void *row)
{
    if (*assoc_of (row)->user)
        buf_printf (out, "%.6f", assoc_of (row)->fairshare);
}

static void put_level (struct buf *out, const void *row)
{
    if (is_root (row))
        return;
    if (assoc_of (row)->level_fs > 1e300)
        buf_puts (out, "inf");
    else
        buf_printf (out, "%.6f", assoc_of (row)->level_fs);
}

/* In minutes: cpu=,mem=,node=,gres/gpu=,billing= */
static void put_minutes (struct buf *out, const double *used, size_t n)
{
    static const char *const names[] = {"cpu", "mem", "node", "gres/gpu", "billing"};

    for (size_t i = 0; i < n && i < sizeof names / sizeof *names; i++)
        buf_printf (out, "%s%s=%.0f", i ? "," : "", names[i], used[i] / 60);
}

static void put_tres_raw (struct buf *out, const void *row)
{
    put_minutes (out, assoc_of (row)->used, assoc_of (row)->n_used);
}

static void put_run_mins (struct buf *out, const void *row)
{
    put_minutes (out, assoc_of (row)->ahead, assoc_of (row)->n_ahead);
}

static void put_id (struct buf *out, const void *row)
{
    buf_printf (out, "%" PRIu32, assoc_of (row)->id);
}

static void put_nothing (struct buf *out, const void *row)
{
    (void) out;
    (void) row;
}

static const struct field fields[] = {
    {0, "Account", "Account", -20, "account", put_account},
    {0, "Cluster", "Cluster", 10, "nothing here", put_nothing},
    {0, "EffectvUsage", "EffectvUsage", 13, "what it used of what its brothers used", put_effective},
    {0, "FairShare", "FairShare", 10, "factor, 0 to 1", put_fairshare},
    {0, "GrpTRESMins", "GrpTRESMins", 30, "nothing here", put_nothing},
    {0, "GrpTRESRaw", "GrpTRESRaw", 30, "used, in minutes", put_tres_raw},
    {0, "ID", "ID", 6, "number", put_id},
    {0, "LevelFS", "LevelFS", 10, "shares by usage, among its brothers", put_level},
    {0, "NormShares", "NormShares", 11, "part of the shares of its brothers", put_norm_shares},
    {0, "NormUsage", "NormUsage", 11, "part of all that was used", put_norm_usage},
    {0, "Partition", "Partition", 12, "nothing here", put_nothing},
    {0, "RawShares", "RawShares", 10, "shares", put_raw_shares},
    {0, "RawUsage", "RawUsage", 11, "billing seconds that were used", put_raw_usage},
    {0, "TRESRunMins", "TRESRunMins", 30, "what runs, to its time limits", put_run_mins},
    {0, "User", "User", 10, "user", put_user},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static void put_line (const struct sshare *s, const Moisson__AssocInfo *pair)
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

/* Lines of the tree: who asks sees accounts and himself, unless he asks for more. */
static bool wanted (const struct sshare *s, const Moisson__AssocInfo *row, const char *self)
{
    bool among = s->filter.n_accounts == 0;

    if (!row->account || (s->associations && (!*row->user || !*row->account)))
        return false;
    for (size_t i = 0; i < s->filter.n_accounts; i++)
        among = among || !strcmp (s->filter.accounts[i], row->account);
    if (!among || !*row->user)
        return among;
    if (s->all)
        return true;
    if (!s->filter.n_uids)
        return !strcmp (row->user, self);
    for (size_t i = 0; i < s->filter.n_uids; i++) {
        const struct passwd *pw = getpwuid (s->filter.uids[i]);
        if (pw && !strcmp (pw->pw_name, row->user))
            return true;
    }
    return false;
}

static int query (struct sshare *s, struct rpc *rpc)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__AccountsRequest request = MOISSON__ACCOUNTS_REQUEST__INIT;
    Moisson__AccountsPage *page = NULL;
    const struct passwd *pw = getpwuid (getuid ());
    _cleanup_free_ char *self = xstrdup (pw ? pw->pw_name : "");

    request.has_usage = request.usage = true;
    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_ACCOUNTS, &request.base,
                     MOISSON__MSG_TYPE__MSG_ACCOUNTS_PAGE, &moisson__accounts_page__descriptor, &page, &err))
        return failure_report (TOOL, NULL, &err);
    print_header (s);
    for (size_t i = 0; i < page->n_rows; i++)
        if (wanted (s, page->rows[i], self))
            put_line (s, page->rows[i]);
    moisson__accounts_page__free_unpacked (page, NULL);
    return 0;
}

static int run (struct sshare *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (columns_parse_sacct (&s->columns, fields, N_FIELDS,
                             s->format    ? s->format
                             : s->is_long ? FORMAT_LONG
                                          : FORMAT,
                             &err) ||
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
}

int sshare_run (int argc, char **argv)
{
    _cleanup_ (sshare_clear) struct sshare s = {.filter = MOISSON__JOB_FILTER__INIT};
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
