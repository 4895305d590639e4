/* place_pack.c - the fullest node that fits: large gaps stay for wide jobs. */
#include "plugins/place_pack.h"

static double cost (const struct place_facts *node)
{
    return node->free_cpus;
}

const struct place_ops *place_pack (void)
{
    static const struct place_ops ops = {.abi = PLUGIN_ABI, .type = "place/pack", .by_free_cpus = 1, .cost = cost};

    return &ops;
}
