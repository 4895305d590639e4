/* agent.h - moisson-agent's parts: one loop between controller and launcher. It decides which cpus, keeps what the
 * spool says in memory, and never blocks: file work is small and local, both connections are queues.
 *
 *   agent.c            start-up: configuration, topology, spool, keys
 *   agent_session.c    dial, REGISTER, heartbeats, one table of messages, batches out
 *   agent_orders.c     START: wait for blobs, choose cpus, hand to the launcher in order; STOP, FORGET
 *   agent_attempts.c   the table of attempts and what is told about them
 *   agent_launcher.c   verbs to and from the launcher
 *   agent_notify.c     datagrams of shepherds */
#pragma once
#include <uthash.h>
#include "base/config.h"
#include "net/client.h"
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

struct attempt {
    uint64_t key[2]; /* raw id, attempt */
    struct attempt_id id;
    enum attempt_phase phase;
    bool told; /* the controller has been sent this phase in this session */
    usec_t told_at;
    bool reaped; /* its shepherd is gone: a status that does not say EXITED never will */
    struct claim claim;
    char *cpu_ids, *gpu_ids;
    struct status status; /* RUNNING, EXITED; of REFUSED and TOMBSTONE: kind and cause */
    /* until the launcher has answered */
    Moisson__SignedOrder *order;
    struct blob_key blobs[2]; /* script, environment */
    bool wanted[2];           /* which of them are not empty, and therefore held */
    uint32_t cpus, gpus;
    struct attempt *next_waiting;
    UT_hash_handle hh;
};

struct agent {
    struct program program;
    const Moisson__NodeConf *conf;
    uint8_t controller_key[KEY_SIZE], secret[KEY_SIZE];
    struct loop *loop;
    struct topology *topology;
    struct facts facts;
    struct slots *slots;
    struct blobs *blobs;
    char *pid_file;
    usec_t start_us;

    struct attempt *attempts;
    struct attempt *waiting, **waiting_end; /* in the order of their STARTs, which is that of their sequence */
    struct late *tell;

    struct pipe_end launcher;
    struct watch *launcher_watch;
    uint8_t nonce[64];
    size_t nonce_len;
    char *boot_id;
    bool greeted;
    int notify_fd;
    struct watch *notify_watch;
    struct timer *look_timer;

    struct dial *dial;
    struct channel *channel;
    struct timer *dial_timer, *beat_timer;
    char *dial_why; /* why the last dial failed; NULL = it did not */
    usec_t dial_delay, heard_at, beat_every;
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
void attempt_reaped (struct agent *a, struct attempt *t);      /* the launcher says that it has ended */
int attempts_load (struct agent *a, struct err *err);          /* what the spool has, at start */
void attempt_tell_again (struct agent *a, struct attempt *t);
void attempts_tell (void *agent);                                 /* the batch of a turn */
void attempts_register (struct agent *a, Moisson__Register *msg); /* fills attempts; free with attempts_unregister */
void attempts_unregister (Moisson__Register *msg);

/* --- agent_orders.c */
void orders_start (struct agent *a, const Moisson__StartBatch *batch);
void orders_stop (struct agent *a, const Moisson__StopBatch *batch);
void orders_forget (struct agent *a, const Moisson__AttemptIds *ids);
void orders_blob (struct agent *a, const Moisson__Blob *blob);
void orders_answered (struct agent *a,
                      struct attempt *t);   /* the launcher has: blobs and order are not needed any more */
void orders_drop_waiting (struct agent *a); /* the session is gone: the controller will send them again */

/* --- agent_launcher.c */
int launcher_open (struct agent *a, struct err *err);
void launcher_send (struct agent *a, enum verb verb, const ProtobufCMessage *msg);
void launcher_close (struct agent *a);

/* --- agent_notify.c */
int notify_open (struct agent *a, struct err *err);
void notify_close (struct agent *a);

/* --- agent_session.c */
int session_open (struct agent *a, struct err *err);
void session_close (struct agent *a);
