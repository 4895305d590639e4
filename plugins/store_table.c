/* store_table.c - the stores that are linked in. */
#include "plugins/abi.h"
#include <string.h>
#include "plugins/store_sqlite.h"

const struct store_ops *store_find (const char *type)
{
    static const struct store_ops *const table[] = {&store_sqlite};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp (table[i]->type, type) && table[i]->abi == PLUGIN_ABI)
            return table[i];
    return NULL;
}
