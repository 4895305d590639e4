/* news_match.c - filters of `moisson events`: by type, by job, by user; AND between them, OR within one. */
#include "ctld/news_match.h"
#include <string.h>

static bool type_wanted (const Moisson__EventsRequest *asked, const char *type)
{
    for (size_t i = 0; i < asked->n_types; i++)
        if (!strcmp (asked->types[i], type))
            return true;
    return !asked->n_types;
}

static bool in_ranges (uint32_t id, Moisson__Range *const *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t step = ranges[i]->step ? ranges[i]->step : 1;
        if (id >= ranges[i]->first && id <= ranges[i]->last && (id - ranges[i]->first) % step == 0)
            return true;
    }
    return false;
}

/* News of the array as a whole concern each of its tasks, too. */
static bool job_wanted (const Moisson__JobFilter *filter, const Moisson__News *news)
{
    for (size_t i = 0; i < filter->n_jobs; i++) {
        const Moisson__JobRef *ref = filter->jobs[i];
        if (news->has_raw_id && ref->job_id == news->raw_id)
            return true;
        if (ref->job_id == news->job_id &&
            (!ref->n_tasks || !news->has_task || in_ranges (news->task, ref->tasks, ref->n_tasks)))
            return true;
    }
    return !filter->n_jobs;
}

static bool user_wanted (const Moisson__JobFilter *filter, uint32_t uid)
{
    for (size_t i = 0; i < filter->n_uids; i++)
        if (filter->uids[i] == uid)
            return true;
    return !filter->n_uids;
}

bool news_match (const Moisson__EventsRequest *asked, uint64_t sequence, uint32_t part, const Moisson__News *news)
{
    const Moisson__JobFilter *filter = asked->filter;

    if (asked->has_since && sequence == asked->since && part <= asked->since_part)
        return false; /* seen */
    if (!type_wanted (asked, news->type))
        return false;
    if (!filter || (!filter->n_jobs && !filter->n_uids))
        return true;
    return news->has_job_id && job_wanted (filter, news) && user_wanted (filter, news->uid);
}
