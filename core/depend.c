/* depend.c - conditions between jobs, settled by news of the jobs they wait for. */
#include "core/depend.h"
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/correspond.h"
#include "core/state.h"

struct name_group {
    struct job *first;       /* first->group_prev is the youngest */
    struct name_group *next; /* of the same hash */
    uint64_t hash;
    uint32_t refs; /* specs */
    uint32_t len;
    char id[]; /* uid, name */
};

/* --- singleton groups --------------------------------------------------------------------------------------------- */

static struct id_key hash_of (const void *item)
{
    return id_key_of (((const struct name_group *) item)->hash);
}

static struct name_group *group_make (const struct spec *spec)
{
    const char *name = spec_msg (spec)->spec->name ? spec_msg (spec)->spec->name : "";
    size_t len = sizeof (uint32_t) + strlen (name);
    struct name_group *group = xcalloc (1, sizeof *group + len);

    memcpy (group->id, &spec->uid, sizeof (uint32_t));
    memcpy (group->id + sizeof (uint32_t), name, len - sizeof (uint32_t));
    group->len = (uint32_t) len;
    group->hash = 14695981039346656037ULL; /* FNV-1a, 64 bit */
    for (size_t i = 0; i < len; i++)
        group->hash = (group->hash ^ (uint8_t) group->id[i]) * 1099511628211ULL;
    return group;
}

static void group_add (struct core *core, struct name_group *fresh)
{
    struct name_group *head = idmap_find (&core->groups, hash_of (fresh), hash_of);

    if (head) {
        fresh->next = head->next;
        head->next = fresh;
    } else
        idmap_add (&core->groups, fresh, hash_of);
}

static struct name_group *group_of (struct core *core, struct spec *spec)
{
    struct name_group *group, *fresh;

    if (spec->group)
        return spec->group;
    fresh = group_make (spec);
    group = idmap_find (&core->groups, hash_of (fresh), hash_of);
    while (group && (group->len != fresh->len || memcmp (group->id, fresh->id, fresh->len)))
        group = group->next;
    if (group)
        free (fresh);
    else
        group_add (core, group = fresh);
    group->refs++;
    spec->group = group;
    return group;
}

void group_join (struct core *core, struct job *job)
{
    struct name_group *group = group_of (core, job->spec);
    struct job *at = group->first ? group->first->group_prev : NULL;

    while (at && at->id > job->id) /* one that got this name later */
        at = at == group->first ? NULL : at->group_prev;
    if (at)
        DL_APPEND_ELEM2 (group->first, at, job, group_prev, group_next);
    else
        DL_PREPEND2 (group->first, job, group_prev, group_next);
}

void group_leave (struct core *core, struct job *job)
{
    struct name_group *group = job->spec->group;

    if (!job->group_prev) /* in a DL list everybody has a prev */
        return;
    DL_DELETE2 (group->first, job, group_prev, group_next);
    job->group_prev = job->group_next = NULL;
    if (group->first && group->first->depend)
        job_mark_dirty (core, group->first);
}

static void group_remove (struct core *core, struct name_group *group)
{
    struct name_group *at = idmap_find (&core->groups, hash_of (group), hash_of);

    if (at == group) {
        idmap_remove (&core->groups, group, hash_of);
        if (group->next)
            idmap_add (&core->groups, group->next, hash_of);
        return;
    }
    while (at->next != group)
        at = at->next;
    at->next = group->next;
}

void group_put (struct core *core, struct name_group *group)
{
    if (!group || --group->refs)
        return;
    group_remove (core, group);
    free (group);
}

/* --- edges -------------------------------------------------------------------------------------------------------- */

/* What is so now? Each returns the new state. */
static enum edge_state after (const struct edge *edge, const struct task *task)
{
    if (edge->task != IDSET_NONE)
        return task && task->begun ? EDGE_MET : EDGE_WAIT;
    return !rest_total (&edge->target->rest) && !edge->target->n_unbegun ? EDGE_MET : EDGE_WAIT;
}

static bool task_ok (const struct task *task)
{
    return task->state == MOISSON__JOB_STATE__STATE_COMPLETED;
}

static enum edge_state afterok (const struct edge *edge, const struct task *task)
{
    if (edge->task != IDSET_NONE) {
        if (!task || task->phase != TASK_ENDED)
            return EDGE_WAIT;
        return task_ok (task) ? EDGE_MET : EDGE_NEVER;
    }
    if (edge->target->failed || edge->target->cancelled)
        return EDGE_NEVER;
    return edge->target->ended ? EDGE_MET : EDGE_WAIT;
}

static enum edge_state afternotok (const struct edge *edge, const struct task *task)
{
    if (edge->task != IDSET_NONE) {
        if (!task || task->phase != TASK_ENDED)
            return EDGE_WAIT;
        return task_ok (task) ? EDGE_NEVER : EDGE_MET;
    }
    if (!edge->target->ended)
        return EDGE_WAIT;
    return edge->target->failed || edge->target->cancelled ? EDGE_MET : EDGE_NEVER;
}

static enum edge_state afterany (const struct edge *edge, const struct task *task)
{
    if (edge->task != IDSET_NONE)
        return task && task->phase == TASK_ENDED ? EDGE_MET : EDGE_WAIT;
    return edge->target->ended ? EDGE_MET : EDGE_WAIT;
}

static const struct {
    Moisson__DependType type;
    enum edge_state (*now) (const struct edge *edge, const struct task *task);
} conditions[] = {
    {MOISSON__DEPEND_TYPE__DEP_AFTER, after},
    {MOISSON__DEPEND_TYPE__DEP_AFTEROK, afterok},
    {MOISSON__DEPEND_TYPE__DEP_AFTERNOTOK, afternotok},
    {MOISSON__DEPEND_TYPE__DEP_AFTERANY, afterany},
    {MOISSON__DEPEND_TYPE__DEP_AFTERBURSTBUFFER, afterany},
    {MOISSON__DEPEND_TYPE__DEP_AFTERCORR, afterok},
};

static bool is_singleton (const struct edge *edge)
{
    return edge->asked.type == MOISSON__DEPEND_TYPE__DEP_SINGLETON;
}

/* The record of the one task that the edge names: its own, or that of a cancelled rest it is part of. */
static struct task *edge_task (const struct core *core, const struct edge *edge)
{
    struct task *task;

    if (edge->task == IDSET_NONE)
        return NULL;
    task = task_find (core, edge->target, edge->task);
    if (task && (!task->rest || idset_has (task->rest, edge->task)))
        return task;
    DL_FOREACH (edge->target->tasks, task)
    if (task->rest && idset_has (task->rest, edge->task))
        return task;
    return NULL;
}

static void edge_unlink (struct edge *edge)
{
    if (edge->target)
        DL_DELETE (edge->target->dependents, edge);
    edge->target = NULL;
}

/* Once: with the first condition that is beyond hope, or where one would be enough, with the last. */
static void tell_never (struct core *core, const struct job *waiter)
{
    const struct depend *depend = waiter->depend;
    size_t never = 0;
    struct fx *fx;

    for (size_t i = 0; i < depend->n; i++)
        never += depend->edges[i].state == EDGE_NEVER;
    if (waiter->ended || never != (job_spec (waiter)->depends_any ? depend->n : 1))
        return;
    fx = effects_add (core->fx, FX_NEVER);
    if (fx)
        fx->job_id = waiter->id;
}

/* Settle it if it can be; returns true when it changed. */
static bool edge_look (struct core *core, struct edge *edge)
{
    enum edge_state now = EDGE_WAIT;
    const struct task *task;

    if (edge->state != EDGE_WAIT)
        return false;
    if (edge->corr) /* each task is settled by itself */
        now = edge->target && !edge->target->ended ? EDGE_WAIT : EDGE_MET;
    else if (is_singleton (edge))
        now = edge->waiter->group_prev && edge->waiter->spec->group->first == edge->waiter ? EDGE_MET : EDGE_WAIT;
    else {
        task = edge_task (core, edge);
        for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
            if (conditions[i].type == edge->asked.type)
                now = conditions[i].now (edge, task);
    }
    if (now == EDGE_WAIT)
        return false;
    edge->state = now;
    if (now == EDGE_NEVER)
        tell_never (core, edge->waiter);
    if (edge->asked.type == MOISSON__DEPEND_TYPE__DEP_AFTER && edge->asked.delay_min)
        edge->due_us = core->now + edge->asked.delay_min * 60 * USEC_PER_SEC;
    edge_unlink (edge);
    return true;
}

/* Is this task of the job still known? */
static bool knows_task (const struct core *core, struct edge *edge)
{
    enum hold hold;

    return rest_find (&edge->target->rest, edge->task, &hold) || edge_task (core, edge);
}

/* Find what the edge waits for. An id that is not known satisfies it. */
static void edge_aim (struct core *core, struct edge *edge)
{
    const Moisson__Dependency *asked = &edge->asked;
    struct job *target = job_find (core, asked->job_id);
    struct task *task = target ? NULL : task_by_raw (core, asked->job_id);

    edge->task = asked->has_task ? asked->task : IDSET_NONE;
    if (task) {
        target = task->job;
        edge->task = task->index;
    }
    edge->target = target;
    if (!target || target == edge->waiter || (edge->task != IDSET_NONE && !knows_task (core, edge))) {
        edge->target = NULL;
        edge->state = EDGE_MET;
        return;
    }
    DL_APPEND (target->dependents, edge);
    edge->corr = edge_pairs_tasks (edge);
}

static struct depend *depend_make (struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);
    struct depend *depend;

    if (!spec->n_depends)
        return NULL;
    depend = xcalloc (1, sizeof *depend + spec->n_depends * sizeof *depend->edges);
    depend->n = spec->n_depends;
    for (size_t i = 0; i < depend->n; i++)
        depend->edges[i] = (struct edge){.waiter = job, .asked = *spec->depends[i], .task = IDSET_NONE};
    job->depend = depend;
    return depend;
}

void depend_submit (struct core *core, struct job *job)
{
    struct depend *depend = depend_make (job);

    for (size_t i = 0; depend && i < depend->n; i++) {
        struct edge *edge = &depend->edges[i];
        if (!is_singleton (edge))
            edge_aim (core, edge);
        if (!edge->corr)
            edge_look (core, edge);
    }
    corr_sort (core, job);
    for (size_t i = 0; depend && i < depend->n; i++)
        edge_look (core, &depend->edges[i]);
}

/* What a saved edge waits for is there, or comes later in the snapshot: an update may name a younger job. */
static bool edge_aim_saved (struct core *core, struct edge *edge)
{
    const Moisson__Dependency *asked = &edge->asked;
    struct job *target = job_find (core, asked->job_id);
    struct task *task = target ? NULL : task_by_raw (core, asked->job_id);

    if (!target && !task)
        return false;
    edge->target = target ? target : task->job;
    edge->task = task ? task->index : asked->has_task ? asked->task : IDSET_NONE;
    if (edge->task == IDSET_NONE || knows_task (core, edge)) {
        DL_APPEND (edge->target->dependents, edge);
        edge->corr = edge_pairs_tasks (edge);
        return true;
    }
    edge->target = NULL;
    return false;
}

void depend_loaded (struct core *core)
{
    struct edge *edge, *next;

    DL_FOREACH_SAFE (core->unaimed, edge, next)
    {
        DL_DELETE (core->unaimed, edge);
        if (!edge_aim_saved (core, edge))
            DL_PREPEND (core->unaimed, edge);
    }
}

void depend_restore (struct core *core, struct job *job, const uint32_t *states, const uint64_t *due, size_t n)
{
    struct depend *depend = depend_make (job);

    for (size_t i = 0; depend && i < depend->n; i++) {
        struct edge *edge = &depend->edges[i];
        edge->state = i < n ? states[i] : EDGE_WAIT;
        edge->due_us = i < n ? due[i] : 0;
        if (edge->state == EDGE_WAIT && !is_singleton (edge))
            DL_APPEND (core->unaimed, edge);
    }
}

static void depend_forget (struct job *job)
{
    for (size_t i = 0; job->depend && i < job->depend->n; i++)
        edge_unlink (&job->depend->edges[i]);
    free (job->depend);
    job->depend = NULL;
}

void depend_changed (struct core *core, struct job *job, bool anew)
{
    if (anew) {
        corr_forget (core, job);
        depend_forget (job);
        depend_submit (core, job);
        return;
    }
    for (size_t i = 0; job->depend && i < job->depend->n; i++)
        job->depend->edges[i].asked = *job_spec (job)->depends[i];
}

void depend_drop (struct core *core, struct job *job)
{
    struct edge *edge, *next;

    DL_FOREACH_SAFE (job->dependents, edge, next)
    {
        edge->state = EDGE_MET;
        edge_unlink (edge);
        if (!edge->waiter->ended)
            job_mark_dirty (core, edge->waiter);
    }
    depend_forget (job);
}

void depend_news (struct core *core, struct job *target)
{
    struct edge *edge, *next;

    DL_FOREACH_SAFE (target->dependents, edge, next)
    if (edge_look (core, edge))
        job_mark_dirty (core, edge->waiter);
}

void depend_look (struct core *core, struct job *job)
{
    for (size_t i = 0; job->depend && i < job->depend->n; i++)
        if (is_singleton (&job->depend->edges[i]))
            edge_look (core, &job->depend->edges[i]);
}

enum depend_answer depend_answer (const struct job *job, usec_t now, usec_t *ret_due)
{
    const struct depend *depend = job->depend;
    size_t met = 0, never = 0;

    *ret_due = UINT64_MAX;
    if (!depend)
        return DEPEND_MET;
    for (size_t i = 0; i < depend->n; i++) {
        const struct edge *edge = &depend->edges[i];
        if (edge->state == EDGE_MET && edge->due_us > now && edge->due_us < *ret_due)
            *ret_due = edge->due_us;
        met += edge->corr || (edge->state == EDGE_MET && edge->due_us <= now);
        never += edge->state == EDGE_NEVER;
    }
    if (job_spec (job)->depends_any)
        return met ? DEPEND_MET : never == depend->n ? DEPEND_NEVER : DEPEND_WAIT;
    return met == depend->n ? DEPEND_MET : never ? DEPEND_NEVER : DEPEND_WAIT;
}
