/* on_submitted.c - a new job: its spec, the ids of its tasks, its keys, what it waits for. Admission was checked before
 * the event was made; an accepted job is never refused here. */
#include "core/apply.h"
#include <string.h>
#include "core/payer.h"
#include "core/state.h"

static void add_tasks (struct core *core, struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);
    enum hold hold = spec->hold ? HOLD_USER : HOLD_NONE;

    if (!job_is_array (job))
        rest_add (&job->rest, hold, 0, 0, 1);
    for (size_t i = 0; i < spec->n_array; i++)
        rest_add (&job->rest, hold, spec->array[i]->first, spec->array[i]->last,
                  spec->array[i]->step ? spec->array[i]->step : 1);
    core->stats.pending += rest_total (&job->rest);
}

static void add_keys (struct core *core, const Moisson__Submitted *submitted)
{
    if (submitted->has_token && submitted->token.len &&
        !key_find (core, submitted->uid, KEY_TOKEN, submitted->token.data, submitted->token.len))
        key_add (core, submitted->uid, KEY_TOKEN, submitted->token.data, submitted->token.len, submitted->job_id,
                 core->now, NULL);
    if (submitted->submit_key && *submitted->submit_key) {
        uint8_t hash[HASH_SIZE];
        size_t len = strlen (submitted->submit_key);
        key_spec_hash (submitted->spec, hash);
        if (!key_find (core, submitted->uid, KEY_SUBMIT, submitted->submit_key, len))
            key_add (core, submitted->uid, KEY_SUBMIT, submitted->submit_key, len, submitted->job_id, core->now, hash);
    }
}

static const char *partition_in_force (struct core *core, const Moisson__JobSpec *spec)
{
    if (spec->partition && *spec->partition)
        return partition_intern (core, spec->partition);
    return core->partitions.standard ? core->partitions.standard->name : partition_intern (core, "");
}

void submit_job (struct core *core, const Moisson__Submitted *submitted, usec_t submit_us)
{
    Moisson__JobSpec spec = *submitted->spec;
    Moisson__Submitted settled = *submitted;
    struct job *job;

    payer_settle (core, submitted->user, &spec);
    settled.spec = &spec;
    job = job_add (core, submitted->job_id, spec_get (&core->specs, &settled), submit_us);
    job->partition = partition_in_force (core, submitted->spec);
    gres_intern_spec (core, submitted->spec);
    add_tasks (core, job);
    add_keys (core, submitted);
    group_join (core, job);
    depend_submit (core, job);
    job_mark_dirty (core, job);
}

int on_submitted (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Submitted *submitted = event->submitted;

    if (!submitted || submitted->job_id != core->next_id)
        return err_set (err, 0, "job %lu submitted where the next id is %lu",
                        (unsigned long) (submitted ? submitted->job_id : 0), (unsigned long) core->next_id);
    core->next_id++;
    submit_job (core, submitted, core->now);
    return 0;
}
