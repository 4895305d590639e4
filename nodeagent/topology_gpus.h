/* topology_gpus.h - GPUs as hwloc knows them. For topology.c. */
#pragma once
#include <hwloc.h>
#include "nodeagent/topology.h"

uint32_t topology_numa_of (hwloc_topology_t hw, hwloc_const_cpuset_t set);
/* Fills t->gpus and t->gpu_fault; hw NULL: nothing is known of the machine. */
void topology_gpus (hwloc_topology_t hw, const struct topology_ask *ask, struct topology *t);
