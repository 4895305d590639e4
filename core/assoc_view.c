/* assoc_view.c - associations and QoS as rows. */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/fairshare.h"
#include "core/state.h"

struct rows {
    struct core *core;
    usec_t now;
    core_assoc_fn fn;
    void *arg;
    uint32_t n;
    double all; /* billing that was used in all */
};

#define SET(row, field, value) ((row)->has_##field = true, (row)->field = (value))

static void fill (const struct rows *rows, const struct use *use, const struct usage *usage, Moisson__AssocInfo *row,
                  double used[N_TRES], double ahead[N_TRES])
{
    for (int t = 0; t < N_TRES; t++) {
        used[t] = usage_at (usage, t, rows->now) / 1000;
        ahead[t] = usage_ahead (usage, t, rows->now) / 1000;
    }
    row->used = used;
    row->ahead = ahead;
    row->n_used = row->n_ahead = N_TRES;
    SET (row, wall_s, usage_wall_at (usage, rows->now) / 1000);
    SET (row, jobs, use->jobs);
    SET (row, submitted, use->submitted);
    row->tres = (uint64_t *) use->tres;
    row->n_tres = N_TRES;
}

static void give_assoc (struct rows *rows, const struct assoc *assoc)
{
    Moisson__AssocInfo row = MOISSON__ASSOC_INFO__INIT;
    double used[N_TRES], ahead[N_TRES];

    row.account = (char *) assoc->account;
    row.user = (char *) assoc->user;
    row.parent = assoc->parent ? (char *) assoc->parent->account : NULL;
    SET (&row, declared, assoc->declared);
    SET (&row, shares, assoc->shares);
    SET (&row, shares_parent, assoc->as_parent);
    SET (&row, norm_shares, assoc->norm_shares);
    SET (&row, norm_usage, assoc->norm_usage);
    SET (&row, level_fs, assoc->level);
    SET (&row, fairshare, assoc->fairshare);
    SET (&row, id, ++rows->n);
    fill (rows, &assoc->use, &assoc->usage, &row, used, ahead);
    SET (&row, effective_usage, rows->all > 0 ? used[TRES_BILLING] / rows->all : 0);
    rows->fn (rows->arg, &row);
}

static int by_name (const void *a, const void *b)
{
    const struct assoc *x = *(struct assoc *const *) a, *y = *(struct assoc *const *) b;

    if (assoc_is_leaf (x) != assoc_is_leaf (y))
        return assoc_is_leaf (x) ? -1 : 1; /* its users, then the accounts below it, as Slurm lists them */
    return assoc_is_leaf (x) ? strcmp (x->user, y->user) : strcmp (x->account, y->account);
}

static void give_tree (struct rows *rows, const struct assoc *top)
{
    struct assoc **list = NULL, *child;
    size_t n = 0, room = 0;

    give_assoc (rows, top);
    for (child = top->first; child; child = child->next) {
        GROW (list, n, room);
        list[n++] = child;
    }
    if (n)
        qsort (list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++)
        give_tree (rows, list[i]);
    free (list);
}

static void give_qos (struct rows *rows, struct qos *qos)
{
    Moisson__AssocInfo row = MOISSON__ASSOC_INFO__INIT;
    double used[N_TRES], ahead[N_TRES];

    row.qos = qos->name;
    SET (&row, declared, qos->conf != NULL);
    SET (&row, id, ++rows->n);
    fill (rows, &qos->use, &qos->usage, &row, used, ahead);
    rows->fn (rows->arg, &row);
}

void core_assocs (struct core *core, usec_t now, core_assoc_fn fn, void *arg)
{
    struct rows rows = {.core = core, .now = now > core->now ? now : core->now, .fn = fn, .arg = arg};
    struct qos *qos, *next;

    core->assocs.stale = true;
    fairshare_refresh (core);
    if (core->assocs.root) {
        rows.all = usage_at (&core->assocs.root->usage, TRES_BILLING, rows.now) / 1000;
        give_tree (&rows, core->assocs.root);
    }
    HASH_ITER (hh, core->qos.by_name, qos, next)
    give_qos (&rows, qos);
}

const Moisson__AccountsSet *core_accounts (const struct core *core)
{
    return core->assocs.set;
}

int core_admit_accounts (const struct core *core, const Moisson__Accounts *accounts, struct err *err)
{
    (void) core;
    return accounts_check (accounts, err);
}

usec_t core_usage_reset (const struct core *core)
{
    return core->usage_reset_us;
}
