/* steps.h - what srun ran inside an attempt: so many of them are kept with it until its record is made, the first ones.
 */
#pragma once
#include "core/job.h"

#define STEPS_MOST 1000 /* of one attempt */

/* Begun or ended, as the news says. False: it says nothing new, or there are too many. */
bool steps_hear (struct task *task, const Moisson__Step *step);
void steps_close (struct task *task); /* the attempt is over: what still ran has ended with it */
void steps_free (struct task *task);
void steps_load (struct task *task, Moisson__Step *const *steps, size_t n);
Moisson__Step **steps_copy (const struct task *task, size_t *ret_n); /* NULL where there are none */
