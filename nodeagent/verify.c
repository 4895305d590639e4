/* verify.c - may this order be carried out? */
#include "nodeagent/verify.h"
#include <inttypes.h>
#include <string.h>

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

static int check_rules (const struct verifier *v, const Moisson__Order *order, struct err *err)
{
    if (v->is_live (v->arg, order->raw_id))
        return err_set (err, 0, "job %" PRIu64 " has a live attempt on this node already", order->raw_id);
    if (order->uid != v->own_uid) {
        err_set (err, 0, "the job belongs to uid %u, but this node runs in single-user mode as uid %u", order->uid,
                 v->own_uid);
        return err_fix (err, "submit as uid %u, or start moissond as uid %u", v->own_uid, order->uid);
    }
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
