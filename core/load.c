/* load.c - a fresh core from Image messages: what was saved, and everything that follows from it. */
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/held.h"
#include "core/accounts.h"
#include "core/image.h"
#include "core/profile.h"
#include "core/retry.h"
#include "core/limits.h"
#include "core/state.h"
#include "core/steps.h"

/* --- head and nodes ----------------------------------------------------------------------------------------------- */

static int load_head (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageHead *head = image->head;

    if (core->config)
        return err_set (err, 0, "damaged snapshot: two heads");
    if (head->version != IMAGE_VERSION)
        return err_set (err, 0, "the snapshot is of version %u, this program reads version %d", head->version,
                        IMAGE_VERSION);
    core->config = message_copy (&head->config->base);
    core->now = head->now_us;
    core->sequence = head->sequence;
    core->next_id = head->next_job_id;
    node_table_configure (core);
    partition_configure (core);
    accounts_load_head (core, head);
    for (size_t i = 0; i < head->n_partitions; i++) {
        struct partition *partition = partition_find (core, head->partitions[i]->name);
        if (partition && partition->conf)
            partition_change (core, partition, head->partitions[i]);
    }
    start_load (core, head->starts, head->n_starts);
    shun_load (core, head->kinds, head->n_kinds);
    claims_load (core, head->claims, head->n_claims);
    licence_configure (core);
    for (size_t i = 0; i < head->n_reservations; i++)
        resv_put (core, head->reservations[i]);
    core->resvs.next_id = head->next_resv_id;
    return 0;
}

static void load_marks (struct core *core, struct node *node, const Moisson__ImageNode *in)
{
    unsigned marks = in->marks;

    node_unmark (core, node, ~0u); /* what the file says was a beginning */
    node_clear_reason (node);
    for (size_t i = 0; !in->has_marks && in->admin_state && i < sizeof admin_words / sizeof *admin_words; i++)
        if (!strcmp (in->admin_state, admin_words[i].word))
            marks = admin_words[i].mark;
    node_mark (core, node, marks, BY_PERSON, NULL, in->reason);
    node->by = in->marked_by < N_MARKED_BY ? (enum marked_by) in->marked_by : BY_PERSON;
    node->reason_us = in->reason_us;
    node->has_reason_uid = in->has_reason_uid;
    node->reason_uid = in->reason_uid;
    node->lost = in->has_marks ? in->lost : in->facts && !in->up;
    node->reboot_next = in->reboot_next;
    node->reboot_us = in->reboot_us;
}

static void load_held (struct core *core, struct node *node, const Moisson__ImageNode *in)
{
    for (size_t i = 0; i < in->n_held; i++) { /* in the order of the list */
        struct held *held = xcalloc (1, sizeof *held);
        const Moisson__Share *share = in->held[i]->share;
        held->raw_id = in->held[i]->id->raw_id;
        held->attempt = in->held[i]->id->attempt;
        held->since = in->held[i]->since_us;
        held->share = (struct share){.node = node, .cpus = share->cpus, .tasks = share->tasks, .mem_mb = share->mem_mb};
        gres_parts_load (core, share, node, &held->share.gres);
        held->share.gpus = gres_parts_gpus (&held->share.gres);
        held->share.until = UINT64_MAX;
        held->claim = in->held[i]->claim;
        struct claim *claim = held->claim ? claim_find (core, held->claim) : NULL;
        if (claim)
            claim_add (core, claim, held);
        else
            held_take (core, held);
        node->excess = node_over (node);
    }
}

static int load_node (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageNode *in = image->node;
    struct node *node = node_find (core, in->name);

    if (!node && in->conf) {
        node_table_add_left (core, in->conf);
        node_table_index (core); /* those that left come last: partitions keep their places */
        node = node_find (core, in->name);
    }
    if (!node)
        return err_set (err, 0, "damaged snapshot: node %s is not configured", in->name);
    if (in->facts) {
        node->facts = message_copy (&in->facts->base);
        node->boot = boot_hash (in->facts->boot_id);
    }
    load_marks (core, node, in);
    load_held (core, node, in);
    node->dead = in->dead;
    node->misfit = xstrdup (in->misfit);
    node->seen_us = in->seen_us;
    node->refusals = in->refusals;
    node->refused_at = in->refused_at;
    node->refused_uid = in->refused_uid;
    node_set_up (core, node, in->up);
    core_node_session (core, in->name, false); /* who can be reached now is not in a snapshot */
    return 0;
}

/* --- jobs --------------------------------------------------------------------------------------------------------- */

static void load_rest (struct rest *rest, enum hold hold, Moisson__Range *const *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rest_add (rest, hold, ranges[i]->first, ranges[i]->last, 1);
}

static struct job *load_facts (struct core *core, const Moisson__ImageJob *in)
{
    struct job *job = job_add (core, in->submitted->job_id, spec_get (&core->specs, in->submitted), in->submit_us);

    gres_intern_spec (core, job_spec (job));
    job->partition = partition_intern (core, in->partition ? in->partition : "");
    load_rest (&job->rest, HOLD_NONE, in->pending, in->n_pending);
    load_rest (&job->rest, HOLD_USER, in->held_user, in->n_held_user);
    load_rest (&job->rest, HOLD_ADMIN, in->held_by_admin, in->n_held_by_admin);
    load_rest (&job->rest, HOLD_CORR, in->waiting, in->n_waiting);
    load_rest (&job->rest, HOLD_NEVER, in->never, in->n_never);
    core->stats.pending += rest_total (&job->rest);
    job->eligible_us = in->eligible_us;
    job->first_start_us = in->first_start_us;
    job->resv_deleted = xstrdup (in->resv_deleted);
    job->end_us = in->end_us;
    job->ended = in->has_end_us;
    job->failed = in->failed;
    job->cancelled = in->cancelled;
    job->max_exit_code = in->max_exit_code;
    job->max_exit_signal = in->max_exit_signal;
    job->gone.failed = in->gone_failed;
    job->gone.cancelled = in->gone_cancelled;
    job->gone.code = in->gone_exit_code;
    job->gone.signal = in->gone_exit_signal;
    if (!job->ended)
        group_join (core, job);
    return job;
}

static int load_shares (struct core *core, const Moisson__ImageTask *in, struct task *task, struct err *err)
{
    if (!in->n_shares)
        return err_set (err, 0, "damaged snapshot: attempt %lu.%u runs nowhere", (unsigned long) in->raw_id,
                        in->attempt);
    task->shares = xcalloc (in->n_shares, sizeof *task->shares);
    for (size_t i = 0; i < in->n_shares; i++) {
        struct share *share = &task->shares[i];
        share->node = node_find (core, in->shares[i]->node);
        if (!share->node)
            return err_set (err, 0, "damaged snapshot: attempt %lu.%u runs on node %s, which is not there",
                            (unsigned long) in->raw_id, in->attempt, in->shares[i]->node);
        share->task = task;
        share->cpus = in->shares[i]->cpus;
        share->mem_mb = in->shares[i]->mem_mb;
        gres_parts_load (core, in->shares[i], share->node, &share->gres);
        share->gpus = gres_parts_gpus (&share->gres);
        share->tasks = in->shares[i]->tasks;
        share->until = attempt_until (core, task);
        share->licensed = !i && attempt_is_licensed (task);
        share_take (core, share);
        share->node->excess = node_over (share->node);
        task->n_shares++;
    }
    return 0;
}

static void load_last (const Moisson__ImageTask *in, struct task *task)
{
    task->n_last = (uint32_t) in->n_shares;
    task->last = in->n_shares ? xcalloc (in->n_shares, sizeof *task->last) : NULL;
    for (size_t i = 0; i < in->n_shares; i++) {
        const Moisson__Share *share = in->shares[i];
        task->last[i] = *share;
        task->last[i].node = xstrdup (share->node);
        task->last[i].gres = share->n_gres ? xcalloc (share->n_gres, sizeof *task->last[i].gres) : NULL;
        for (size_t k = 0; k < share->n_gres; k++)
            task->last[i].gres[k] = message_copy (&share->gres[k]->base);
    }
}

static void load_task_facts (const Moisson__ImageTask *in, struct task *task)
{
    task->attempt = in->attempt;
    task->hold = in->never        ? HOLD_NEVER
                 : in->held_admin ? HOLD_ADMIN
                 : in->held       ? HOLD_USER
                 : in->waits      ? HOLD_CORR
                                  : HOLD_NONE;
    task->again_hold = in->requeue_hold;
    task->stop = in->stop_why;
    task->refusals = in->refusals;
    task->placed_at = in->placed_at;
    task->restarts = in->restarts;
    task->retry = retry_load (in);
    task->claim = in->claim;
    task->claimed_for = in->claimed_for;
    task->preempt_again = in->preempt_again;
    task->amended = in->amended ? message_copy (&in->amended->base) : NULL;
    task->has_cancelled_by = in->has_cancelled_by;
    task->cancelled_by = in->cancelled_by;
    task->begun = in->begun;
    task->state = in->state;
    task->boot = in->boot;
    task->eligible_us = in->eligible_us;
    task->start_us = in->start_us;
    task->end_us = in->end_us;
    task->over_us = in->over_us;
    task->suspended_at = in->suspended_at;
    task->suspended_us = in->suspended_us;
    task->was_suspended = in->was_suspended;
    task->special = in->special;
    task->again_special = in->requeue_special;
    task->exit = in->exit ? message_copy (&in->exit->base) : NULL;
    task->cause = xstrdup (in->cause);
    task->cpu_ids = xstrdup (in->cpu_ids);
    task->gpu_ids = xstrdup (in->gpu_ids);
    steps_load (task, in->steps, in->n_steps);
    for (size_t i = 0; i < in->n_tasks; i++) {
        if (!task->rest)
            task->rest = idset_create ();
        idset_add_range (task->rest, in->tasks[i]->first, in->tasks[i]->last, 1);
    }
}

/* Snapshots hold ended tasks by job; here they come in the order of their ends, for the purge. */
static void insert_ended (struct core *core, struct task *task)
{
    struct task *at = core->jobs.ended_first ? core->jobs.ended_first->ended_prev : NULL;

    while (at && at->over_us > task->over_us)
        at = at == core->jobs.ended_first ? NULL : at->ended_prev;
    if (at)
        DL_APPEND_ELEM2 (core->jobs.ended_first, at, task, ended_prev, ended_next);
    else
        DL_PREPEND2 (core->jobs.ended_first, task, ended_prev, ended_next);
}

static void load_former (struct core *core, struct task *task, const Moisson__ImageTask *in,
                         const Moisson__ImageJob *image)
{
    if (!in->former || in->former > image->n_former)
        return;
    task_own (task, spec_get (&core->specs, image->former[in->former - 1]));
    gres_intern_spec (core, spec_msg (task->own)->spec);
    task->own_partition = partition_intern (core, in->former_partition ? in->former_partition : "");
    task->relimited = in->relimited;
}

static int load_task (struct core *core, struct job *job, const Moisson__ImageTask *in, const Moisson__ImageJob *image,
                      struct err *err)
{
    struct task *task;

    if (in->phase >= N_PHASES || task_find (core, job, in->task))
        return err_set (err, 0, "damaged snapshot: task %u of job %lu", in->task, (unsigned long) job->id);
    task = task_add (core, job, in->task);
    load_task_facts (in, task);
    job->n_unbegun -= task->begun;
    if (in->raw_id)
        task_set_raw (core, task, in->raw_id);
    if (in->phase == TASK_PENDING) {
        branch_enter (core, task);
        if (task->hold == HOLD_NONE)
            again_set (task, true);
        return 0;
    }
    load_former (core, task, in, image);
    task->phase = in->phase;
    job->n_pending--;
    core->stats.pending--;
    if (in->phase == TASK_ENDED) {
        core->stats.ended++;
        load_last (in, task);
        insert_ended (core, task);
        return 0;
    }
    job->n_active++;
    core->stats.running++;
    if (load_shares (core, in, task, err))
        return -1;
    licence_take (core, task);
    licence_restored (core);
    resv_recounted (core, task);
    if (in->has_resv_end_us)
        resv_restore (core, task, in->resv_end_us, in->resv_over);
    limits_take (core, task);
    usage_load_rate (core, task);
    return 0;
}

static int load_job (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageJob *in = image->job;
    struct job *job = job_find (core, in->submitted->job_id);
    bool fresh = !job;

    if (fresh && (core->jobs.n_order && core->jobs.order[core->jobs.n_order - 1].id >= in->submitted->job_id))
        return err_set (err, 0, "damaged snapshot: job %lu comes too late", (unsigned long) in->submitted->job_id);
    if (fresh)
        job = load_facts (core, in);
    for (size_t i = 0; i < in->n_tasks; i++)
        if (load_task (core, job, in->tasks[i], in, err))
            return -1;
    if (fresh && in->n_depend_states == in->n_depend_due_us)
        depend_restore (core, job, in->depend_states, in->depend_due_us, in->n_depend_states);
    depend_loaded (core);
    job_mark_dirty (core, job);
    core_settle (core);
    return 0;
}

static int load_key (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageKey *in = image->key;
    const uint8_t *hash = in->has_spec_hash && in->spec_hash.len == HASH_SIZE ? in->spec_hash.data : NULL;

    (void) err;
    if (in->has_token)
        key_add (core, in->uid, KEY_TOKEN, in->token.data, in->token.len, in->job_id, in->at_us, hash);
    else if (in->submit_key)
        key_add (core, in->uid, KEY_SUBMIT, in->submit_key, strlen (in->submit_key), in->job_id, in->at_us, hash);
    if (in->has_answer && in->has_token)
        key_answer (key_find (core, in->uid, KEY_TOKEN, in->token.data, in->token.len), &in->answer);
    return 0;
}

static int load_bulk (struct core *core, const Moisson__Image *image, struct err *err)
{
    const Moisson__ImageBulk *in = image->bulk;

    if (in->done >= in->bulk->count ||
        pieces_count ((struct pieces){in->bulk->lines.data, in->bulk->lines.len}) != in->bulk->count)
        return err_set (err, 0, "damaged snapshot: a bulk of %u jobs does not hold as many", in->bulk->count);
    bulk_add (core, in->bulk, in->done, in->submit_us);
    return 0;
}

int core_load (struct core *core, const Moisson__Image *image, struct err *err)
{
    static const struct {
        Moisson__Image__WhatCase what;
        int (*load) (struct core *core, const Moisson__Image *image, struct err *err);
    } loaders[] = {
        {MOISSON__IMAGE__WHAT_HEAD, load_head}, {MOISSON__IMAGE__WHAT_NODE, load_node},
        {MOISSON__IMAGE__WHAT_JOB, load_job},   {MOISSON__IMAGE__WHAT_KEY, load_key},
        {MOISSON__IMAGE__WHAT_BULK, load_bulk}, {MOISSON__IMAGE__WHAT_USAGE, accounts_load_usage},
    };

    core->fx = NULL;
    if (!core->config && image->what_case != MOISSON__IMAGE__WHAT_HEAD)
        return err_set (err, 0, "damaged snapshot: it does not begin with its head");
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
        if (loaders[i].what == image->what_case)
            return loaders[i].load (core, image, err);
    return err_set (err, 0, "the snapshot holds something that this version does not know");
}
