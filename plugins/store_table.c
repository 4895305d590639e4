/* store_table.c - the stores that are linked in. */
#include <string.h>
#include "plugins/abi.h"
#include "plugins/store_sqlite.h"

const struct store_ops *store_find (const char *type)
{
    static const struct store_ops *(*const table[]) (void) = {store_sqlite};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct store_ops *ops = table[i]();
        if (!strcmp (ops->type, type) && ops->abi == PLUGIN_ABI)
            return ops;
    }
    return NULL;
}
