/* reconfigure.c - the configuration file, read again while everything goes on. */
#include "ctld/reconfigure.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/accounts.h"
#include "ctld/accounts.h"
#include "ctld/apply.h"
#include "ctld/nodes.h"
#include "ctld/notes.h"
#include "ctld/policies.h"
#include "ctld/rpc.h"
#include "ctld/service_user.h"
#include "ctld/session.h"
#include "ctld/usage_period.h"

#define FILE_MOST (16u << 20)

/* What was taken from the file once, at the start: doors, keys, the store, who we are. */
static const char *const at_start[] = {
    "AuthInfo",  "AuthType",         "ClusterName",      "ControllerKey",  "ControllerKeyNext", "FirstJobId",
    "SlurmUser", "SlurmctldHost",    "SlurmctldPidFile", "SlurmctldPort",  "StateSaveLocation", "StoreBallast",
    "StoreType", "SlurmctldLogFile", "SlurmctldDebug",   "MessageTimeout",
};

struct value {
    const char *key;
    char *value;
};

static void look_for (void *arg, const char *key, const char *value)
{
    struct value *wanted = arg;

    if (!strcasecmp (wanted->key, key) && !wanted->value)
        wanted->value = xstrdup (value);
}

/* The line of the main file where the key stands; 0: in none. */
static unsigned line_of (const char *path, const char *key)
{
    _cleanup_free_ char *text = NULL;
    size_t len, n = strlen (key);
    unsigned line = 1;

    if (file_read (path, FILE_MOST, &text, &len, NULL) < 0)
        return 0;
    for (const char *at = text; at; at = strchr (at, '\n'), at = at ? at + 1 : NULL, line++) {
        const char *word = at + strspn (at, " \t");
        if (!strncasecmp (word, key, n) && word[n + strspn (word + n, " \t")] == '=')
            return line;
    }
    return 0;
}

static int check_key (const struct config *now, const struct config *fresh, const char *key, struct err *err)
{
    struct value old = {.key = key}, wanted = {.key = key};
    unsigned line;
    bool same;

    config_entries (now, look_for, &old);
    config_entries (fresh, look_for, &wanted);
    same = !old.value || !wanted.value || !strcmp (old.value, wanted.value);
    if (!same) {
        line = line_of (fresh->path, key);
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s:%u: %s=%s, and the controller was started with %s",
                 fresh->path, line, key, wanted.value, *old.value ? old.value : "none");
        err_fix (err, "restart moissonctld to change it (jobs keep running), or take the change back");
    }
    free (old.value);
    free (wanted.value);
    return same ? 0 : -1;
}

bool config_same (const Moisson__Config *a, const Moisson__Config *b)
{
    size_t n = moisson__config__get_packed_size (a);

    if (n != moisson__config__get_packed_size (b))
        return false;
    _cleanup_free_ uint8_t *x = xmalloc (n);
    _cleanup_free_ uint8_t *y = xmalloc (n);
    moisson__config__pack (a, x);
    moisson__config__pack (b, y);
    return memcmp (x, y, n) == 0;
}

static int apply (struct ctld *ctld, Moisson__Config *config, bool by_hand, struct err *err)
{
    Moisson__Event event = MOISSON__EVENT__INIT;
    int rc;

    if (!by_hand && config_same (core_config (ctld->core), config))
        return 0;
    config->has_partitions_anew = config->partitions_anew = by_hand;
    event.what_case = MOISSON__EVENT__WHAT_CONFIGURED;
    event.configured = config;
    rc = ctld_apply (ctld, &event, err);
    config->has_partitions_anew = config->partitions_anew = false;
    return rc;
}

int reconfigure (struct ctld *ctld, bool by_hand, struct err *err)
{
    _cleanup_config_ struct config *fresh = NULL;
    Moisson__Accounts *accounts = NULL;
    int rc;

    if (!journal_accepting (ctld->journal)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
                 journal_trouble (ctld->journal));
        return err_fix (err, "try again later");
    }
    if (config_load (&fresh, ctld->conf->path, err) < 0 || service_user_operators (fresh, ctld->uid, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof at_start / sizeof *at_start; i++)
        if (check_key (ctld->conf, fresh, at_start[i], err) < 0)
            return -1;
    if (accounts_read (fresh, &accounts, err) < 0)
        return -1;
    rc = apply (ctld, fresh->core, by_hand, err);
    if (rc == 0 && accounts)
        rc = accounts_apply (ctld, accounts, err);
    if (accounts)
        moisson__accounts__free_unpacked (accounts, NULL);
    if (rc < 0)
        return -1;
    struct config *old = ctld->conf;
    ctld->conf = steal (&fresh);
    config_free (old);
    policies_apply (ctld);
    usage_period_apply (ctld->usage_period);
    nodes_reconfigured (ctld->nodes);
    notes_reconfigured (ctld->notes);
    sessions_reconfigured (ctld->sessions);
    log_info ("event=reconfigured nodes=%zu partitions=%zu", ctld->conf->core->n_nodes, ctld->conf->core->n_partitions);
    return 0;
}

static void done (void *arg, bool committed)
{
    if (committed)
        request_ok (arg);
    else
        request_end (arg);
}

void rpc_reconfigure (struct request *request)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (reconfigure (request->ctld, true, &err) < 0) {
        log_warn ("uid=%u event=reconfigure refused=\"%s\"", request->session->uid, err.why);
        err.code = err.code ? err.code : MOISSON__FAIL_CODE__FAIL_OTHER;
        request_fail (request, &err);
        return;
    }
    ctld_after (request->ctld, done, request);
}
