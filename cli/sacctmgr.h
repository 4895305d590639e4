/* sacctmgr.h - what sacctmgr shows: tables of columns over an account tree. */
#pragma once
#include "base/err.h"
#include "proto/accounts.pb-c.h"

enum sacctmgr_list { LIST_ACCOUNTS, LIST_USERS, LIST_QOS, LIST_ASSOCS, LIST_CLUSTERS };

struct sacctmgr_show {
    enum sacctmgr_list list;
    const char *format;    /* NULL: what Slurm shows */
    const char *separator; /* -p, -P: "|"; NULL: columns */
    bool trailing, noheader, associations;
    char *const *names; /* n_names, users where associations are listed; none: all */
    size_t n_names;
    const char *account; /* comma list; NULL = any */
};

int sacctmgr_show (const Moisson__AccountsPage *page, const struct sacctmgr_show *how, struct err *err);
