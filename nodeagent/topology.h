/* topology.h - what a node is made of, as far as choosing cpus and GPUs needs it. hwloc is used in
 * topology.c and topology_gpus.c only.
 *
 * A unit is one of the node's CPUs= : a hardware thread, or a whole core where the configuration counts cores. Its
 * index is the CPU's id in records: sockets, then cores, then threads, as hwloc orders them. Three kinds of topology:
 *   the machine's own   no Topology=, CPUs= at most what hwloc finds, and the node is this whole host: its name or
 *                       NodeHostname is the host's, and no other node's is. Jobs are bound, and what was found is told
 *   given               Topology=FILE.xml or synthetic:WORDS: choices and records as if it were so; virtual, not bound
 *   plain               otherwise (several nodes on one host, more CPUs= than there are): units without structure;
 *                       virtual, not bound */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/hardware.h"
#include "nodeagent/gpus.h"

#define NOWHERE UINT32_MAX

struct topology_unit {
    uint32_t core, cache, numa; /* numbers of what it belongs to; cache: the largest shared one, an L3 where there is */
    uint32_t *os_cpus;          /* the kernel's numbers, for binding */
    size_t n_os_cpus;
    bool spec; /* CoreSpecCount, CpuSpecList: no job gets it */
};

struct topology {
    bool is_virtual, bind;
    char *text; /* what it is, for `scontrol show node`: "machine", "synthetic:...", a file name, "plain" */
    uint32_t sockets, cores_per_socket, threads_per_core;
    struct topology_unit *units;
    size_t n_units;
    uint32_t core_units; /* so many units follow each other that go to one job only, together: the threads of a core */
    uint32_t *os_mems;   /* the kernel's numbers of the memory nodes, for binding */
    size_t n_os_mems;
    bool has_found;        /* the node is this host, and this is what the host has */
    struct hardware found; /* without its memory */
    struct gpu_list gpus;
    char *gpu_fault; /* fewer than declared; NULL = as declared */
};

struct topology_ask {
    const char *topology;           /* NULL = the machine's own */
    uint32_t cpus, gpus;            /* gpus: of no type, where gpu_ask is NULL */
    const struct gpus_ask *gpu_ask; /* borrowed */
    bool own_host;                  /* this node is the whole host */
    bool cpu_is_core;               /* CPUs= counts the cores of a machine with several threads a core */
    uint32_t core_cpus;             /* CPUs that are given out together; 0 = 1 */
    const char *spec_cpus;          /* ids that jobs never get; NULL = none */
};

/* What the NodeName line says of its own shape; topology and own_host are the caller's. Borrowed. */
struct topology_ask topology_ask_of (const Moisson__NodeConf *conf);
/* Error: a topology that cannot be read, or has fewer units than CPUs=. */
int topology_load (struct topology **ret, const struct topology_ask *ask, struct err *err);
struct topology *topology_free (struct topology *t);
DEFINE_CLEANUP (struct topology *, topology_free)
#define _cleanup_topology_ _cleanup_ (topology_freep)
