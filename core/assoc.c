/* assoc.c - the tree: made anew from each AccountsSet, with what was used carried over. */
#include "core/assoc.h"
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/spec.h"
#include "core/state.h"

/* --- by key --------------------------------------------------------------------------------------------------------
 */

#define KEY_MOST 1024 /* of names that can be looked up; the door takes no longer ones */

static size_t key_make (const char *account, const char *user, char key[KEY_MOST])
{
    size_t n = strlen (account) + 1, m = strlen (user) + 1;

    if (n + m > KEY_MOST)
        return 0;
    memcpy (key, account, n);
    memcpy (key + n, user, m);
    return n + m;
}

struct assoc *assoc_find (const struct core *core, const char *account, const char *user)
{
    struct assoc *assoc = NULL;
    char key[KEY_MOST];
    size_t len = key_make (account, user, key);

    if (len)
        HASH_FIND (hh, core->assocs.by_key, key, len, assoc);
    return assoc;
}

static void hang (struct core *core, struct assoc *assoc, struct assoc *parent)
{
    assoc->parent = parent;
    DL_APPEND (parent->first, assoc);
    core->assocs.stale = true;
}

static struct assoc *add (struct core *core, const char *account, const char *user, struct assoc *parent)
{
    size_t n = strlen (account) + 1, m = strlen (user) + 1;
    struct assoc *assoc = xcalloc (1, sizeof *assoc + n + m);

    memcpy (assoc->key, account, n);
    memcpy (assoc->key + n, user, m);
    assoc->key_len = n + m;
    assoc->account = assoc->key;
    assoc->user = assoc->key + n;
    assoc->shares = 1;
    assoc->fairshare = 1;
    HASH_ADD (hh, core->assocs.by_key, key, assoc->key_len, assoc);
    if (parent)
        hang (core, assoc, parent);
    return assoc;
}

static struct assoc *root (struct core *core)
{
    if (!core->assocs.root)
        core->assocs.root = add (core, ROOT_ACCOUNT, "", NULL);
    return core->assocs.root;
}

struct assoc *assoc_make (struct core *core, const char *account, const char *user)
{
    struct assoc *assoc = assoc_find (core, account, user), *above = root (core);

    if (assoc || (!strcmp (account, ROOT_ACCOUNT) && !*user))
        return assoc ? assoc : above;
    if (*user && *account)
        above = assoc_make (core, account, "");
    return add (core, account, user, above);
}

struct assoc *assoc_find_leaf (const struct core *core, const char *account, const char *user)
{
    struct assoc *assoc = account && *account ? assoc_find (core, account, user) : NULL;

    return assoc && assoc->declared ? assoc : assoc_find (core, "", user);
}

struct assoc *assoc_leaf (struct core *core, const char *account, const char *user)
{
    struct assoc *assoc = assoc_find_leaf (core, account, user);

    return assoc ? assoc : assoc_make (core, "", user);
}

/* --- questions -----------------------------------------------------------------------------------------------------
 */

const Moisson__User *assoc_user (const struct core *core, const char *user)
{
    const Moisson__Accounts *accounts = core->assocs.set ? core->assocs.set->accounts : NULL;

    for (size_t i = 0; accounts && i < accounts->n_users; i++)
        if (!strcmp (accounts->users[i]->name, user))
            return accounts->users[i];
    return NULL;
}

const char *assoc_default_account (const struct core *core, const char *user)
{
    const Moisson__Accounts *accounts = core->assocs.set ? core->assocs.set->accounts : NULL;
    const Moisson__User *declared = assoc_user (core, user);
    const char *only = NULL;

    if (declared && declared->default_account && *declared->default_account)
        return declared->default_account;
    for (size_t i = 0; accounts && i < accounts->n_members; i++)
        if (!strcmp (accounts->members[i]->user, user)) {
            if (only)
                return NULL; /* of several one is to be chosen */
            only = accounts->members[i]->account;
        }
    return only;
}

const char *assoc_default_qos (const struct assoc *assoc)
{
    for (; assoc; assoc = assoc->parent)
        if (assoc->default_qos && *assoc->default_qos)
            return assoc->default_qos;
    return NULL;
}

bool assoc_allows_qos (const struct assoc *assoc, const char *qos)
{
    const char *standard = assoc_default_qos (assoc);

    if (standard && !strcmp (standard, qos))
        return true;
    while (assoc && !assoc->n_qos)
        assoc = assoc->parent;
    if (!assoc)
        return !strcmp (qos, "normal");
    for (size_t i = 0; i < assoc->n_qos; i++)
        if (!strcmp (assoc->qos[i], qos))
            return true;
    return false;
}

/* --- a new tree ----------------------------------------------------------------------------------------------------
 */

static void strip (struct core *core)
{
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    {
        assoc->declared = assoc->as_parent = false;
        assoc->limits = NULL;
        assoc->qos = NULL;
        assoc->n_qos = 0;
        assoc->default_qos = NULL;
        assoc->shares = 1;
        assoc->priority = 0;
        assoc->first = assoc->parent = NULL;
        assoc->use = (struct use){0};
        if (!assoc_is_leaf (assoc))
            assoc->usage = (struct usage){.at_s = core->now / USEC_PER_SEC};
        memset (assoc->usage.rate, 0, sizeof assoc->usage.rate);
        memset (assoc->usage.ends, 0, sizeof assoc->usage.ends);
        memset (assoc->usage.pledged, 0, sizeof assoc->usage.pledged);
        assoc->usage.jobs = 0;
    }
}

#define DECLARE(assoc, message)                                                                                        \
    ((assoc)->declared = true, (assoc)->limits = (message)->limits, (assoc)->qos = (message)->qos,                     \
     (assoc)->n_qos = (message)->n_qos, (assoc)->default_qos = (message)->default_qos,                                 \
     (assoc)->shares = (message)->has_fairshare ? (message)->fairshare : 1,                                            \
     (assoc)->as_parent = (message)->fairshare_parent, (assoc)->priority = (message)->priority)

/* Found, or made without a place in the tree yet. */
static struct assoc *get (struct core *core, const char *account, const char *user)
{
    struct assoc *assoc = assoc_find (core, account, user);

    return assoc ? assoc : add (core, account, user, NULL);
}

static uint32_t highest (const Moisson__Accounts *accounts)
{
    uint32_t most = 0;

    for (size_t i = 0; i < accounts->n_accounts; i++)
        most = accounts->accounts[i]->priority > most ? accounts->accounts[i]->priority : most;
    for (size_t i = 0; i < accounts->n_members; i++)
        most = accounts->members[i]->priority > most ? accounts->members[i]->priority : most;
    return most;
}

static void declare (struct core *core, const Moisson__Accounts *accounts)
{
    core->assocs.highest = highest (accounts);
    for (size_t i = 0; i < accounts->n_accounts; i++) {
        struct assoc *assoc = get (core, accounts->accounts[i]->name, "");
        DECLARE (assoc, accounts->accounts[i]);
    }
    for (size_t i = 0; i < accounts->n_accounts; i++) {
        const Moisson__Account *account = accounts->accounts[i];
        struct assoc *assoc = get (core, account->name, "");
        if (assoc != root (core))
            hang (core, assoc, account->parent && *account->parent ? get (core, account->parent, "") : root (core));
    }
    for (size_t i = 0; i < accounts->n_members; i++) {
        const Moisson__Member *member = accounts->members[i];
        struct assoc *assoc = get (core, member->account, member->user);
        DECLARE (assoc, member);
        hang (core, assoc, get (core, member->account, ""));
    }
}

/* What is no longer declared: leaves stay below their account, or below the root where that has gone as well. */
static void hang_the_rest (struct core *core)
{
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    {
        struct assoc *above = *assoc->account ? assoc_find (core, assoc->account, "") : NULL;
        if (assoc->parent || assoc == core->assocs.root)
            continue;
        hang (core, assoc, assoc_is_leaf (assoc) && above && above->declared ? above : root (core));
    }
}

/* The place of a leaf in the order of keys, so that sums are made in the same order whatever was there first. */
static int by_key (const struct assoc *a, const struct assoc *b)
{
    int order = strcmp (a->account, b->account);

    return order ? order : strcmp (a->user, b->user);
}

static void sum_up (struct core *core)
{
    struct assoc *leaf, *next;

    HASH_SORT (core->assocs.by_key, by_key);
    HASH_ITER (hh, core->assocs.by_key, leaf, next)
    {
        if (!assoc_is_leaf (leaf))
            continue;
        for (struct assoc *above = leaf->parent; above; above = above->parent) {
            for (int t = 0; t < N_TRES; t++)
                above->usage.used[t] += leaf->usage.used[t];
            above->usage.wall += leaf->usage.wall;
        }
    }
}

static void accrue_all (struct core *core)
{
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    usage_accrue (&assoc->usage, core->now);
}

void assoc_configure (struct core *core, Moisson__AccountsSet *set)
{
    Moisson__AccountsSet *old = core->assocs.set;

    accrue_all (core);
    strip (core);
    if (set)
        core->assocs.set = set;
    root (core);
    if (core->assocs.set)
        declare (core, core->assocs.set->accounts);
    hang_the_rest (core);
    sum_up (core);
    core->assocs.stale = true;
    if (set && old)
        moisson__accounts_set__free_unpacked (old, NULL);
}

static bool idle (const struct assoc *assoc)
{
    return !assoc->declared && !assoc->first && assoc->parent && !assoc->use.submitted && !assoc->use.jobs &&
           usage_is_nothing (&assoc->usage);
}

void assoc_sweep (struct core *core)
{
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    {
        if (!idle (assoc))
            continue;
        DL_DELETE (assoc->parent->first, assoc);
        HASH_DELETE (hh, core->assocs.by_key, assoc);
        free (assoc);
    }
}

void assoc_clear (struct core *core)
{
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    {
        HASH_DELETE (hh, core->assocs.by_key, assoc);
        free (assoc);
    }
    if (core->assocs.set)
        moisson__accounts_set__free_unpacked (core->assocs.set, NULL);
    core->assocs = (struct assoc_table){0};
}
