/* shepherds.h - where shepherds come from: one moisson-shepherd that does nothing but fork the next one. A short job
 * spends more on a program's start (exec, the dynamic parts of libc, on virtual machines above all CPUID) than on the
 * fork of one that stands there, small and without a secret in it.
 *
 * They are the launcher's children (CLONE_PARENT, clone(2)), and what an exec would have made of them: fds 3 (lock) and
 * 4 (ctl), a session of their own, SPOOL RAW.ATTEMPT in their command line. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "nodeagent/cgroup.h"

/* In the place of RAW.ATTEMPT, and long enough for any. */
#define SHEPHERDS_WAIT "waits-for-the-next-job-of-this-node"

struct shepherds { /* words are borrowed */
    const char *path, *spool, *conf_path;
    const struct cgroup *cgroup;
    pid_t pid; /* 0: none, the next start makes one */
    int fd;    /* to it, -1 = none */
};

/* Start one for the attempt of that name. The fds stay the caller's. *ret_pid 0: the one that forks was ended just
 * then, and whether there is a shepherd says only the attempt's lock. -1: there is none. */
int shepherds_start (struct shepherds *s, const char *name, int lock_fd, int ctl_fd, pid_t *ret_pid, struct err *err);
/* Was that process the one that forks? */
bool shepherds_reaped (struct shepherds *s, pid_t pid);
/* It ends; its shepherds go on. */
void shepherds_close (struct shepherds *s);

/* In moisson-shepherd: fork one for each that is asked for on fd. 0: this is a new one, name is its attempt's; 1:
 * nobody will ask any more. `name` has the length of SHEPHERDS_WAIT. */
int shepherds_serve (int fd, char *name, struct err *err);
