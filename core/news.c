/* news.c - what an event meant, in words: a table from kinds of events to those who tell about them. */
#include "core/news.h"
#include <stdlib.h>
#include "base/idset.h"
#include "base/mem.h"
#include "base/node_states.h"
#include "core/state.h"
#include "core/view.h"

#define SET(news, field, value) ((news)->has_##field = true, (news)->field = (value))

static const struct news_type types[] = {
    {"submitted", "a job was accepted"},
    {"started", "a job, or a task of an array, runs"},
    {"ended", "it has ended: state, exit_code, exit_signal, reason"},
    {"requeued", "an attempt has ended and is followed by another: state is that of the attempt"},
    {"held", "it does not start before it is released"},
    {"released", "it may start again"},
    {"cancelled", "somebody asked for its end; the end itself is told by `ended`"},
    {"requeue_asked", "somebody asked for another attempt"},
    {"dependency_never", "what it depends on can never be satisfied"},
    {"updated", "what is asked for it has changed"},
    {"suspended", "its processes are stopped"},
    {"resumed", "they go on"},
    {"node_up", "a node has registered"},
    {"node_down", "a node is lost or dead"},
    {"node_set", "somebody, or a program, changed the state of a node"},
    {"partition_set", "a partition was changed"},
    {"configured", "a configuration file was applied"},
};

const struct news_type *news_types (size_t *ret_n)
{
    *ret_n = sizeof types / sizeof *types;
    return types;
}

struct telling {
    const struct core *core;
    Moisson__Event *event;
    size_t room;
};

static Moisson__News *tell (struct telling *t, const char *type)
{
    Moisson__News *news = xmalloc (sizeof *news);

    moisson__news__init (news);
    news->type = xstrdup (type);
    GROW (t->event->news, t->event->n_news, t->room);
    t->event->news[t->event->n_news++] = news;
    return news;
}

/* --- jobs --------------------------------------------------------------------------------------------------------- */

static void whose (Moisson__News *news, const Moisson__Submitted *facts, const char *partition)
{
    SET (news, uid, facts->uid);
    news->user = xstrdup (facts->user);
    news->name = xstrdup (facts->spec->name);
    news->partition = xstrdup (partition);
}

static char *ranges_text (Moisson__Range *const *ranges, size_t n)
{
    _cleanup_idset_ struct idset *set = idset_create ();

    for (size_t i = 0; i < n; i++)
        idset_add_range (set, ranges[i]->first, ranges[i]->last, ranges[i]->step ? ranges[i]->step : 1);
    return idset_format (set, 0, 0);
}

static void tell_submitted_as (struct telling *t, uint64_t job_id)
{
    const struct job *job = job_find (t->core, job_id);
    Moisson__News *news;

    if (!job)
        return;
    news = tell (t, "submitted");
    SET (news, job_id, job_id);
    whose (news, spec_msg (job->spec), job->partition);
    if (job_is_array (job))
        news->tasks = ranges_text (job_spec (job)->array, job_spec (job)->n_array);
}

static void tell_submitted (struct telling *t)
{
    tell_submitted_as (t, t->event->submitted->job_id);
}

static void tell_unfolded (struct telling *t)
{
    for (uint32_t i = 0; i < t->event->unfold->count; i++)
        tell_submitted_as (t, t->event->unfold->first_id + i);
}

static void tell_started (struct telling *t)
{
    const struct task *task = task_by_raw (t->core, t->event->started->id->raw_id);
    Moisson__News *news;

    if (!task || task->attempt != t->event->started->id->attempt || task->phase != TASK_RUNNING)
        return; /* late news */
    news = tell (t, "started");
    SET (news, job_id, task->job->id);
    SET (news, raw_id, task->raw_id);
    SET (news, attempt, task->attempt);
    if (job_is_array (task->job))
        SET (news, task, task->index);
    whose (news, row_facts (task->job, task), row_partition (task->job, task));
    news->nodes = task_nodes (task);
}

static Moisson__News *tell_attempt (struct telling *t, const char *type, const Moisson__AcctRecord *r)
{
    Moisson__News *news = tell (t, type);

    SET (news, job_id, r->has_array_id ? r->array_id : r->raw_id);
    SET (news, raw_id, r->raw_id);
    SET (news, attempt, r->attempt);
    news->has_task = r->has_task;
    news->task = r->task;
    news->tasks = xstrdup (r->tasks);
    SET (news, uid, r->uid);
    news->user = xstrdup (r->user);
    news->name = xstrdup (r->name);
    news->partition = xstrdup (r->partition);
    news->nodes = r->nodes && *r->nodes ? xstrdup (r->nodes) : NULL;
    return news;
}

static void tell_record (struct telling *t, const struct fx *fx)
{
    const Moisson__AcctRecord *r = fx->record;
    Moisson__News *news;

    if (fx->sudden) /* over before its node could say that it runs */
        tell_attempt (t, "started", r);
    news = tell_attempt (t, r->requeued ? "requeued" : "ended", r);
    SET (news, state, r->state);
    SET (news, exit_code, r->exit_code);
    SET (news, exit_signal, r->exit_signal);
    news->reason = xstrdup (r->cause);
    news->has_by_uid = r->has_cancelled_by;
    news->by_uid = r->cancelled_by;
}

/* What a person asked for a job, or for some tasks of it. */
static void tell_asked (struct telling *t, const char *type, uint64_t id, Moisson__Range *const *tasks, size_t n_tasks,
                        uint32_t by_uid)
{
    const struct job *job = job_find (t->core, id);
    const struct task *task = job ? NULL : task_by_raw (t->core, id);
    Moisson__News *news;

    if (!job && !task)
        return; /* cancelled, and nothing of it is left */
    if (!job)
        job = task->job;
    news = tell (t, type);
    SET (news, job_id, job->id);
    if (task) {
        SET (news, raw_id, task->raw_id);
        if (job_is_array (job))
            SET (news, task, task->index);
    }
    if (n_tasks)
        news->tasks = ranges_text (tasks, n_tasks);
    whose (news, spec_msg (job->spec), job->partition);
    SET (news, by_uid, by_uid);
}

#define ASKED(function, type, field)                                                                                   \
    static void function (struct telling *t)                                                                           \
    {                                                                                                                  \
        tell_asked (t, type, t->event->field->job_id, t->event->field->tasks, t->event->field->n_tasks,                \
                    t->event->field->uid);                                                                             \
    }

ASKED (tell_cancelled, "cancelled", cancel_requested)
ASKED (tell_requeue, "requeue_asked", requeued)
ASKED (tell_updated, "updated", job_updated)
ASKED (tell_suspended, t->event->suspended->suspended ? "suspended" : "resumed", suspended)
ASKED (tell_held, t->event->held->held ? "held" : "released", held)

/* --- nodes and the rest ------------------------------------------------------------------------------------------- */

static Moisson__News *tell_node (struct telling *t, const char *type, const char *name)
{
    const struct node *node = node_find (t->core, name);
    _cleanup_buf_ struct buf state = BUF_INIT;
    Moisson__News *news = tell (t, type);

    news->nodes = xstrdup (name);
    if (node)
        node_look_put_complete (node_look (node), &state);
    news->node_state = state.len ? buf_steal (&state) : NULL;
    return news;
}

static void tell_node_up (struct telling *t)
{
    tell_node (t, "node_up", t->event->node_up->facts->node);
}

static void tell_node_down (struct telling *t)
{
    tell_node (t, "node_down", t->event->node_down->node)->reason = xstrdup (t->event->node_down->why);
}

static void tell_node_set (struct telling *t)
{
    const Moisson__NodeSet *set = t->event->node_set;
    Moisson__News *news = tell_node (t, "node_set", set->node);

    news->reason = xstrdup (set->reason);
    news->has_by_uid = set->has_uid;
    news->by_uid = set->uid;
}

static void tell_partition_set (struct telling *t)
{
    Moisson__News *news = tell (t, "partition_set");

    news->partition = xstrdup (t->event->partition_set->name);
    SET (news, by_uid, t->event->partition_set->uid);
}

static void tell_configured (struct telling *t)
{
    tell (t, "configured");
}

static const struct {
    Moisson__Event__WhatCase what;
    void (*tell) (struct telling *t);
} tellers[] = {
    {MOISSON__EVENT__WHAT_SUBMITTED, tell_submitted},
    {MOISSON__EVENT__WHAT_UNFOLD, tell_unfolded},
    {MOISSON__EVENT__WHAT_STARTED, tell_started},
    {MOISSON__EVENT__WHAT_CANCEL_REQUESTED, tell_cancelled},
    {MOISSON__EVENT__WHAT_HELD, tell_held},
    {MOISSON__EVENT__WHAT_REQUEUED, tell_requeue},
    {MOISSON__EVENT__WHAT_JOB_UPDATED, tell_updated},
    {MOISSON__EVENT__WHAT_SUSPENDED, tell_suspended},
    {MOISSON__EVENT__WHAT_NODE_UP, tell_node_up},
    {MOISSON__EVENT__WHAT_NODE_DOWN, tell_node_down},
    {MOISSON__EVENT__WHAT_NODE_SET, tell_node_set},
    {MOISSON__EVENT__WHAT_PARTITION_SET, tell_partition_set},
    {MOISSON__EVENT__WHAT_CONFIGURED, tell_configured},
};

static void tell_never (struct telling *t, uint64_t job_id)
{
    const struct job *job = job_find (t->core, job_id);
    Moisson__News *news;

    if (!job)
        return;
    news = tell (t, "dependency_never");
    SET (news, job_id, job->id);
    whose (news, spec_msg (job->spec), job->partition);
}

void core_news (const struct core *core, Moisson__Event *event, const struct effects *fx)
{
    struct telling t = {.core = core, .event = event};

    for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
        if (tellers[i].what == event->what_case)
            tellers[i].tell (&t);
    for (size_t i = 0; i < fx->n; i++)
        if (fx->list[i].kind == FX_RECORD)
            tell_record (&t, &fx->list[i]);
        else if (fx->list[i].kind == FX_NEVER)
            tell_never (&t, fx->list[i].job_id);
}

void news_clear (Moisson__Event *event)
{
    for (size_t i = 0; i < event->n_news; i++)
        moisson__news__free_unpacked (event->news[i], NULL);
    free (event->news);
    event->news = NULL;
    event->n_news = 0;
}
