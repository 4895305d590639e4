/* scratch.h - a job's own directory for temporary files: JobScratchDir/moisson-NODE/job_RAW.ATTEMPT, made before the
 * job and removed after it, whatever is in it. For the launcher, whose loop never waits for a removal: what is not
 * empty goes to `trash` beside the jobs, and a process of its own empties that. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"

struct scratch {
    char *dir;      /* NULL until it is open */
    bool is_shared; /* jobs of several users are in it: nobody else may look into one's */
    bool is_hidden; /* ... and even they get there by their private /tmp only */
    pid_t remover;  /* 0 = none runs */
    bool more;      /* trash has come since it was started */
    unsigned serial;
};

/* Makes parent/name, or takes it as it is left by an earlier start. Of another user it is moved out of the way where we
 * can, else refused. What the jobs of `is_live` do not own goes to the trash. */
int scratch_open (struct scratch *s, const char *parent, const char *name, bool is_shared, bool is_hidden,
                  struct err *err);
void scratch_keep_only (struct scratch *s, bool (*is_live) (void *arg, const char *job), void *arg);
void scratch_close (struct scratch *s); /* a remover goes on without us; an empty directory goes */

/* The job's directory, for uid and gid; *ret is owned by the caller. An old one of that name is not used again. */
int scratch_make (struct scratch *s, const char *job, uid_t uid, gid_t gid, char **ret, struct err *err);
void scratch_drop (struct scratch *s, const char *job); /* also when there is none */
bool scratch_reaped (struct scratch *s, pid_t pid);     /* was it the remover? */

/* In a job's process, as root: a mount namespace in which dir is /tmp and /var/tmp, and /dev/shm is empty and its own.
 * System calls only. 0 or an errno. */
int scratch_become_tmp (const char *dir);
/* Would that hide this path? */
bool scratch_hides (const char *path);

/* Remove everything in the directory, however deep, without following links; for the remover, and for tests. What
 * cannot be removed stays. Returns how many entries are left. */
size_t scratch_empty (int dir_fd);
