/* launcher.h - moissond's parts. One process, one poll loop, no network: it starts shepherds for orders that it has
 * verified itself, reaps them, and keeps an agent running. */
#pragma once
#include <sys/types.h>
#include "base/config.h"
#include "nodeagent/clock.h"
#include "nodeagent/spares.h"
#include "nodeagent/spool.h"
#include "nodeagent/verbs.h"
#include "nodeagent/verify.h"

struct live { /* an attempt that has a shepherd */
    struct attempt_id id;
    pid_t pid;     /* 0: re-adopted, not our child; known by its lock */
    bool removing; /* the directory goes when the shepherd is gone */
};

struct launcher {
    struct config *conf;
    char *conf_path; /* absolute */
    char *node, *spool, *pid_file;
    char *agent_path, *shepherd_path;
    bool verbose;
    int *terminal; /* main's: where to report a failed start, -1 once there is nothing to report any more */
    char boot[BOOT_ID_SIZE];
    int lock_fd, signal_fd;
    struct verifier verifier;

    struct spares spares;
    struct live *live;
    size_t n_live, room_live;

    struct pipe_end agent; /* fd -1: no agent now */
    pid_t agent_pid;
    bool agent_ready;   /* this one has said READY */
    bool ever_ready;    /* start-up has succeeded */
    usec_t agent_due;   /* when to start the next one (monotonic) */
    usec_t agent_delay; /* back-off */
    usec_t agent_since;
    usec_t look_due; /* when to look at the locks of re-adopted attempts */
    bool stopping, failed;
};

/* launcher_start.c: carry out verbs. */
void launcher_start (struct launcher *l, const Moisson__Launch *launch);
void launcher_stop (struct launcher *l, const Moisson__Stop *stop);
void launcher_remove (struct launcher *l, struct attempt_id id);

/* launcher_adopt.c: who lives, who has ended. */
int launcher_adopt (struct launcher *l, struct err *err);      /* at start: everything in the spool */
void launcher_reap (struct launcher *l);                       /* after SIGCHLD */
void launcher_look (struct launcher *l);                       /* at re-adopted ones */
void launcher_bury (struct launcher *l, struct attempt_id id); /* its directory is not needed any more */
struct live *launcher_find (struct launcher *l, struct attempt_id id);
bool launcher_is_live (void *launcher, uint64_t raw_id); /* for the verifier */

/* launcher_agent.c: keep one agent running. */
void agent_start_due (struct launcher *l); /* start it if it is time to */
void agent_gone (struct launcher *l, int wait_status);
void agent_stop (struct launcher *l);
void agent_hear (struct launcher *l); /* its socket is readable */

/* launcher_orphans.c: end every process of an attempt that lost its shepherd: those that the kernel gave to us, and
 * those with its MOISSON_ATTEMPT and our MOISSON_SPOOL in their environment. (Missed is what hides both and lost its
 * shepherd while no launcher ran, or one that was not its shepherd's parent.) Returns how many named the attempt. */
size_t orphans_kill (const struct launcher *l, struct attempt_id id);
