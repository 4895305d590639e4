/* correspond.h - aftercorr: each task of an array waits for its namesake in another array, and runs when that ended
 * well. What waits so is in classes of its own in the rest of the job (HOLD_CORR, HOLD_NEVER), so that the pass sees
 * only what may start; each task is settled once, by the end of its namesake.
 *
 * A namesake that the controller no longer knows satisfies, as any unknown id does; one that never was cannot. Between
 * other kinds of jobs aftercorr is afterok. */
#pragma once
#include "core/job.h"

struct core;

/* It has just been aimed at its target: is it one of each task's own, and none of the job as a whole? */
bool edge_pairs_tasks (const struct edge *edge);
bool corr_asked (const struct job *job); /* does it wait for namesakes at all? */
/* The conditions are new, or what was held is released: sort what is free into what may start and what waits. */
void corr_sort (struct core *core, struct job *job);
void corr_forget (struct core *core, struct job *job); /* its conditions go: all that waits is free */
/* This task has ended for good: its namesakes may be settled by that. */
void corr_news (struct core *core, const struct task *task);
/* Recounted, for core_check. */
int corr_check (const struct core *core, const struct job *job, struct err *err);
