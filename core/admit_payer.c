/* admit_payer.c - may this user submit in this account, with this QoS, to this partition? */
#include <string.h>
#include "core/admit.h"
#include "core/payer.h"
#include "core/limits.h"
#include "core/state.h"

struct payer_request {
    const struct core *core;
    const struct submitter *who;
    const Moisson__JobSpec *spec;
    const struct partition *partition;
    const struct assoc *assoc; /* declared; NULL: he has none of that account */
    const char *account, *qos;
};

static bool in_list (char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp (list[i], name))
            return true;
    return false;
}

static int check_association (const struct payer_request *r, struct err *err)
{
    if (!(r->core->config->enforce & ENFORCE_ASSOCIATIONS) || r->assoc)
        return 0;
    if (!*r->account) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT,
                 "Invalid account or account/partition combination specified: user %s has no default account",
                 r->who->user);
        return err_fix (err, "name one with -A (see: sacctmgr show assoc user=%s)", r->who->user);
    }
    err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT,
             "Invalid account or account/partition combination specified: user %s is not in account %s", r->who->user,
             r->account);
    return err_fix (err, "see: sacctmgr show assoc user=%s format=account", r->who->user);
}

static int check_qos (const struct payer_request *r, struct err *err)
{
    if (!(r->core->config->enforce & ENFORCE_QOS))
        return 0;
    if (!qos_find (r->core, r->qos)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_QOS, "Invalid qos specification: there is no QoS %s", r->qos);
        return err_fix (err, "see: sacctmgr show qos format=name");
    }
    if (!r->assoc || assoc_allows_qos (r->assoc, r->qos))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_QOS,
             "Invalid qos specification: user %s may not use QoS %s in account %s", r->who->user, r->qos, r->account);
    return err_fix (err, "see: sacctmgr show assoc user=%s format=account,qos", r->who->user);
}

static int check_partition_account (const struct payer_request *r, struct err *err)
{
    const Moisson__PartitionConf *conf = r->partition->conf;

    if (conf->n_allow_accounts ? in_list (conf->allow_accounts, conf->n_allow_accounts, r->account)
                               : !in_list (conf->deny_accounts, conf->n_deny_accounts, r->account))
        return 0;
    err_set (
        err, MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT,
        "Invalid account or account/partition combination specified: partition %s does not take jobs of account %s",
        r->partition->name, *r->account ? r->account : "(none)");
    return err_fix (err, "see: scontrol show partition %s", r->partition->name);
}

static int check_partition_qos (const struct payer_request *r, struct err *err)
{
    const Moisson__PartitionConf *conf = r->partition->conf;

    if (conf->n_allow_qos ? in_list (conf->allow_qos, conf->n_allow_qos, r->qos)
                          : !in_list (conf->deny_qos, conf->n_deny_qos, r->qos))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_QOS,
             "Invalid qos specification: partition %s does not take jobs of QoS %s", r->partition->name,
             *r->qos ? r->qos : "(none)");
    return err_fix (err, "see: scontrol show partition %s", r->partition->name);
}

static int check_partition_groups (const struct payer_request *r, struct err *err)
{
    const Moisson__PartitionConf *conf = r->partition->conf;

    if (!conf->n_allow_gids)
        return 0;
    for (size_t i = 0; i < conf->n_allow_gids; i++)
        for (size_t k = 0; k < r->who->n_gids; k++)
            if (conf->allow_gids[i] == r->who->gids[k])
                return 0;
    err_set (
        err, MOISSON__FAIL_CODE__FAIL_PERMISSION,
        "User's group not permitted to use this partition: %s takes those of AllowGroups only, and %s is in none of "
        "them",
        r->partition->name, r->who->user);
    return err_fix (err, "use another partition (see: sinfo)");
}

int admit_payer (const struct core *core, const struct submitter *who, const Moisson__JobSpec *spec, uint64_t tasks,
                 usec_t now, struct err *err)
{
    static int (*const checks[]) (const struct payer_request *r, struct err *err) = {
        check_association, check_qos, check_partition_account, check_partition_qos, check_partition_groups,
    };
    struct payer_request r = {.core = core, .who = who, .spec = spec, .partition = partition_of_spec (core, spec)};

    if (!r.partition)
        return 0; /* it waits in one that has left the configuration */
    r.account = spec->account ? spec->account : "";
    r.qos = spec->qos ? spec->qos : "";
    r.assoc = assoc_find (core, r.account, who->user);
    if (r.assoc && (!r.assoc->declared || !*r.account))
        r.assoc = NULL;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i](&r, err))
            return -1;
    return limits_admit (core, who->user, spec, tasks, now, err);
}
