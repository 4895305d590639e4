/* accounts.c - account trees: found and checked. */
#include "base/accounts.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define FIND(list, n, what)                                                                                            \
    do {                                                                                                               \
        for (size_t i = 0; i < (n); i++)                                                                               \
            if (!strcmp ((list)[i]->what, name))                                                                       \
                return (list)[i];                                                                                      \
        return NULL;                                                                                                   \
    } while (0)

Moisson__Account *accounts_find (const Moisson__Accounts *accounts, const char *name)
{
    FIND (accounts->accounts, accounts->n_accounts, name);
}

Moisson__User *accounts_user (const Moisson__Accounts *accounts, const char *name)
{
    FIND (accounts->users, accounts->n_users, name);
}

Moisson__Qos *accounts_qos (const Moisson__Accounts *accounts, const char *name)
{
    FIND (accounts->qos, accounts->n_qos, name);
}

Moisson__Member *accounts_member (const Moisson__Accounts *accounts, const char *account, const char *user)
{
    for (size_t i = 0; i < accounts->n_members; i++)
        if (!strcmp (accounts->members[i]->account, account) && !strcmp (accounts->members[i]->user, user))
            return accounts->members[i];
    return NULL;
}

/* --- does it hold together ------------------------------------------------------------------------------------------
 */

struct name {
    const void *what; /* Account or Qos, or the user's */
    UT_hash_handle hh;
    char text[];
};

struct check {
    const Moisson__Accounts *tree;
    struct name *accounts, *qos, *users, *members;
    const void *culprit; /* the message that is wrong */
    struct err *err;
};

static struct name *find (struct name *set, const char *text)
{
    struct name *name;

    HASH_FIND_STR (set, text, name);
    return name;
}

static int bad (struct check *c, const void *what, const char *fix, const char *fmt, ...)
    __attribute__ ((format (printf, 4, 5)));
static int bad (struct check *c, const void *what, const char *fix, const char *fmt, ...)
{
    char why[512];
    va_list ap;

    c->culprit = what;
    va_start (ap, fmt);
    vsnprintf (why, sizeof why, fmt, ap);
    va_end (ap);
    err_set (c->err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s", why);
    return err_fix (c->err, "%s", fix);
}

static bool good_name (const char *text)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+@$";

    return *text && *text != '-' && !text[strspn (text, good)] && strlen (text) <= ACCOUNTS_NAME_MOST;
}

static int add (struct check *c, struct name **set, const char *kind, const char *text, const char *shown,
                const void *what)
{
    struct name *name;

    if (!good_name (shown))
        return bad (c, what, "use letters, digits, '_', '-', '.', '+', '@', at most 64 of them",
                    "\"%.80s\" is no name of %s", shown, kind);
    if (find (*set, text))
        return bad (c, what, "keep one of them", "%s %s is there twice", kind, shown);
    name = xcalloc (1, sizeof *name + strlen (text) + 1);
    strcpy (name->text, text);
    name->what = what;
    HASH_ADD_STR (*set, text, name);
    return 0;
}

static int check_qos_names (struct check *c, const void *what, const char *of, char *const *list, size_t n,
                            const char *standard)
{
    for (size_t i = 0; i < n; i++)
        if (!find (c->qos, list[i]))
            return bad (c, what, "declare it, or correct the name (see: sacctmgr show qos)",
                        "%s names QoS %s, which is not there", of, list[i]);
    if (standard && *standard && !find (c->qos, standard))
        return bad (c, what, "declare it, or correct the name (see: sacctmgr show qos)",
                    "%s names QoS %s, which is not there", of, standard);
    return 0;
}

static int check_account (struct check *c, const Moisson__Account *account)
{
    const Moisson__Account *at = account;
    unsigned depth = 0;

    if (!strcmp (account->name, "root") && account->parent && *account->parent)
        return bad (c, account, "leave out Parent", "account root has a parent");
    while (at->parent && *at->parent && strcmp (at->parent, "root")) {
        const struct name *parent = find (c->accounts, at->parent);
        if (!parent)
            return bad (c, at, "declare it, or correct Parent", "account %s is below %s, which is not there", at->name,
                        at->parent);
        if (++depth > ACCOUNTS_DEEPEST)
            return bad (c, account, "let its parents end at root",
                        "account %s is below itself, or below more than %d others", account->name, ACCOUNTS_DEEPEST);
        at = parent->what;
    }
    return check_qos_names (c, account, account->name, account->qos, account->n_qos, account->default_qos);
}

static int check_member (struct check *c, const Moisson__Member *member)
{
    if (!find (c->accounts, member->account) && strcmp (member->account, "root"))
        return bad (c, member, "declare the account, or correct the name",
                    "user %s is in account %s, which is not there", member->user, member->account);
    return check_qos_names (c, member, member->user, member->qos, member->n_qos, member->default_qos);
}

static char *pair (const char *account, const char *user)
{
    return xasprintf ("%s/%s", account, user); /* neither holds a slash */
}

static int check_user (struct check *c, const Moisson__User *user)
{
    _cleanup_free_ char *key = pair (user->default_account ? user->default_account : "", user->name);

    if (!user->default_account || !*user->default_account || find (c->members, key))
        return 0;
    return bad (c, user, "name one of the user's accounts", "the default account %s of user %s is none of his accounts",
                user->default_account, user->name);
}

static int collect (struct check *c)
{
    const Moisson__Accounts *tree = c->tree;

    for (size_t i = 0; i < tree->n_qos; i++)
        if (add (c, &c->qos, "QoS", tree->qos[i]->name, tree->qos[i]->name, tree->qos[i]))
            return -1;
    for (size_t i = 0; i < tree->n_accounts; i++)
        if (add (c, &c->accounts, "account", tree->accounts[i]->name, tree->accounts[i]->name, tree->accounts[i]))
            return -1;
    for (size_t i = 0; i < tree->n_users; i++)
        if (add (c, &c->users, "user", tree->users[i]->name, tree->users[i]->name, tree->users[i]))
            return -1;
    for (size_t i = 0; i < tree->n_members; i++) {
        _cleanup_free_ char *key = pair (tree->members[i]->account, tree->members[i]->user);
        if (add (c, &c->members, "user", key, tree->members[i]->user, tree->members[i]))
            return -1;
    }
    return 0;
}

static int check_all (struct check *c)
{
    const Moisson__Accounts *tree = c->tree;

    if (collect (c))
        return -1;
    for (size_t i = 0; i < tree->n_accounts; i++)
        if (check_account (c, tree->accounts[i]))
            return -1;
    for (size_t i = 0; i < tree->n_members; i++)
        if (check_member (c, tree->members[i]))
            return -1;
    for (size_t i = 0; i < tree->n_users; i++)
        if (check_user (c, tree->users[i]))
            return -1;
    for (size_t i = 0; i < tree->n_qos; i++)
        if (check_qos_names (c, tree->qos[i], tree->qos[i]->name, tree->qos[i]->preempt, tree->qos[i]->n_preempt, NULL))
            return -1;
    return 0;
}

static void forget (struct name **set)
{
    struct name *name, *next;

    HASH_ITER (hh, *set, name, next)
    {
        HASH_DELETE (hh, *set, name);
        free (name);
    }
}

int accounts_check_all (const Moisson__Accounts *accounts, const void **ret_culprit, struct err *err)
{
    struct check c = {.tree = accounts, .err = err};
    int rc = check_all (&c);

    forget (&c.accounts);
    forget (&c.qos);
    forget (&c.users);
    forget (&c.members);
    if (rc && ret_culprit)
        *ret_culprit = c.culprit;
    return rc;
}

int accounts_check (const Moisson__Accounts *accounts, struct err *err)
{
    return accounts_check_all (accounts, NULL, err);
}

/* --- added and taken away -------------------------------------------------------------------------------------------
 */

#define APPEND(list, n, message) ((list) = xrealloc ((list), ((n) + 1) * sizeof *(list)), (list)[(n)++] = (message))

/* Moves what comes after it; frees it. */
#define REMOVE(list, n, at, free_it)                                                                                   \
    (free_it ((list)[at], NULL), memmove (&(list)[at], &(list)[(at) + 1], (--(n) - (at)) * sizeof *(list)))

Moisson__Account *accounts_add (Moisson__Accounts *accounts, const char *name)
{
    Moisson__Account *account = xmalloc (sizeof *account);

    moisson__account__init (account);
    account->name = xstrdup (name);
    APPEND (accounts->accounts, accounts->n_accounts, account);
    return account;
}

Moisson__User *accounts_add_user (Moisson__Accounts *accounts, const char *name)
{
    Moisson__User *user = accounts_user (accounts, name);

    if (user)
        return user;
    user = xmalloc (sizeof *user);
    moisson__user__init (user);
    user->name = xstrdup (name);
    APPEND (accounts->users, accounts->n_users, user);
    return user;
}

Moisson__Member *accounts_add_member (Moisson__Accounts *accounts, const char *account, const char *user)
{
    Moisson__Member *member = xmalloc (sizeof *member);

    moisson__member__init (member);
    member->account = xstrdup (account);
    member->user = xstrdup (user);
    APPEND (accounts->members, accounts->n_members, member);
    return member;
}

Moisson__Qos *accounts_add_qos (Moisson__Accounts *accounts, const char *name)
{
    Moisson__Qos *qos = xmalloc (sizeof *qos);

    moisson__qos__init (qos);
    qos->name = xstrdup (name);
    APPEND (accounts->qos, accounts->n_qos, qos);
    return qos;
}

void accounts_remove (Moisson__Accounts *accounts, size_t at)
{
    REMOVE (accounts->accounts, accounts->n_accounts, at, moisson__account__free_unpacked);
}

void accounts_remove_member (Moisson__Accounts *accounts, size_t at)
{
    REMOVE (accounts->members, accounts->n_members, at, moisson__member__free_unpacked);
}

void accounts_remove_user (Moisson__Accounts *accounts, size_t at)
{
    REMOVE (accounts->users, accounts->n_users, at, moisson__user__free_unpacked);
}

void accounts_remove_qos (Moisson__Accounts *accounts, size_t at)
{
    REMOVE (accounts->qos, accounts->n_qos, at, moisson__qos__free_unpacked);
}

Moisson__Accounts *accounts_create (void)
{
    Moisson__Accounts *accounts = xmalloc (sizeof *accounts);

    moisson__accounts__init (accounts);
    accounts_complete (accounts);
    return accounts;
}

void accounts_complete (Moisson__Accounts *accounts)
{
    if (!accounts_find (accounts, "root"))
        accounts_add (accounts, "root")->description = xstrdup ("default root account");
    if (!accounts_qos (accounts, "normal"))
        accounts_add_qos (accounts, "normal")->description = xstrdup ("Normal QOS default");
}
