/* on_report.c - what a node says of itself, and what its silence means once a fence program has looked. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/children.h"
#include "ctld/fence.h"
#include "ctld/nodes.h"
#include "ctld/rpc.h"

#define REASON_MOST 300    /* characters of what a node's program says */
#define RELEASED_MOST 4096 /* attempts at once: each is looked for among all that a node holds */

static void set_node (struct ctld *ctld, const char *node, const char *state, const char *reason)
{
    _cleanup_free_ char *words = reason ? xstrndup (reason, REASON_MOST) : NULL;
    Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    for (char *p = words; p && *p; p++)
        if ((unsigned char) *p < ' ' || *p == 127)
            *p = ' ';
    set.node = (char *) node;
    set.state = (char *) state;
    set.reason = words;
    event.what_case = MOISSON__EVENT__WHAT_NODE_SET;
    event.node_set = &set;
    if (ctld_apply (ctld, &event, &err) < 0)
        log_error ("node=%s event=set state=%s refused=\"%s\"", node, state, err.why);
    else
        log_info ("node=%s event=set state=%s reason=\"%s\"", node, state, words ? words : "");
}

void rpc_node_report (struct request *request)
{
    const Moisson__NodeReport *report = request->msg;
    struct ctld *ctld = request->ctld;
    const char *node = request->session->node;

    if (news_current (request)) {
        if (report->kind == MOISSON__REPORT_KIND__REPORT_REBOOT && !report->ok)
            set_node (ctld, node, "REBOOT_FAILED", report->words);
        if (report->kind == MOISSON__REPORT_KIND__REPORT_HEALTH && core_node_health (ctld->core, node, report->ok))
            set_node (ctld, node, report->ok ? "WELL" : "SICK", report->words);
    }
    request_end (request);
}

void rpc_released (struct request *request)
{
    const Moisson__AttemptIds *ids = request->msg;
    Moisson__Released released = MOISSON__RELEASED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!news_bounded (request, ids->n_ids, RELEASED_MOST))
        return;
    if (news_current (request) && ids->n_ids) {
        released.node = request->session->node;
        released.ids = ids->ids;
        released.n_ids = ids->n_ids;
        event.what_case = MOISSON__EVENT__WHAT_RELEASED;
        event.released = &released;
        if (ctld_apply (request->ctld, &event, &err) < 0)
            log_error ("node=%s event=released refused=\"%s\"", released.node, err.why);
        else
            log_info ("node=%s event=released attempts=%zu", released.node, ids->n_ids);
    }
    request_end (request);
}

/* --- the fence ------------------------------------------------------------------------------------------------------
 */

struct fence {
    struct ctld *ctld;
    char *node;
    unsigned silence; /* that it looks into */
};

/* A node that has come back meanwhile speaks for itself, even if it is silent again: what runs there now may have begun
 * after the program looked. */
static void fence_ended (void *arg, const char *failure)
{
    struct fence *fence = arg;
    Moisson__NodeDown down = MOISSON__NODE_DOWN__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!failure && nodes_silence (fence->ctld->nodes, fence->node) == fence->silence) {
        down.node = fence->node;
        down.why = "FenceProgram says that it is dead";
        down.has_dead = down.dead = true;
        event.what_case = MOISSON__EVENT__WHAT_NODE_DOWN;
        event.node_down = &down;
        log_warn ("node=%s event=fenced", fence->node);
        if (ctld_apply (fence->ctld, &event, &err) < 0)
            log_error ("node=%s event=fenced refused=\"%s\"", fence->node, err.why);
    }
    free (fence->node);
    free (fence);
}

void fence_run (struct ctld *ctld, const char *node)
{
    struct fence *fence;
    struct program_env env;

    if (!*ctld->conf->fence_program)
        return;
    fence = xcalloc (1, sizeof *fence);
    fence->ctld = ctld;
    fence->node = xstrdup (node);
    fence->silence = nodes_silence (ctld->nodes, node);
    program_env_begin (&env);
    program_env_set (&env, "SLURMD_NODENAME", node);
    program_env_set (&env, "SLURM_CLUSTER_NAME", ctld->conf->cluster_name);
    program_env_set (&env, "SLURM_CONF", ctld->conf->path);
    program_env_set (&env, "MOISSON_CONF", ctld->conf->path);
    children_run (ctld->children, &(struct child_order){.what = "FenceProgram",
                                                        .programs = ctld->conf->fence_program,
                                                        .argument = fence->node,
                                                        .env = env,
                                                        .fn = fence_ended,
                                                        .arg = fence});
}
