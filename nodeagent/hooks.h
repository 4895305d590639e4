/* hooks.h - the site's programs around a job, on its node: each is run by the job's shepherd, with the shepherd's own
 * rights, in a session of its own, with an environment of its own (SLURM_JOB_*, nothing of the job's), for at most
 * PrologEpilogTimeout. What one leaves behind in its session is killed. */
#pragma once
#include "nodeagent/shepherd_watch.h"

enum hook { HOOK_PROLOG, HOOK_EPILOG };

/* Run all of them, one after the other, until one fails. Without any this costs nothing. signal_fd: of SIGCHLD and
 * SIGTERM, both blocked.
 *
 * A prolog is ended by a stop of its job, which is cancelled then; and by a node that goes down. 0: go on; -1: the job
 * must not start: status.kind and status.cause say why, and status.drain if the node is to be drained for it. An epilog
 * hears nothing; if it fails (-1) only status.drain is set. */
int hooks_run (struct shepherd *s, enum hook which, int signal_fd);
