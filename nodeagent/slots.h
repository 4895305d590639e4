/* slots.h - which cpus and GPUs of the node are taken, by whom; no id is ever in two live attempts. Pure.
 *
 * Choice of cpus: near the chosen GPUs if any; then all from the one cache (L3) with the fewest free units that still
 * suffice, so that large gaps stay for large jobs; else all from one NUMA node in the same way; else from everywhere.
 * Within that, lowest ids first: hwloc numbers the threads of a core and the cores of a cache one after the other.
 *
 * Where units go out in cores (topology.core_units), a core of which anything is taken is not looked at: nobody shares
 * it. Units of CoreSpecCount and CpuSpecList are never given. */
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
int slots_take (struct slots *s, uint32_t cpus, uint32_t gpus, struct claim *ret); /* GPUs of any type */
struct gpu_want {
    const char *type; /* NULL: of those without a type */
    bool any;         /* whatever the type */
    uint32_t n;
};
/* slots_gpus.c says which GPUs. */
int slots_take_kinds (struct slots *s, uint32_t cpus, const struct gpu_want *wants, size_t n_wants, struct claim *ret);
/* Claim what an attempt of an earlier agent holds, as it was written down ("0-3,8", "0,1"; NULL = nothing). -1: not
 * ids of this node, or held by another attempt; then nothing is claimed. */
int slots_restore (struct slots *s, const char *cpu_ids, const char *gpu_ids, struct claim *ret);
void slots_release (struct slots *s, struct claim *c); /* c is empty afterwards; an empty one is fine */
uint32_t slots_free_cpus (const struct slots *s);
uint32_t slots_all_cpus (const struct slots *s); /* that there are to give */

char *claim_cpu_ids (const struct claim *c); /* "0-3,8"; the caller frees it */
char *claim_gpu_ids (const struct claim *c); /* "0,1,2": CUDA_VISIBLE_DEVICES knows no ranges; NULL = none */
char *claim_gpu_text (const struct claim *c, const struct topology *t); /* "gpu:a100:2(IDX:0-1)"; NULL = none */
