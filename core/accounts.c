/* accounts.c - the account tree in snapshots, and after a change. */
#include "core/accounts.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/payer.h"
#include "core/state.h"

void accounts_refresh (struct core *core)
{
    assoc_configure (core, NULL);
    qos_configure (core);
    payer_recount (core);
    core->want_pass = true;
}

/* --- snapshots ------------------------------------------------------------------------------------------------------
 */

void accounts_save_head (const struct core *core, Moisson__ImageHead *head)
{
    head->accounts = core->assocs.set;
    head->has_decayed_s = core->decayed_s > 0;
    head->decayed_s = core->decayed_s;
    head->has_usage_reset_us = core->usage_reset_us > 0;
    head->usage_reset_us = core->usage_reset_us;
}

void accounts_load_head (struct core *core, const Moisson__ImageHead *head)
{
    core->decayed_s = head->decayed_s;
    core->usage_reset_us = head->usage_reset_us;
    if (!head->accounts)
        return;
    assoc_configure (core, message_copy (&head->accounts->base));
    qos_configure (core);
}

static int save_usage (const struct usage *usage, Moisson__ImageUsage *out, core_image_fn fn, void *arg)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;

    out->has_at_s = out->has_wall_s = true;
    out->at_s = usage->at_s;
    out->wall_s = usage->wall;
    out->used = (double *) usage->used;
    out->n_used = N_TRES;
    image.what_case = MOISSON__IMAGE__WHAT_USAGE;
    image.usage = out;
    return fn (arg, &image);
}

static int by_names (const void *a, const void *b)
{
    const struct assoc *x = *(struct assoc *const *) a, *y = *(struct assoc *const *) b;
    int order = strcmp (x->account, y->account);

    return order ? order : strcmp (x->user, y->user);
}

static int by_name (const void *a, const void *b)
{
    return strcmp ((*(struct qos *const *) a)->name, (*(struct qos *const *) b)->name);
}

static int save_assocs (const struct core *core, core_image_fn fn, void *arg)
{
    _cleanup_free_ struct assoc **list = xcalloc (HASH_COUNT (core->assocs.by_key) + 1, sizeof *list);
    struct assoc *assoc, *next;
    size_t n = 0;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    if (!usage_is_nothing (&assoc->usage))
        list[n++] = assoc;
    if (n)
        qsort (list, n, sizeof *list, by_names);
    for (size_t i = 0; i < n; i++) {
        Moisson__ImageUsage out = MOISSON__IMAGE_USAGE__INIT;
        out.account = (char *) list[i]->account;
        out.user = (char *) list[i]->user;
        if (save_usage (&list[i]->usage, &out, fn, arg))
            return -1;
    }
    return 0;
}

int accounts_save_usage (const struct core *core, core_image_fn fn, void *arg)
{
    _cleanup_free_ struct qos **list = xcalloc (HASH_COUNT (core->qos.by_name) + 1, sizeof *list);
    struct qos *qos, *next;
    size_t n = 0;

    if (save_assocs (core, fn, arg))
        return -1;
    HASH_ITER (hh, core->qos.by_name, qos, next)
    if (!usage_is_nothing (&qos->usage))
        list[n++] = qos;
    if (n)
        qsort (list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++) {
        Moisson__ImageUsage out = MOISSON__IMAGE_USAGE__INIT;
        out.qos = list[i]->name;
        if (save_usage (&list[i]->usage, &out, fn, arg))
            return -1;
    }
    return 0;
}

int accounts_load_usage (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageUsage *in = image->usage;
    struct usage *usage;

    if (!in->qos && !in->account)
        return err_set (err, 0, "damaged snapshot: usage of nobody");
    if (in->qos)
        usage = &qos_make (core, in->qos)->usage;
    else
        usage = &assoc_make (core, in->account, in->user ? in->user : "")->usage;
    for (size_t t = 0; t < in->n_used && t < N_TRES; t++)
        usage->used[t] = in->used[t];
    usage->wall = in->wall_s;
    usage->at_s = in->at_s;
    core->assocs.stale = true;
    return 0;
}
