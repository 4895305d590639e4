/* accounts_conf.c - accounts.conf in and out: AccountName=, UserName= and QOSName= lines. */
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/accounts.h"
#include "base/accounts_keys.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/config_lines.h"
#include "base/files.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define FILE_MOST (64u << 20)
#define NAMES_A_LINE 1000

struct place { /* where a message was declared */
    const void *what;
    unsigned line;
};

struct reading {
    const char *path;
    unsigned line;
    Moisson__Accounts *tree;
    struct place *places;
    size_t n_places, room;
    struct err *err;
    bool failed;
};

static int wrong (struct reading *r, const char *subject, const char *fix, const char *why)
{
    err_set (r->err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s:%u: %s%s%s", r->path, r->line, subject ? subject : "",
             subject ? ": " : "", why);
    if (fix)
        err_fix (r->err, "%s", fix);
    r->failed = true;
    return -1;
}

static int wrong_as (struct reading *r, const char *subject, const struct err *err)
{
    return wrong (r, subject, err->fix, err->why);
}

static void remember (struct reading *r, const void *what)
{
    GROW (r->places, r->n_places, r->room);
    r->places[r->n_places++] = (struct place){what, r->line};
}

/* --- a line ---------------------------------------------------------------------------------------------------------
 */

static int set_pair (struct reading *r, enum accounts_kind kind, const struct accounts_entry *entry, const char *name,
                     const char *value)
{
    const struct accounts_key *key = accounts_key_find (kind, name);
    const char *nearest = key ? NULL : accounts_key_nearest (kind, name);
    _cleanup_free_ char *fix =
        nearest ? xasprintf ("did you mean %s?", nearest) : xstrdup ("remove it; docs/accounts.md lists all keys");
    _cleanup_err_ struct err err = ERR_INIT;

    if (!key)
        return wrong (r, name, fix, "unknown key of this line");
    if (accounts_key_set (key, entry, 0, value, &err) == 0)
        return 0;
    _cleanup_free_ char *subject = xasprintf ("%s=%.80s", name, value);
    return wrong_as (r, subject, &err);
}

static int pairs (struct reading *r, enum accounts_kind kind, const struct accounts_entry *entry, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *key, *value;
    int rc;

    while ((rc = config_pair_next (cursor, &key, &value, &err)) == 0)
        if (set_pair (r, kind, entry, key, value))
            return -1;
    return rc < 0 ? wrong_as (r, NULL, &err) : 0;
}

static void on_account (struct reading *r, const char *name, char **cursor)
{
    struct accounts_entry entry = {.account = accounts_add (r->tree, name)};

    remember (r, entry.account);
    pairs (r, OF_ACCOUNT, &entry, cursor);
}

static void on_qos (struct reading *r, const char *name, char **cursor)
{
    struct accounts_entry entry = {.qos = accounts_add_qos (r->tree, name)};

    remember (r, entry.qos);
    pairs (r, OF_QOS, &entry, cursor);
}

struct user_line {
    const char *names, *accounts, *standard, *level;
    struct {
        const char *key, *value;
    } others[64];
    size_t n_others;
};

static int read_user (struct reading *r, struct user_line *line, char **cursor)
{
    static const char *const levels[] = {"None", "Operator", "Administrator"};
    _cleanup_err_ struct err err = ERR_INIT;
    char *key, *value;
    int rc;

    while ((rc = config_pair_next (cursor, &key, &value, &err)) == 0) {
        if (!strcasecmp (key, "Account") || !strcasecmp (key, "Accounts"))
            line->accounts = value;
        else if (!strcasecmp (key, "DefaultAccount"))
            line->standard = value;
        else if (!strcasecmp (key, "AdminLevel")) {
            for (size_t i = 0; i < 3; i++)
                if (!strcasecmp (value, levels[i]))
                    line->level = levels[i];
            if (!line->level)
                return wrong (r, key, "None, Operator and Administrator are known", "not a level");
        } else if (line->n_others == sizeof line->others / sizeof *line->others)
            return wrong (r, NULL, "write a second line for the same user", "too many keys on one line");
        else {
            line->others[line->n_others].key = key;
            line->others[line->n_others++].value = value;
        }
    }
    if (rc < 0)
        return wrong_as (r, NULL, &err);
    if (!line->accounts)
        return wrong (r, NULL, "write Account=NAME, or several with commas", "a user without Account");
    return 0;
}

static int add_member (struct reading *r, const struct user_line *line, const char *account, const char *user)
{
    struct accounts_entry entry = {.member = accounts_add_member (r->tree, account, user)};

    remember (r, entry.member);
    for (size_t i = 0; i < line->n_others; i++)
        if (set_pair (r, OF_MEMBER, &entry, line->others[i].key, line->others[i].value))
            return -1;
    return 0;
}

static int add_user (struct reading *r, const struct user_line *line, const char *name)
{
    _cleanup_free_ char *copy = xstrdup (line->accounts);
    Moisson__User *user = accounts_add_user (r->tree, name);
    char *save = NULL;

    remember (r, user);
    if (line->standard) {
        free (user->default_account);
        user->default_account = xstrdup (line->standard);
    }
    if (line->level) {
        free (user->admin_level);
        user->admin_level = xstrdup (line->level);
    }
    for (char *account = strtok_r (copy, ",", &save); account; account = strtok_r (NULL, ",", &save)) {
        if (add_member (r, line, account, name))
            return -1;
        if (!user->default_account)
            user->default_account = xstrdup (account); /* the first one, where none is said */
    }
    return 0;
}

static void on_user (struct reading *r, const char *names, char **cursor)
{
    _cleanup_free_ char *copy = xstrdup (names);
    struct user_line line = {.names = names};
    char *save = NULL;
    unsigned n = 0;

    if (read_user (r, &line, cursor))
        return;
    for (char *name = strtok_r (copy, ",", &save); name; name = strtok_r (NULL, ",", &save))
        if (++n > NAMES_A_LINE) {
            wrong (r, NULL, "split the line", "very many names on one line");
            return;
        } else if (add_user (r, &line, name))
            return;
}

static void on_line (void *arg, unsigned number, char *text)
{
    static const struct {
        const char *word;
        void (*read) (struct reading *r, const char *name, char **cursor);
    } kinds[] = {{"AccountName", on_account}, {"UserName", on_user}, {"QOSName", on_qos}, {"QOS", on_qos}};
    struct reading *r = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    char *key, *value;

    if (r->failed)
        return;
    r->line = number;
    if (config_pair_next (&text, &key, &value, &err)) {
        wrong_as (r, NULL, &err);
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcasecmp (key, kinds[i].word)) {
            kinds[i].read (r, value, &text);
            return;
        }
    wrong (r, key, "a line begins with AccountName=, UserName= or QOSName=", "not how a line of this file begins");
}

/* --- the file -------------------------------------------------------------------------------------------------------
 */

static void check (struct reading *r)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const void *culprit = NULL;

    if (accounts_check_all (r->tree, &culprit, &err) == 0)
        return;
    r->line = 0;
    for (size_t i = 0; i < r->n_places; i++)
        if (r->places[i].what == culprit)
            r->line = r->places[i].line;
    wrong_as (r, NULL, &err);
}

int accounts_conf_parse (Moisson__Accounts **ret, const char *path, const char *text, struct err *err)
{
    struct reading r = {.path = path, .err = err};

    r.tree = xmalloc (sizeof *r.tree);
    moisson__accounts__init (r.tree);
    config_lines_each (text, on_line, &r);
    if (!r.failed) {
        accounts_complete (r.tree);
        check (&r);
    }
    free (r.places);
    if (r.failed) {
        moisson__accounts__free_unpacked (r.tree, NULL);
        return -1;
    }
    *ret = r.tree;
    return 0;
}

int accounts_conf_load (Moisson__Accounts **ret, const char *path, struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t len;

    if (access (path, F_OK))
        return ACCOUNTS_E_NONE;
    if (file_read (path, FILE_MOST, &text, &len, err) < 0)
        return -1;
    if (strlen (text) != len) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s: the file holds a zero byte, it is not text", path);
        return err_fix (err, "is this the right file?");
    }
    return accounts_conf_parse (ret, path, text, err);
}

/* --- out ------------------------------------------------------------------------------------------------------------
 */

struct writing {
    struct accounts_entry entry;
    struct buf *out;
};

static void write_key (void *arg, const struct accounts_key *key, const char *help)
{
    struct writing *w = arg;
    _cleanup_buf_ struct buf value = BUF_INIT;
    const char *name = accounts_key_name (key);

    (void) help;
    accounts_key_show (key, &w->entry, &value);
    if (!value.len || accounts_key_is_short (key))
        return;
    buf_printf (w->out, strchr (value.data, ' ') ? " %s=\"%s\"" : " %s=%s", name, value.data);
}

void accounts_conf_write (const Moisson__Accounts *accounts, struct buf *out)
{
    for (size_t i = 0; i < accounts->n_qos; i++) {
        struct writing w = {.entry = {.qos = accounts->qos[i]}, .out = out};
        buf_printf (out, "QOSName=%s", accounts->qos[i]->name);
        accounts_keys_each (OF_QOS, write_key, &w);
        buf_putc (out, '\n');
    }
    for (size_t i = 0; i < accounts->n_accounts; i++) {
        struct writing w = {.entry = {.account = accounts->accounts[i]}, .out = out};
        buf_printf (out, "AccountName=%s", accounts->accounts[i]->name);
        accounts_keys_each (OF_ACCOUNT, write_key, &w);
        buf_putc (out, '\n');
    }
    for (size_t i = 0; i < accounts->n_members; i++) {
        struct writing w = {.entry = {.member = accounts->members[i]}, .out = out};
        const Moisson__User *user = accounts_user (accounts, accounts->members[i]->user);
        buf_printf (out, "UserName=%s Account=%s", accounts->members[i]->user, accounts->members[i]->account);
        if (user && user->default_account && !strcmp (user->default_account, accounts->members[i]->account))
            buf_printf (out, " DefaultAccount=%s", user->default_account);
        if (user && user->admin_level)
            buf_printf (out, " AdminLevel=%s", user->admin_level);
        accounts_keys_each (OF_MEMBER, write_key, &w);
        buf_putc (out, '\n');
    }
}
