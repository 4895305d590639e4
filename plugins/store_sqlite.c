/* store_sqlite.c */
#include "plugins/store_sqlite.h"
const struct store_ops store_sqlite = {.abi = PLUGIN_ABI, .type = "store/sqlite"};
