/* node_set.c - what a person, or a program in the place of one, says of a node: one row a word. */
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "core/apply.h"
#include "core/state.h"

struct asked {
    const Moisson__NodeSet *set;
    const uint32_t *uid; /* NULL: not a person */
    const char *reason;  /* NULL = none given */
};

/* Each checks first: -1 with a sentence, and nothing has changed. */
typedef int (*set_fn) (struct core *core, struct node *node, const struct asked *asked, struct err *err);

static int refuse (struct err *err, const struct node *node, const char *why)
{
    return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s %s", node_name (node), why);
}

static void mark (struct core *core, struct node *node, enum mark mark, const struct asked *asked)
{
    node->refusals = 0;
    node_mark (core, node, mark, BY_PERSON, asked->uid, asked->reason ? asked->reason : "none given");
}

static int set_drain (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    mark (core, node, MARK_DRAIN, asked);
    return 0;
}

static int set_fail (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    mark (core, node, MARK_FAIL, asked);
    return 0;
}

/* The administrator's word: what ran there is over. A node that hears us kills it. */
static int set_down (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    mark (core, node, MARK_DOWN, asked);
    node_lost (core, node, true, node->session, asked->reason);
    return 0;
}

static int set_resume (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) asked;
    (void) err;
    node->refusals = 0;
    shun_clear_node (core, node);
    node_unmark (core, node, MARK_DRAIN | MARK_DOWN | MARK_FAIL | MARK_INVALID | MARK_REBOOT | MARK_REBOOTING);
    core->want_pass = true;
    return 0;
}

static int set_undrain (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) asked;
    (void) err;
    node->refusals = 0;
    node_unmark (core, node, MARK_DRAIN);
    core->want_pass = true;
    return 0;
}

static int set_reason (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    if (asked->reason)
        node_set_reason (core, node, BY_PERSON, asked->uid, asked->reason);
    else
        node_clear_reason (node);
    return 0;
}

/* --- reboots ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    enum reboot_next next;
} nexts[] = {{"RESUME", REBOOT_RESUME}, {"DOWN", REBOOT_DOWN}};

static int set_reboot (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    const Moisson__NodeSet *set = asked->set;
    enum reboot_next next = set->asap ? REBOOT_RESUME : REBOOT_AS_BEFORE;
    size_t i = 0;

    while (set->next_state && i < sizeof nexts / sizeof *nexts && strcasecmp (nexts[i].word, set->next_state))
        i++;
    if (i == sizeof nexts / sizeof *nexts)
        return refuse (err, node, "cannot be in that state after a reboot: nextstate is RESUME or DOWN");
    if (node->marks & MARK_REBOOTING)
        return refuse (err, node, "was told to reboot already, and is not back");
    node->reboot_next = set->next_state ? nexts[i].next : next;
    if (asked->reason || !node->reason)
        node_set_reason (core, node, BY_REBOOT, asked->uid,
                         asked->reason ? asked->reason
                         : set->asap   ? "Reboot ASAP"
                                       : "Reboot requested");
    node_mark (core, node, MARK_REBOOT | (set->asap ? MARK_DRAIN : 0u), BY_REBOOT, asked->uid, "Reboot");
    return 0;
}

static int set_cancel_reboot (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) asked;
    if (node->marks & MARK_REBOOTING)
        return refuse (err, node, "was told to reboot already: it cannot be taken back");
    if (!(node->marks & MARK_REBOOT))
        return refuse (err, node, "is not to be rebooted");
    node_unmark (core, node, MARK_REBOOT | (node->by == BY_REBOOT ? MARK_DRAIN : 0u));
    node->reboot_next = REBOOT_AS_BEFORE;
    core->want_pass = true;
    return 0;
}

/* The controller's decision, once the node is quiet. */
static int set_rebooting (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    _cleanup_free_ char *reason = xasprintf ("%s : reboot issued", node->reason ? node->reason : "Reboot");
    struct fx *fx;

    (void) asked;
    if (!(node->marks & MARK_REBOOT) || node->marks & MARK_REBOOTING || !node_is_quiet (node))
        return refuse (err, node, "is not to be rebooted now");
    node_set_reason (core, node, node->by, node->has_reason_uid ? &node->reason_uid : NULL, reason);
    node_mark (core, node, MARK_REBOOTING, BY_REBOOT, NULL, "Reboot");
    node->reboot_us = core->now;
    fx = effects_add (core->fx, FX_REBOOT);
    if (fx)
        fx->node = xstrdup (node_name (node));
    return 0;
}

static int set_reboot_failed (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    if (!(node->marks & MARK_REBOOTING))
        return 0; /* said twice */
    node_set_reason (core, node, BY_NODE, NULL, asked->reason ? asked->reason : "RebootProgram failed");
    node_mark (core, node, MARK_DRAIN, BY_NODE, NULL, "RebootProgram failed");
    node_unmark (core, node, MARK_REBOOT | MARK_REBOOTING);
    node->reboot_next = REBOOT_AS_BEFORE;
    return 0;
}

/* --- what programs of the node say ---------------------------------------------------------------------------------
 */

static int set_sick (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) err;
    if (!(node->marks & MARK_DRAIN))
        node_mark (core, node, MARK_DRAIN, BY_HEALTH, NULL,
                   asked->reason ? asked->reason : "HealthCheckProgram failed");
    return 0;
}

static int set_well (struct core *core, struct node *node, const struct asked *asked, struct err *err)
{
    (void) asked;
    (void) err;
    if (node->by == BY_HEALTH)
        node_unmark (core, node, MARK_DRAIN);
    core->want_pass = true;
    return 0;
}

static const struct {
    const char *word;
    set_fn fn;
} rows[] = {
    {"DRAIN", set_drain},
    {"DOWN", set_down},
    {"FAIL", set_fail},
    {"RESUME", set_resume},
    {"IDLE", set_resume},
    {"UNDRAIN", set_undrain},
    {"REASON", set_reason},
    {"REBOOT", set_reboot},
    {"CANCEL_REBOOT", set_cancel_reboot},
    {"REBOOTING", set_rebooting},
    {"REBOOT_FAILED", set_reboot_failed},
    {"SICK", set_sick},
    {"WELL", set_well},
};

int on_node_set (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__NodeSet *set = event->node_set;
    struct node *node = event_node (core, set->node, err);
    struct asked asked = {set, set->has_uid ? &set->uid : NULL, set->reason && *set->reason ? set->reason : NULL};

    if (!node)
        return -1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcasecmp (rows[i].word, set->state))
            return rows[i].fn (core, node, &asked, err);
    return err_set (err, 0, "a node cannot be set %s", set->state);
}

/* --- what is to be done about nodes --------------------------------------------------------------------------------
 */

const char *core_next_reboot (const struct core *core)
{
    for (size_t i = 0; core->nodes.n_reboots && i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        if ((node->marks & (MARK_REBOOT | MARK_REBOOTING)) == MARK_REBOOT && node->up && node->session &&
            node_is_quiet (node))
            return node_name (node);
    }
    return NULL;
}

bool core_node_rebooting (const struct core *core, const char *name)
{
    const struct node *node = node_find (core, name);

    return node && node->marks & MARK_REBOOTING;
}

bool core_node_health (const struct core *core, const char *name, bool well)
{
    const struct node *node = node_find (core, name);

    return node && (well ? node->by == BY_HEALTH && node->marks & MARK_DRAIN : !(node->marks & MARK_DRAIN));
}

/* ResumeTimeout of one that was told to reboot; UINT64_MAX: none. */
static usec_t reboot_due (const struct core *core, const struct node *node)
{
    uint64_t limit = core->config->resume_timeout_s;

    if (!(node->marks & MARK_REBOOTING) || node->marks & MARK_DOWN || !limit)
        return UINT64_MAX;
    return node->reboot_us + limit * USEC_PER_SEC;
}

usec_t node_deadline (const struct core *core)
{
    usec_t first = UINT64_MAX;

    for (size_t i = 0; core->nodes.n_reboots && i < core->nodes.n; i++) {
        usec_t due = reboot_due (core, core->nodes.list[i]);
        first = due < first ? due : first;
    }
    return first;
}

void node_clock (struct core *core)
{
    for (size_t i = 0; core->nodes.n_reboots && i < core->nodes.n; i++) {
        struct node *node = core->nodes.list[i];
        if (reboot_due (core, node) > core->now)
            continue;
        node_set_reason (core, node, BY_REBOOT, NULL, "reboot timed out");
        node_mark (core, node, MARK_DOWN, BY_REBOOT, NULL, "reboot timed out");
    }
}
