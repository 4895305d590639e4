/* store_sqlite.h - journal, records, blobs and snapshot names in one SQLite file (WAL, synchronous=FULL). */
#pragma once
#include "plugins/abi.h"

const struct store_ops *store_sqlite (void);
