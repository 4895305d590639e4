/* topology.h - what a node is made of, as far as choosing cpus and GPUs needs it. hwloc is used in topology.c only.
 *
 * A unit is one of the node's CPUs= : a hardware thread, or a whole core where CPUs= is the number of cores. Three
 * kinds: the machine's own      no Topology=, CPUs= at most what hwloc finds, and the node is this host (its name or
 *                          NodeHostname is the host's): jobs are bound
 *   given                  Topology=FILE.xml or synthetic:WORDS: choices and records as if it were so; virtual, not
 * bound plain                  otherwise (several nodes on one host, more CPUs= than there are): units without
 * structure; virtual, not bound */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"

#define NOWHERE UINT32_MAX

struct topology_unit {
    uint32_t core, cache, numa; /* numbers of what it belongs to; cache: the largest shared one, an L3 where there is */
    uint32_t *os_cpus;          /* the kernel's numbers, for binding */
    size_t n_os_cpus;
};

struct topology_gpu {
    uint32_t numa; /* NOWHERE: not known */
};

struct topology {
    bool is_virtual, bind;
    char *text; /* what it is, for `scontrol show node`: "machine", "synthetic:...", a file name, "plain" */
    uint32_t sockets, cores_per_socket, threads_per_core;
    struct topology_unit *units;
    size_t n_units;
    struct topology_gpu *gpus;
    size_t n_gpus;
};

struct topology_ask {
    const char *topology; /* NULL = the machine's own */
    uint32_t cpus, gpus;
    bool own_host; /* this node is the whole host */
};

/* Error: a topology that cannot be read, or has fewer units than CPUs=. */
int topology_load (struct topology **ret, const struct topology_ask *ask, struct err *err);
struct topology *topology_free (struct topology *t);
DEFINE_CLEANUP (struct topology *, topology_free)
#define _cleanup_topology_ _cleanup_ (topology_freep)
