/* discover.h - the NodeName line that this machine would have: `moissond -C`, as `slurmd -C`. */
#pragma once
#include <stdio.h>
#include "base/config.h"

int discover_print (FILE *out, struct err *err);
/* Every Topology= of the configuration, looked at: lines of "e" (error) or "n" (note), node, what, fix, between tabs.
 */
void discover_check (const struct config *conf, FILE *out);
