/* order.c - facts of a start, packed and signed. */
#include "ctld/order.h"
#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"
#include "ctld/job_env.h"

static const Moisson__Share *share_on (const struct start_facts *facts, const char *node)
{
    for (size_t i = 0; i < facts->n_shares; i++)
        if (!strcmp (facts->shares[i]->node, node))
            return facts->shares[i];
    return NULL;
}

static ProtobufCBinaryData packed (const ProtobufCMessage *msg)
{
    size_t len = protobuf_c_message_get_packed_size (msg);
    uint8_t *data = xmalloc (len);

    return (ProtobufCBinaryData){.len = protobuf_c_message_pack (msg, data), .data = data};
}

/* Everything in it is borrowed but for spec. */
static void fill (Moisson__Order *order, const struct start_facts *facts, const struct order_terms *terms,
                  const Moisson__Share *share)
{
    const Moisson__Submitted *job = facts->submitted;

    order->node = (char *) terms->node;
    order->launcher_nonce = (ProtobufCBinaryData){terms->nonce_len, (uint8_t *) terms->nonce};
    order->sequence = terms->sequence;
    order->raw_id = facts->raw_id;
    order->attempt = facts->attempt;
    order->uid = job->uid;
    order->gid = job->gid;
    order->n_groups = job->n_groups;
    order->groups = job->groups;
    order->work_dir = job->spec->work_dir ? job->spec->work_dir : (char *) "/";
    order->script_hash = job->spec->script_hash;
    order->env_hash = job->spec->env_hash;
    order->cpus = share->cpus;
    order->has_mem_mb = share->has_mem_mb;
    order->mem_mb = share->mem_mb;
    order->has_gpus = share->has_gpus;
    order->gpus = share->gpus;
    order->n_gres = share->n_gres;
    order->gres = share->gres;
    order->has_threads_per_core = job->spec->has_threads_per_core;
    order->threads_per_core = job->spec->threads_per_core;
    order->has_time_limit_s = true;
    order->time_limit_s = facts->time_limit_s;
    order->has_over_limit_s = facts->over_limit_s != 0;
    order->over_limit_s = facts->over_limit_s;
    order->kill_wait_s = terms->kill_wait_s;
    order->has_array_id = order->has_task = facts->array_id != 0;
    order->array_id = facts->array_id;
    order->task = facts->task;
    order->spec = packed (&job->spec->base);
    order->user = job->user ? job->user : (char *) "";
    order->home = job->home;
    order->shell = job->shell;
    order->partition = (char *) facts->partition;
    order->has_restarts = true;
    order->restarts = facts->restarts;
    order->cluster = (char *) terms->cluster;
}

Moisson__SignedOrder *order_create (const struct start_facts *facts, const struct order_terms *terms)
{
    const Moisson__Share *share = share_on (facts, terms->node);
    _cleanup_strings_ struct strings env = STRINGS_INIT;
    Moisson__Order order = MOISSON__ORDER__INIT;

    if (!share)
        return NULL;
    fill (&order, facts, terms, share);
    job_env_add (&env, facts, terms->cluster, terms->now);
    order.extra_env = env.list;
    order.n_extra_env = env.n;
    Moisson__SignedOrder *ret = xmalloc (sizeof *ret);
    moisson__signed_order__init (ret);
    ret->order = packed (&order.base);
    ret->mac = (ProtobufCBinaryData){.len = HASH_SIZE, .data = xmalloc (HASH_SIZE)};
    mac_bytes (ret->order.data, ret->order.len, terms->key, ret->mac.data);
    free (order.spec.data);
    return ret;
}
