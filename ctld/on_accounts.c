/* on_accounts.c - the account tree from its file, what sacctmgr changes, and both shown. */
#include <stdlib.h>
#include <string.h>
#include "base/accounts_edit.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctld/accounts.h"
#include "ctld/apply.h"
#include "ctld/page.h"
#include "ctld/rpc.h"
#include "ctld/usage_period.h"

static char *path_of (const struct config *conf)
{
    const char *slash = strrchr (conf->path, '/');

    return xasprintf ("%.*saccounts.conf", slash ? (int) (slash + 1 - conf->path) : 0, conf->path);
}

int accounts_read (const struct config *conf, Moisson__Accounts **ret, struct err *err)
{
    _cleanup_free_ char *path = path_of (conf);

    return accounts_conf_load (ret, path, err);
}

static bool same (const Moisson__AccountsSet *set, const Moisson__Accounts *accounts)
{
    size_t n = moisson__accounts__get_packed_size (accounts);

    if (!set || !set->file || n != moisson__accounts__get_packed_size (set->accounts))
        return false;
    _cleanup_free_ uint8_t *x = xmalloc (n + 1);
    _cleanup_free_ uint8_t *y = xmalloc (n + 1);
    moisson__accounts__pack (accounts, x);
    moisson__accounts__pack (set->accounts, y);
    return memcmp (x, y, n) == 0;
}

static int apply (struct ctld *ctld, Moisson__Accounts *accounts, char *file, const uint32_t *uid, struct err *err)
{
    Moisson__AccountsSet set = MOISSON__ACCOUNTS_SET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    set.accounts = accounts;
    set.file = file;
    set.has_uid = uid != NULL;
    set.uid = uid ? *uid : 0;
    event.what_case = MOISSON__EVENT__WHAT_ACCOUNTS_SET;
    event.accounts_set = &set;
    if (ctld_apply (ctld, &event, err) < 0)
        return -1;
    log_info ("event=accounts accounts=%zu users=%zu qos=%zu", accounts->n_accounts, accounts->n_users,
              accounts->n_qos);
    return 0;
}

int accounts_apply (struct ctld *ctld, Moisson__Accounts *accounts, struct err *err)
{
    _cleanup_free_ char *path = path_of (ctld->conf);

    if (same (core_accounts (ctld->core), accounts))
        return 0;
    return apply (ctld, accounts, path, NULL, err);
}

/* --- shown ----------------------------------------------------------------------------------------------------------
 */

struct rows {
    Moisson__AssocInfo **list;
    size_t n, room;
};

static void add_row (void *arg, const Moisson__AssocInfo *row)
{
    struct rows *rows = arg;
    size_t len = moisson__assoc_info__get_packed_size (row);
    _cleanup_free_ uint8_t *bytes = xmalloc (len + 1);

    moisson__assoc_info__pack (row, bytes);
    GROW (rows->list, rows->n, rows->room);
    rows->list[rows->n] = moisson__assoc_info__unpack (NULL, len, bytes);
    if (!rows->list[rows->n++])
        abort (); /* what was packed here unpacks, or memory is gone */
}

static void send_accounts (void *arg, bool committed)
{
    struct request *request = arg;
    struct core *core = request->ctld->core;
    const Moisson__AccountsRequest *asked = request->msg;
    const Moisson__AccountsSet *set = core_accounts (core);
    Moisson__AccountsPage page = MOISSON__ACCOUNTS_PAGE__INIT;
    struct rows rows = {0};

    if (!committed) {
        request_end (request);
        return;
    }
    page.accounts = set ? set->accounts : NULL;
    page.file = set ? set->file : NULL;
    page.cluster = request->ctld->conf->cluster_name;
    if (asked->usage)
        core_assocs (core, now_wall (), add_row, &rows);
    page.rows = rows.list;
    page.n_rows = rows.n;
    request_reply (request, MOISSON__MSG_TYPE__MSG_ACCOUNTS_PAGE, &page.base);
    for (size_t i = 0; i < rows.n; i++)
        moisson__assoc_info__free_unpacked (rows.list[i], NULL);
    free (rows.list);
}

void rpc_accounts (struct request *request)
{
    ctld_after (request->ctld, send_accounts, request);
}

/* --- changed --------------------------------------------------------------------------------------------------------
 */

struct answer {
    struct request *request;
    struct buf lines;
};

static void reply (void *arg, bool committed)
{
    struct answer *a = arg;
    Moisson__AccountsOpReply msg = MOISSON__ACCOUNTS_OP_REPLY__INIT;
    char **list = NULL, *save = NULL;
    size_t room = 0;

    for (char *line = a->lines.len ? strtok_r (a->lines.data, "\n", &save) : NULL; line;
         line = strtok_r (NULL, "\n", &save)) {
        GROW (list, msg.n_lines, room);
        list[msg.n_lines++] = line;
    }
    msg.lines = list;
    if (committed)
        request_reply (a->request, MOISSON__MSG_TYPE__MSG_ACCOUNTS_OP_REPLY, &msg.base);
    else
        request_end (a->request);
    free (list);
    buf_clear (&a->lines);
    free (a);
}

static Moisson__Accounts *copy_of (const Moisson__AccountsSet *set)
{
    if (!set)
        return accounts_create ();
    size_t n = moisson__accounts__get_packed_size (set->accounts);
    _cleanup_free_ uint8_t *bytes = xmalloc (n + 1);
    moisson__accounts__pack (set->accounts, bytes);
    return moisson__accounts__unpack (NULL, n, bytes);
}

static int edit (struct request *request, struct buf *lines, struct err *err)
{
    const Moisson__AccountsOpRequest *asked = request->msg;
    struct ctld *ctld = request->ctld;
    const Moisson__AccountsSet *set = core_accounts (ctld->core);
    bool alone, forgets = usage_forget_asked (asked, &alone);
    Moisson__Accounts *tree;
    int rc;

    if (forgets && usage_forget_check (asked, err))
        return -1;
    if (set && set->file && !alone) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "accounts are declared in %s", set->file);
        return err_fix (err, "change it there, then: scontrol reconfigure");
    }
    if (!journal_accepting (ctld->journal))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
                        journal_trouble (ctld->journal));
    tree = copy_of (set);
    rc = accounts_edit (tree, asked, lines, err);
    if (rc == 0 && lines->len)
        rc = core_admit_accounts (ctld->core, tree, err);
    if (rc == 0 && lines->len && !asked->test && !alone)
        rc = apply (ctld, tree, NULL, &request->session->uid, err);
    if (rc == 0 && lines->len && !asked->test && forgets)
        rc = usage_forget (ctld, asked, tree, request->session->uid, err);
    moisson__accounts__free_unpacked (tree, NULL);
    return rc;
}

void rpc_accounts_op (struct request *request)
{
    struct answer *a = xcalloc (1, sizeof *a);
    _cleanup_err_ struct err err = ERR_INIT;

    a->request = request;
    if (edit (request, &a->lines, &err) == 0) {
        ctld_after (request->ctld, reply, a);
        return;
    }
    buf_clear (&a->lines);
    free (a);
    request_fail (request, &err);
}
