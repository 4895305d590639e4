/* on_configured.c - the applied configuration: nodes and partitions appear, change, leave. Jobs are looked at anew. */
#include "core/apply.h"
#include "core/misfit.h"
#include "core/state.h"

int on_configured (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Config *conf = event->configured;
    Moisson__Config *old = core->config;
    struct job *job, *next;

    if (!conf)
        return err_set (err, 0, "a configuration event without a configuration");
    core->config = message_copy (&conf->base);
    if (core->next_id < conf->first_job_id)
        core->next_id = conf->first_job_id;
    if (!core->next_id)
        core->next_id = 1;
    shape_clear (core);
    node_table_configure (core);
    partition_configure (core);
    misfit_judge_all (core);
    HASH_ITER (hh, core->jobs.by_id, job, next)
    job_mark_dirty (core, job);
    core->want_pass = true;
    if (old)
        moisson__config__free_unpacked (old, NULL);
    return 0;
}
