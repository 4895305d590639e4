/* identity.c - to become a user for good. */
#include "base/identity.h"
#include <errno.h>
#include <grp.h>
#include <unistd.h>

/* Root may be hidden in any of the three ids, and -1 means "as it is" to the kernel. */
static bool is_safe (const struct identity *id)
{
    if (id->uid == 0 || id->gid == 0 || id->uid == (uid_t) -1 || id->gid == (gid_t) -1)
        return false;
    for (size_t i = 0; i < id->n_groups; i++)
        if (id->groups[i] == 0 || id->groups[i] == (gid_t) -1)
            return false;
    return true;
}

static bool is_taken (const struct identity *id)
{
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;

    if (getresuid (&ruid, &euid, &suid) || getresgid (&rgid, &egid, &sgid))
        return false;
    if (ruid != id->uid || euid != id->uid || suid != id->uid || rgid != id->gid || egid != id->gid || sgid != id->gid)
        return false;
    return setresuid ((uid_t) -1, 0, (uid_t) -1) < 0 && setresgid ((gid_t) -1, 0, (gid_t) -1) < 0;
}

int identity_take (const struct identity *id)
{
    if (!id->change)
        return 0;
    if (!is_safe (id))
        return EPERM;
    if (setgroups (id->n_groups, id->groups) || setresgid (id->gid, id->gid, id->gid) ||
        setresuid (id->uid, id->uid, id->uid))
        return errno;
    return is_taken (id) ? 0 : EPERM;
}
