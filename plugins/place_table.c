/* place_table.c - the ways to choose a node that are linked in. */
#include <string.h>
#include "plugins/abi.h"
#include "plugins/place_pack.h"
#include "plugins/place_spread.h"

const struct place_ops *place_find (const char *type)
{
    static const struct place_ops *(*const table[]) (void) = {place_pack, place_spread};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct place_ops *ops = table[i]();
        if (!strcmp (ops->type, type) && ops->abi == PLUGIN_ABI)
            return ops;
    }
    return NULL;
}
