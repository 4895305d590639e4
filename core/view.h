/* view.h - how jobs show themselves: sizes, reasons, node lists. */
#pragma once
#include "base/buf.h"
#include "core/filter.h"
#include "core/gres.h"

struct size {
    uint32_t nodes, cpus, req_cpus, tasks;
    uint32_t gpus;          /* on the first node */
    struct gres_parts gres; /* on all nodes */
    uint64_t mem_mb;        /* on each node, in force; 0 = not known yet */
    uint64_t all_mem_mb;    /* on all nodes */
    uint64_t req_mem_mb;    /* as asked */
    bool mem_per_cpu;
};

void size_clear (struct size *size);
#define _cleanup_size_ __attribute__ ((cleanup (size_clear)))

struct size asked_size (const struct core *core, const struct job *job, const struct task *task); /* task: or NULL */
/* What it holds or held (task with shares), else what it asks for. */
struct size job_size (const struct core *core, const struct job *job, const struct task *task);
/* Where nothing was asked and the node decides: what the first node of its partition would give. */
uint64_t job_likely_mem (const struct core *core, const struct job *job);
char *size_tres (const struct size *size);  /* cpu=1,mem=100M,node=1,billing=1: the caller frees it */
char *task_nodes (const struct task *task); /* host list, NULL = none; the caller frees it */
/* In whose name a pending row queues: its job, or a branch of it. */
const struct job *row_queue (const struct row *row);
/* Why it is pending, one word; the sentence with numbers is added to text (may be NULL). */
const char *row_reason (const struct core *core, const struct row *row, struct buf *text);
/* What is worth the look at the whole queue and all nodes when one job is asked about: how many are before it, and the
 * node with most memory. */
void row_reason_more (const struct core *core, const struct row *row, struct buf *text);
