/* node_world.h - real moissond, moisson-agent and moisson-shepherd in a spool of their own, and a controller played by
 * the test. For node_agent.c and node_killed.c. */
#pragma once
#include <sys/prctl.h>
#include "base/hash.h"
#include "base/node_keys.h"
#include "net/door.h"
#include "node_fixture.h"
#include "proto/wire.pb-c.h"

#ifndef WORLD_CONF
#define WORLD_CONF "" /* more lines of configuration */
#endif
#define NODE "n1"
#define MANY 64

struct seen { /* what the node has said about attempts; newest last */
    struct attempt_id id;
    bool ended;
    int kind;
    uint32_t code, signal;
    char cpu_ids[64], cause[256];
};

struct world {
    char dir[64], spool[80], conf[96], bin[PATH_MAX];
    struct loop *loop;
    struct timer *tick;
    struct door *door;
    struct channel *channel;
    struct node_keys keys;
    uint8_t secret[KEY_SIZE], public_key[KEY_SIZE];
    Moisson__Register *facts; /* the last REGISTER */
    unsigned registers, blob_gets;
    bool blobs_are_lost, forge, bad_spec;
    const char *script; /* of the blob that is asked for */
    uint64_t sequence;
    struct seen seen[256];
    size_t n_seen;
    pid_t moissond;
    bool with_child; /* it is started with a child that was there before it */
};

static inline void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len);

static inline void on_closed (void *arg, const struct err *why)
{
    struct world *w = arg;

    (void) why;
    w->channel = channel_free (w->channel);
}

static inline void on_session (void *arg, struct channel *ch, const struct peer *peer)
{
    static const struct channel_handlers handlers = {on_message, on_closed, NULL};
    struct world *w = arg;

    ck_assert (peer->is_node);
    ck_assert_str_eq (peer->node, NODE);
    if (w->channel)
        channel_free (w->channel);
    w->channel = ch;
    channel_handle (ch, &handlers, w);
}

static inline void see_exit (struct world *w, const Moisson__Exit *e)
{
    ck_assert_uint_lt (w->n_seen, sizeof w->seen / sizeof *w->seen);
    struct seen *s = &w->seen[w->n_seen++];
    *s = (struct seen){.id = {e->id->raw_id, e->id->attempt},
                       .ended = true,
                       .kind = (int) e->kind,
                       .code = e->code,
                       .signal = e->signal};
    snprintf (s->cause, sizeof s->cause, "%s", e->cause ? e->cause : "");
    snprintf (s->cpu_ids, sizeof s->cpu_ids, "%s", e->cpu_ids ? e->cpu_ids : "");
}

static inline void see_started (struct world *w, const Moisson__Started *e)
{
    ck_assert_uint_lt (w->n_seen, sizeof w->seen / sizeof *w->seen);
    struct seen *s = &w->seen[w->n_seen++];
    *s = (struct seen){.id = {e->id->raw_id, e->id->attempt}};
    snprintf (s->cpu_ids, sizeof s->cpu_ids, "%s", e->cpu_ids ? e->cpu_ids : "");
}

static inline void answer_blobs (struct world *w, const Moisson__BlobIds *ids)
{
    for (size_t i = 0; i < ids->n_ids; i++) {
        Moisson__Blob blob = MOISSON__BLOB__INIT;
        blob.id = ids->ids[i];
        blob.has_data = !w->blobs_are_lost;
        blob.data = (ProtobufCBinaryData){strlen (w->script), (uint8_t *) w->script};
        channel_send (w->channel, MOISSON__MSG_TYPE__MSG_BLOB, &blob.base);
    }
    w->blob_gets++;
}

static inline void on_register (struct world *w, const uint8_t *data, size_t len)
{
    Moisson__RegisterAck ack = MOISSON__REGISTER_ACK__INIT;

    if (w->facts)
        moisson__register__free_unpacked (w->facts, NULL);
    w->facts = moisson__register__unpack (NULL, len, data);
    ck_assert_ptr_nonnull (w->facts);
    w->registers++;
    ack.heartbeat_s = 1;
    ack.cluster = (char *) "test";
    channel_send (w->channel, MOISSON__MSG_TYPE__MSG_REGISTER_ACK, &ack.base);
}

static inline void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct world *w = arg;
    Moisson__Heartbeat beat = MOISSON__HEARTBEAT__INIT;

    if (type == MOISSON__MSG_TYPE__MSG_HEARTBEAT)
        channel_send (w->channel, MOISSON__MSG_TYPE__MSG_HEARTBEAT, &beat.base);
    if (type == MOISSON__MSG_TYPE__MSG_REGISTER)
        on_register (w, data, len);
    if (type == MOISSON__MSG_TYPE__MSG_STARTED) {
        Moisson__StartedBatch *batch = moisson__started_batch__unpack (NULL, len, data);
        for (size_t i = 0; i < batch->n_started; i++)
            see_started (w, batch->started[i]);
        moisson__started_batch__free_unpacked (batch, NULL);
    }
    if (type == MOISSON__MSG_TYPE__MSG_EXITED) {
        Moisson__ExitedBatch *batch = moisson__exited_batch__unpack (NULL, len, data);
        for (size_t i = 0; i < batch->n_exits; i++)
            see_exit (w, batch->exits[i]);
        moisson__exited_batch__free_unpacked (batch, NULL);
    }
    if (type == MOISSON__MSG_TYPE__MSG_BLOB_GET) {
        Moisson__BlobIds *ids = moisson__blob_ids__unpack (NULL, len, data);
        answer_blobs (w, ids);
        moisson__blob_ids__free_unpacked (ids, NULL);
    }
}

static inline void on_tick (void *arg)
{
    struct world *w = arg;

    loop_stop (w->loop);
}

static inline void turn (struct world *w)
{
    timer_arm (w->tick, 5000);
    loop_run (w->loop);
}

#define RUN_UNTIL(w, condition)                                                                                        \
    do {                                                                                                               \
        usec_t run_end_ = clock_monotonic () + DEADLINE;                                                               \
        while (!(condition)) {                                                                                         \
            ck_assert_msg (clock_monotonic () < run_end_, "waited in vain for: %s", #condition);                       \
            turn (w);                                                                                                  \
        }                                                                                                              \
    } while (0)

static inline const struct seen *seen_end (const struct world *w, uint64_t raw, uint32_t attempt)
{
    for (size_t i = w->n_seen; i-- > 0;)
        if (w->seen[i].ended && w->seen[i].id.raw == raw && w->seen[i].id.attempt == attempt)
            return &w->seen[i];
    return NULL;
}

static inline const struct seen *seen_start (const struct world *w, uint64_t raw, uint32_t attempt)
{
    for (size_t i = 0; i < w->n_seen; i++)
        if (!w->seen[i].ended && w->seen[i].id.raw == raw && w->seen[i].id.attempt == attempt)
            return &w->seen[i];
    return NULL;
}

/* --- the node's daemons ---------------------------------------------------------------------------------------------
 */

/* As a wrapper script leaves it that ends with exec: a process that is a child of what becomes moissond. */
static inline void leave_child (const struct world *w)
{
    _cleanup_free_ char *path = xasprintf ("%s/before", w->dir), *text = NULL;
    pid_t pid = fork ();

    if (pid == 0) {
        if (prctl (PR_SET_PDEATHSIG, SIGKILL))
            _exit (99);
        for (;;)
            pause ();
    }
    text = xasprintf ("%d\n", (int) pid);
    if (pid < 0 || file_write (path, text, strlen (text), 0644, 0, NULL))
        _exit (99);
}

static inline void start_moissond (struct world *w)
{
    _cleanup_free_ char *program = xasprintf ("%s/moissond", w->bin), *log = xasprintf ("%s/log", w->dir);

    w->moissond = fork ();
    if (w->moissond == 0) {
        int fd = open (log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (fd < 0 || dup2 (fd, 2) < 0 || prctl (PR_SET_PDEATHSIG, SIGTERM)) /* a failed test leaves no daemon */
            _exit (99);
        if (w->with_child)
            leave_child (w);
        execl (program, program, "-N", NODE, "-f", w->conf, "-v", (char *) NULL);
        _exit (98);
    }
    ck_assert_int_gt (w->moissond, 0);
}

static inline pid_t pid_in (const struct world *w, const char *file)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", w->dir, file), *text = NULL;

    return file_read (path, 64, &text, NULL, NULL) ? 0 : (pid_t) atoi (text);
}

static inline void kill_moissond (struct world *w, int sig)
{
    int st;

    ck_assert_int_eq (kill (w->moissond, sig), 0);
    RUN_UNTIL (w, waitpid (w->moissond, &st, WNOHANG) == w->moissond);
    w->moissond = 0;
    if (sig == SIGTERM)
        ck_assert_int_eq (st, 0);
}

static inline bool file_is_there (const struct world *w, const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", w->dir, name);

    return access (path, F_OK) == 0;
}

static inline void world_write_conf (struct world *w)
{
    _cleanup_free_ char *key = base64_encode (w->public_key, KEY_SIZE);
    _cleanup_free_ char *text =
        xasprintf ("ClusterName=test\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nControllerKey=%s\n"
                   "StateSaveLocation=%s/state\nSlurmdSpoolDir=%s\nSlurmdPidFile=%s/%%n.pid\nSlurmdLogFile=%s/log\n"
                   "JobScratchDir=%s/tmp\n" WORLD_CONF "NodeName=" NODE
                   " CPUs=%d RealMemory=1000 Gres=gpu:4\nPartitionName=p Nodes=" NODE " Default=YES\n",
                   door_port (w->door), key, w->dir, w->spool, w->dir, w->dir, w->dir, MANY);

    fixture_write (w->dir, "conf", text, strlen (text), 0644);
}

static inline struct world *world_open (void)
{
    struct world *w = xcalloc (1, sizeof *w);
    struct door_options options = {.address = "127.0.0.1",
                                   .secret = w->secret,
                                   .munge_socket = "",
                                   .munge_threads = 1,
                                   .max_unknown = 8,
                                   .unknown_timeout = 10 * USEC_PER_SEC};
    struct err err = ERR_INIT;

    strcpy (w->dir, "/tmp/moisson-test-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (w->dir));
    snprintf (w->spool, sizeof w->spool, "%s/spool", w->dir);
    snprintf (w->conf, sizeof w->conf, "%s/conf", w->dir);
    _cleanup_free_ char *state = xasprintf ("%s/state", w->dir), *keys = xasprintf ("%s/node_keys", state);
    ck_assert_int_eq (dir_make (state, 0700, NULL), 0);
    ck_assert_int_eq (dir_make (w->spool, 0755, NULL), 0);
    ck_assert_int_eq (node_enroll_local (state, w->spool, NODE, &err), 0);
    ck_assert_int_eq (node_keys_read (keys, &w->keys, &err), 0);
    keypair_make (w->public_key, w->secret);
    fixture_bin (w->bin);
    ck_assert_int_eq (loop_create (&w->loop, &err), 0);
    w->tick = timer_create_in (w->loop, on_tick, w);
    ck_assert_msg (door_open (&w->door, w->loop, &options, &w->keys, on_session, w, &err) == 0, "%s", err.why);
    world_write_conf (w);
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 1);
    return w;
}

static inline void world_close (struct world *w)
{
    if (w->moissond)
        kill_moissond (w, SIGTERM);
    ck_assert (!file_is_there (w, NODE ".pid"));
    RUN_UNTIL (w, !file_is_there (w, NODE ".agent.pid"));
    if (w->channel)
        channel_free (w->channel);
    door_free (w->door);
    timer_free (w->tick);
    loop_free (w->loop);
    if (w->facts)
        moisson__register__free_unpacked (w->facts, NULL);
    node_keys_clear (&w->keys);
    ck_assert_int_eq (dir_remove (w->dir), 0);
    free (w);
}

/* --- what the controller sends --------------------------------------------------------------------------------------
 */

/* Without an environment: its hash is empty. */
static inline void send_start (struct world *w, uint64_t raw, uint32_t attempt, const char *script, uint32_t cpus)
{
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    Moisson__Order order = MOISSON__ORDER__INIT;
    Moisson__SignedOrder signed_order = MOISSON__SIGNED_ORDER__INIT, *list[] = {&signed_order};
    Moisson__StartBatch batch = MOISSON__START_BATCH__INIT;
    uint8_t spec_bytes[512], order_bytes[2048], hash[HASH_SIZE], mac[HASH_SIZE];

    w->script = script;
    hash_bytes (script, strlen (script), hash);
    order.node = (char *) NODE;
    order.launcher_nonce = w->facts->launcher_nonce;
    order.sequence = ++w->sequence;
    order.raw_id = raw;
    order.attempt = attempt;
    order.uid = getuid ();
    order.gid = getgid ();
    order.work_dir = w->dir;
    order.script_hash = (ProtobufCBinaryData){HASH_SIZE, hash};
    order.cpus = cpus;
    order.kill_wait_s = 1;
    order.user = (char *) "tester";
    order.spec = (ProtobufCBinaryData){moisson__job_spec__pack (&spec, spec_bytes), spec_bytes};
    if (w->bad_spec)
        order.spec = (ProtobufCBinaryData){1, (uint8_t *) "\xff"};
    signed_order.order = (ProtobufCBinaryData){moisson__order__pack (&order, order_bytes), order_bytes};
    mac_bytes (order_bytes, signed_order.order.len, w->keys.rows[0].order_key, mac);
    mac[0] ^= w->forge;
    signed_order.mac = (ProtobufCBinaryData){HASH_SIZE, mac};
    batch.orders = list;
    batch.n_orders = 1;
    channel_send (w->channel, MOISSON__MSG_TYPE__MSG_START, &batch.base);
}

static inline void send_stop (struct world *w, uint64_t raw, uint32_t attempt, Moisson__StopHow how)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Stop stop = MOISSON__STOP__INIT, *list[] = {&stop};
    Moisson__StopBatch batch = MOISSON__STOP_BATCH__INIT;

    id.raw_id = raw;
    id.attempt = attempt;
    stop.id = &id;
    stop.how = how;
    batch.stops = list;
    batch.n_stops = 1;
    channel_send (w->channel, MOISSON__MSG_TYPE__MSG_STOP, &batch.base);
}

static inline void send_forget (struct world *w, uint64_t raw, uint32_t attempt)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT, *list[] = {&id};
    Moisson__AttemptIds ids = MOISSON__ATTEMPT_IDS__INIT;

    id.raw_id = raw;
    id.attempt = attempt;
    ids.ids = list;
    ids.n_ids = 1;
    channel_send (w->channel, MOISSON__MSG_TYPE__MSG_FORGET, &ids.base);
}

static inline bool has_directory (const struct world *w, uint64_t raw, uint32_t attempt)
{
    _cleanup_free_ char *dir = spool_attempt_path (w->spool, (struct attempt_id){raw, attempt}, NULL);

    return access (dir, F_OK) == 0;
}

static inline const Moisson__AttemptReport *reported (const struct world *w, uint64_t raw)
{
    for (size_t i = 0; i < w->facts->n_attempts; i++)
        if (w->facts->attempts[i]->id->raw_id == raw)
            return w->facts->attempts[i];
    return NULL;
}

static inline void touch (const struct world *w, const char *name)
{
    fixture_write (w->dir, name, "", 0, 0644);
}

static inline pid_t shepherd_of (const struct world *w, uint64_t raw) /* the parent of the batch shell */
{
    _cleanup_free_ char *path = spool_attempt_path (w->spool, (struct attempt_id){raw, 1}, "status");
    _cleanup_free_ char *stat_path = NULL, *text = NULL;
    _cleanup_status_ struct status st = STATUS_INIT;
    int parent = 0;

    ck_assert_int_eq (status_read (path, (struct attempt_id){raw, 1}, &st, NULL), 0);
    stat_path = xasprintf ("/proc/%" PRIu64 "/stat", st.pid);
    ck_assert_int_eq (file_read (stat_path, 4096, &text, NULL, NULL), 0);
    ck_assert_int_eq (sscanf (strrchr (text, ')'), ") %*c %d", &parent), 1);
    return (pid_t) parent;
}

#define SH "#!/bin/sh\n"
#define UNTIL_END SH "touch up; while ! [ -e end ]; do sleep 0.02; done; exit 5\n"
