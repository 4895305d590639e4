/* on_nodes.c - nodes register, time out, die. An unreachable node is not a dead node: what may
 * run there stays as it is, unless the job asked to be run again. */
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/held.h"
#include "core/misfit.h"
#include "core/state.h"

struct node *event_node (const struct core *core, const char *name, struct err *err)
{
    struct node *node = node_find (core, name);

    if (!node)
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: %s is not configured", name);
    return node;
}

/* --- it registers ------------------------------------------------------------------------------------------------- */

/* ReturnToService. Journals of versions that had no such thing: every node that was back was used again. */
static uint32_t return_to_service (const struct core *core)
{
    return core->config->has_return_to_service ? core->config->return_to_service : 2;
}

/* Back from the reboot that was asked for: into service, unless a person wants it otherwise. */
static void rebooted_as_asked (struct core *core, struct node *node)
{
    enum reboot_next next = node->reboot_next;

    node->reboot_next = REBOOT_AS_BEFORE;
    node->reboot_us = 0;
    if (next == REBOOT_DOWN) {
        _cleanup_free_ char *reason = xasprintf ("%s : reboot complete", node->reason ? node->reason : "reboot");
        node_mark (core, node, MARK_DOWN, BY_PERSON, node->has_reason_uid ? &node->reason_uid : NULL, reason);
        node_unmark (core, node, MARK_REBOOT | MARK_REBOOTING | MARK_DRAIN);
        return;
    }
    bool kept = next == REBOOT_AS_BEFORE && node->marks & (MARK_DRAIN | MARK_FAIL);
    node_unmark (core, node,
                 MARK_REBOOT | MARK_REBOOTING | MARK_DOWN | (next == REBOOT_RESUME ? MARK_DRAIN | MARK_FAIL : 0u));
    if (kept && node->by == BY_REBOOT) /* the reboot is no reason any more */
        node_set_reason (core, node, BY_PERSON, NULL, "drained before its reboot");
}

/* What its coming back means for its state, as ReturnToService says. */
static void come_back (struct core *core, struct node *node, bool rebooted)
{
    uint32_t service = return_to_service (core);
    bool was_lost = node->lost, was_up = node->up;

    node->lost = false;
    if (rebooted && node->marks & MARK_REBOOTING)
        rebooted_as_asked (core, node);
    else if (service == 0 && was_lost)
        node_mark (core, node, MARK_DOWN, BY_SILENCE, NULL, "Not responding");
    else if (service < 2 && rebooted && was_up && !(node->marks & MARK_DOWN))
        node_mark (core, node, MARK_DOWN, BY_BOOT, NULL, "Node unexpectedly rebooted");
    if (service == 2)
        node_unmark (core, node, MARK_DOWN);
    node_unmark (core, node, 0); /* nothing else wrong: the silence is no reason any more */
}

int on_node_up (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Register *facts = event->node_up->facts;
    struct node *node = event_node (core, facts->node, err);
    Moisson__Register plain = *facts;

    if (!node)
        return -1;
    bool rebooted = node->boot && node->boot != boot_hash (facts->boot_id);
    plain.n_attempts = plain.n_tombstones = 0;
    if (node->facts)
        moisson__register__free_unpacked (node->facts, NULL);
    node->facts = message_copy (&plain.base);
    node->boot = boot_hash (facts->boot_id);
    node->dead = false;
    node->seen_us = core->now;
    node_strays_clear (core, node); /* it says anew what it has */
    held_settle (core, node, facts, rebooted);
    come_back (core, node, rebooted);
    node_set_up (core, node, true);
    if (rebooted)
        shun_clear_node (core, node);
    misfit_judge (core, node);
    core->want_pass = true;
    return 0;
}

int on_released (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Released *released = event->released;
    struct node *node = event_node (core, released->node, err);

    if (!node)
        return -1;
    for (size_t i = 0; i < released->n_ids; i++) {
        const Moisson__AttemptId *id = released->ids[i];
        held_release (core, node, id->raw_id, id->attempt);
        node_stray_gone (core, node, id->raw_id, id->attempt);
    }
    core->want_pass = true;
    return 0;
}

/* --- what ran on a node that is gone ------------------------------------------------------------------------------ */

/* The list of a node changes while attempts end: look at a copy of it. */
static struct task **tasks_on (const struct node *node, size_t *ret_n)
{
    struct task **tasks = xcalloc (node->n_shares + 1, sizeof *tasks);
    size_t n = 0;

    for (const struct share *share = node->shares; share; share = share->next)
        if (share->task)
            tasks[n++] = share->task;
    *ret_n = n;
    return tasks;
}

static void lose (struct core *core, struct task *task, const char *cause)
{
    const struct ending ending = {
        .cause = MOISSON__RETRY_CAUSE__RETRY_NODE, .requeue = job_wants_requeue (core, task->job), .words = cause};
    struct over over = {.state = MOISSON__JOB_STATE__STATE_NODE_FAIL, .cause = cause};
    struct retry_answer answer = {0};

    phase_move (&task->phase, ON_LOST, NULL);
    if (task->stop == STOP_BY_CANCEL)
        over.state = MOISSON__JOB_STATE__STATE_CANCELLED;
    else if (task->stop == STOP_BY_REQUEUE || (task->stop == STOP_BY_PREEMPT && task->preempt_again))
        answer = (struct retry_answer){.again = true, .hold = task->again_hold};
    else
        answer = retry_decide (core, task, &ending);
    attempt_again (core, task, &over, &answer);
}

/* The batch script runs elsewhere, but a node of the job is gone for good: stop the whole attempt. */
static void stop_maimed (struct core *core, struct task *task, const char *cause)
{
    if (task->stop)
        return;
    free (task->cause);
    task->cause = xstrdup (cause);
    attempt_stop (core, task, STOP_BY_NODE, MOISSON__STOP_HOW__STOP_CANCEL, "DUE TO NODE FAILURE");
}

/* Only --requeue and --retry=node ask for another attempt where the first may still be alive (law 3). A requeue by hand
 * waits until it is known to be over. */
static bool runs_again (const struct core *core, const struct task *task, bool dead)
{
    if (task->stop == STOP_BY_CANCEL)
        return false;
    return (dead && (task->stop == STOP_BY_REQUEUE || (task->stop == STOP_BY_PREEMPT && task->preempt_again))) ||
           retry_asks_after_loss (core, task);
}

/* Nobody waits for its end any more, but its node does not take more work before it. */
static void kill_stray (struct core *core, struct node *node, struct task *task)
{
    attempt_stop (core, task, task->stop, MOISSON__STOP_HOW__STOP_KILL, "DUE TO NODE FAILURE");
    node_stray_add (core, node, task->raw_id, task->attempt);
}

void node_lost (struct core *core, struct node *node, bool dead, bool kill, const char *why)
{
    _cleanup_free_ char *cause = xasprintf ("node %s %s%s%s", node_name (node), dead ? "is down" : "does not respond",
                                            why && *why ? ": " : "", why && *why ? why : "");
    size_t n;
    _cleanup_free_ struct task **tasks = tasks_on (node, &n);

    for (size_t i = 0; i < n; i++) {
        struct task *task = tasks[i];
        bool again = runs_again (core, task, dead);
        if (task_host (task) != node) {
            if (dead)
                stop_maimed (core, task, cause);
            continue;
        }
        if (!dead && !again)
            continue;
        if (kill)
            kill_stray (core, node, task);
        lose (core, task, cause);
    }
}

int on_node_down (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__NodeDown *down = event->node_down;
    struct node *node = event_node (core, down->node, err);

    if (!node)
        return -1;
    node->lost = true;
    node->dead = down->dead;
    if (!node->reason)
        node_set_reason (core, node, BY_SILENCE, NULL, down->why && *down->why ? down->why : "Not responding");
    node_set_up (core, node, false);
    node_lost (core, node, down->dead, false, down->why);
    return 0;
}
