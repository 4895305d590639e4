/* acct_match.c - which accounting records a request is about. */
#include "ctld/acct_match.h"
#include <string.h>
#include "base/hostlist.h"
#include "base/idset.h"

static bool in_texts (char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (text && !strcmp (texts[i], text))
            return true;
    return n == 0;
}

static bool in_uids (const Moisson__JobFilter *filter, uint32_t uid)
{
    for (size_t i = 0; i < filter->n_uids; i++)
        if (filter->uids[i] == uid)
            return true;
    return filter->n_uids == 0;
}

static bool in_states (const Moisson__JobFilter *filter, Moisson__JobState state)
{
    for (size_t i = 0; i < filter->n_states; i++)
        if (filter->states[i] == state)
            return true;
    return filter->n_states == 0;
}

static bool names_some (const Moisson__Range *range, const struct idset *tasks)
{
    uint32_t step = range->step ? range->step : 1;

    for (uint64_t id = range->first; id <= range->last; id += step) {
        if (idset_has (tasks, (uint32_t) id))
            return true;
        uint32_t next = idset_next (tasks, (uint32_t) id); /* no walk through a gap */
        if (next == IDSET_NONE)
            return false;
        if (next > id)
            id += (next - id - 1) / step * step;
    }
    return false;
}

/* A record of some tasks that were cancelled while pending has them as ranges. */
static bool names_task (const Moisson__JobRef *ref, const Moisson__AcctRecord *record)
{
    _cleanup_idset_ struct idset *tasks = NULL;
    uint32_t limit;

    if (ref->n_tasks == 0)
        return true;
    if (record->has_task) {
        tasks = idset_create ();
        idset_add (tasks, record->task);
    } else if (!record->tasks || idset_parse (&tasks, &limit, record->tasks, UINT32_MAX, NULL) < 0) {
        return false;
    }
    for (size_t i = 0; i < ref->n_tasks; i++)
        if (names_some (ref->tasks[i], tasks))
            return true;
    return false;
}

static bool in_jobs (const Moisson__JobFilter *filter, const Moisson__AcctRecord *record)
{
    for (size_t i = 0; i < filter->n_jobs; i++) {
        const Moisson__JobRef *ref = filter->jobs[i];

        if (record->has_array_id && ref->job_id == record->array_id && names_task (ref, record))
            return true;
        if (ref->job_id == record->raw_id && (ref->n_tasks == 0 || names_task (ref, record)))
            return true;
    }
    return filter->n_jobs == 0;
}

static bool on_nodes (const struct hostlist *wanted, const char *nodes)
{
    _cleanup_hostlist_ struct hostlist *ran = NULL;

    if (!wanted)
        return true;
    if (!nodes || hostlist_parse (&ran, nodes, NULL) < 0)
        return false;
    for (size_t i = 0; i < hostlist_count (wanted); i++)
        for (size_t k = 0; k < hostlist_count (ran); k++)
            if (!strcmp (hostlist_nth (wanted, i), hostlist_nth (ran, k)))
                return true;
    return false;
}

/* Some part of [submit, end] in [since, until). */
static bool in_window (const Moisson__AcctRequest *request, const Moisson__AcctRecord *record)
{
    if (request->has_since_us && record->has_end_us && record->end_us && record->end_us < request->since_us)
        return false;
    return !(request->has_until_us && record->has_submit_us && record->submit_us >= request->until_us);
}

bool acct_match (const Moisson__AcctRequest *request, const struct hostlist *names, const Moisson__AcctRecord *record)
{
    const Moisson__JobFilter *filter = request->filter;

    if (record->has_requeued && record->requeued && !(request->has_all_attempts && request->all_attempts))
        return false;
    if (!in_window (request, record))
        return false;
    return !filter || (in_uids (filter, record->uid) && in_states (filter, record->state) && in_jobs (filter, record) &&
                       in_texts (filter->partitions, filter->n_partitions, record->partition) &&
                       in_texts (filter->names, filter->n_names, record->name) &&
                       in_texts (filter->accounts, filter->n_accounts, record->account) &&
                       in_texts (filter->qos, filter->n_qos, record->qos ? record->qos : "normal") &&
                       on_nodes (names, record->nodes));
}
