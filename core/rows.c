/* rows.c - walking rows with a cursor: job id (39 bits), part of the job (3 bits: the rest by hold, then records), task
 * (22 bits). A cursor names the first row not given yet, whether it is still there or not. */
#include <utlist.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/filter.h"
#include "core/state.h"

#define PART_RECORDS N_HOLDS
#define MAX_TASKS_TEXT 65536

struct place {
    uint64_t job;
    uint32_t part, index;
};

struct walk {
    const struct core *core;
    const struct walk_how *how;
    struct hostlist *names;
    struct place from; /* rows before it were given already */
    struct place next; /* valid with stopped: where to go on */
    bool stopped;
    size_t left; /* of the budget */
    row_fn fn;
    void *arg;
};

static struct place place_of (uint64_t cursor)
{
    return (struct place){cursor >> 25, cursor >> 22 & 7, cursor & (TASK_INDEX_END - 1)};
}

static uint64_t cursor_of (struct place place)
{
    return place.job << 25 | (uint64_t) place.part << 22 | place.index;
}

job_state_t row_state (const struct row *row)
{
    return row->task ? task_state (row->task) : MOISSON__JOB_STATE__STATE_PENDING;
}

static bool passes (const struct walk *walk, const struct row *row)
{
    job_state_t state = row_state (row);

    return (walk->how->ended || !state_is_ended (state)) && filter_state (walk->how->filter, state) &&
           filter_nodes (walk->names, row->task);
}

/* One row at `at`, unless the budget is used up. */
static void visit (struct walk *walk, struct place at, const struct row *row)
{
    if (!walk->left) {
        walk->stopped = true;
        walk->next = at;
        return;
    }
    walk->left--;
    if (!passes (walk, row) || walk->fn (walk->arg, row))
        return;
    walk->stopped = true;
    walk->next = (struct place){at.job, at.part, at.index + 1};
    if (walk->next.index == TASK_INDEX_END)
        walk->next = (struct place){at.job, at.part + 1, 0};
    if (walk->next.part > PART_RECORDS)
        walk->next = (struct place){at.job + 1, 0, 0};
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void visit_ids (struct walk *walk, struct place at, const struct job *job, const struct idset *set)
{
    uint32_t id = at.index && !idset_has (set, at.index) ? idset_next (set, at.index) : at.index;

    if (!at.index)
        id = idset_first (set);
    for (; id != IDSET_NONE && !walk->stopped; id = idset_next (set, id)) {
        struct row row = {.job = job, .hold = at.part, .single = true, .index = id};
        at.index = id;
        visit (walk, at, &row);
    }
}

static void visit_set (struct walk *walk, struct place at, const struct job *job, const struct idset *set)
{
    struct row row = {.job = job, .hold = at.part, .index = idset_first (set)};
    _cleanup_free_ char *text = NULL;

    if (idset_empty (set))
        return;
    if (walk->how->expand) {
        visit_ids (walk, at, job, set);
        return;
    }
    if (at.index)
        return; /* given already */
    row.single = idset_count (set) == 1;
    if (!row.single)
        row.tasks = text = idset_format (set, job_spec (job)->array_limit, MAX_TASKS_TEXT);
    visit (walk, at, &row);
}

static void visit_rest (struct walk *walk, struct place at, const struct job *job, const struct wanted *wanted)
{
    enum hold hold = at.part;

    if (!rest_count (&job->rest, hold))
        return;
    if (job_is_array (job)) {
        _cleanup_idset_ struct idset *some = wanted ? wanted_rest (wanted, job, hold) : NULL;
        visit_set (walk, at, job, some ? some : rest_set (&job->rest, hold));
    } else if (!at.index) {
        struct row row = {.job = job, .hold = hold, .single = true};
        visit (walk, at, &row);
    }
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static const struct task *first_task (const struct walk *walk, const struct job *job, uint32_t index)
{
    const struct task *task = index ? task_find (walk->core, job, index) : job->tasks;

    if (task)
        return task;
    for (task = job->tasks; task && task->index < index; task = task->next)
        ;
    return task;
}

static void visit_records (struct walk *walk, struct place at, const struct job *job, const struct wanted *wanted)
{
    for (const struct task *task = first_task (walk, job, at.index); task && !walk->stopped; task = task->next) {
        struct row row = {.job = job, .task = task, .index = task->index};
        at.index = task->index;
        if (!wanted || wanted_task (wanted, task))
            visit (walk, at, &row);
    }
}

/* --- jobs --------------------------------------------------------------------------------------------------------- */

static void visit_job (struct walk *walk, const struct job *job, const struct wanted *wanted)
{
    struct place at = {job->id, 0, 0};

    if (walk->from.job == job->id)
        at = walk->from;
    if (!filter_job (walk->how->filter, job)) {
        if (walk->left)
            walk->left--;
        else {
            walk->stopped = true;
            walk->next = at;
        }
        return;
    }
    for (; at.part < PART_RECORDS && !walk->stopped; at = (struct place){job->id, at.part + 1, 0})
        visit_rest (walk, at, job, wanted);
    if (!walk->stopped)
        visit_records (walk, at, job, wanted);
}

/* Several refs of one job: they are merged into one that names all of it only where one of them does. */
static void walk_wanted (struct walk *walk)
{
    size_t n;
    _cleanup_free_ struct wanted *list = wanted_list (walk->core, walk->how->filter, &n);

    for (size_t i = 0, end; i < n && !walk->stopped; i = end) {
        const struct job *job = job_find (walk->core, list[i].job_id);
        for (end = i + 1; end < n && list[end].job_id == list[i].job_id; end++)
            ;
        if (job->id < walk->from.job)
            continue;
        if (end == i + 1) {
            visit_job (walk, job, &list[i]);
            continue;
        }
        Moisson__JobRef all = MOISSON__JOB_REF__INIT;
        struct wanted merged = {job->id, &all, IDSET_NONE};
        _cleanup_free_ Moisson__Range *ranges = NULL;
        _cleanup_free_ Moisson__Range **refs = NULL;
        wanted_merge (&list[i], end - i, &all, &ranges, &refs);
        visit_job (walk, job, &merged);
    }
}

uint64_t rows_walk (const struct core *core, const struct walk_how *how, uint64_t cursor, size_t budget, row_fn fn,
                    void *arg)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    struct walk walk = {.core = core, .how = how, .from = place_of (cursor), .fn = fn, .arg = arg};

    if (how->filter && how->filter->nodelist && *how->filter->nodelist &&
        hostlist_parse (&names, how->filter->nodelist, NULL))
        return 0; /* a malformed list names no node; the door refuses it before */
    walk.names = names;
    walk.left = budget ? budget : SIZE_MAX;
    if (how->filter && how->filter->n_jobs)
        walk_wanted (&walk);
    else
        for (const struct job *job = job_from (core, walk.from.job); job && !walk.stopped;
             job = job_from (core, job->id + 1))
            visit_job (&walk, job, NULL);
    return walk.stopped ? cursor_of (walk.next) : 0;
}
