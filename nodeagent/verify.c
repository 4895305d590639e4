/* verify.c - may this order be carried out? */
#include "nodeagent/verify.h"
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define GROUPS_MOST NGROUPS_MAX

static int check_facts (const struct verifier *v, const Moisson__Order *order, struct err *err)
{
    if (strcmp (order->node, v->node) != 0)
        return err_set (err, 0, "the order is for node %s, this is %s", order->node, v->node);
    if (order->launcher_nonce.len != NONCE_SIZE || memcmp (order->launcher_nonce.data, v->nonce, NONCE_SIZE) != 0)
        return err_set (err, 0, "the order was made for an earlier start of this launcher");
    if (order->sequence <= v->last_sequence)
        return err_set (err, 0, "order number %" PRIu64 " comes after number %" PRIu64 ": repeated or late",
                        order->sequence, v->last_sequence);
    return 0;
}

static int check_own (const struct verifier *v, const Moisson__Order *order, struct err *err)
{
    if (order->uid == v->own_uid)
        return 0;
    err_set (err, 0, "the job belongs to uid %u, but this node runs in single-user mode as uid %u", order->uid,
             v->own_uid);
    if (v->own_uid == 0)
        return err_fix (err,
                        "name a user without rights as SlurmUser in moisson.conf, and start moissonctld and moissond "
                        "again as root: jobs of all users run then");
    return err_fix (err, "submit as uid %u, or start moissond as root, for all users", v->own_uid);
}

static int check_groups (const Moisson__Order *order, struct err *err)
{
    bool bad = order->gid == 0 || order->gid == UINT32_MAX;

    if (order->n_groups > GROUPS_MOST)
        return err_set (err, 0, "the job has %zu groups, a process can have %d", order->n_groups, GROUPS_MOST);
    for (size_t i = 0; i < order->n_groups; i++)
        bad = bad || order->groups[i] == 0 || order->groups[i] == UINT32_MAX;
    if (!bad)
        return 0;
    err_set (err, 0, "the job would run in group 0 (root's): gid %u, uid %u", order->gid, order->uid);
    return err_fix (err, "take the user out of group 0, or submit as another one");
}

static int check_other (const struct verifier *v, const Moisson__Order *order, struct err *err)
{
    if (order->uid < v->min_uid || order->uid == UINT32_MAX) {
        err_set (err, 0, "jobs of uid %u are not run on this node: MinUID is %u", order->uid, v->min_uid);
        return err_fix (err, "submit as an ordinary user, or set MinUID in moisson.conf");
    }
    if (order->uid == v->agent_uid) {
        err_set (err, 0, "jobs of uid %u are not run on this node: its agent is that user", order->uid);
        return err_fix (err, "submit as another user, or name another AgentUser in moisson.conf");
    }
    return check_groups (order, err);
}

static int check_rules (const struct verifier *v, const Moisson__Order *order, struct err *err)
{
    if (v->is_live (v->arg, order->raw_id))
        return err_set (err, 0, "job %" PRIu64 " has a live attempt on this node already", order->raw_id);
    if (v->root_mode ? check_other (v, order, err) : check_own (v, order, err))
        return -1;
    if (order->work_dir[0] != '/')
        return err_set (err, 0, "the working directory %s is no absolute path", order->work_dir);
    return 0;
}

int order_verify (struct verifier *v, const Moisson__SignedOrder *signed_order, Moisson__Order **ret, struct err *err)
{
    const ProtobufCBinaryData *bytes = &signed_order->order, *mac = &signed_order->mac;
    _cleanup_order_ Moisson__Order *order = NULL;

    if (!mac_ok (bytes->data, bytes->len, v->key, mac->data, mac->len)) {
        err_set (err, 0, "the order is not signed with this node's order key");
        return err_fix (err, "enrol the node again: moisson node enroll %s", v->node);
    }
    order = moisson__order__unpack (NULL, bytes->len, bytes->data);
    if (!order)
        return err_set (err, 0, "the order is malformed");
    if (check_facts (v, order, err))
        return -1;
    v->last_sequence = order->sequence;
    if (check_rules (v, order, err))
        return -1;
    *ret = steal (&order);
    return 0;
}

int blob_verify (const ProtobufCBinaryData *hash, const void *data, size_t len, const char *what, struct err *err)
{
    uint8_t found[HASH_SIZE];

    hash_bytes (data, len, found);
    if (hash->len != HASH_SIZE || memcmp (hash->data, found, HASH_SIZE) != 0)
        return err_set (err, 0, "the %s is not the one that was submitted (its hash differs)", what);
    return 0;
}
