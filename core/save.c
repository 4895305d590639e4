/* save.c - the whole state as Image messages: head, nodes, jobs (with their tasks in portions), keys. */
#include <utlist.h>
#include "base/mem.h"
#include "core/accounts.h"
#include "core/held.h"
#include "core/image.h"
#include "core/retry.h"
#include "core/state.h"
#include "core/steps.h"

#define TASKS_AN_IMAGE 1000

#define SET_IF(image, field, value) ((image)->has_##field = (value) != 0, (image)->field = (value))

struct save {
    const struct core *core;
    core_image_fn fn;
    void *arg;
};

/* The list alone is the caller's to free. */
static Moisson__PartitionSet **save_sets (const struct core *core, size_t *ret_n)
{
    Moisson__PartitionSet **list = xcalloc (core->config->n_partitions + 1, sizeof *list);

    for (size_t i = 0; i < core->config->n_partitions; i++) {
        const struct partition *partition = partition_find (core, core->config->partitions[i]->name);
        if (partition->set)
            list[(*ret_n)++] = partition->set;
    }
    return list;
}

/* Likewise. */
static Moisson__Resv **save_resvs (const struct core *core, size_t *ret_n)
{
    Moisson__Resv **list = xcalloc (HASH_COUNT (core->resvs.by_name) + 1, sizeof *list);
    const struct resv *resv, *next;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    list[(*ret_n)++] = resv->msg;
    return list;
}

static int save_head (const struct save *save, uint64_t sequence)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageHead head = MOISSON__IMAGE_HEAD__INIT;

    head.version = IMAGE_VERSION;
    head.sequence = sequence;
    head.now_us = save->core->now;
    head.next_job_id = save->core->next_id;
    head.config = save->core->config;
    head.partitions = save_sets (save->core, &head.n_partitions);
    head.reservations = save_resvs (save->core, &head.n_reservations);
    SET_IF (&head, next_resv_id, save->core->resvs.next_id);
    head.starts = start_save (save->core, &head.n_starts);
    accounts_save_head (save->core, &head);
    head.kinds = shun_save (save->core, &head.n_kinds);
    head.claims = claims_save (save->core, &head.n_claims);
    image.what_case = MOISSON__IMAGE__WHAT_HEAD;
    image.head = &head;
    int rc = save->fn (save->arg, &image);
    free (head.reservations);
    free (head.partitions);
    for (size_t i = 0; i < head.n_starts; i++)
        free (head.starts[i]);
    free (head.starts);
    for (size_t i = 0; i < head.n_claims; i++)
        free (head.claims[i]);
    free (head.claims);
    for (size_t i = 0; i < head.n_kinds; i++)
        moisson__image_kind__free_unpacked (head.kinds[i], NULL);
    free (head.kinds);
    return rc;
}

static Moisson__Share *save_share (const struct share *share)
{
    Moisson__Share like = MOISSON__SHARE__INIT;
    Moisson__Share *ret;

    like.node = share->node->conf->name;
    like.cpus = share->cpus;
    like.has_mem_mb = like.has_gpus = true;
    like.mem_mb = share->mem_mb;
    like.has_tasks = share->tasks > 0;
    like.tasks = share->tasks;
    like.gpus = share->gpus;
    like.gres = gres_parts_save (&share->gres, &like.n_gres);
    ret = message_copy (&like.base);
    gres_list_free (like.gres, like.n_gres);
    return ret;
}

static int by_id (const void *a, const void *b)
{
    const Moisson__HeldShare *x = *(Moisson__HeldShare *const *) a, *y = *(Moisson__HeldShare *const *) b;

    if (x->id->raw_id != y->id->raw_id)
        return x->id->raw_id < y->id->raw_id ? -1 : 1;
    return x->id->attempt < y->id->attempt ? -1 : x->id->attempt > y->id->attempt;
}

static Moisson__HeldShare **save_held (const struct node *node, size_t *ret_n)
{
    Moisson__HeldShare **list = xcalloc (node->n_held, sizeof *list);

    for (struct share *share = node->shares; share; share = share->next) {
        const struct held *held = share_held (share);
        if (!held)
            continue;
        Moisson__HeldShare *out = xmalloc (sizeof *out);
        moisson__held_share__init (out);
        out->id = xmalloc (sizeof *out->id);
        moisson__attempt_id__init (out->id);
        out->id->raw_id = held->raw_id;
        out->id->attempt = held->attempt;
        out->has_claim = held->claim > 0;
        out->claim = held->claim;
        out->has_since_us = true;
        out->since_us = held->since;
        out->share = save_share (share);
        list[(*ret_n)++] = out;
    }
    if (*ret_n)
        qsort (list, *ret_n, sizeof *list, by_id); /* their order on the node means nothing */
    return list;
}

static int save_node (const struct save *save, const struct node *node)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageNode out = MOISSON__IMAGE_NODE__INIT;

    out.name = node->conf->name;
    out.conf = node->kept;
    out.facts = node->facts;
    for (size_t i = sizeof admin_words / sizeof *admin_words; i-- > 0;)
        if (node->marks & admin_words[i].mark)
            out.admin_state = (char *) admin_words[i].word;
    out.has_marks = true;
    out.marks = node->marks;
    SET_IF (&out, marked_by, node->by);
    SET_IF (&out, lost, node->lost);
    SET_IF (&out, reboot_next, node->reboot_next);
    SET_IF (&out, reboot_us, node->reboot_us);
    out.held = save_held (node, &out.n_held);
    out.reason = node->reason;
    out.misfit = node->misfit;
    SET_IF (&out, reason_us, node->reason_us);
    out.has_reason_uid = node->has_reason_uid;
    out.reason_uid = node->reason_uid;
    SET_IF (&out, up, node->up);
    SET_IF (&out, dead, node->dead);
    SET_IF (&out, seen_us, node->seen_us);
    SET_IF (&out, refusals, node->refusals);
    SET_IF (&out, refused_at, node->refused_at);
    SET_IF (&out, refused_uid, node->refused_uid);
    image.what_case = MOISSON__IMAGE__WHAT_NODE;
    image.node = &out;
    int rc = save->fn (save->arg, &image);
    for (size_t i = 0; i < out.n_held; i++)
        moisson__held_share__free_unpacked (out.held[i], NULL);
    free (out.held);
    return rc;
}

/* --- jobs --------------------------------------------------------------------------------------------------------- */

static Moisson__Range **save_ranges (const struct idset *set, size_t *ret_n)
{
    size_t n = set ? idset_ranges (set) : 0;
    Moisson__Range **ranges = xcalloc (n + 1, sizeof *ranges);

    for (size_t i = 0; i < n; i++) {
        ranges[i] = xmalloc (sizeof **ranges);
        moisson__range__init (ranges[i]);
        idset_range (set, i, &ranges[i]->first, &ranges[i]->last);
    }
    *ret_n = n;
    return ranges;
}

static Moisson__Range **save_rest (const struct rest *rest, enum hold hold, size_t *ret_n)
{
    _cleanup_idset_ struct idset *one = NULL;

    if (rest->array)
        return save_ranges (rest_set (rest, hold), ret_n);
    one = idset_create ();
    if (rest_count (rest, hold))
        idset_add (one, 0);
    return save_ranges (one, ret_n);
}

static Moisson__Share **save_shares (const struct task *task, size_t *ret_n)
{
    size_t n = task->n_shares ? task->n_shares : task->n_last;
    Moisson__Share **shares = xcalloc (n + 1, sizeof *shares);

    for (size_t i = 0; i < n; i++) {
        Moisson__Share like;
        if (task->n_shares) {
            shares[i] = save_share (&task->shares[i]);
            continue;
        }
        like = task->last[i];
        like.has_mem_mb = like.has_gpus = true;
        shares[i] = message_copy (&like.base);
    }
    *ret_n = n;
    return shares;
}

/* The place of its own spec in the image's list, + 1; 0 = it has none. */
static uint32_t save_former (const struct task *task, Moisson__ImageJob *image, const struct spec **list)
{
    size_t i = image->n_former;

    if (!task->own || task->branch) /* that of a branch follows from its retries */
        return 0;
    while (i-- > 0)
        if (list[i] == task->own)
            return (uint32_t) i + 1;
    list[image->n_former] = task->own;
    image->former[image->n_former++] = spec_copy (task->own);
    return (uint32_t) image->n_former;
}

static Moisson__ImageTask *save_task (const struct task *task)
{
    Moisson__ImageTask *out = xmalloc (sizeof *out);

    moisson__image_task__init (out);
    out->has_task = true;
    out->task = task->index;
    out->raw_id = task->raw_id;
    out->phase = task->phase;
    out->attempt = task->attempt;
    out->shares = save_shares (task, &out->n_shares);
    out->tasks = save_ranges (task->rest, &out->n_tasks);
    SET_IF (out, start_us, task->start_us);
    SET_IF (out, end_us, task->end_us);
    SET_IF (out, over_us, task->over_us);
    SET_IF (out, eligible_us, task->eligible_us);
    SET_IF (out, boot, task->boot);
    SET_IF (out, restarts, task->restarts);
    SET_IF (out, held, task->hold == HOLD_USER);
    SET_IF (out, held_admin, task->hold == HOLD_ADMIN);
    SET_IF (out, waits, task->hold == HOLD_CORR);
    SET_IF (out, never, task->hold == HOLD_NEVER);
    SET_IF (out, requeue_hold, task->again_hold);
    SET_IF (out, begun, task->begun);
    SET_IF (out, stop_why, task->stop);
    SET_IF (out, refusals, task->refusals);
    SET_IF (out, placed_at, task->placed_at);
    out->has_cancelled_by = task->has_cancelled_by;
    out->cancelled_by = task->cancelled_by;
    out->has_state = task->phase == TASK_ENDED;
    out->state = task->state;
    SET_IF (out, relimited, task->relimited);
    SET_IF (out, resv_end_us, task->inside ? task->inside->end_us : 0);
    SET_IF (out, resv_over, task->inside && task->inside->over);
    out->former_partition = task->branch ? NULL : xstrdup (task->own_partition);
    retry_save (task->retry, out);
    out->amended = task->amended ? message_copy (&task->amended->base) : NULL;
    SET_IF (out, suspended_at, task->suspended_at);
    SET_IF (out, suspended_us, task->suspended_us);
    SET_IF (out, was_suspended, task->was_suspended);
    SET_IF (out, special, task->special);
    SET_IF (out, requeue_special, task->again_special);
    SET_IF (out, claim, task->claim);
    SET_IF (out, claimed_for, task->claimed_for);
    SET_IF (out, preempt_again, task->preempt_again);
    out->cpu_ids = xstrdup (task->cpu_ids);
    out->gpu_ids = xstrdup (task->gpu_ids);
    out->cause = xstrdup (task->cause);
    out->exit = task->exit ? message_copy (&task->exit->base) : NULL;
    out->steps = steps_copy (task, &out->n_steps);
    return out;
}

static void save_depend (const struct job *job, Moisson__ImageJob *out)
{
    size_t n = job->depend ? job->depend->n : 0;

    out->depend_states = xcalloc (n + 1, sizeof *out->depend_states);
    out->depend_due_us = xcalloc (n + 1, sizeof *out->depend_due_us);
    out->n_depend_states = out->n_depend_due_us = n;
    for (size_t i = 0; i < n; i++) {
        out->depend_states[i] = job->depend->edges[i].state;
        out->depend_due_us[i] = job->depend->edges[i].due_us;
    }
}

static Moisson__ImageJob *save_facts (const struct job *job)
{
    Moisson__ImageJob *out = xmalloc (sizeof *out);

    moisson__image_job__init (out);
    out->submitted = spec_copy (job->spec);
    out->submitted->job_id = job->id;
    out->submit_us = job->submit_us;
    out->partition = xstrdup (job->partition);
    out->pending = save_rest (&job->rest, HOLD_NONE, &out->n_pending);
    out->held_user = save_rest (&job->rest, HOLD_USER, &out->n_held_user);
    out->held_by_admin = save_rest (&job->rest, HOLD_ADMIN, &out->n_held_by_admin);
    out->waiting = save_rest (&job->rest, HOLD_CORR, &out->n_waiting);
    out->never = save_rest (&job->rest, HOLD_NEVER, &out->n_never);
    SET_IF (out, eligible_us, job->eligible_us);
    SET_IF (out, first_start_us, job->first_start_us);
    SET_IF (out, end_us, job->end_us);
    SET_IF (out, failed, job->failed);
    out->resv_deleted = xstrdup (job->resv_deleted);
    SET_IF (out, cancelled, job->cancelled);
    SET_IF (out, max_exit_code, job->max_exit_code);
    SET_IF (out, max_exit_signal, job->max_exit_signal);
    SET_IF (out, gone_failed, job->gone.failed);
    SET_IF (out, gone_cancelled, job->gone.cancelled);
    SET_IF (out, gone_exit_code, job->gone.code);
    SET_IF (out, gone_exit_signal, job->gone.signal);
    save_depend (job, out);
    return out;
}

/* Some tasks of the job, from *at on; the job's own facts come with each portion. */
static int save_portion (const struct save *save, const struct job *job, const struct task **at)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageJob *out = save_facts (job);
    int rc;

    const struct spec *former[TASKS_AN_IMAGE];

    out->tasks = xcalloc (TASKS_AN_IMAGE, sizeof *out->tasks);
    out->former = xcalloc (TASKS_AN_IMAGE, sizeof *out->former);
    for (; *at && out->n_tasks < TASKS_AN_IMAGE; *at = (*at)->next) {
        Moisson__ImageTask *task = out->tasks[out->n_tasks++] = save_task (*at);
        SET_IF (task, former, save_former (*at, out, former));
    }
    image.what_case = MOISSON__IMAGE__WHAT_JOB;
    image.job = out;
    rc = save->fn (save->arg, &image);
    moisson__image_job__free_unpacked (out, NULL);
    return rc;
}

static int save_job (const struct save *save, const struct job *job)
{
    const struct task *at = job->tasks;

    do
        if (save_portion (save, job, &at))
            return -1;
    while (at);
    return 0;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static int save_key (const struct save *save, const struct key *key)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageKey out = MOISSON__IMAGE_KEY__INIT;
    _cleanup_free_ char *text = NULL;
    size_t len;
    const uint8_t *bytes = key_bytes (key, &len);

    out.uid = key_uid (key);
    out.job_id = key->job_id;
    out.at_us = key->at_us;
    if (key_kind (key) == KEY_TOKEN) {
        out.has_token = true;
        out.token.data = (uint8_t *) bytes;
        out.token.len = len;
    } else
        out.submit_key = text = xstrndup ((const char *) bytes, len);
    out.has_answer = key->answer != NULL;
    out.answer = (ProtobufCBinaryData){key->answer_len, key->answer};
    out.has_spec_hash = key_spec (key) != NULL;
    out.spec_hash.data = (uint8_t *) key_spec (key);
    out.spec_hash.len = key_spec (key) ? HASH_SIZE : 0;
    image.what_case = MOISSON__IMAGE__WHAT_KEY;
    image.key = &out;
    return save->fn (save->arg, &image);
}

static int save_bulk (const struct save *save, const struct bulk *bulk)
{
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageBulk out = MOISSON__IMAGE_BULK__INIT;

    out.bulk = bulk->msg;
    out.done = bulk->done;
    out.submit_us = bulk->submit_us;
    image.what_case = MOISSON__IMAGE__WHAT_BULK;
    image.bulk = &out;
    return save->fn (save->arg, &image);
}

int core_save (const struct core *core, uint64_t sequence, core_image_fn fn, void *arg)
{
    const struct save save = {.core = core, .fn = fn, .arg = arg};
    const struct key *key;

    if (!core->config)
        return 0; /* nothing has happened yet */
    if (save_head (&save, sequence))
        return -1;
    for (size_t i = 0; i < core->nodes.n; i++)
        if (save_node (&save, core->nodes.list[i]))
            return -1;
    if (accounts_save_usage (core, fn, arg))
        return -1;
    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        if (save_job (&save, job))
            return -1;
    DL_FOREACH (core->keys.first, key)
    if (save_key (&save, key))
        return -1;
    const struct bulk *bulk;
    DL_FOREACH (core->bulks, bulk)
    if (save_bulk (&save, bulk))
        return -1;
    return 0;
}
