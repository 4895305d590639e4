/* reconfigure.h - the configuration file, read again while everything goes on: all of it is applied, or nothing. */
#pragma once
#include "ctld/ctld.h"

/* -1: the file is wrong, or holds what only a restart can change; nothing has changed then. by_hand: what operators
 * set of partitions is forgotten. */
int reconfigure (struct ctld *ctld, bool by_hand, struct err *err);
/* Is nothing different in what the core knows of it? */
bool config_same (const Moisson__Config *a, const Moisson__Config *b);
