/* on_configured.c - the applied configuration: nodes and partitions appear, change, leave. Jobs are looked at anew. */
#include <string.h>
#include <utlist.h>
#include "core/apply.h"
#include "core/accounts.h"
#include "core/attempt.h"
#include "core/misfit.h"
#include "core/state.h"

static void look_at_all (struct core *core)
{
    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        job_mark_dirty (core, job);
    core->want_pass = true;
}

/* The limit that a partition gives is settled when a task starts. */
static void keep_limits (struct core *core, const char *name, uint64_t limit_s)
{
    struct task *task;

    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        DL_FOREACH (job->tasks, task)
    if ((task->phase == TASK_PLACED || task->phase == TASK_RUNNING) && row_partition (job, task) == name &&
        !row_facts (job, task)->spec->has_time_limit_s)
        task_settle_limit (core, task, limit_s);
}

static uint64_t standard_limit (const Moisson__PartitionConf *conf)
{
    return conf->default_time_s ? conf->default_time_s : conf->max_time_s;
}

static const Moisson__PartitionConf *conf_named (const Moisson__Config *config, const char *name)
{
    for (size_t i = 0; i < config->n_partitions; i++)
        if (!strcmp (config->partitions[i]->name, name))
            return config->partitions[i];
    return NULL;
}

static void keep_limits_over (struct core *core, const Moisson__Config *config)
{
    struct partition *partition, *next;

    HASH_ITER (hh, core->partitions.by_name, partition, next)
    {
        const Moisson__PartitionConf *now = conf_named (config, partition->name);
        if (partition->conf && (!now || partition->set || standard_limit (now) != standard_limit (partition->conf)))
            keep_limits (core, partition->name, standard_limit (partition->conf));
    }
}

int on_configured (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Config *conf = event->configured;
    Moisson__Config *old = core->config;

    if (!conf)
        return err_set (err, 0, "a configuration event without a configuration");
    keep_limits_over (core, conf);
    core->config = message_copy (&conf->base);
    if (core->config->partitions_anew)
        partition_forget_sets (core);
    core->config->has_partitions_anew = core->config->partitions_anew = false; /* it has been done */
    if (core->next_id < conf->first_job_id)
        core->next_id = conf->first_job_id;
    if (!core->next_id)
        core->next_id = 1;
    shape_clear (core);
    node_table_configure (core);
    partition_configure (core);
    licence_configure (core);
    resv_configure (core);
    misfit_judge_all (core);
    start_configured (core);
    shun_configured (core);
    look_at_all (core);
    accounts_refresh (core); /* QoS of partitions, prices */
    if (old)
        moisson__config__free_unpacked (old, NULL);
    return 0;
}

int on_partition_set (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__PartitionSet *set = event->partition_set;
    struct partition *partition = partition_find (core, set->name);

    if (!partition || !partition->conf)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: %s", set->name);
    keep_limits (core, partition->name, standard_limit (partition->conf));
    shape_clear (core); /* a time limit may be another one */
    partition_change (core, partition, set);
    look_at_all (core);
    return 0;
}
