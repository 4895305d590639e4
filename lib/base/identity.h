/* identity.h - to become a user for good: uid, gid and groups. System calls only, so that it can be used after a fork.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct identity {
    bool change; /* false: it is this process's own user already */
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* supplementary; borrowed */
    size_t n_groups;
};

/* 0 or an errno. Refuses to remain root in any way (uid, gid, a group); what the kernel says it has done is looked at
 * again, and that there is no way back. */
int identity_take (const struct identity *id);
