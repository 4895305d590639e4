/* sacctmgr_show.c - accounts, users, QoS and associations as lines. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "base/accounts.h"
#include "base/accounts_keys.h"
#include "base/cleanup.h"
#include "base/fields.h"
#include "lists.h"
#include "sacctmgr.h"

struct line { /* what a row is about; what is not, is NULL */
    const Moisson__AccountsPage *page;
    const Moisson__Account *account;
    const Moisson__Member *member;
    const Moisson__User *user;
    const Moisson__Qos *qos;
};

static void put (struct buf *out, const char *text)
{
    buf_puts (out, text ? text : "");
}

static void put_cluster (struct buf *out, const struct line *line)
{
    put (out, line->page->cluster);
}

static void put_account (struct buf *out, const struct line *line)
{
    put (out, line->member    ? line->member->account
              : line->account ? line->account->name
              : line->user    ? line->user->default_account
                              : NULL);
}

static void put_user (struct buf *out, const struct line *line)
{
    put (out, line->user ? line->user->name : line->member ? line->member->user : NULL);
}

static void put_default_account (struct buf *out, const struct line *line)
{
    put (out, line->user ? line->user->default_account : NULL);
}

static void put_admin (struct buf *out, const struct line *line)
{
    put (out, !line->user ? NULL : line->user->admin_level ? line->user->admin_level : "None");
}

static void put_name (struct buf *out, const struct line *line)
{
    put (out, line->qos ? line->qos->name : line->user ? line->user->name : line->account ? line->account->name : NULL);
}

static void put_parent (struct buf *out, const struct line *line)
{
    if (line->account && !line->member && strcmp (line->account->name, "root"))
        put (out, line->account->parent ? line->account->parent : "root");
}

static void put_nothing (struct buf *out, const struct line *line)
{
    (void) out;
    (void) line;
}

/* Of a member what it has itself, else what its accounts have; so QOS of associations is what may be used. */
static void put_qos (struct buf *out, const struct line *line)
{
    const Moisson__Account *at = line->account;

    if (line->member && line->member->n_qos) {
        for (size_t i = 0; i < line->member->n_qos; i++)
            buf_printf (out, "%s%s", i ? "," : "", line->member->qos[i]);
        return;
    }
    if (!at && line->member)
        at = accounts_find (line->page->accounts, line->member->account);
    while (at && !at->n_qos && strcmp (at->name, "root"))
        at = accounts_find (line->page->accounts, at->parent && *at->parent ? at->parent : "root");
    for (size_t i = 0; at && i < at->n_qos; i++)
        buf_printf (out, "%s%s", i ? "," : "", at->qos[i]);
    if (at && !at->n_qos)
        buf_puts (out, "normal");
}

/* Columns that are no key of the table, or another word for one. */
static const struct special {
    const char *name, *header;
    int width; /* negative: to the left */
    void (*print) (struct buf *out, const struct line *line);
    const char *key; /* of accounts_keys.h */
} specials[] = {
    {"Account", "Account", 10, put_account, NULL},
    {"Acct", "Account", 10, put_account, NULL},
    {"Cluster", "Cluster", 10, put_cluster, NULL},
    {"User", "User", 10, put_user, NULL},
    {"DefaultAccount", "Def Acct", 10, put_default_account, NULL},
    {"DefaultAcct", "Def Acct", 10, put_default_account, NULL},
    {"AdminLevel", "Admin", 9, put_admin, NULL},
    {"Admin", "Admin", 9, put_admin, NULL},
    {"Name", "Name", 10, put_name, NULL},
    {"ParentName", "Par Name", 10, put_parent, NULL},
    {"Partition", "Partition", 10, put_nothing, NULL},
    {"Coordinators", "Coord Accounts", 20, put_nothing, NULL},
    {"GrpTRESRunMins", "GrpTRESRunMin", 13, put_nothing, NULL},
    {"GrpTRESRunMin", "GrpTRESRunMin", 13, put_nothing, NULL},
    {"MaxTRESPerNode", "MaxTRESPerNode", 14, put_nothing, NULL},
    {"UsageThreshold", "UsageThres", 10, put_nothing, NULL},
    {"UsageThres", "UsageThres", 10, put_nothing, NULL},
    {"QOS", "QOS", 20, put_qos, NULL},
    {"Description", "Descr", 20, NULL, "Description"},
    {"Descr", "Descr", 20, NULL, "Description"},
    {"Organization", "Org", 20, NULL, "Organization"},
    {"Org", "Org", 20, NULL, "Organization"},
    {"Fairshare", "Share", 9, NULL, "Fairshare"},
    {"Share", "Share", 9, NULL, "Fairshare"},
    {"DefaultQOS", "Def QOS", 9, NULL, "DefaultQOS"},
    {"MaxWall", "MaxWall", 11, NULL, "MaxWallDurationPerJob"},
    {"MaxTRES", "MaxTRES", 13, NULL, "MaxTRESPerJob"},
    {"MaxTRESMins", "MaxTRESMins", 13, NULL, "MaxTRESMinsPerJob"},
    {"MaxTRESPU", "MaxTRESPU", 13, NULL, "MaxTRESPerUser"},
    {"MaxTRESPA", "MaxTRESPA", 13, NULL, "MaxTRESPerAccount"},
    {"MaxJobsPU", "MaxJobsPU", 9, NULL, "MaxJobsPerUser"},
    {"MaxJobsPA", "MaxJobsPA", 9, NULL, "MaxJobsPerAccount"},
    {"MaxSubmitPU", "MaxSubmitPU", 11, NULL, "MaxSubmitJobsPerUser"},
    {"MaxSubmitPA", "MaxSubmitPA", 11, NULL, "MaxSubmitJobsPerAccount"},
    {"MaxSubmit", "MaxSubmit", 9, NULL, "MaxSubmitJobs"},
    {"GrpSubmit", "GrpSubmit", 9, NULL, "GrpSubmitJobs"},
    {"MinTRES", "MinTRES", 13, NULL, "MinTRESPerJob"},
    {"MaxJobs", "MaxJobs", 7, NULL, "MaxJobs"},
    {"GrpJobs", "GrpJobs", 7, NULL, "GrpJobs"},
};

struct wide { /* a column that is asked for */
    char name[64];
    const char *header;
    const struct special *special; /* NULL: a key by its own name */
    const char *key;
    int width;
};

#define COLUMNS_MOST 64

static const struct special *special_find (const char *name, bool whole)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (!strcasecmp (specials[i].name, name))
            return &specials[i];
    for (size_t i = 0; !whole && len > 2 && i < sizeof specials / sizeof *specials; i++)
        if (!strncasecmp (specials[i].name, name, len))
            return &specials[i];
    return NULL;
}

static bool any_key (const char *name, const char **ret)
{
    static const enum accounts_kind kinds[] = {OF_MEMBER, OF_ACCOUNT, OF_QOS};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct accounts_key *key = accounts_key_find (kinds[i], name);
        if (key) {
            *ret = accounts_key_name (key);
            return true;
        }
    }
    return false;
}

static int column (const char *word, struct wide *ret, struct err *err)
{
    const char *percent = strchr (word, '%');
    size_t n = percent ? (size_t) (percent - word) : strlen (word);

    *ret = (struct wide){.width = 10};
    if (n >= sizeof ret->name)
        n = sizeof ret->name - 1;
    memcpy (ret->name, word, n);
    ret->special = special_find (ret->name, true);
    if (!ret->special && !any_key (ret->name, &ret->key))
        ret->special = special_find (ret->name, false);
    if (ret->special) {
        ret->header = ret->special->header;
        ret->key = ret->special->key;
        ret->width = ret->special->width;
    } else if (any_key (ret->name, &ret->key)) {
        ret->header = ret->key;
        ret->width = strlen (ret->key) > 10 ? (int) strlen (ret->key) : 10;
    } else {
        err_set (err, 0, "Unknown field '%.60s'", ret->name);
        return err_fix (err, "see: man sacctmgr");
    }
    if (percent)
        ret->width = (int) strtol (percent + 1, NULL, 10);
    return 0;
}

static void value (const struct wide *column, const struct line *line, struct buf *out)
{
    const struct accounts_entry entries[] = {{.qos = (Moisson__Qos *) line->qos},
                                             {.member = (Moisson__Member *) line->member},
                                             {.account = (Moisson__Account *) line->account}};
    static const enum accounts_kind kinds[] = {OF_QOS, OF_MEMBER, OF_ACCOUNT};

    if (column->special && column->special->print) {
        column->special->print (out, line);
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        const struct accounts_key *key = accounts_key_find (kinds[i], column->key);
        if (!entries[i].qos && !entries[i].member && !entries[i].account)
            continue;
        if (key)
            accounts_key_show (key, &entries[i], out);
        return;
    }
}

struct table {
    const struct sacctmgr_show *how;
    struct wide columns[COLUMNS_MOST];
    size_t n;
};

static void print (const struct table *t, const struct line *line)
{
    _cleanup_buf_ struct buf out = BUF_INIT, cell = BUF_INIT;

    for (size_t i = 0; i < t->n; i++) {
        int width = t->columns[i].width;
        buf_reset (&cell);
        if (line)
            value (&t->columns[i], line, &cell);
        else
            buf_puts (&cell, t->columns[i].header);
        if (i && t->how->separator && !t->how->trailing)
            buf_puts (&out, t->how->separator);
        column_put (&out, buf_str (&cell), t->how->separator ? 0 : width < 0 ? -width : width, width > 0, '+');
        buf_puts (&out, !t->how->separator ? " " : t->how->trailing ? t->how->separator : "");
    }
    list_line (&out);
}

static void header (const struct table *t)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    if (t->how->noheader)
        return;
    print (t, NULL);
    for (size_t i = 0; !t->how->separator && i < t->n; i++) {
        for (int w = t->columns[i].width < 0 ? -t->columns[i].width : t->columns[i].width; w > 0; w--)
            buf_putc (&out, '-');
        buf_putc (&out, ' ');
    }
    if (!t->how->separator)
        list_line (&out);
}

static bool among (char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp (list[i], name))
            return true;
    return !n;
}

static bool in_words (const char *words, const char *name)
{
    size_t len = strlen (name);

    for (const char *p = words; p && *p;) {
        size_t n = strcspn (p, ",");
        if (n == len && !strncmp (p, name, n))
            return true;
        p += n + (p[n] == ',');
    }
    return !words;
}

static void print_members (const struct table *t, struct line *line, const char *user, const char *account)
{
    const Moisson__Accounts *tree = line->page->accounts;

    for (size_t i = 0; i < tree->n_members; i++) {
        const Moisson__Member *member = tree->members[i];
        if ((user && strcmp (member->user, user)) || (account && strcmp (member->account, account)) ||
            !in_words (t->how->account, member->account))
            continue;
        line->member = member;
        print (t, line);
        line->member = NULL;
    }
}

static void print_all (const struct table *t, const Moisson__AccountsPage *page)
{
    const struct sacctmgr_show *how = t->how;
    const Moisson__Accounts *tree = page->accounts;

    for (size_t i = 0; how->list == LIST_QOS && i < tree->n_qos; i++) {
        struct line line = {.page = page, .qos = tree->qos[i]};
        if (among (how->names, how->n_names, tree->qos[i]->name))
            print (t, &line);
    }
    for (size_t i = 0; how->list == LIST_USERS && i < tree->n_users; i++) {
        struct line line = {.page = page, .user = tree->users[i]};
        if (!among (how->names, how->n_names, tree->users[i]->name))
            continue;
        if (how->associations)
            print_members (t, &line, tree->users[i]->name, NULL);
        else
            print (t, &line);
    }
    for (size_t i = 0; (how->list == LIST_ACCOUNTS || how->list == LIST_ASSOCS) && i < tree->n_accounts; i++) {
        struct line line = {.page = page, .account = tree->accounts[i]};
        bool own = how->list == LIST_ACCOUNTS ? among (how->names, how->n_names, tree->accounts[i]->name)
                                              : !how->n_names && in_words (how->account, tree->accounts[i]->name);
        if (own)
            print (t, &line);
        if (how->list == LIST_ASSOCS || (own && how->associations))
            for (size_t k = 0; k < tree->n_members; k++) {
                line.member = tree->members[k];
                if (!strcmp (line.member->account, tree->accounts[i]->name) &&
                    in_words (how->account, line.member->account) &&
                    (how->list == LIST_ACCOUNTS || among (how->names, how->n_names, line.member->user)))
                    print (t, &line);
                line.member = NULL;
            }
    }
    struct line line = {.page = page};
    if (how->list == LIST_CLUSTERS)
        print (t, &line);
}

int sacctmgr_show (const Moisson__AccountsPage *page, const struct sacctmgr_show *how, struct err *err)
{
    static const char *const standard[] = {
        [LIST_ACCOUNTS] = "Account%10,Descr%20,Org%20",
        [LIST_USERS] = "User,DefaultAccount,Admin",
        [LIST_QOS] = "Name,Priority,GraceTime,Preempt,PreemptExemptTime,PreemptMode,Flags%20,UsageThres,UsageFactor,"
                     "GrpTRES%13,GrpTRESMins%13,GrpTRESRunMin,GrpJobs,GrpSubmit,GrpWall,MaxTRES,MaxTRESPerNode,"
                     "MaxTRESMins,MaxWall,MaxTRESPU,MaxJobsPU,MaxSubmitPU,MaxTRESPA,MaxJobsPA,MaxSubmitPA,MinTRES",
        [LIST_ASSOCS] = "Cluster,Account,User,Partition,Share,Priority,GrpJobs,GrpTRES%13,GrpSubmit,GrpWall%11,"
                        "GrpTRESMins%13,MaxJobs,MaxTRES,MaxTRESPerNode,MaxSubmit,MaxWall,MaxTRESMins,QOS,DefaultQOS,"
                        "GrpTRESRunMin",
        [LIST_CLUSTERS] = "Cluster",
    };
    static const char members[] = "User,DefaultAccount,Admin,Cluster,Account,Partition,Share,Priority,MaxJobs,"
                                  "MaxSubmit,MaxWall,QOS,DefaultQOS";
    struct table t = {.how = how};
    _cleanup_free_ char *copy = xstrdup (how->format                                    ? how->format
                                         : how->list == LIST_USERS && how->associations ? members
                                                                                        : standard[how->list]);
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word && t.n < COLUMNS_MOST; word = strtok_r (NULL, ",", &save))
        if (column (word, &t.columns[t.n++], err))
            return -1;
    header (&t);
    print_all (&t, page);
    return 0;
}
