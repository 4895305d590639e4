/* order_table.c - the orders that are linked in. */
#include <string.h>
#include "plugins/abi.h"
#include "plugins/order_f1.h"
#include "plugins/order_fifo.h"
#include "plugins/order_handicap.h"
#include "plugins/order_multifactor.h"
#include "plugins/order_patience.h"
#include "plugins/order_sjf.h"
#include "plugins/order_unicep.h"
#include "plugins/order_wfp3.h"

const struct order_ops *order_find (const char *type)
{
    static const struct order_ops *(*const table[]) (void) = {
        order_fifo, order_handicap, order_patience, order_sjf, order_f1, order_wfp3, order_unicep, order_multifactor};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct order_ops *ops = table[i]();
        if (!strcmp (ops->type, type) && ops->abi == PLUGIN_ABI)
            return ops;
    }
    return NULL;
}
