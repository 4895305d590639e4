/* on_nodes.c - nodes register, time out, die, are drained and resumed. An unreachable node is not a dead node: what may
 * run there stays as it is, unless the job asked to be run again. */
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/state.h"

static struct node *event_node (const struct core *core, const char *name, struct err *err)
{
    struct node *node = node_find (core, name);

    if (!node)
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: %s is not configured", name);
    return node;
}

int on_node_up (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Register *facts = event->node_up->facts;
    struct node *node = event_node (core, facts->node, err);
    Moisson__Register plain = *facts;

    if (!node)
        return -1;
    plain.n_attempts = plain.n_tombstones = 0;
    if (node->facts)
        moisson__register__free_unpacked (node->facts, NULL);
    node->facts = message_copy (&plain.base);
    node->boot = boot_hash (facts->boot_id);
    node->dead = false;
    node->seen_us = core->now;
    node_strays_clear (core, node); /* it says anew what it has */
    node_set_up (core, node, true);
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
        tasks[n++] = share->task;
    *ret_n = n;
    return tasks;
}

static void lose (struct core *core, struct task *task, const char *cause, bool again)
{
    struct over over = {.state = MOISSON__JOB_STATE__STATE_NODE_FAIL, .cause = cause, .again = again};

    phase_move (&task->phase, ON_LOST, NULL);
    if (task->stop == STOP_BY_CANCEL) {
        over.state = MOISSON__JOB_STATE__STATE_CANCELLED;
        over.again = false;
    }
    attempt_over (core, task, &over);
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

/* Only --requeue asks for another attempt where the first may still be alive (law 3). A requeue by hand waits until it
 * is known to be over. */
static bool runs_again (const struct core *core, const struct task *task, bool dead)
{
    if (task->stop == STOP_BY_CANCEL)
        return false;
    return (dead && task->stop == STOP_BY_REQUEUE) || job_wants_requeue (core, task->job);
}

/* Nobody waits for its end any more, but its node does not take more work before it. */
static void kill_stray (struct core *core, struct node *node, struct task *task)
{
    attempt_stop (core, task, task->stop, MOISSON__STOP_HOW__STOP_KILL, "DUE TO NODE FAILURE");
    node_stray_add (core, node, task->raw_id, task->attempt);
}

static void node_lost (struct core *core, struct node *node, bool dead, bool kill, const char *why)
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
        lose (core, task, cause, again);
    }
}

int on_node_down (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__NodeDown *down = event->node_down;
    struct node *node = event_node (core, down->node, err);

    if (!node)
        return -1;
    node_set_up (core, node, false);
    node->dead = down->dead;
    node_lost (core, node, down->dead, false, down->why);
    return 0;
}

/* --- what an admin says ------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum admin admin;
} words[] = {{"DRAIN", ADMIN_DRAIN}, {"RESUME", ADMIN_NONE}, {"DOWN", ADMIN_DOWN}};

int on_node_set (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__NodeSet *set = event->node_set;
    struct node *node = event_node (core, set->node, err);
    size_t i = 0;

    if (!node)
        return -1;
    while (i < sizeof words / sizeof *words && strcasecmp (words[i].word, set->state))
        i++;
    if (i == sizeof words / sizeof *words)
        return err_set (err, 0, "a node cannot be set %s", set->state);
    node->refusals = 0;
    node_set_admin (node, words[i].admin, set->reason ? set->reason : "none given", set->uid, core->now);
    node_reindex (core, node);
    if (words[i].admin == ADMIN_DOWN) /* the admin's word: what ran there is over; a node that hears us kills it */
        node_lost (core, node, true, node->session, set->reason);
    core->want_pass |= words[i].admin == ADMIN_NONE;
    return 0;
}
