/* filter.c - which jobs and tasks a filter lets through. */
#include "core/filter.h"
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/state.h"

static bool in_texts (char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (text && !strcmp (texts[i], text))
            return true;
    return !n;
}

/* Does it ask for any of these licences? */
static bool asks_for (char *const *names, size_t n, const char *asked)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    if (!n)
        return true;
    licences_parse (&list, asked, NULL);
    for (size_t i = 0; i < list.n; i++)
        if (in_texts (names, n, list.list[i].name))
            return true;
    return false;
}

bool filter_job (const Moisson__JobFilter *filter, const struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);
    bool uid = !filter || !filter->n_uids;

    if (!filter)
        return true;
    for (size_t i = 0; i < filter->n_uids; i++)
        uid = uid || filter->uids[i] == job->spec->uid;
    return uid && in_texts (filter->partitions, filter->n_partitions, job->partition) &&
           in_texts (filter->names, filter->n_names, spec->name) &&
           in_texts (filter->accounts, filter->n_accounts, spec->account) &&
           in_texts (filter->qos, filter->n_qos, spec->qos ? spec->qos : "normal") &&
           in_texts (filter->reservations, filter->n_reservations, spec->reservation) &&
           asks_for (filter->licences, filter->n_licences, spec->licenses);
}

bool filter_state (const Moisson__JobFilter *filter, job_state_t state)
{
    if (!filter || !filter->n_states)
        return true;
    for (size_t i = 0; i < filter->n_states; i++)
        if (filter->states[i] == state)
            return true;
    return false;
}

static bool names_node (const struct hostlist *names, const char *node)
{
    for (size_t i = 0; i < hostlist_count (names); i++)
        if (!strcmp (hostlist_nth (names, i), node))
            return true;
    return false;
}

bool filter_nodes (const struct hostlist *names, const struct task *task)
{
    if (!names)
        return true;
    for (uint32_t i = 0; task && i < task->n_shares; i++)
        if (names_node (names, node_name (task->shares[i].node)))
            return true;
    for (uint32_t i = 0; task && i < task->n_last; i++)
        if (names_node (names, task->last[i].node))
            return true;
    return false;
}

/* --- refs --------------------------------------------------------------------------------------------------------- */

static int by_job (const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;

    return x->job_id < y->job_id ? -1 : x->job_id > y->job_id;
}

/* Only an array has tasks: 12_3 of a plain job, or of the raw id of a task, is nothing. */
static const struct job *ref_job (const struct core *core, const Moisson__JobRef *ref)
{
    const struct job *job = job_find (core, ref->job_id);

    return job && (!ref->n_tasks || job_is_array (job)) ? job : NULL;
}

static const struct task *ref_task (const struct core *core, const Moisson__JobRef *ref)
{
    return ref->n_tasks || job_find (core, ref->job_id) ? NULL : task_by_raw (core, ref->job_id);
}

struct wanted *wanted_list (const struct core *core, const Moisson__JobFilter *filter, size_t *ret_n)
{
    struct wanted *list = xcalloc (filter->n_jobs + 1, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < filter->n_jobs; i++) {
        const Moisson__JobRef *ref = filter->jobs[i];
        const struct task *task = ref_task (core, ref);
        if (task)
            list[n++] = (struct wanted){task->job->id, ref, task->index};
        else if (ref_job (core, ref))
            list[n++] = (struct wanted){ref->job_id, ref, IDSET_NONE};
    }
    qsort (list, n, sizeof *list, by_job);
    *ret_n = n;
    return list;
}

void wanted_merge (const struct wanted *list, size_t n, Moisson__JobRef *ret, Moisson__Range **ret_ranges,
                   Moisson__Range ***ret_refs)
{
    size_t room = 0, used = 0;

    for (size_t i = 0; i < n; i++)
        room += list[i].ref->n_tasks + 1;
    *ret_ranges = xcalloc (room, sizeof **ret_ranges);
    *ret_refs = xcalloc (room, sizeof **ret_refs);
    for (size_t i = 0; i < n; i++) {
        if (list[i].only == IDSET_NONE && !list[i].ref->n_tasks) {
            used = 0; /* all of it: no ranges */
            break;
        }
        for (size_t k = 0; k < list[i].ref->n_tasks; k++)
            (*ret_ranges)[used++] = *list[i].ref->tasks[k];
        if (list[i].only != IDSET_NONE) {
            Moisson__Range range = MOISSON__RANGE__INIT;
            range.first = range.last = list[i].only;
            (*ret_ranges)[used++] = range;
        }
    }
    for (size_t i = 0; i < used; i++)
        (*ret_refs)[i] = &(*ret_ranges)[i];
    ret->job_id = list[0].job_id;
    ret->n_tasks = used;
    ret->tasks = *ret_refs;
}

static bool in_range (const Moisson__Range *range, uint32_t id)
{
    uint32_t step = range->step ? range->step : 1;

    return id >= range->first && id <= range->last && (id - range->first) % step == 0;
}

static bool ref_names (const struct wanted *wanted, uint32_t id)
{
    if (wanted->only != IDSET_NONE)
        return wanted->only == id;
    for (size_t i = 0; i < wanted->ref->n_tasks; i++)
        if (in_range (wanted->ref->tasks[i], id))
            return true;
    return !wanted->ref->n_tasks;
}

bool wanted_task (const struct wanted *wanted, const struct task *task)
{
    if (!task->rest || wanted->only != IDSET_NONE || !wanted->ref->n_tasks)
        return ref_names (wanted, task->index);
    for (uint32_t id = idset_first (task->rest); id != IDSET_NONE; id = idset_next (task->rest, id))
        if (ref_names (wanted, id))
            return true;
    return false;
}

struct idset *wanted_rest (const struct wanted *wanted, const struct job *job, enum hold hold)
{
    struct idset *set;

    if (wanted->only == IDSET_NONE && !wanted->ref->n_tasks)
        return NULL;
    set = idset_create ();
    if (wanted->only != IDSET_NONE) /* a task with a raw id has a record */
        return set;
    for (size_t i = 0; i < wanted->ref->n_tasks; i++) {
        const Moisson__Range *range = wanted->ref->tasks[i];
        enum hold at;
        uint32_t id = range->first;
        if (!rest_find (&job->rest, id, &at) || at != hold)
            id = rest_next (&job->rest, hold, id);
        for (; id != IDSET_NONE && id <= range->last; id = rest_next (&job->rest, hold, id))
            if (in_range (range, id))
                idset_add (set, id);
    }
    return set;
}

bool core_knows (const struct core *core, const Moisson__JobRef *ref)
{
    return ref_job (core, ref) || ref_task (core, ref);
}
