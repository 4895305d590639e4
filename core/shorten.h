/* shorten.h - --time-min: where its time limit reaches into what is promised or reserved for others, a job may start
 * with a shorter one, as long as there is room for, and not below what it said is still useful. The limit goes with the
 * placement alone: when the attempt is taken back or requeued the job has the one it asked for. */
#pragma once
#include "core/promise.h"

struct node;

/* What --time-min makes of this job's limit (0 = no limit): the shortest time; 0: it keeps its limit. */
uint64_t job_time_min (const struct core *core, const struct job *job);
/* As shape_time_s, for the shortest time that its head would start with. */
uint64_t shape_least_s (const struct core *core, const struct shape *shape);

/* As fit_ask, or as fit_on for this node (NULL: any), with licences; for its limit, or for the longest time in whole
 * minutes below it that --time-min allows and that fits. *ret_limit_s: that time; 0 = its limit. */
int fit_shortened (const struct core *core, struct fit_ask *ask, struct node *node, struct fit *ret,
                   uint64_t *ret_limit_s);
