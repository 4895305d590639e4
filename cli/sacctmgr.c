/* sacctmgr.c - accounts, users, QoS: shown to everybody, changed by operators. */
#include "sacctmgr.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/accounts.h"
#include "base/accounts_keys.h"
#include "base/cleanup.h"
#include "command.h"
#include "failure.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"

#define TOOL "sacctmgr"

struct sacctmgr {
    struct sacctmgr_show show;
    bool immediate, quiet, help, version;
    Moisson__AccountsOpRequest op;
    char *format;
};

#define SELF struct sacctmgr *s = self
OPTION_FLAG (sacctmgr, on_immediate, immediate)
OPTION_FLAG (sacctmgr, on_quiet, quiet)
OPTION_FLAG (sacctmgr, on_noheader, show.noheader)
OPTION_FLAG (sacctmgr, on_associations, show.associations)
OPTION_FLAG (sacctmgr, on_help, help)
OPTION_FLAG (sacctmgr, on_version, version)

static int on_parsable (void *self, const char *value, struct err *err)
{
    SELF;

    (void) value;
    (void) err;
    s->show.separator = "|";
    s->show.trailing = true;
    return 0;
}

static int on_parsable2 (void *self, const char *value, struct err *err)
{
    SELF;

    on_parsable (self, value, err);
    s->show.trailing = false;
    return 0;
}

static const struct optable_row rows[] = {
    {"associations", 's', ARG_NONE, NULL, NULL, "users and accounts with their associations", on_associations},
    {"immediate", 'i', ARG_NONE, NULL, NULL, "change without asking", on_immediate},
    {"noheader", 'n', ARG_NONE, NULL, NULL, "no header lines", on_noheader},
    {"oneliner", 'o', ARG_NONE, NULL, NULL, NULL, NULL},
    {"parsable", 'p', ARG_NONE, NULL, NULL, "columns as wide as they are, with | after each", on_parsable},
    {"parsable2", 'P', ARG_NONE, NULL, NULL, "the same with | between them", on_parsable2},
    {"quiet", 'Q', ARG_NONE, NULL, NULL, "say nothing but errors", on_quiet},
    {"readonly", 'r', ARG_NONE, NULL, NULL, NULL, NULL},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sacctmgr_page (void)
{
    static const struct optable_page page = {
        .tool = "sacctmgr",
        .words = "[OPTIONS] show|add|modify|delete account|user|qos|association [NAMES] [KEY=VALUE ...]",
        .about =
            "Shows the account tree, and changes it where no accounts.conf declares it (operators). dump prints it "
            "as such a file. Words may be shortened.",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sacctmgr show assoc format=account,user,share", "these columns of all associations"},
                     {"sacctmgr -i add account bio parent=science", "an account below science"},
                     {"sacctmgr -i add user lea account=bio MaxJobs=20", "lea may use it, 20 jobs at a time"},
                     {"sacctmgr -i modify user lea set MaxJobs=-1", "no limit of her own any more"},
                     {"sacctmgr dump", "all of it as accounts.conf"}}};

    return &page;
}

/* --- words ----------------------------------------------------------------------------------------------------------
 */

static bool begins (const char *word, const char *of, size_t least)
{
    size_t n = strlen (word);

    return n >= least && n <= strlen (of) && !strncasecmp (word, of, n);
}

static int entity_of (const char *word, struct sacctmgr *s)
{
    static const struct {
        const char *word;
        enum sacctmgr_list list;
        Moisson__AccountsEntity entity;
    } kinds[] = {
        {"accounts", LIST_ACCOUNTS, MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT},
        {"accts", LIST_ACCOUNTS, MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT},
        {"associations", LIST_ASSOCS, MOISSON__ACCOUNTS_ENTITY__ENTITY_USER},
        {"clusters", LIST_CLUSTERS, MOISSON__ACCOUNTS_ENTITY__ENTITY_USER},
        {"qos", LIST_QOS, MOISSON__ACCOUNTS_ENTITY__ENTITY_QOS},
        {"users", LIST_USERS, MOISSON__ACCOUNTS_ENTITY__ENTITY_USER},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins (word, kinds[i].word, 1)) {
            s->show.list = kinds[i].list;
            s->op.entity = kinds[i].entity;
            return 0;
        }
    return -1;
}

static void add_pair (Moisson__AccountsPair ***list, size_t *n, const char *key, const char *value, char sign)
{
    Moisson__AccountsPair *pair = xmalloc (sizeof *pair);

    moisson__accounts_pair__init (pair);
    pair->key = xstrdup (key);
    pair->value = xstrdup (value);
    pair->has_sign = sign != 0;
    pair->sign = (uint32_t) sign;
    *list = xrealloc (*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = pair;
}

/* Names of what it is about: those of the entity's own word, and without a word. */
static bool is_name (const struct sacctmgr *s, const char *key)
{
    if (!strcasecmp (key, "name") || !strcasecmp (key, "names"))
        return true;
    if (s->op.entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER)
        return begins (key, "users", 4);
    return s->op.entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT ? begins (key, "accounts", 4) : false;
}

static int take (struct sacctmgr *s, const char *word, bool setting, struct err *err)
{
    const char *equals = strchr (word, '=');
    char sign = equals && equals > word && (equals[-1] == '+' || equals[-1] == '-') ? equals[-1] : 0;
    _cleanup_free_ char *key = equals ? xstrndup (word, (size_t) (equals - word) - (sign != 0)) : NULL;

    if (!equals && (begins (word, "withassoc", 5) || begins (word, "tree", 4))) {
        s->show.associations |= begins (word, "withassoc", 5);
        return 0;
    }
    if (!equals || is_name (s, key)) {
        words_add (equals ? equals + 1 : word, &s->op.names, &s->op.n_names);
        return 0;
    }
    if (begins (key, "format", 3)) {
        text_replace (&s->format, equals + 1);
        return 0;
    }
    if (!strcasecmp (key, "cluster") || !strcasecmp (key, "clusters"))
        return 0;
    if (setting)
        add_pair (&s->op.set, &s->op.n_set, begins (key, "accounts", 4) ? "account" : key, equals + 1, sign);
    else if (begins (key, "accounts", 4))
        add_pair (&s->op.where, &s->op.n_where, "account", equals + 1, 0);
    else {
        err_set (err, 0, "Unknown condition: %.60s", word);
        return err_fix (err, "name=, user=, account= and cluster= choose");
    }
    return 0;
}

/* "set ... where ...": before the first of them it is what the verb is about. */
static int words (struct sacctmgr *s, int argc, char **argv, bool setting, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        if (!strcasecmp (argv[i], "set"))
            setting = true;
        else if (!strcasecmp (argv[i], "where"))
            setting = false;
        else if (take (s, argv[i], setting, err))
            return -1;
    }
    return 0;
}

/* --- show -----------------------------------------------------------------------------------------------------------
 */

static int fetch (Moisson__AccountsPage **ret, struct err *err)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    Moisson__AccountsRequest request = MOISSON__ACCOUNTS_REQUEST__INIT;

    if (rpc_create (&rpc, NULL, err))
        return -1;
    return rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_ACCOUNTS, &request.base,
                        MOISSON__MSG_TYPE__MSG_ACCOUNTS_PAGE, &moisson__accounts_page__descriptor, ret, err);
}

static int show (struct sacctmgr *s, bool dump)
{
    Moisson__AccountsPage *page = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;
    int rc;

    if (fetch (&page, &err))
        return failure_report (TOOL, NULL, &err);
    if (!page->accounts)
        page->accounts = accounts_create (); /* as it is before the first change */
    s->show.format = s->format;
    s->show.names = s->op.names;
    s->show.n_names = s->op.n_names;
    s->show.account = s->op.n_where ? s->op.where[0]->value : NULL;
    if (dump) {
        accounts_conf_write (page->accounts, &text);
        fputs (buf_str (&text), stdout);
        rc = 0;
    } else {
        rc = sacctmgr_show (page, &s->show, &err);
    }
    moisson__accounts_page__free_unpacked (page, NULL);
    if (rc)
        err_report (TOOL, &err);
    return rc ? COMMAND_ERROR : 0;
}

/* --- change ---------------------------------------------------------------------------------------------------------
 */

static int ask (struct sacctmgr *s, struct rpc *rpc, bool test, Moisson__AccountsOpReply **ret, struct err *err)
{
    s->op.has_test = s->op.test = test;
    return rpc_request (rpc, RPC_ONCE, MOISSON__MSG_TYPE__MSG_ACCOUNTS_OP, &s->op.base,
                        MOISSON__MSG_TYPE__MSG_ACCOUNTS_OP_REPLY, &moisson__accounts_op_reply__descriptor, ret, err);
}

static bool confirmed (void)
{
    char line[16] = "";

    printf ("Would you like to commit changes? (You have 30 seconds to decide)\n(N/y): ");
    fflush (stdout);
    return fgets (line, sizeof line, stdin) && (*line == 'y' || *line == 'Y');
}

static const char *noun (const struct sacctmgr *s)
{
    return s->op.entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT ? "Account(s)"
           : s->op.entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER  ? "User(s)"
                                                                    : "QOS(s)";
}

static void list (const struct sacctmgr *s, const Moisson__AccountsOpReply *reply)
{
    static const char *const done[] = {"", "Adding", "Modified", "Deleting"};

    if (s->quiet)
        return;
    if (s->op.verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY)
        printf (" %s %s...\n", done[s->op.verb], noun (s));
    else
        printf (" %s %s\n", done[s->op.verb], noun (s));
    for (size_t i = 0; i < reply->n_lines; i++)
        printf ("  %s\n", reply->lines[i]);
}

static int nothing (const struct sacctmgr *s)
{
    static const char *const words_of[] = {"", " Nothing new added.", " Nothing modified", " Nothing deleted"};

    if (!s->quiet)
        puts (words_of[s->op.verb]);
    return s->op.verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_DELETE ? 0 : COMMAND_ERROR;
}

/* What the controller cannot know: that something was meant, and left out. */
static int check (const struct sacctmgr *s, struct err *err)
{
    if (s->show.list == LIST_CLUSTERS) {
        err_set (err, 0, "clusters are shown, not changed: there is one, ClusterName of moisson.conf");
        return err_fix (err, "name account, user or qos");
    }
    if (!s->op.n_names && s->op.verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_ADD) {
        err_set (err, 0, "Need name of what to add");
        return err_fix (err, "sacctmgr add account NAME");
    }
    if (!s->op.n_set && s->op.verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY) {
        err_set (err, 0, "You didn't give me any values to set");
        return err_fix (err, "sacctmgr modify account where name=NAME set KEY=VALUE");
    }
    return 0;
}

static int change (struct sacctmgr *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__AccountsOpReply *reply = NULL;
    int rc;

    if (rpc_create (&rpc, NULL, &err) || ask (s, rpc, true, &reply, &err)) {
        failure_report (TOOL, NULL, &err);
        return COMMAND_ERROR;
    }
    rc = reply->n_lines ? 0 : 1;
    if (!rc)
        list (s, reply);
    moisson__accounts_op_reply__free_unpacked (reply, NULL);
    if (rc)
        return nothing (s);
    if (!s->immediate && !confirmed ()) {
        puts (" Changes Discarded");
        return 0;
    }
    reply = NULL;
    if (ask (s, rpc, false, &reply, &err)) {
        failure_report (TOOL, NULL, &err);
        return COMMAND_ERROR;
    }
    moisson__accounts_op_reply__free_unpacked (reply, NULL);
    return 0;
}

/* --- the command ----------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *word;
    size_t least;
    int verb;     /* of AccountsVerb; 0: shows */
    bool setting; /* what follows the entity is set */
} verbs[] = {
    {"show", 2, 0, false},
    {"list", 1, 0, false},
    {"add", 2, MOISSON__ACCOUNTS_VERB__ACCOUNTS_ADD, true},
    {"create", 2, MOISSON__ACCOUNTS_VERB__ACCOUNTS_ADD, true},
    {"modify", 1, MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY, false},
    {"update", 1, MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY, false},
    {"delete", 1, MOISSON__ACCOUNTS_VERB__ACCOUNTS_DELETE, false},
    {"remove", 1, MOISSON__ACCOUNTS_VERB__ACCOUNTS_DELETE, false},
};

static int run (struct sacctmgr *s, int argc, char **argv, struct err *err)
{
    for (size_t i = 0; argc && i < sizeof verbs / sizeof *verbs; i++) {
        if (!begins (argv[0], verbs[i].word, verbs[i].least))
            continue;
        if (argc < 2 || entity_of (argv[1], s)) {
            err_set (err, 0, "No valid entity in %s command", argv[0]);
            return err_fix (err, "name account, user, qos or association");
        }
        if (words (s, argc - 2, argv + 2, verbs[i].setting, err))
            return -1;
        s->op.verb = (Moisson__AccountsVerb) verbs[i].verb;
        if (!verbs[i].verb)
            return show (s, false);
        return check (s, err) ? -1 : change (s);
    }
    if (argc && begins (argv[0], "dump", 2))
        return show (s, true);
    err_set (err, 0, "invalid keyword: %.60s", argc ? argv[0] : "none");
    return err_fix (err, "show, add, modify, delete and dump are known: sacctmgr --help");
}

static void print_key (void *arg, const struct accounts_key *key, const char *help)
{
    (void) arg;
    if (!accounts_key_is_short (key))
        printf ("  %-24s %s\n", accounts_key_name (key), help ? help : "");
}

static int print_help (void)
{
    static const struct {
        const char *of;
        enum accounts_kind kind;
    } kinds[] = {{"accounts", OF_ACCOUNT}, {"users in accounts", OF_MEMBER}, {"QoS", OF_QOS}};

    optable_page_help (stdout, sacctmgr_page ());
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        printf ("\nKeys of %s (KEY=VALUE; lists also KEY+= and KEY-=; -1 takes a limit away):\n", kinds[i].of);
        accounts_keys_each (kinds[i].kind, print_key, NULL);
    }
    return 0;
}

static void sacctmgr_clear (struct sacctmgr *s)
{
    for (size_t i = 0; i < s->op.n_set; i++)
        moisson__accounts_pair__free_unpacked (s->op.set[i], NULL);
    for (size_t i = 0; i < s->op.n_where; i++)
        moisson__accounts_pair__free_unpacked (s->op.where[i], NULL);
    for (size_t i = 0; i < s->op.n_names; i++)
        free (s->op.names[i]);
    free (s->op.set);
    free (s->op.where);
    free (s->op.names);
    free (s->format);
}

int sacctmgr_run (int argc, char **argv)
{
    _cleanup_ (sacctmgr_clear) struct sacctmgr s = {.op = MOISSON__ACCOUNTS_OP_REQUEST__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    if (r)
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    if (s.help)
        return print_help ();
    r = run (&s, argc - index, argv + index, &err);
    if (r && err_is_set (&err))
        err_report (TOOL, &err);
    return r ? COMMAND_ERROR : 0;
}
