/* verify.h - may this order be carried out? The launcher believes nobody but the controller's MAC. Pure but for the
 * blobs, which the caller reads. The rules, in the order in which they are checked:
 *
 *   1 the MAC is right under this node's order key       5 the attempt's raw id has no live attempt
 *   2 the order names this node                          6 the user may run here (single-user mode: the launcher's own)
 *   3 it carries this launcher's nonce                   7 script and environment have the hashes of the order
 *   4 its sequence is higher than any before
 *
 * 6 in root mode: a uid of MinUID or more that is not the agent's, no root's group (0) anywhere, nothing that means
 * something else to the kernel (-1), no more groups than it takes. What the signature covers is checked all the same: a
 * controller that was deceived must not make this node run anything as root.
 *
 * An order that passes 1-4 uses its sequence up, whatever 5-7 say. */
#pragma once
#include <stdbool.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "proto/launch.pb-c.h"
#include "base/err.h"

#define NONCE_SIZE 16

struct verifier {
    const char *node;
    uint8_t key[KEY_SIZE];
    uint8_t nonce[NONCE_SIZE];
    uint64_t last_sequence;
    uint32_t own_uid;
    bool root_mode; /* jobs of any user; else own_uid's alone */
    uint32_t min_uid, agent_uid;
    bool (*is_live) (void *arg, uint64_t raw_id);
    void *arg;
};

/* Rules 1-6. *ret: free with moisson__order__free_unpacked. -1 with the rule in words. */
int order_verify (struct verifier *v, const Moisson__SignedOrder *signed_order, Moisson__Order **ret, struct err *err);
/* Rule 7, for each of the two. `what` is "script" or "environment". */
int blob_verify (const ProtobufCBinaryData *hash, const void *data, size_t len, const char *what, struct err *err);

static inline void cleanup_orderp (Moisson__Order **order)
{
    if (*order)
        moisson__order__free_unpacked (*order, NULL);
}
#define _cleanup_order_ _cleanup_ (cleanup_orderp)
