/* digest.c - a hash over everything that a snapshot holds, image after image. */
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"
#include "core/core.h"

struct chain {
    uint8_t hash[HASH_SIZE];
    uint8_t *bytes;
    size_t room;
};

static int chain_add (void *arg, const Moisson__Image *image)
{
    struct chain *chain = arg;
    size_t len = moisson__image__get_packed_size (image) + HASH_SIZE;

    if (len > chain->room) {
        chain->room = 2 * len;
        chain->bytes = xrealloc (chain->bytes, chain->room);
    }
    memcpy (chain->bytes, chain->hash, HASH_SIZE);
    moisson__image__pack (image, chain->bytes + HASH_SIZE);
    hash_bytes (chain->bytes, len, chain->hash);
    return 0;
}

void core_digest (const struct core *core, uint8_t ret[32])
{
    struct chain chain = {0};

    core_save (core, 0, chain_add, &chain);
    memcpy (ret, chain.hash, HASH_SIZE);
    free (chain.bytes);
}
