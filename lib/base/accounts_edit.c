/* accounts_edit.c - add, modify and delete accounts, users and QoS. */
#include "base/accounts_edit.h"
#include <string.h>
#include <strings.h>
#include "base/accounts_keys.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

struct edit {
    Moisson__Accounts *tree;
    const Moisson__AccountsOpRequest *op;
    struct buf *lines;
    struct err *err;
};

static int refuse (struct edit *e, const char *fix, const char *what, const char *name)
{
    _cleanup_free_ char *why = xstrdup (what);
    char *at = strstr (why, "%s");

    err_set (e->err, MOISSON__FAIL_CODE__FAIL_OTHER, "%.*s%s%s", (int) (at - why), why, name, at + 2);
    return err_fix (e->err, "%s", fix);
}

static bool listed (const char *list, const char *name)
{
    size_t len = strlen (name);

    for (const char *p = list; *p;) {
        size_t n = strcspn (p, ",");
        if (n == len && !strncmp (p, name, n))
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static const char *pair (Moisson__AccountsPair *const *pairs, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp (pairs[i]->key, key))
            return pairs[i]->value;
    return NULL;
}

static const char *account_of (const struct edit *e)
{
    const char *account = pair (e->op->where, e->op->n_where, "account");

    return account ? account : pair (e->op->set, e->op->n_set, "account");
}

bool accounts_edit_means (const Moisson__AccountsOpRequest *op, const char *name, const char *account)
{
    const char *accounts = pair (op->where, op->n_where, "account");
    bool named = !op->n_names;

    for (size_t i = 0; !named && i < op->n_names; i++)
        named = !strcmp (op->names[i], name);
    return named && (!account || !accounts || listed (accounts, account));
}

static bool named (const struct edit *e, const char *name)
{
    return accounts_edit_means (e->op, name, NULL);
}

/* What is no key of the table but says which it is about. */
static bool is_place (const char *key)
{
    return !strcasecmp (key, "account") || !strcasecmp (key, "cluster") || !strcasecmp (key, "name");
}

static int set_user (struct edit *e, Moisson__User *user, const Moisson__AccountsPair *set)
{
    char **slot = !strcasecmp (set->key, "DefaultAccount") ? &user->default_account : &user->admin_level;

    (void) e;
    free (*slot);
    *slot = *set->value ? xstrdup (set->value) : NULL;
    return 0;
}

static bool is_of_user (const char *key)
{
    return !strcasecmp (key, "DefaultAccount") || !strcasecmp (key, "AdminLevel");
}

static int set_keys (struct edit *e, enum accounts_kind kind, const struct accounts_entry *entry)
{
    for (size_t i = 0; i < e->op->n_set; i++) {
        const Moisson__AccountsPair *set = e->op->set[i];
        const struct accounts_key *key = accounts_key_find (kind, set->key);
        if (e->op->verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY && !strcasecmp (set->key, ACCOUNTS_RAW_USAGE))
            continue;
        if (is_place (set->key) || (kind == OF_MEMBER && is_of_user (set->key)))
            continue;
        if (!key)
            return refuse (e, "see: man sacctmgr", "Unknown option: %s", set->key);
        if (accounts_key_set (key, entry, (char) set->sign, set->value, e->err))
            return -1;
    }
    return 0;
}

/* --- add ------------------------------------------------------------------------------------------------------------
 */

static int add_member (struct edit *e, const char *user, const char *account)
{
    struct accounts_entry entry = {0};

    if (!accounts_find (e->tree, account))
        return refuse (e, "add the account first", "This account '%s' doesn't exist.", account);
    if (accounts_member (e->tree, account, user))
        return 0;
    entry.member = accounts_add_member (e->tree, account, user);
    buf_printf (e->lines, "U = %-9s A = %-10s\n", user, account);
    return set_keys (e, OF_MEMBER, &entry);
}

static int add_user (struct edit *e, const char *name)
{
    const char *accounts = account_of (e);
    Moisson__User *user;
    char *save = NULL;

    if (!accounts)
        accounts = pair (e->op->set, e->op->n_set, "DefaultAccount");
    if (!accounts)
        return refuse (e, "sacctmgr add user NAME account=ACCOUNT", "Need name of acct to add user %s to.", name);
    _cleanup_free_ char *copy = xstrdup (accounts);
    user = accounts_add_user (e->tree, name);
    for (char *account = strtok_r (copy, ",", &save); account; account = strtok_r (NULL, ",", &save)) {
        if (add_member (e, name, account))
            return -1;
        if (!user->default_account)
            user->default_account = xstrdup (account);
    }
    for (size_t i = 0; i < e->op->n_set; i++)
        if (is_of_user (e->op->set[i]->key))
            set_user (e, user, e->op->set[i]);
    return 0;
}

static int add_account (struct edit *e, const char *name)
{
    struct accounts_entry entry = {0};

    if (accounts_find (e->tree, name))
        return 0;
    entry.account = accounts_add (e->tree, name);
    entry.account->description = xstrdup (name);
    entry.account->organization = xstrdup (name);
    buf_printf (e->lines, "%s\n", name);
    return set_keys (e, OF_ACCOUNT, &entry);
}

static int add_qos (struct edit *e, const char *name)
{
    struct accounts_entry entry = {0};

    if (accounts_qos (e->tree, name))
        return 0;
    entry.qos = accounts_add_qos (e->tree, name);
    entry.qos->description = xstrdup (name);
    buf_printf (e->lines, "%s\n", name);
    return set_keys (e, OF_QOS, &entry);
}

static int add (struct edit *e)
{
    for (size_t i = 0; i < e->op->n_names; i++) {
        const char *name = e->op->names[i];
        int rc = e->op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT ? add_account (e, name)
                 : e->op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER  ? add_user (e, name)
                                                                           : add_qos (e, name);
        if (rc)
            return -1;
    }
    return 0;
}

/* --- modify ---------------------------------------------------------------------------------------------------------
 */

static int modify_users (struct edit *e)
{
    const char *account = pair (e->op->where, e->op->n_where, "account");

    for (size_t i = 0; i < e->tree->n_users; i++)
        for (size_t k = 0; k < e->op->n_set && named (e, e->tree->users[i]->name); k++)
            if (is_of_user (e->op->set[k]->key)) {
                set_user (e, e->tree->users[i], e->op->set[k]);
                buf_printf (e->lines, "%s\n", e->tree->users[i]->name);
            }
    for (size_t i = 0; i < e->tree->n_members; i++) {
        struct accounts_entry entry = {.member = e->tree->members[i]};
        bool more = false;
        if (!named (e, entry.member->user) || (account && !listed (account, entry.member->account)))
            continue;
        if (set_keys (e, OF_MEMBER, &entry))
            return -1;
        for (size_t k = 0; k < e->op->n_set; k++)
            more = more || !is_of_user (e->op->set[k]->key);
        if (more)
            buf_printf (e->lines, "A = %-10s U = %-9s\n", entry.member->account, entry.member->user);
    }
    return 0;
}

static int modify (struct edit *e)
{
    if (e->op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER)
        return modify_users (e);
    for (size_t i = 0; e->op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT && i < e->tree->n_accounts; i++) {
        struct accounts_entry entry = {.account = e->tree->accounts[i]};
        if (!named (e, entry.account->name))
            continue;
        if (set_keys (e, OF_ACCOUNT, &entry))
            return -1;
        buf_printf (e->lines, "%s\n", entry.account->name);
    }
    for (size_t i = 0; e->op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_QOS && i < e->tree->n_qos; i++) {
        struct accounts_entry entry = {.qos = e->tree->qos[i]};
        if (!named (e, entry.qos->name))
            continue;
        if (set_keys (e, OF_QOS, &entry))
            return -1;
        buf_printf (e->lines, "%s\n", entry.qos->name);
    }
    return 0;
}

/* --- delete ---------------------------------------------------------------------------------------------------------
 */

static bool has_account (const struct edit *e, const char *user)
{
    for (size_t i = 0; i < e->tree->n_members; i++)
        if (!strcmp (e->tree->members[i]->user, user))
            return true;
    return false;
}

static int delete_users (struct edit *e)
{
    const char *account = pair (e->op->where, e->op->n_where, "account");

    for (size_t i = e->tree->n_members; i-- > 0;) {
        const Moisson__Member *member = e->tree->members[i];
        if (!named (e, member->user) || (account && !listed (account, member->account)))
            continue;
        buf_printf (e->lines, "A = %-10s U = %-9s\n", member->account, member->user);
        accounts_remove_member (e->tree, i);
    }
    for (size_t i = e->tree->n_users; i-- > 0;) {
        Moisson__User *user = e->tree->users[i];
        if (!named (e, user->name))
            continue;
        if (!has_account (e, user->name))
            accounts_remove_user (e->tree, i);
        else if (user->default_account && !accounts_member (e->tree, user->default_account, user->name))
            return refuse (e, "set another DefaultAccount first", "The default account of %s cannot be taken away",
                           user->name);
    }
    return 0;
}

static int delete_accounts (struct edit *e)
{
    for (size_t i = e->tree->n_accounts; i-- > 0;) {
        const char *name = e->tree->accounts[i]->name;
        if (!named (e, name))
            continue;
        if (!strcmp (name, "root"))
            return refuse (e, "name another one", "%s", "account root is what all are in, and stays");
        for (size_t k = 0; k < e->tree->n_members; k++)
            if (!strcmp (e->tree->members[k]->account, name))
                return refuse (e, "delete its users first", "Account %s still has users", name);
        buf_printf (e->lines, "%s\n", name);
        accounts_remove (e->tree, i);
    }
    return 0;
}

static int delete_qos (struct edit *e)
{
    for (size_t i = e->tree->n_qos; i-- > 0;) {
        if (!named (e, e->tree->qos[i]->name))
            continue;
        if (!strcmp (e->tree->qos[i]->name, "normal"))
            return refuse (e, "name another one", "%s", "QoS normal is that of jobs that name none, and stays");
        buf_printf (e->lines, "%s\n", e->tree->qos[i]->name);
        accounts_remove_qos (e->tree, i);
    }
    return 0;
}

int accounts_edit (Moisson__Accounts *accounts, const Moisson__AccountsOpRequest *op, struct buf *lines,
                   struct err *err)
{
    struct edit e = {.tree = accounts, .op = op, .lines = lines, .err = err};

    if (op->verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_ADD)
        return add (&e);
    if (op->verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY)
        return modify (&e);
    if (!op->n_names)
        return refuse (&e, "name what is to go", "%s", "nothing is named");
    return op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER      ? delete_users (&e)
           : op->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT ? delete_accounts (&e)
                                                                    : delete_qos (&e);
}
