/* launcher_programs.h - programs that the node runs for itself, with the launcher's rights: HealthCheckProgram and
 * RebootProgram. When: the agent says for health checks, the controller for reboots (launcher_notes.c). Which: the
 * launcher's own configuration. One of each kind at a time; nobody waits for them, and each ends after a while, by KILL
 * of its session. What a health check leaves in its session ends with it; a reboot may have left something that is
 * about to act. */
#pragma once
#include <poll.h>
#include <sys/types.h>
#include "base/programs.h"
#include "base/units.h"
#include "proto/node.pb-c.h"

struct launcher;

#define SITE_PROGRAMS 2

struct site_program {
    pid_t pid;      /* 0 = it does not run */
    usec_t kill_at; /* monotonic */
    bool timed_out;
    struct program_output output;
};

/* Start it, unless it runs. The agent hears how it ended, or why it does not run (NodeReport). */
void site_program_run (struct launcher *l, Moisson__ReportKind kind);
/* The agent hears that it does not run, and why. */
void site_program_refuse (struct launcher *l, Moisson__ReportKind kind, const char *why);
/* A child has ended: was it one of these? */
bool site_program_reaped (struct launcher *l, pid_t pid, int wait_status);
bool site_program_is (const struct launcher *l, pid_t pid);
/* Its part of the loop: what to poll (as many as it returns, at most SITE_PROGRAMS), when something is due. */
nfds_t site_programs_poll (const struct launcher *l, struct pollfd *fds);
usec_t site_programs_due (const struct launcher *l); /* monotonic; UINT64_MAX = never */
void site_programs_look (struct launcher *l);
void site_programs_stop (struct launcher *l); /* the launcher ends: health checks with it */
