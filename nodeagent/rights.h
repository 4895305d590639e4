/* rights.h - what a job's process may do: as whom it runs, and its resource limits. Decided before the fork; the child
 * makes system calls only. Not no_new_privs: a job may run setuid programs, as a login could. */
#pragma once
#include "base/identity.h"
#include "proto/launch.pb-c.h"

/* The user that an order names. A shepherd that is root takes any but root; one that is not, cannot. */
void identity_of_order (const Moisson__Order *order, struct identity *ret);

/* The kernel's choice of victims: moissond may be spared (OOMScoreAdjust= of its service), jobs are not. */
void oom_score_reset (void);

/* Resource limits, to be set while it may still raise them. 0 or an errno. Without the right to raise a hard limit
 * (single user, not root) it is left where it is, and the soft one below it. */
int limits_take (Moisson__Limit *const *limits, size_t n);
