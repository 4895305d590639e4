/* accounts_kit.h - a cluster with an account tree, for tests of the core. */
#pragma once
#include "base/accounts.h"
#include "base/mem.h"
#include "core_kit.h"

static const char tree[] = "QOSName=normal\n"
                           "QOSName=short Priority=10 MaxJobsPerUser=2 MaxWall=1:00:00 MaxTRESPerUser=cpu=6\n"
                           "QOSName=half UsageFactor=0.5\n"
                           "AccountName=science Fairshare=3 GrpTRES=cpu=6\n"
                           "AccountName=bio Parent=science Fairshare=2 QOS=normal,short,half\n"
                           "AccountName=chem Parent=science MaxSubmitJobs=3\n"
                           "AccountName=guests GrpTRESMins=cpu=10\n"
                           "UserName=lea Account=bio,chem DefaultAccount=bio\n"
                           "UserName=max Account=chem MaxJobs=1\n"
                           "UserName=eve Account=guests\n";

static inline void set_accounts (struct kit *k, const char *text)
{
    Moisson__AccountsSet set = MOISSON__ACCOUNTS_SET__INIT;
    struct err err = ERR_INIT;
    EVENT (accounts_set, ACCOUNTS_SET, &set);

    if (accounts_conf_parse (&set.accounts, "accounts.conf", text, &err))
        ck_abort_msg ("%s", err.why);
    kit_apply (k, &event);
    moisson__accounts__free_unpacked (set.accounts, NULL);
}

static inline struct kit *house_with (uint32_t enforce, uint64_t half_life_s)
{
    struct kit_conf *c = kit_conf ("n[1-4]", 4);

    c->config.has_enforce = true;
    c->config.enforce = enforce;
    c->config.has_usage_half_life_s = true;
    c->config.usage_half_life_s = half_life_s;
    c->config.has_usage_period_s = true;
    c->config.usage_period_s = 300;
    struct kit *k = kit_with (c);
    set_accounts (k, tree);
    return k;
}

static inline struct kit *house (void)
{
    return house_with (ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS | ENFORCE_QOS, 0);
}

struct wanted {
    const char *account, *user, *qos;
    Moisson__AssocInfo *row;
};

static inline void look (void *arg, const Moisson__AssocInfo *row)
{
    struct wanted *w = arg;

    if (w->qos ? !row->qos || strcmp (row->qos, w->qos)
               : !row->account || strcmp (row->account, w->account) || strcmp (row->user, w->user))
        return;
    ck_assert_ptr_null (w->row);
    w->row = xmalloc (sizeof *w->row);
    uint8_t *bytes = xmalloc (moisson__assoc_info__get_packed_size (row) + 1);
    size_t n = moisson__assoc_info__pack (row, bytes);
    free (w->row);
    w->row = moisson__assoc_info__unpack (NULL, n, bytes);
    free (bytes);
}

static inline Moisson__AssocInfo *row_of (struct kit *k, const char *account, const char *user)
{
    struct wanted w = {.account = account, .user = user};

    core_assocs (k->core, k->now, look, &w);
    ck_assert_ptr_nonnull (w.row);
    return w.row;
}

static inline double used_cpu (struct kit *k, const char *account, const char *user)
{
    Moisson__AssocInfo *row = row_of (k, account, user);
    double used = row->used[0];

    moisson__assoc_info__free_unpacked (row, NULL);
    return used;
}

static inline double fairshare_of (struct kit *k, const char *account, const char *user)
{
    Moisson__AssocInfo *row = row_of (k, account, user);
    double fairshare = row->fairshare;

    moisson__assoc_info__free_unpacked (row, NULL);
    return fairshare;
}

/* It runs for so many seconds from now on; everything that fits is placed. */
static inline void run (struct kit *k, uint64_t id, uint64_t seconds)
{
    pass (k);
    started (k, id, 1);
    k->now += seconds * USEC_PER_SEC;
    exited (k, id, 1, 0);
}
