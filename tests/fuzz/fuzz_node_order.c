/* An order as the launcher gets it: signed by nobody it must be refused, signed by the controller it must not hurt. */
#include <stdint.h>
#include <stdlib.h>
#include "nodeagent/env.h"
#include "nodeagent/paths.h"
#include "nodeagent/verify.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static bool is_live (void *arg, uint64_t raw_id)
{
    (void) arg;
    return raw_id % 2;
}

/* What the shepherd makes of it. */
static void use (const Moisson__Order *order)
{
    Moisson__JobSpec *spec = moisson__job_spec__unpack (NULL, order->spec.len, order->spec.data);
    Moisson__Launch launch = MOISSON__LAUNCH__INIT;
    const struct env_facts facts = {&launch, order, "/spool", NULL};
    _cleanup_env_ struct env env = ENV_INIT;
    struct job_paths paths;

    env_add_job (&env, &facts);
    if (!spec)
        return;
    job_paths_make (order, spec, &paths);
    job_paths_clear (&paths);
    moisson__job_spec__free_unpacked (spec, NULL);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct verifier v = {.node = "n1", .is_live = is_live};
    Moisson__SignedOrder signed_order = MOISSON__SIGNED_ORDER__INIT;
    _cleanup_order_ Moisson__Order *order = NULL, *forged = NULL;
    uint8_t mac[HASH_SIZE] = {0};

    signed_order.order = (ProtobufCBinaryData){size, (uint8_t *) data};
    signed_order.mac = (ProtobufCBinaryData){HASH_SIZE, mac};
    if (order_verify (&v, &signed_order, &forged, NULL) == 0)
        abort ();
    mac_bytes (data, size, v.key, mac);
    if (order_verify (&v, &signed_order, &order, NULL) == 0)
        use (order);
    return 0;
}
