/* place_spread.c - the emptiest node that fits (Slurm's LLN): jobs disturb each other least. */
#include "plugins/place_spread.h"

static double cost (const struct place_facts *node)
{
    return -(double) node->free_cpus;
}

const struct place_ops *place_spread (void)
{
    static const struct place_ops ops = {.abi = PLUGIN_ABI, .type = "place/spread", .by_free_cpus = -1, .cost = cost};

    return &ops;
}
