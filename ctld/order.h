/* order.h - start orders: everything a launcher needs to start one attempt, under a MAC that only the controller and
 * that node's launcher can make. */
#pragma once
#include "core/core.h"
#include "base/hash.h"

struct order_terms { /* what does not come from the job */
    const char *node;
    const uint8_t *nonce; /* of the launcher's present life */
    size_t nonce_len;
    uint64_t sequence;  /* rises from order to order, over restarts of the controller, too */
    const uint8_t *key; /* KEY_SIZE bytes; the node's order key */
    uint32_t kill_wait_s;
    const char *cluster;
    usec_t now;
};

/* NULL if no share of the attempt is on that node. Free with moisson__signed_order__free_unpacked. */
Moisson__SignedOrder *order_create (const struct start_facts *facts, const struct order_terms *terms);
