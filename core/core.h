/* core.h - what is true about jobs, attempts and nodes, and what should happen next.
 *
 * Pure: no descriptor, clock, thread, log, environment, global. Facts come in as events, consequences go out as
 * effects, and core_apply is the only way to change state: live, at replay and in simulation. Decisions (placements)
 * are events too: core_next_placement only proposes one. */
#pragma once
#include "base/cleanup.h"
#include "base/err.h"
#include "base/units.h"
#include "core/effects.h"
#include "plugins/abi.h"
#include "proto/event.pb-c.h"
#include "proto/wire.pb-c.h"

struct core;

struct core *core_create (void);
struct core *core_free (struct core *core);
DEFINE_CLEANUP (struct core *, core_free)
#define _cleanup_core_ _cleanup_ (core_freep)

/* Apply one event at time `now` (microseconds; goes into the journal as event->now_us and never goes back: an earlier
 * value is taken as the last one). Appends what follows from it to fx (may be NULL: replay). The core keeps no pointer
 * into the event. Returns 0, or -1 where the event contradicts the state (a bug or a damaged journal): nothing changed.
 * Late news of an old attempt is no contradiction: it is counted and dropped (returns 0). */
int core_apply (struct core *core, const Moisson__Event *event, usec_t now, struct effects *fx, struct err *err);

/* --- questions asked before an event is made (pure; the answer holds until the next apply) ----------------------- */

#define SPEC_MOST (1u << 20) /* bytes of a job's spec: nodes get it whole */

/* What a job has that asked neither --priority nor --nice. */
#define PRIORITY_BASE 2147483648U

/* Who submits: what accounts and limits ask about. */
struct submitter {
    const char *user;
    const uint32_t *gids; /* n_gids, with the first one */
    size_t n_gids;
    uint64_t tasks_before; /* of a bulk: those of the lines before it */
};

/* May this submit be accepted? -1 with code, why and fix; else fills defaults that must be in the event (partition...)
 * is left to scheduling: spec is not changed. `now` for --begin, --deadline. who NULL: whoever it may be. */
int core_admit (const struct core *core, const Moisson__JobSpec *spec, const struct submitter *who, usec_t now,
                struct err *err);

/* May this user's job name the reservation that it does? To be asked besides core_admit. */
int core_admit_reservation (const struct core *core, const Moisson__JobSpec *spec, const char *user, struct err *err);

/* May this be changed, and by one who is no operator? -1 with code, why and fix. Else *update is what may be applied:
 * tasks that are all of the job are no longer named, and what runs is left alone where only its pending part may be
 * changed. Who owns the job is the caller's question. */
int core_admit_update (const struct core *core, Moisson__JobUpdated *update, bool by_operator, usec_t now,
                       struct err *err);

/* May a partition be set so? */
int core_admit_partition (const struct core *core, const Moisson__PartitionSet *set, struct err *err);

/* What this request about a reservation comes to, as a whole: *ret is how it would be from now on, for a ResvSet event;
 * the caller frees it. For DELETE it is NULL. -1: Slurm's words and why. */
int core_admit_resv (const struct core *core, const Moisson__ResvOpRequest *asked, uint32_t uid, usec_t now,
                     Moisson__Resv **ret, struct err *err);

/* An earlier submit with this token, or this user's key? 0 and *ret_job; SUBMIT_E_NEW: none; -1: the key was used for
 * another spec (FAIL_SUBMIT_KEY). spec_hash: core_spec_hash. */
enum { SUBMIT_E_NEW = 1 };
int core_find_submit (const struct core *core, uint32_t uid, const uint8_t *token, size_t token_len,
                      const char *submit_key, const Moisson__JobSpec *spec, uint64_t *ret_job, struct err *err);

/* The same for one of many that are submitted together: so many of the same user come before it. */
int core_admit_behind (const struct core *core, const Moisson__JobSpec *spec, const struct submitter *who, usec_t now,
                       uint64_t before, struct err *err);
/* An earlier bulk of this user with this token? Then its answer (packed BulkReply), borrowed until the next apply. */
bool core_find_bulk (const struct core *core, uint32_t uid, const uint8_t *token, size_t len, const uint8_t **ret,
                     size_t *ret_len);
/* How many lines of the oldest bulk are no jobs yet, and the id of the first of them: an Unfold event is to be applied.
 * 0 = none. */
uint32_t core_folded (const struct core *core, uint64_t *ret_next);

const char *core_default_partition (const struct core *core); /* NULL: none is */
uint64_t core_next_job_id (const struct core *core);          /* the id the next Submitted event must carry */
usec_t core_now (const struct core *core);                    /* of the last event */
const Moisson__Config *core_config (const struct core *core); /* NULL before the first Configured */

/* Who owns it, for authorisation: 0 and *ret_uid, or -1 (unknown id). */
int core_job_owner (const struct core *core, uint64_t job_id, uint32_t *ret_uid);

/* --- the pass ----------------------------------------------------------------------------------------------------- */

/* Policies are no state: pure functions that the room which links plugins hands in, again after each Configured event.
 * Their decisions are events, so replay needs none. */
struct core_policies {
    const struct order_ops *order; /* NULL: --priority and --nice, then first come, first served */
    struct order_params params;
    usec_t rank_period_us; /* scores that move with time are taken again so often: with each cycle, if 0 */
    const struct place_ops *(*place_find) (const char *type); /* NULL: the fullest node that fits */
    int promises;       /* waiting heads of each partition that backfilled jobs must not delay; 0 = 1, -1 = none */
    uint32_t step_work; /* how much a step does; 0 = a millisecond's worth. It changes no decision. */
    bool in_order;      /* no backfill: what waits holds back all of its partition that goes behind it */
};
void core_set_policies (struct core *core, const struct core_policies *policies);

/* Propose the next placement in rank order, given what is free now, as a Placed event in *ret (the caller applies it
 * and frees it with moisson__event__free_unpacked). CORE_E_NOTHING: nothing fits, or nothing is pending. CORE_E_MORE:
 * not known yet; a step costs a millisecond at most, whatever waits. What becomes free or pending between two steps is
 * part of the cycle; decisions do not depend on where it is interrupted. core_pass_begin looks at everything again: at
 * what waits by time limits, too, and at what backfilled jobs must not delay. core_pass_wanted: a new cycle may find
 * more.
 */
enum { CORE_E_NOTHING = 1, CORE_E_MORE };
void core_pass_begin (struct core *core, usec_t now);
int core_pass_step (struct core *core, usec_t now, Moisson__Event **ret);
bool core_pass_wanted (const struct core *core);
/* When time alone lets something go that this cycle held back (StartRate): begin a new one then. UINT64_MAX = never. */
usec_t core_pass_wake (const struct core *core);
int core_next_placement (struct core *core, usec_t now, Moisson__Event **ret); /* all steps up to one: never MORE */
#define ESTIMATE_UNKNOWN_US (365 * 24 * 3600 * USEC_PER_SEC) /* as Slurm says it where no limit gives an end */
/* Would this spec fit an empty cluster, and when could it start (--test-only)? 0 and *ret_us (now or an estimate). */
int core_estimate (const struct core *core, const Moisson__JobSpec *spec, usec_t now, usec_t *ret_us,
                   const char **ret_node, uint32_t *ret_cpus, struct err *err);

/* Next moment at which time alone changes something (a --begin, a purge, after:+min): apply a Clock event then and
 * begin a pass. UINT64_MAX = never. */
usec_t core_next_deadline (const struct core *core);

/* --- the node's view ---------------------------------------------------------------------------------------------- */

/* Reconciliation on a (re)connect: given everything the node has, the events that must be applied and the orders that
 * must be sent. Calls are made in an order that may be applied at once. See core/reconcile.h for the table. */
struct reconcile_ops {
    void (*event) (void *arg, Moisson__Event *event); /* taken over by the callee */
    void (*start) (void *arg, uint64_t raw_id, uint32_t attempt);
    void (*stop) (void *arg, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how, const char *note);
    void (*forget) (void *arg, uint64_t raw_id, uint32_t attempt);
    /* its limit has changed since it was placed; may be NULL */
    void (*limit) (void *arg, uint64_t raw_id, uint32_t attempt, uint64_t limit_s);
    /* stand still, or go on; may be NULL */
    void (*suspend) (void *arg, uint64_t raw_id, uint32_t attempt, bool on);
    /* it is preempted: KILL after so many seconds, 0: KillWait; NULL: stop is called */
    void (*preempt) (void *arg, uint64_t raw_id, uint32_t attempt, const char *note, uint32_t grace_s);
};
void core_reconcile (struct core *core, const Moisson__Register *facts, const struct reconcile_ops *ops, void *arg);

/* A node that was asked to be rebooted and that is quiet and in reach now: the caller applies NodeSet REBOOTING. NULL =
 * none. */
const char *core_next_reboot (const struct core *core);
bool core_node_rebooting (const struct core *core, const char *name); /* told to, and not back: tell it again */
/* Would the word of its health check change anything? Then the caller applies NodeSet WELL or SICK. */
bool core_node_health (const struct core *core, const char *name, bool well);

/* Everything a start order needs: borrowed until the next apply. -1 if that attempt is not wanted (any more). */
struct start_facts {
    const Moisson__Submitted *submitted; /* spec, uid, gid, groups, home... of the job */
    uint64_t raw_id, array_id;           /* array_id 0 = none */
    uint32_t task;                       /* IDSET_NONE = none */
    uint32_t attempt, restarts;
    const Moisson__Share *const *shares; /* the first is the batch host */
    size_t n_shares;
    uint64_t time_limit_s;                    /* 0 = none */
    uint64_t mem_per_cpu_mb, mem_per_node_mb; /* as asked, else as the partition gives; 0 = neither */
    uint64_t over_limit_s;                    /* it may run so much longer; UINT64_MAX = for ever */
    const char *partition;
    uint32_t task_count, task_min, task_max, task_step; /* of the array */
};
int core_start_facts (const struct core *core, uint64_t raw_id, uint32_t attempt, struct start_facts *ret);
/* Would this news of a step change anything? False too for an attempt that is over, and where it has very many. */
bool core_step_is_news (const struct core *core, const Moisson__StepNews *news);
/* The node that may speak for this attempt: its batch host. NULL: not the current attempt, or not under way. */
const char *core_attempt_host (const struct core *core, uint64_t raw_id, uint32_t attempt);
/* Was it told to end an attempt that nobody wants, and may still have it? */
bool core_has_stray (const struct core *core, const char *node, uint64_t raw_id, uint32_t attempt);

/* --- views -------------------------------------------------------------------------------------------------------- */

/* Walk rows in id order from cursor on (0 = first); fn gets borrowed data and returns false to stop (it has taken that
 * row). Stops by itself after `budget` rows looked at (0 = all). Returns the cursor to go on from, 0 = done. Stable
 * under changes. */
typedef bool (*core_job_fn) (void *arg, const Moisson__JobInfo *row);
typedef bool (*core_acct_fn) (void *arg, const Moisson__AcctRecord *record);
uint64_t core_jobs (const struct core *core, const Moisson__JobsRequest *request, uint64_t cursor, size_t budget,
                    core_job_fn fn, void *arg);
/* All rows that it names. */
void core_jobs_of (const struct core *core, Moisson__JobRef *ref, bool ended, core_job_fn fn, void *arg);
/* How many of these refs name a job the core knows? For the unknown-id rules. */
bool core_knows (const struct core *core, const Moisson__JobRef *ref);
/* Accounting rows of what has not ended, and of what ended by an event after `since_sequence`. */
uint64_t core_acct (const struct core *core, const Moisson__JobFilter *filter, uint64_t since_sequence, uint64_t cursor,
                    size_t budget, core_acct_fn fn, void *arg);

typedef bool (*core_node_fn) (void *arg, const Moisson__NodeInfo *row);
size_t core_nodes (const struct core *core, size_t cursor, size_t budget, core_node_fn fn, void *arg);
/* Would any node run a job of this user? True while none has registered. False: *ret_only is the one user whose jobs
 * they run (single-user mode). *ret_own: one of them runs this user's jobs alone. */
bool core_serves_uid (const struct core *core, uint32_t uid, bool *ret_own, uint32_t *ret_only);
typedef void (*core_partition_fn) (void *arg, const Moisson__PartitionInfo *row);
void core_partitions (const struct core *core, core_partition_fn fn, void *arg);

typedef void (*core_resv_fn) (void *arg, const Moisson__ResvInfo *row);
void core_resvs (const struct core *core, core_resv_fn fn, void *arg);
typedef void (*core_licence_fn) (void *arg, const Moisson__LicenceInfo *row);
void core_licences (const struct core *core, core_licence_fn fn, void *arg);

/* State of a job as a whole for `sbatch --wait`: 1 if all of it has ended, 0 if not, -1 = unknown (purged: ended). */
int core_job_ended (const struct core *core, uint64_t job_id, Moisson__WaitReply *ret_reply);

/* Expand a filter into what a CancelRequested, Held or Requeued can name: calls fn for each job or task selected.
 * A job that is selected whole is one call with task IDSET_NONE. Where states or a node list choose among the tasks of
 * an array, each record is a call of its own, and its rest without records is one call with raw_id = job_id, task
 * IDSET_NONE and STATE_PENDING (name it with pending_only). Tasks that a ref names are called one by one. Only what has
 * not ended, unless the filter asks for ended states. */
typedef void (*core_select_fn) (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state);
void core_select (const struct core *core, const Moisson__JobFilter *filter, core_select_fn fn, void *arg);
/* The same in portions, for a filter that names no jobs: those with ids from `from` on and below `end` (0 = all), until
 * `budget` jobs and records were looked at; a job is never cut. Returns the id to go on from, 0 = done. */
uint64_t core_select_from (const struct core *core, const Moisson__JobFilter *filter, uint64_t from, uint64_t end,
                           size_t budget, core_select_fn fn, void *arg);

/* A hint for the pass, not state: can the node be reached now? Nothing is placed on one that cannot. NodeUp sets it;
 * NodeDown and Unplaced clear it; say false when a connection is lost, and for all (name NULL) after a replay. */
void core_node_session (struct core *core, const char *name, bool here);
/* Likewise: this job is expected to run so long, from its start; backfill goes by it rather than by its time limit. To
 * be said again, with more, when it runs longer: else its place is taken to be free. 0 = by its limit. */
void core_expect (struct core *core, uint64_t job_id, uint64_t seconds);
/* Likewise: the start of this attempt is being prepared (PrologSlurmctld); it shows CONFIGURING until that is over. */
void core_attempt_configuring (struct core *core, uint64_t raw_id, uint32_t attempt, bool on);

struct core_stats {
    uint64_t jobs;                    /* an array is one */
    uint64_t pending, running, ended; /* tasks; running: placed or running; a cancelled rest is one that ended */
    uint64_t events, stale_news, nodes, nodes_up, passes;
};
struct core_stats core_stats (const struct core *core);

/* Blobs that live jobs still need, for collecting the others: not while a bulk is folded. */
typedef void (*core_blob_fn) (void *arg, uint32_t uid, const uint8_t *hash);
void core_blobs (const struct core *core, core_blob_fn fn, void *arg);

/* The account tree in force; NULL: none was ever declared. */
const Moisson__AccountsSet *core_accounts (const struct core *core);
/* May this tree be applied? -1 with one sentence. */
int core_admit_accounts (const struct core *core, const Moisson__Accounts *accounts, struct err *err);
/* What there is of associations and QoS now, one row each: the root, then each account before what is below it; then
 * QoS. Rows are borrowed. Usage is as of `now`. */
typedef void (*core_assoc_fn) (void *arg, const Moisson__AssocInfo *row);
void core_assocs (struct core *core, usec_t now, core_assoc_fn fn, void *arg);
usec_t
core_usage_reset (const struct core *core); /* all of it was forgotten last, or the first period began; 0: neither */

/* --- snapshots and checks ------------------------------------------------------------------------------------------
 */

/* Write the whole state as Image messages; the sequence is the caller's (of the last event applied). */
typedef int (*core_image_fn) (void *arg, const Moisson__Image *image);
int core_save (const struct core *core, uint64_t sequence, core_image_fn fn, void *arg);
/* Feed the images in order into a fresh core. */
int core_load (struct core *core, const Moisson__Image *image, struct err *err);

/* A hash over everything that matters; equal states give equal digests. */
void core_digest (const struct core *core, uint8_t ret[32]);
/* Every invariant; returns -1 with a sentence on the first that does not hold. Tests call it after each step. */
int core_check (const struct core *core, struct err *err);
