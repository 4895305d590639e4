/* config_topologies.h - the Topology= of NodeName lines, looked at by the node's agent, which has hwloc. */
#pragma once

/* Says on stderr what is wrong and what is to be noted. The file is correct otherwise. Returns the number of errors. */
unsigned topologies_check (const char *path, unsigned *notes);
