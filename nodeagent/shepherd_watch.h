/* shepherd_watch.h - one running job until nothing of it is left: its end, its limits, commands from `ctl`. */
#pragma once
#include "nodeagent/shepherd_job.h"
#include "nodeagent/status.h"

struct shepherd {
    struct job *job;
    struct status status;
    int lock_fd, ctl_fd;
    int notify_fd; /* unix datagrams to the agent; -1 = none */
};

/* Start the job and stay until it and all its descendants are gone. status is then EXITED and on disk. -1 only if the
 * attempt was started before by somebody else, or the spool cannot be written before the fork: nothing ran. */
int shepherd_run (struct shepherd *s, struct err *err);
