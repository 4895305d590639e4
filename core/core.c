/* core.c - the room itself, and the small questions. */
#include <string.h>
#include "base/mem.h"
#include "core/attempt.h"
#include "core/expect.h"
#include "core/scratch.h"
#include "core/state.h"

struct core *core_create (void)
{
    struct core *core = xcalloc (1, sizeof *core);

    core->scratch = scratch_create ();
    core_pass_begin (core, 0);
    return core;
}

struct core *core_free (struct core *core)
{
    if (!core)
        return NULL;
    for (size_t i = core->jobs.n_order; i--;) /* the youngest first: nothing waits for it */
        if (core->jobs.order[i].job)
            job_remove (core, core->jobs.order[i].job);
    idmap_clear (&core->jobs.by_id);
    idmap_clear (&core->jobs.by_raw);
    idmap_clear (&core->jobs.by_index);
    expect_clear (core);
    shape_clear (core);
    specs_clear (&core->specs);
    idmap_clear (&core->groups);
    free (core->jobs.order);
    resv_clear (core);
    licence_clear (&core->licences);
    start_clear (&core->starts);
    shun_free (core);
    claims_clear (core);
    partition_clear (&core->partitions);
    node_table_clear (&core->nodes);
    while (core->bulks)
        bulk_free (core, core->bulks);
    key_clear (&core->keys);
    assoc_clear (core);
    qos_clear (core);
    gres_kinds_clear (core);
    heap_clear (&core->timers);
    if (core->config)
        moisson__config__free_unpacked (core->config, NULL);
    scratch_free (core->scratch);
    free (core);
    return NULL;
}

void core_set_policies (struct core *core, const struct core_policies *policies)
{
    core->policies = *policies;
    partition_find_places (core);
    ranking_begin (core, core->now);
}

uint64_t core_next_job_id (const struct core *core)
{
    return core->next_id;
}

usec_t core_now (const struct core *core)
{
    return core->now;
}

const Moisson__Config *core_config (const struct core *core)
{
    return core->config;
}

int core_job_owner (const struct core *core, uint64_t job_id, uint32_t *ret_uid)
{
    const struct job *job = job_find (core, job_id);
    const struct task *task = job ? NULL : task_by_raw (core, job_id);

    if (!job && !task)
        return -1;
    *ret_uid = (job ? job : task->job)->spec->uid;
    return 0;
}

int core_find_submit (const struct core *core, uint32_t uid, const uint8_t *token, size_t token_len,
                      const char *submit_key, const Moisson__JobSpec *spec, uint64_t *ret_job, struct err *err)
{
    const struct key *key = token_len ? key_find (core, uid, KEY_TOKEN, token, token_len) : NULL;
    uint8_t hash[HASH_SIZE];

    if (!key && submit_key && *submit_key)
        key = key_find (core, uid, KEY_SUBMIT, submit_key, strlen (submit_key));
    if (!key)
        return SUBMIT_E_NEW;
    if (key_spec (key)) {
        key_spec_hash (spec, hash);
        if (memcmp (hash, key_spec (key), HASH_SIZE)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_SUBMIT_KEY,
                     "the submit key \"%s\" was used for job %lu, which asked for something else", submit_key,
                     (unsigned long) key->job_id);
            return err_fix (err, "use a new --submit-key for a new job, or repeat the submit exactly as it was");
        }
    }
    *ret_job = key->job_id;
    return 0;
}

int core_job_ended (const struct core *core, uint64_t job_id, Moisson__WaitReply *ret_reply)
{
    const struct job *job = job_find (core, job_id);
    const struct task *task = job ? NULL : task_by_raw (core, job_id);
    bool ended = job ? job->ended : task && task->phase == TASK_ENDED;

    if (!job && !task)
        return -1;
    *ret_reply = (Moisson__WaitReply) MOISSON__WAIT_REPLY__INIT;
    ret_reply->job_id = job_id;
    ret_reply->state = job ? job_state (job) : task_state (task);
    ret_reply->has_exit_code = ret_reply->has_exit_signal = ended;
    if (ended && job) {
        ret_reply->exit_code = job->max_exit_code;
        ret_reply->exit_signal = job->max_exit_signal;
    } else if (ended)
        task_exit_status (task, &ret_reply->exit_code, &ret_reply->exit_signal);
    return ended;
}

struct core_stats core_stats (const struct core *core)
{
    struct core_stats stats = core->stats;

    stats.nodes = core->nodes.n;
    stats.nodes_up = core->nodes.n_up;
    stats.passes = core->shapes.cycle;
    return stats;
}

void core_node_session (struct core *core, const char *name, bool here)
{
    for (size_t i = 0; i < core->nodes.n; i++) {
        struct node *node = core->nodes.list[i];
        if (name && strcmp (node_name (node), name))
            continue;
        node->session = here;
        node_reindex (core, node);
    }
}

void core_attempt_configuring (struct core *core, uint64_t raw_id, uint32_t attempt, bool on)
{
    struct task *task = task_by_raw (core, raw_id);

    if (task && task->attempt == attempt)
        task->configuring = on && task->phase == TASK_PLACED;
}

static void give_blob (void *arg, core_blob_fn fn, uint32_t uid, ProtobufCBinaryData blob)
{
    if (blob.len == HASH_SIZE)
        fn (arg, uid, blob.data);
}

void core_blobs (const struct core *core, core_blob_fn fn, void *arg)
{
    ProtobufCBinaryData script, env;
    const struct spec *spec;
    size_t at = 0;

    /* a spec lives as long as one of its jobs is known: also ended ones, whose blobs a retried submit may name */
    while ((spec = idmap_next (&core->specs.by_hash, &at))) {
        spec_blobs (spec, &script, &env);
        give_blob (arg, fn, spec->uid, script);
        give_blob (arg, fn, spec->uid, env);
    }
}
