/* agent.h - moisson-agent's parts: one loop between controller and launcher. It decides which cpus, keeps what the
 * spool says in memory, and never blocks: file work is small and local, both connections are queues.
 *
 *   agent.c            start-up: configuration, topology, spool, keys
 *   agent_session.c    dial, REGISTER, heartbeats, one table of messages, batches out
 *   agent_orders.c     START: wait for blobs, choose cpus, hand to the launcher in order; STOP, FORGET
 *   agent_users.c      is the user of an order known here?
 *   agent_attempts.c   the table of attempts and what is told about them
 *   agent_gpus.c       GPUs of orders
 *   agent_launcher.c   verbs to and from the launcher
 *   agent_notify.c     datagrams of shepherds
 *   agent_steps.c      datagrams of srun
 *   agent_health.c     health checks, reboots */
#pragma once
#include <uthash.h>
#include "base/config.h"
#include "net/client.h"
#include "net/users.h"
#include "nodeagent/blobs.h"
#include "nodeagent/facts.h"
#include "nodeagent/program.h"
#include "nodeagent/slots.h"
#include "nodeagent/status.h"
#include "nodeagent/topology.h"
#include "nodeagent/verbs.h"
#include "proto/wire.pb-c.h"

enum attempt_phase {
    ATTEMPT_WAITING,   /* in memory only: its blobs are not here yet */
    ATTEMPT_STARTING,  /* the launcher has it */
    ATTEMPT_RUNNING,   /* its status says so */
    ATTEMPT_EXITED,    /* its status says so; its directory is kept until FORGET */
    ATTEMPT_REFUSED,   /* it never ran; in memory only: without it the controller sends the START again */
    ATTEMPT_TOMBSTONE, /* a stop came before its start, or instead of it; in memory only */
};

struct attempt_step {
    Moisson__Step *step;
    bool told; /* in this session */
};

struct attempt {
    uint64_t key[2]; /* raw id, attempt */
    struct attempt_id id;
    enum attempt_phase phase;
    bool told; /* the controller has been sent this phase in this session */
    usec_t told_at;
    bool reaped;    /* its shepherd is gone: a status that does not say EXITED never will */
    bool held;      /* EXITED, but processes of it cannot be killed: its claim stays until it is reaped */
    bool forgotten; /* ... and the controller has had its end */
    struct claim claim;
    char *cpu_ids, *gpu_ids, *gpu_text; /* gpu_text: "gpu:a100:2(IDX:0-1)" */
    struct status status;               /* RUNNING, EXITED; of REFUSED and TOMBSTONE: kind and cause */
    /* until the launcher has answered */
    Moisson__SignedOrder *order;
    uint32_t uid;
    char *user;
    usec_t user_asked; /* 0: the node's user database was not asked about it */
    bool user_answered, user_unknown;
    char *user_why;           /* why there was no answer */
    struct blob_key blobs[2]; /* script, environment */
    bool wanted[2];           /* which of them are not empty, and therefore held */
    uint32_t cpus, gpus;
    Moisson__Gres **gres; /* of its order; none: `gpus` of any type */
    size_t n_gres;
    uint32_t threads_per_core;  /* of each core it is bound to so many; 0 = all */
    struct attempt_step *steps; /* that srun has told of */
    size_t n_steps;
    struct attempt *next_waiting;
    UT_hash_handle hh;
};

struct agent {
    struct program program;
    const Moisson__NodeConf *conf;
    uint8_t controller_key[KEY_SIZE], secret[KEY_SIZE];
    bool has_other_key; /* the controller may have this one, while keys are exchanged */
    uint8_t other_key[KEY_SIZE];
    struct loop *loop;
    struct topology *topology;
    struct facts facts;
    struct slots *slots;
    struct blobs *blobs;
    struct users *users; /* NULL in single-user mode */
    bool asking;
    usec_t start_us;

    struct attempt *attempts;
    struct attempt *waiting, **waiting_end; /* in the order of their STARTs, which is that of their sequence */
    struct late *tell;

    struct pipe_end launcher;
    struct watch *launcher_watch;
    uint8_t nonce[64];
    size_t nonce_len;
    char *boot_id, *cgroup;
    bool greeted;
    int notify_fd;
    struct watch *notify_watch;
    struct timer *look_timer;
    int steps_fd;
    struct watch *steps_watch;

    struct {
        struct timer *timer; /* NULL: there is no health check */
        bool awaited;        /* the first one: no session before it */
        bool known, ok;
        char *words;
    } health;

    struct dial *dial;
    struct channel *channel;
    struct timer *dial_timer, *beat_timer;
    char *dial_why; /* why the last dial failed; NULL = it did not */
    usec_t dial_delay, heard_at, beat_every;
    bool awaits_config; /* before it registers */
    bool compared;      /* the configuration, with the controller's */
    int rc;
};

/* --- agent_attempts.c */
struct attempt *attempt_find (struct agent *a, struct attempt_id id);
struct attempt *attempt_add (struct agent *a, struct attempt_id id, enum attempt_phase phase);
void attempt_remove (struct agent *a, struct attempt *t);
void attempt_free_all (struct agent *a);
/* A new phase: it is told at the end of this turn. EXITED, REFUSED and TOMBSTONE give the cpus back. */
void attempt_move (struct agent *a, struct attempt *t, enum attempt_phase phase);
/* It never ran, and will not. */
void attempt_end_early (struct agent *a, struct attempt *t, enum attempt_phase phase, Moisson__EndKind kind,
                        const char *cause);
void attempt_read_status (struct agent *a, struct attempt *t); /* and move on if it says so */
void attempt_reaped (struct agent *a, struct attempt *t);      /* the launcher says that nothing is left of it */
void attempt_forget (struct agent *a, struct attempt *t);      /* remove it, as soon as nothing is left of it */
int attempts_load (struct agent *a, struct err *err);          /* what the spool has, at start */
void attempt_tell_again (struct agent *a, struct attempt *t);
void attempts_tell (void *agent);                                 /* the batch of a turn */
void attempts_register (struct agent *a, Moisson__Register *msg); /* and held; free with attempts_unregister */
void attempts_unregister (Moisson__Register *msg);

/* --- agent_health.c */
void health_open (struct agent *a);
void health_close (struct agent *a);
bool health_is_awaited (const struct agent *a);
void health_tell (struct agent *a); /* what the last check said, in a new session */
void health_heard (struct agent *a, const Moisson__NodeReport *report);

/* --- agent_orders.c */
void orders_start (struct agent *a, const Moisson__StartBatch *batch);
void orders_stop (struct agent *a, const Moisson__StopBatch *batch);
void orders_forget (struct agent *a, const Moisson__AttemptIds *ids);
void orders_blob (struct agent *a, const Moisson__Blob *blob);
void orders_answered (struct agent *a,
                      struct attempt *t);   /* the launcher has: blobs and order are not needed any more */
void orders_drop_waiting (struct agent *a); /* the session is gone: the controller will send them again */

void orders_go_on (struct agent *a); /* something that they waited for is here */

/* --- agent_users.c */
enum user_state { USER_FINE, USER_ASKED, USER_REFUSED };
/* REFUSED: *ret_why (the caller frees it) says why. ASKED: orders_go_on will be called, or ask again. */
enum user_state user_of_order (struct agent *a, struct attempt *t, char **ret_why);

/* --- agent_gpus.c */
void gpus_of_order (struct attempt *t, Moisson__Order *order); /* takes over what it needs of it */
void gpus_forget (struct attempt *t);
int gpus_take (struct agent *a, struct attempt *t); /* with its cpus, into its claim; -1: they are not free */
void gpus_launch (const struct agent *a, const struct attempt *t, Moisson__Launch *launch); /* its GPUs, its denials */
void gpus_launched (Moisson__Launch *launch);                                               /* frees what was filled */
void gpus_register (const struct agent *a, Moisson__Register *msg);

/* --- agent_launcher.c */
int launcher_open (struct agent *a, struct err *err);
void launcher_send (struct agent *a, enum verb verb, const ProtobufCMessage *msg);
void launcher_close (struct agent *a);

/* --- agent_notify.c */
int notify_open (struct agent *a, struct err *err);
void notify_close (struct agent *a);

/* --- agent_steps.c */
void steps_open (struct agent *a);
void steps_shut (struct agent *a);
void steps_hear (struct agent *a); /* what has come by now, before the end of a job is told */
void steps_tell (struct agent *a); /* what the controller has not been sent in this session */
void steps_forget (struct attempt *t);
Moisson__Step **steps_report (struct attempt *t, size_t *ret_n); /* for REGISTER: borrowed, in a list to be freed */

/* --- agent_notes.c */
void notes_ask_config (struct agent *a); /* then session_register, in this life or the next */
void notes_on_config (struct agent *a, const Moisson__NodeConfig *msg);
void notes_compare_config (struct agent *a, const ProtobufCBinaryData *hash);
void notes_on_note (struct agent *a, const Moisson__SignedNote *msg);
void notes_on_result (struct agent *a, const Moisson__NoteResult *msg); /* of the launcher */

/* --- agent_session.c */
int session_open (struct agent *a, struct err *err);
int session_read_key (struct agent *a, struct err *err);
void session_register (struct agent *a);
void session_drop (struct agent *a, const char *why); /* and dial again */
void session_close (struct agent *a);
