/* shepherd_home.h - the attempt's directory, which belongs to the job's user and may have been removed or changed by
 * the job (rm -rf "$(dirname "$0")" is a common last line of scripts). The shepherd keeps what others need of it. */
#pragma once
#include "nodeagent/shepherd_watch.h"

/* Is the attempt's directory where it should be, with our lock and our fifo in it? Where not, it is made again, with
 * order, lock (held), ctl and status; s->lock_fd and s->ctl_fd keep their numbers, and it is the current directory.
 * -1: the file system says no; to be tried again. */
int home_keep (struct shepherd *s, struct err *err);
