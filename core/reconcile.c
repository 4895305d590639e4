/* reconcile.c - settle every difference with what a node has. Everything is looked at before anything is done: what is
 * done may be applied at once. */
#include "core/reconcile.h"
#include <string.h>
#include "base/mem.h"
#include "core/apply.h"
#include "core/state.h"

struct item { /* one attempt, as both sides see it */
    uint64_t raw_id;
    uint32_t attempt;
    enum wanted_as wanted;
    enum present_as present;
    const Moisson__AttemptReport *report; /* borrowed from the facts; NULL = absent or tombstone */
};

struct list {
    struct item *items;
    size_t n, room;
};

static const struct {
    Moisson__AttemptPhase phase;
    enum present_as present;
} phases[] = {
    {MOISSON__ATTEMPT_PHASE__PHASE_STARTING, PRESENT_STARTING},
    {MOISSON__ATTEMPT_PHASE__PHASE_RUNNING, PRESENT_RUNNING},
    {MOISSON__ATTEMPT_PHASE__PHASE_EXITED, PRESENT_EXITED},
    {MOISSON__ATTEMPT_PHASE__PHASE_REFUSED, PRESENT_REFUSED},
    {MOISSON__ATTEMPT_PHASE__PHASE_TOMBSTONE, PRESENT_TOMBSTONE},
};

static enum present_as present_of (Moisson__AttemptPhase phase, bool suspended)
{
    if (phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING && suspended)
        return PRESENT_SUSPENDED;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (phases[i].phase == phase)
            return phases[i].present;
    return PRESENT_RUNNING; /* unknown words are taken for the worst */
}

static enum wanted_as wanted_of (const struct task *task)
{
    bool running = task->phase == TASK_RUNNING;

    if (task->stop)
        return running ? WANTED_STOPPING_RUNNING : WANTED_STOPPING_PLACED;
    if (running && task->suspended_at)
        return WANTED_SUSPENDED;
    return running ? WANTED_RUNNING : WANTED_PLACED;
}

/* Attempts are wanted on their batch host only. */
static struct task *wanted_on (const struct core *core, const Moisson__AttemptId *id, const char *node)
{
    struct task *task = news_task (core, id);

    return task && !strcmp (node_name (task_host (task)), node) ? task : NULL;
}

static void add_present (const struct core *core, struct list *list, const Moisson__Register *facts,
                         const Moisson__AttemptId *id, enum present_as present, const Moisson__AttemptReport *report)
{
    struct task *task = wanted_on (core, id, facts->node);

    GROW (list->items, list->n, list->room);
    list->items[list->n++] = (struct item){
        .raw_id = id->raw_id,
        .attempt = id->attempt,
        .wanted = task ? wanted_of (task) : WANTED_NONE,
        .present = present,
        .report = report,
    };
}

static int by_id (const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->raw_id != y->raw_id)
        return x->raw_id < y->raw_id ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static bool is_present (const struct list *list, size_t n, const struct task *task)
{
    struct item like = {.raw_id = task->raw_id, .attempt = task->attempt};

    return n && bsearch (&like, list->items, n, sizeof like, by_id);
}

static void add_absent (const struct core *core, struct list *list, const Moisson__Register *facts)
{
    const struct node *node = node_find (core, facts->node);
    size_t n = list->n;

    for (const struct share *share = node ? node->shares : NULL; share; share = share->next) {
        const struct task *task = share->task;
        if (!task || task_host (task) != node || is_present (list, n, task))
            continue;
        GROW (list->items, list->n, list->room);
        bool rebooted = task->boot && task->boot != boot_hash (facts->boot_id);
        list->items[list->n++] = (struct item){
            .raw_id = task->raw_id,
            .attempt = task->attempt,
            .wanted = wanted_of (task),
            .present = rebooted ? PRESENT_GONE : PRESENT_ABSENT,
        };
    }
    if (list->n > n)
        qsort (list->items, list->n, sizeof *list->items, by_id); /* nodes list their shares newest first */
}

/* --- what is done ------------------------------------------------------------------------------------------------- */

static Moisson__Event *event_create (const struct core *core, Moisson__Event__WhatCase what)
{
    Moisson__Event *event = xmalloc (sizeof *event);

    moisson__event__init (event);
    event->now_us = core->now;
    event->what_case = what;
    return event;
}

static Moisson__AttemptId *make_id (const struct item *item)
{
    Moisson__AttemptId *id = xmalloc (sizeof *id);

    moisson__attempt_id__init (id);
    id->raw_id = item->raw_id;
    id->attempt = item->attempt;
    return id;
}

static Moisson__Event *started_event (const struct core *core, const struct item *item)
{
    Moisson__Event *event = event_create (core, MOISSON__EVENT__WHAT_STARTED);

    event->started = xmalloc (sizeof *event->started);
    moisson__started__init (event->started);
    event->started->id = make_id (item);
    event->started->start_us = item->report->has_start_us ? item->report->start_us : core->now;
    event->started->cpu_ids = xstrdup (item->report->cpu_ids);
    event->started->gpu_ids = xstrdup (item->report->gpu_ids);
    return event;
}

/* kind: where the node reports no exit. */
static Moisson__Event *ended_event (const struct core *core, const struct item *item, Moisson__EndKind kind,
                                    const char *node)
{
    Moisson__Event *event = event_create (core, MOISSON__EVENT__WHAT_ENDED);
    Moisson__Exit *exit;

    event->ended = xmalloc (sizeof *event->ended);
    moisson__ended__init (event->ended);
    event->ended->node = xstrdup (node);
    if (item->report && item->report->exit) {
        event->ended->exit = message_copy (&item->report->exit->base);
        event->ended->exit->id->raw_id = item->raw_id;
        event->ended->exit->id->attempt = item->attempt;
        return event;
    }
    exit = event->ended->exit = xmalloc (sizeof *exit);
    moisson__exit__init (exit);
    exit->id = make_id (item);
    exit->kind = kind;
    return event;
}

/* Until its end is told, the node takes nothing more. Ends of an attempt that is under way elsewhere are not listened
 * to, so nothing waits for them. */
static void kill_stray (struct core *core, const struct item *item, const char *name, const struct reconcile_ops *ops,
                        void *arg)
{
    struct node *node = node_find (core, name);

    if (node && !core_attempt_host (core, item->raw_id, item->attempt))
        node_stray_add (core, node, item->raw_id, item->attempt);
    ops->stop (arg, item->raw_id, item->attempt, MOISSON__STOP_HOW__STOP_KILL, NULL);
}

/* Whatever kind the report names: an attempt in this phase never ran. */
static Moisson__Event *refused_event (const struct core *core, const struct item *item, const char *node)
{
    Moisson__Event *event = ended_event (core, item, MOISSON__END_KIND__END_REFUSED, node);

    event->ended->exit->kind = MOISSON__END_KIND__END_REFUSED;
    return event;
}

/* The session may have broken before the node heard of it; or its shepherd has not yet done what it was told before. */
static void wishes_again (const struct core *core, const struct item *item, const struct reconcile_ops *ops, void *arg)
{
    const struct task *task = task_by_raw (core, item->raw_id);

    if (!task || task->attempt != item->attempt)
        return;
    if (task->relimited && ops->limit)
        ops->limit (arg, item->raw_id, item->attempt, task_time_limit (core, task));
    if (task->was_suspended && item->wanted == WANTED_RUNNING && item->present == PRESENT_RUNNING && ops->suspend)
        ops->suspend (arg, item->raw_id, item->attempt, false);
}

static void stop_again (const struct core *core, const struct item *item, const struct reconcile_ops *ops, void *arg)
{
    const struct task *task = task_by_raw (core, item->raw_id);
    enum stop_why why = task && task->attempt == item->attempt ? task->stop : STOP_BY_CANCEL;

    if (why == STOP_BY_PREEMPT && ops->preempt)
        ops->preempt (arg, item->raw_id, item->attempt, "DUE TO PREEMPTION", preempt_grace (core, task));
    else
        ops->stop (arg, item->raw_id, item->attempt, MOISSON__STOP_HOW__STOP_CANCEL,
                   why == STOP_BY_REQUEUE ? "DUE TO JOB REQUEUE" : NULL);
}

static void settle (struct core *core, const struct item *item, const char *node, const struct reconcile_ops *ops,
                    void *arg)
{
    unsigned what = reconcile_cell (item->wanted, item->present)->what;
    Moisson__EndKind lost =
        item->present == PRESENT_GONE ? MOISSON__END_KIND__END_NODE_REBOOT : MOISSON__END_KIND__END_LOST;

    if (what & DO_START)
        ops->start (arg, item->raw_id, item->attempt);
    if (what & DO_STOP)
        stop_again (core, item, ops, arg);
    if (what & DO_KILL)
        kill_stray (core, item, node, ops, arg);
    if (what & DO_STARTED)
        ops->event (arg, started_event (core, item));
    if (what & (DO_ENDED | DO_LOST))
        ops->event (arg, ended_event (core, item, lost, node));
    if (what & DO_REFUSED)
        ops->event (arg, refused_event (core, item, node));
    if (what & DO_CANCELLED)
        ops->event (arg, ended_event (core, item, MOISSON__END_KIND__END_CANCELLED, node));
    if (what & DO_FORGET)
        ops->forget (arg, item->raw_id, item->attempt);
    if (what & (DO_SUSPEND | DO_RESUME) && ops->suspend)
        ops->suspend (arg, item->raw_id, item->attempt, what & DO_SUSPEND);
    if (item->present == PRESENT_RUNNING || item->present == PRESENT_SUSPENDED)
        wishes_again (core, item, ops, arg);
}

void core_reconcile (struct core *core, const Moisson__Register *facts, const struct reconcile_ops *ops, void *arg)
{
    struct list list = {0};

    for (size_t i = 0; i < facts->n_attempts; i++)
        add_present (core, &list, facts, facts->attempts[i]->id,
                     present_of (facts->attempts[i]->phase, facts->attempts[i]->suspended), facts->attempts[i]);
    for (size_t i = 0; i < facts->n_tombstones; i++)
        add_present (core, &list, facts, facts->tombstones[i], PRESENT_TOMBSTONE, NULL);
    if (list.n)
        qsort (list.items, list.n, sizeof *list.items, by_id);
    add_absent (core, &list, facts);
    for (size_t i = 0; i < list.n; i++) {
        settle (core, &list.items[i], facts->node, ops, arg);
    }
    free (list.items);
}
