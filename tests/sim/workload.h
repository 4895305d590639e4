/* workload.h - the dice: what happens next in a world. */
#pragma once
#include "ledger.h"
#include "world.h"

void workload_begin (struct world *w);
int workload_gpu_type (const char *name); /* a place in vnode.gpus */   /* configuration, nodes up */
void workload_step (struct world *w);                                   /* something happens */
Moisson__JobSpec *workload_spec (struct world *w, uint32_t *ret_tasks); /* any */
void workload_bulk (struct world *w);
bool workload_unfold (struct world *w); /* some more of a bulk; false: there is none */
/* workload_accounts.c */
void accounts_configure (const struct world *w, Moisson__Config *config);
void accounts_spec (struct world *w, Moisson__JobSpec *spec);
void accounts_change (struct world *w); /* another tree, or usage is forgotten */
void accounts_hold (struct world *w);   /* w->wrong where a limit is passed */
/* workload_policy.c */
void policy_begin (struct world *w);
void policy_configure (struct world *w, Moisson__Config *config);
void policy_spec (struct world *w, Moisson__JobSpec *spec);
struct ledger_rights policy_rights (const Moisson__JobSpec *spec);
int workload_settle (struct world *w); /* no more trouble: everything must come to its end. 0, or -1 with w->wrong */
