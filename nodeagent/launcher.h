/* launcher.h - moissond's parts. One process, one poll loop, no network: it starts shepherds for orders that it has
 * verified itself, reaps them, and keeps an agent running. */
#pragma once
#include <sys/types.h>
#include "base/config.h"
#include "base/limits.h"
#include "nodeagent/cgroup.h"
#include "nodeagent/clock.h"
#include "nodeagent/launcher_programs.h"
#include "nodeagent/root_mode.h"
#include "nodeagent/scratch.h"
#include "nodeagent/shepherds.h"
#include "nodeagent/spares.h"
#include "nodeagent/spool.h"
#include "nodeagent/tree.h"
#include "nodeagent/verbs.h"
#include "nodeagent/verify.h"

struct sweep { /* the rounds in which an attempt's processes are ended */
    unsigned rounds;
    usec_t begun, due, pause;
    size_t found; /* processes that named the attempt */
};

struct live { /* an attempt that has a shepherd */
    struct attempt_id id;
    pid_t pid;     /* 0: re-adopted, or not told; known by its lock */
    bool untold;   /* 0, and perhaps our child (shepherds_start) */
    bool removing; /* the directory goes when the shepherd is gone */
    /* when nobody holds the lock, or may not: */
    usec_t absent_since; /* its lock file is not there; the shepherd makes it again (shepherd_home.h) */
    bool gone;           /* the shepherd is: what it left is being ended, then its status is written */
    bool lost;           /* ... without a last word in the status */
    bool held;           /* ... and with processes that cannot be killed; its end has been told */
    struct sweep sweep;
    char *stop; /* lines that did not fit into `ctl` yet; owned */
    bool stop_is_signal;
};

struct terms { /* what a job gets by the configuration, as it stands in each order */
    Moisson__Limit limits[LIMITS_N], *pointers[LIMITS_N];
};

struct launcher {
    struct config *conf;
    char *conf_path; /* absolute */
    char *node, *spool, *pid_file;
    char *agent_pid_file; /* NULL = none is there */
    struct root_mode root_mode;
    struct terms terms;
    char *agent_path, *shepherd_path;
    bool verbose;
    int *terminal; /* main's: where to report a failed start, -1 once there is nothing to report any more */
    char boot[BOOT_ID_SIZE];
    int lock_fd, signal_fd, notify_fd,
        steps_fd; /* the last two: the agent's, which reads them; bound here, in a directory of ours */
    struct verifier verifier;

    struct shepherds shepherds;
    struct spares spares;
    struct cgroup *cgroup;
    struct scratch scratch;
    struct live *live;
    size_t n_live, room_live;

    struct pipe_end agent; /* fd -1: no agent now */
    pid_t agent_pid;
    bool agent_ready;   /* this one has said READY */
    bool ever_ready;    /* start-up has succeeded */
    usec_t agent_due;   /* when to start the next one (monotonic) */
    usec_t agent_delay; /* back-off */
    usec_t agent_since;
    usec_t look_due; /* when to look at what is not our child, or waits for something */
    char boot_before[BOOT_ID_SIZE];
    struct pids born_with; /* processes below us that were there before us: not ours to end */
    struct site_program programs[SITE_PROGRAMS];
    bool stopping, failed;
    bool configless;    /* the configuration is the controller's, kept in the spool (configless.h) */
    char *conf_server;  /* NULL = where the configuration says */
    uint64_t last_note; /* sequence */
    bool reload;        /* start again: there is another configuration */
};

/* launcher_start.c: carry out verbs. */
void launcher_start (struct launcher *l, const Moisson__Launch *launch);
void launcher_stop (struct launcher *l, const Moisson__Stop *stop);
void launcher_stop_again (struct launcher *l, struct live *live);           /* one that was not delivered */
void launcher_refuse (struct launcher *l, struct attempt_id id, char *why); /* tell the agent: it never ran */
void launcher_remove (struct launcher *l, struct attempt_id id);

/* launcher_room.c: cgroups and directories for temporary files. */
struct room {     /* of one start, for its order */
    char **words; /* of the cgroup */
    size_t n_words;
    char *scratch;
};
int room_open (struct launcher *l, struct err *err);
void room_close (struct launcher *l);
void room_sort_out (struct launcher *l); /* after launcher_adopt: what belongs to nobody goes */
int room_make (struct launcher *l, const Moisson__Launch *launch, const Moisson__Order *order, struct room *ret,
               struct err *err);
void room_tell (const struct launcher *l, const struct room *room, Moisson__Launch *launch); /* borrowed from room */
void room_clear (struct room *room);
int room_leave (struct launcher *l, struct attempt_id id); /* gone; -EBUSY: somebody is still there */
struct cgroup_group *room_group (const struct launcher *l, struct attempt_id id);

/* launcher_notes.c: what the controller says to the launcher itself. */
void launcher_note (struct launcher *l, const Moisson__SignedNote *signed_note);

/* launcher_adopt.c: who lives, who has ended. */
int launcher_adopt (struct launcher *l, struct err *err);      /* at start: everything in the spool */
void launcher_reap (struct launcher *l);                       /* after SIGCHLD */
void launcher_look (struct launcher *l);                       /* at what is due */
void launcher_look_soon (struct launcher *l);                  /* something waits that was not waiting before */
void launcher_bury (struct launcher *l, struct attempt_id id); /* its directory is not needed any more */
struct live *launcher_find (struct launcher *l, struct attempt_id id);
void launcher_add_gone (struct launcher *l, struct attempt_id id); /* its shepherd is; processes of it are not */
bool launcher_is_live (void *launcher, uint64_t raw_id);           /* for the verifier */
bool launcher_has_jobs (const struct launcher *l);                 /* beside what cannot be killed */

/* launcher_agent.c: keep one agent running. */
int agent_open_sockets (struct launcher *l, struct err *err); /* at start: those that shepherds and srun call */
void agent_start_due (struct launcher *l);                    /* start it if it is time to */
void agent_gone (struct launcher *l, int wait_status);
void agent_stop (struct launcher *l);
void agent_hear (struct launcher *l); /* its socket is readable */

/* launcher_orphans.c: end every process of an attempt that lost its shepherd: those in its cgroup; without cgroups
 * those that the kernel gave to us, and those with its MOISSON_ATTEMPT and our MOISSON_SPOOL in their environment.
 * (Missed is then what hides both and lost its shepherd while no launcher ran, or one that was not its shepherd's
 * parent.) In rounds, so that nobody waits for it: begin, then round at each sweep->due (monotonic) until it says that
 * nothing is left, or (without cgroups) that it has tried enough. */
void orphans_begin (const struct launcher *l, struct attempt_id id, struct sweep *sweep);
bool orphans_round (const struct launcher *l, struct attempt_id id, struct sweep *sweep);
