/* profile.h - nodes as they will be: by the time limits of what runs there. A job without one never ends. */
#pragma once
#include "core/promise.h"

struct share;
struct task;

/* When this attempt is over at the latest, by its limit: UINT64_MAX = never, or it stands still. For share.until. */
usec_t attempt_until (const struct core *core, const struct task *task);
bool attempt_is_licensed (const struct task *task);
/* Its limit, its start or anything else that attempt_until rests on has changed. */
void attempt_reckon (struct core *core, struct task *task);

/* When there are the licences that it asks for, from stay->from on; UINT64_MAX: nobody knows. (licence_when.c) */
usec_t licences_when (const struct core *core, const struct stay *stay);

/* The node without what ends by `at`; UINT64_MAX: without all but what was placed after event `since`. A shallow copy,
 * not to be freed: for demand_fits and the like. */
void node_at (const struct node *node, usec_t at, uint64_t since, struct node *ret);

/* The earliest time from stay->from on (and before `best`, after which nobody looks) at which so many tasks may begin
 * their stay on this node; for as long as `limit` (UINT64_MAX = for ever). PROMISE_ONE_DAY: once jobs without a limit
 * have gone. UINT64_MAX: not as far as is known. */
usec_t node_when (const struct core *core, const struct stay *stay, const struct node *node, uint32_t tasks,
                  usec_t best);
