/* on_admin.c - what operators ask of nodes and of the controller itself. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/rpc.h"
#include "ctld/stopping.h"

static void done (void *arg, bool committed)
{
    if (committed)
        request_ok (arg);
    else
        request_end (arg);
}

static int check_nodes (const struct ctld *ctld, const struct hostlist *names, struct err *err)
{
    for (size_t i = 0; i < hostlist_count (names); i++)
        if (!config_node (ctld->conf, hostlist_nth (names, i), NULL)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: %s",
                     hostlist_nth (names, i));
            return err_fix (err, "see the names with: sinfo -N");
        }
    return 0;
}

static int set_node (struct request *request, const char *node, struct err *err)
{
    const Moisson__NodeOpRequest *asked = request->msg;
    Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    set.node = (char *) node;
    set.state = asked->state;
    set.reason = asked->reason;
    set.has_uid = true;
    set.uid = request->session->uid;
    set.has_asap = asked->has_asap;
    set.asap = asked->asap;
    set.next_state = asked->next_state;
    event.what_case = MOISSON__EVENT__WHAT_NODE_SET;
    event.node_set = &set;
    if (ctld_apply (request->ctld, &event, err) < 0)
        return -1;
    log_info ("node=%s event=set state=%s uid=%u reason=\"%s\"", node, asked->state, request->session->uid,
              asked->reason ? asked->reason : "");
    return 0;
}

/* What may be asked; the other words of the core's table are the controller's own. */
static const struct {
    const char *state;
    bool needs_reason, reboots;
} node_ops[] = {
    {"DRAIN", true, false},   {"DOWN", true, false},   {"FAIL", true, false},
    {"RESUME", false, false}, {"IDLE", false, false},  {"UNDRAIN", false, false},
    {"REASON", false, false}, {"REBOOT", false, true}, {"CANCEL_REBOOT", false, false},
};

static int check_op (const struct ctld *ctld, const Moisson__NodeOpRequest *asked, struct err *err)
{
    size_t i = 0;

    while (i < sizeof node_ops / sizeof *node_ops && strcasecmp (node_ops[i].state, asked->state))
        i++;
    if (i == sizeof node_ops / sizeof *node_ops) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "a node cannot be set %.40s", asked->state);
        return err_fix (err, "DRAIN, UNDRAIN, DOWN, FAIL and RESUME are known");
    }
    if (node_ops[i].needs_reason && (!asked->reason || !*asked->reason)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "State=%s needs a reason", node_ops[i].state);
        return err_fix (err, "add Reason='words for your colleagues'");
    }
    if (node_ops[i].reboots && !*ctld->conf->reboot_program) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER,
                 "no RebootProgram is configured: nodes cannot be rebooted from here");
        return err_fix (err, "set RebootProgram=/PATH in %s here and on the nodes", ctld->conf->path);
    }
    return 0;
}

static int all_nodes (const struct ctld *ctld, struct hostlist **ret)
{
    *ret = hostlist_create ();
    for (size_t i = 0; i < ctld->conf->core->n_nodes; i++)
        hostlist_add (*ret, ctld->conf->core->nodes[i]->name);
    return 0;
}

void rpc_node_op (struct request *request)
{
    const Moisson__NodeOpRequest *asked = request->msg;
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = check_op (request->ctld, asked, &err);

    if (rc == 0)
        rc = strcasecmp (asked->nodes, "ALL") ? hostlist_parse (&names, asked->nodes, &err)
                                              : all_nodes (request->ctld, &names);
    if (rc == 0)
        rc = check_nodes (request->ctld, names, &err);
    for (size_t i = 0; rc == 0 && i < hostlist_count (names); i++)
        rc = set_node (request, hostlist_nth (names, i), &err);
    if (rc < 0)
        request_fail (request, &err);
    else
        ctld_after (request->ctld, done, request);
}

/* Each is checked before the first is set. */
static int set_partition (struct request *request, char *name, bool apply, struct err *err)
{
    const Moisson__PartitionOpRequest *asked = request->msg;
    Moisson__PartitionSet set = MOISSON__PARTITION_SET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    set.name = name;
    set.uid = request->session->uid;
    set.state = asked->state;
    set.has_max_time_s = asked->has_max_time_s;
    set.max_time_s = asked->max_time_s;
    set.has_default_time_s = asked->has_default_time_s;
    set.default_time_s = asked->default_time_s;
    set.has_is_default = asked->has_is_default;
    set.is_default = asked->is_default;
    set.has_min_nodes = asked->has_min_nodes;
    set.min_nodes = asked->min_nodes;
    set.has_max_nodes = asked->has_max_nodes;
    set.max_nodes = asked->max_nodes;
    if (!apply)
        return core_admit_partition (request->ctld->core, &set, err);
    event.what_case = MOISSON__EVENT__WHAT_PARTITION_SET;
    event.partition_set = &set;
    if (ctld_apply (request->ctld, &event, err) < 0)
        return -1;
    log_info ("partition=%s event=set uid=%u state=%s", name, set.uid, set.state ? set.state : "as before");
    return 0;
}

void rpc_partition_op (struct request *request)
{
    const Moisson__PartitionOpRequest *asked = request->msg;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = 0;

    for (int apply = 0; apply < 2; apply++) {
        _cleanup_free_ char *list = xstrdup (asked->partitions);
        char *at = list, *name;
        while (rc == 0 && (name = strsep (&at, ",")))
            rc = set_partition (request, name, apply, &err);
    }
    if (rc < 0)
        request_fail (request, &err);
    else
        ctld_after (request->ctld, done, request);
}

void rpc_shutdown (struct request *request)
{
    log_info ("uid=%u event=shutdown", request->session->uid);
    stopping_begin (request->ctld->stopping, request, "an operator asked for it");
}
