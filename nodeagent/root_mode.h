/* root_mode.h - is this node's launcher root for the jobs of others? It is when it runs as root and SlurmUser names
 * somebody else. Then:
 *
 *   launcher, shepherds   root
 *   agent                 AgentUser (without one: SlurmUser), no groups but its own, no capabilities, no_new_privs
 *   a job                 the user of its order
 *
 * Otherwise all are the same user, and only that user's jobs run (single-user mode). The user database is asked here,
 * at the start, and never again by the launcher. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "base/config.h"

struct root_mode {
    bool on;
    uid_t agent_uid;
    gid_t agent_gid;
};

int root_mode_find (const struct config *conf, struct root_mode *ret, struct err *err);

/* Give the spool (after spool_prepare) the owners that its parts have: see spool.h. -1 if it is another user's. */
int root_mode_own_spool (const struct root_mode *mode, const char *spool, struct err *err);

/* In a new process, for good; system calls only. 0 or an errno. Nothing where root mode is off. */
int root_mode_become_agent (const struct root_mode *mode);
