/* usage_forget.c - sacctmgr modify ... set RawUsage=0. */
#include <string.h>
#include <strings.h>
#include "base/accounts_edit.h"
#include "ctld/apply.h"
#include "ctld/usage_period.h"

bool usage_forget_asked (const Moisson__AccountsOpRequest *asked, bool *ret_alone)
{
    bool any = false;

    *ret_alone = asked->verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY;
    for (size_t i = 0; i < asked->n_set; i++) {
        bool is = !strcasecmp (asked->set[i]->key, ACCOUNTS_RAW_USAGE);
        any = any || is;
        *ret_alone = *ret_alone && is;
    }
    *ret_alone = *ret_alone && any;
    return any && asked->verb == MOISSON__ACCOUNTS_VERB__ACCOUNTS_MODIFY;
}

int usage_forget_check (const Moisson__AccountsOpRequest *asked, struct err *err)
{
    for (size_t i = 0; i < asked->n_set; i++)
        if (!strcasecmp (asked->set[i]->key, ACCOUNTS_RAW_USAGE) && strcmp (asked->set[i]->value, "0") != 0) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, " RawUsage cannot be set to %.40s, only to 0",
                     asked->set[i]->value);
            return err_fix (err, "set RawUsage=0: what was used is forgotten");
        }
    if (asked->n_names)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, " RawUsage=0 for nobody");
    return err_fix (err, "say whose: where name=NAMES");
}

static int forget (struct ctld *ctld, Moisson__UsageReset reset, uint32_t uid, struct err *err)
{
    Moisson__Event event = MOISSON__EVENT__INIT;

    reset.has_uid = true;
    reset.uid = uid;
    event.what_case = MOISSON__EVENT__WHAT_USAGE_RESET;
    event.usage_reset = &reset;
    return ctld_apply (ctld, &event, err) < 0 ? -1 : 0;
}

int usage_forget (struct ctld *ctld, const Moisson__AccountsOpRequest *asked, const Moisson__Accounts *tree,
                  uint32_t uid, struct err *err)
{
    Moisson__UsageReset reset = MOISSON__USAGE_RESET__INIT;
    int rc = 0;

    for (size_t i = 0; asked->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_USER && rc == 0 && i < tree->n_members; i++)
        if (accounts_edit_means (asked, tree->members[i]->user, tree->members[i]->account)) {
            reset.user = tree->members[i]->user;
            reset.account = tree->members[i]->account;
            rc = forget (ctld, reset, uid, err);
        }
    for (size_t i = 0; asked->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_ACCOUNT && rc == 0 && i < tree->n_accounts;
         i++)
        if (accounts_edit_means (asked, tree->accounts[i]->name, NULL)) {
            reset.account = tree->accounts[i]->name;
            rc = forget (ctld, reset, uid, err);
        }
    for (size_t i = 0; asked->entity == MOISSON__ACCOUNTS_ENTITY__ENTITY_QOS && rc == 0 && i < tree->n_qos; i++)
        if (accounts_edit_means (asked, tree->qos[i]->name, NULL)) {
            reset.qos = tree->qos[i]->name;
            rc = forget (ctld, reset, uid, err);
        }
    return rc;
}
