/* slots.h - which cpus and GPUs of the node are taken, by whom; no id is ever in two live attempts. Pure.
 *
 * Choice of cpus: near the chosen GPUs if any; then all from the one cache (L3) with the fewest free units that still
 * suffice, so that large gaps stay for large jobs; else all from one NUMA node in the same way; else from everywhere.
 * Within that, lowest ids first: hwloc numbers the threads of a core and the cores of a cache one after the other. */
#pragma once
#include "base/idset.h"
#include "nodeagent/topology.h"

struct slots;

struct claim { /* what one attempt holds */
    struct idset *cpus, *gpus;
};

struct slots *slots_create (const struct topology *topology); /* borrowed */
struct slots *slots_free (struct slots *s);
DEFINE_CLEANUP (struct slots *, slots_free)

enum { SLOTS_E_FULL = 1 };
int slots_take (struct slots *s, uint32_t cpus, uint32_t gpus, struct claim *ret);
/* Claim what an attempt of an earlier agent holds, as it was written down ("0-3,8", "0,1"; NULL = nothing). -1: not
 * ids of this node, or held by another attempt; then nothing is claimed. */
int slots_restore (struct slots *s, const char *cpu_ids, const char *gpu_ids, struct claim *ret);
void slots_release (struct slots *s, struct claim *c); /* c is empty afterwards; an empty one is fine */
uint32_t slots_free_cpus (const struct slots *s);

char *claim_cpu_ids (const struct claim *c); /* "0-3,8"; the caller frees it */
char *claim_gpu_ids (const struct claim *c); /* "0,1,2": CUDA_VISIBLE_DEVICES knows no ranges; NULL = none */
