/* Real moissond, moisson-agent and moisson-shepherd against a controller played by this test: starts, stops, and every
 * kind of sudden death. */
#include <sys/prctl.h>
#include "base/hash.h"
#include "base/keys.h"
#include "net/door.h"
#include "node_fixture.h"
#include "proto/wire.pb-c.h"
#include "suite.h"

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

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len);

static void on_closed (void *arg, const struct err *why)
{
    struct world *w = arg;

    (void) why;
    w->channel = channel_free (w->channel);
}

static void on_session (void *arg, struct channel *ch, const struct peer *peer)
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

static void see_exit (struct world *w, const Moisson__Exit *e)
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

static void see_started (struct world *w, const Moisson__Started *e)
{
    ck_assert_uint_lt (w->n_seen, sizeof w->seen / sizeof *w->seen);
    struct seen *s = &w->seen[w->n_seen++];
    *s = (struct seen){.id = {e->id->raw_id, e->id->attempt}};
    snprintf (s->cpu_ids, sizeof s->cpu_ids, "%s", e->cpu_ids ? e->cpu_ids : "");
}

static void answer_blobs (struct world *w, const Moisson__BlobIds *ids)
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

static void on_register (struct world *w, const uint8_t *data, size_t len)
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

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
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

static void on_tick (void *arg)
{
    struct world *w = arg;

    loop_stop (w->loop);
}

static void turn (struct world *w)
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

static const struct seen *seen_end (const struct world *w, uint64_t raw, uint32_t attempt)
{
    for (size_t i = w->n_seen; i-- > 0;)
        if (w->seen[i].ended && w->seen[i].id.raw == raw && w->seen[i].id.attempt == attempt)
            return &w->seen[i];
    return NULL;
}

static const struct seen *seen_start (const struct world *w, uint64_t raw, uint32_t attempt)
{
    for (size_t i = 0; i < w->n_seen; i++)
        if (!w->seen[i].ended && w->seen[i].id.raw == raw && w->seen[i].id.attempt == attempt)
            return &w->seen[i];
    return NULL;
}

/* --- the node's daemons ---------------------------------------------------------------------------------------------
 */

/* As a wrapper script leaves it that ends with exec: a process that is a child of what becomes moissond. */
static void leave_child (const struct world *w)
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

static void start_moissond (struct world *w)
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

static pid_t pid_in (const struct world *w, const char *file)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", w->dir, file), *text = NULL;

    return file_read (path, 64, &text, NULL, NULL) ? 0 : (pid_t) atoi (text);
}

static void kill_moissond (struct world *w, int sig)
{
    int st;

    ck_assert_int_eq (kill (w->moissond, sig), 0);
    RUN_UNTIL (w, waitpid (w->moissond, &st, WNOHANG) == w->moissond);
    w->moissond = 0;
    if (sig == SIGTERM)
        ck_assert_int_eq (st, 0);
}

static bool file_is_there (const struct world *w, const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", w->dir, name);

    return access (path, F_OK) == 0;
}

static void world_write_conf (struct world *w)
{
    _cleanup_free_ char *key = base64_encode (w->public_key, KEY_SIZE);
    _cleanup_free_ char *text =
        xasprintf ("ClusterName=test\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nControllerKey=%s\n"
                   "StateSaveLocation=%s/state\nSlurmdSpoolDir=%s\nSlurmdPidFile=%s/%%n.pid\nSlurmdLogFile=%s/log\n"
                   "NodeName=" NODE " CPUs=%d RealMemory=1000 Gres=gpu:4\nPartitionName=p Nodes=" NODE " Default=YES\n",
                   door_port (w->door), key, w->dir, w->spool, w->dir, w->dir, MANY);

    fixture_write (w->dir, "conf", text, strlen (text), 0644);
}

static struct world *world_open (void)
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

static void world_close (struct world *w)
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
static void send_start (struct world *w, uint64_t raw, uint32_t attempt, const char *script, uint32_t cpus)
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

static void send_stop (struct world *w, uint64_t raw, uint32_t attempt, Moisson__StopHow how)
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

static void send_forget (struct world *w, uint64_t raw, uint32_t attempt)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT, *list[] = {&id};
    Moisson__AttemptIds ids = MOISSON__ATTEMPT_IDS__INIT;

    id.raw_id = raw;
    id.attempt = attempt;
    ids.ids = list;
    ids.n_ids = 1;
    channel_send (w->channel, MOISSON__MSG_TYPE__MSG_FORGET, &ids.base);
}

static bool has_directory (const struct world *w, uint64_t raw, uint32_t attempt)
{
    _cleanup_free_ char *dir = spool_attempt_path (w->spool, (struct attempt_id){raw, attempt}, NULL);

    return access (dir, F_OK) == 0;
}

static const Moisson__AttemptReport *reported (const struct world *w, uint64_t raw)
{
    for (size_t i = 0; i < w->facts->n_attempts; i++)
        if (w->facts->attempts[i]->id->raw_id == raw)
            return w->facts->attempts[i];
    return NULL;
}

static void touch (const struct world *w, const char *name)
{
    fixture_write (w->dir, name, "", 0, 0644);
}

static pid_t shepherd_of (const struct world *w, uint64_t raw) /* the parent of the batch shell */
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

/* --- tests ----------------------------------------------------------------------------------------------------------
 */

START_TEST (a_job_runs_and_is_forgotten)
{
    struct world *w = world_open ();

    ck_assert_uint_eq (w->facts->cpus, MANY);
    ck_assert_uint_eq (w->facts->gpus, 4);
    ck_assert_uint_eq (w->facts->mem_mb, 1000);
    ck_assert (w->facts->is_virtual);
    ck_assert_uint_eq (strlen (w->facts->boot_id), 36);
    send_start (w, 1, 1, SH "echo hello; exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 3);
    ck_assert_str_eq (seen_end (w, 1, 1)->cpu_ids, "0");
    ck_assert (has_directory (w, 1, 1));
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    ck_assert_uint_eq (w->blob_gets, 1);
    send_start (w, 2, 1, SH "echo hello; exit 3\n", 1); /* the same script: cached */
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (w->blob_gets, 1);
    world_close (w);
}
END_TEST

static ino_t inode_of (const struct world *w, uint64_t raw, const char *file)
{
    _cleanup_free_ char *path = spool_attempt_path (w->spool, (struct attempt_id){raw, 1}, file);
    struct stat st;

    ck_assert_int_eq (stat (path, &st), 0);
    return st.st_ino;
}

/* A forgotten attempt's directory serves the next job: nothing of the first may be seen in it. */
START_TEST (directories_are_used_again)
{
    static const char *const files[] = {NULL, "order", "script", "env", "lock", "ctl"};
    struct world *w = world_open ();
    ino_t before[6];

    send_start (w, 1, 1, SH "echo a rather long script; exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    for (int i = 0; i < 6; i++)
        before[i] = inode_of (w, 1, files[i]);
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "touch up; while ! [ -e end ]; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 2, 1));
    for (int i = 0; i < 6; i++)
        ck_assert_uint_eq (inode_of (w, 2, files[i]), before[i]);
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 0);
    send_forget (w, 2, 1);
    RUN_UNTIL (w, !has_directory (w, 2, 1));
    send_start (w, 3, 1, SH "touch $(dirname $0)/litter\n", 1); /* what a job leaves there is not kept */
    RUN_UNTIL (w, seen_end (w, 3, 1));
    send_forget (w, 3, 1);
    RUN_UNTIL (w, !has_directory (w, 3, 1));
    send_start (w, 4, 1, SH ":\n", 1);
    RUN_UNTIL (w, seen_end (w, 4, 1));
    _cleanup_free_ char *litter = spool_attempt_path (w->spool, (struct attempt_id){4, 1}, "litter");
    _cleanup_free_ char *script = spool_attempt_path (w->spool, (struct attempt_id){4, 1}, "script"), *text = NULL;
    ck_assert_int_ne (access (litter, F_OK), 0);
    ck_assert_int_eq (file_read (script, 4096, &text, NULL, NULL), 0);
    ck_assert_str_eq (text, SH ":\n");
    world_close (w);
}
END_TEST

START_TEST (many_at_once_share_no_cpu)
{
    struct world *w = world_open ();
    bool taken[MANY] = {false};

    for (uint64_t raw = 1; raw <= MANY / 2; raw++)
        send_start (w, raw, 1, UNTIL_END, 2);
    for (uint64_t raw = 1; raw <= MANY / 2; raw++) {
        unsigned first, last;
        RUN_UNTIL (w, seen_start (w, raw, 1));
        ck_assert_int_eq (sscanf (seen_start (w, raw, 1)->cpu_ids, "%u-%u", &first, &last), 2);
        ck_assert_uint_eq (last, first + 1);
        ck_assert (!taken[first] && !taken[last]);
        taken[first] = taken[last] = true;
    }
    ck_assert_uint_eq (w->blob_gets, 1); /* asked once, though all of them waited for it */
    send_start (w, 100, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_end (w, 100, 1));
    ck_assert_int_eq (seen_end (w, 100, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_str_eq (seen_end (w, 100, 1)->cause, "1 cpus and 0 GPUs asked, the node has 0 cpus free");
    touch (w, "end");
    for (uint64_t raw = 1; raw <= MANY / 2; raw++)
        RUN_UNTIL (w, seen_end (w, raw, 1) && seen_end (w, raw, 1)->code == 5);
    world_close (w);
}
END_TEST

START_TEST (what_is_not_signed_does_not_run)
{
    struct world *w = world_open ();

    w->forge = true;
    send_start (w, 1, 1, SH "touch ran\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 1, 1)->cause, "not signed with this node's order key"));
    w->forge = false;
    w->sequence = 10;
    send_start (w, 2, 1, SH "true\n", 1);
    w->sequence = 5;
    send_start (w, 3, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 3, 1) && seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 3, 1)->cause, "order number 6 comes after number 11"));
    ck_assert (!file_is_there (w, "ran"));
    ck_assert (!has_directory (w, 1, 1) && !has_directory (w, 3, 1));
    world_close (w);
}
END_TEST

START_TEST (a_stop_that_overtakes_its_start_digs_a_grave)
{
    struct world *w = world_open ();

    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    send_start (w, 1, 1, SH "touch ran\n", 1);
    send_start (w, 2, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert (!file_is_there (w, "ran"));
    channel_free (steal (&w->channel)); /* the grave outlives the session, until FORGET */
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_TOMBSTONE);
    send_forget (w, 1, 1);
    send_start (w, 3, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 3, 1));
    channel_free (steal (&w->channel));
    RUN_UNTIL (w, w->registers == 3);
    ck_assert_ptr_null (reported (w, 1));
    ck_assert_int_eq (reported (w, 3)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    world_close (w);
}
END_TEST

START_TEST (a_running_job_is_cancelled)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    send_start (w, 1, 1, UNTIL_END, 1); /* again: it is told what has become of it, and does not run twice */
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    world_close (w);
}
END_TEST

START_TEST (a_lost_blob_refuses_its_job_only)
{
    struct world *w = world_open ();

    w->blobs_are_lost = true;
    send_start (w, 1, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_str_eq (seen_end (w, 1, 1)->cause, "the controller no longer has the job's script or environment");
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    w->blobs_are_lost = false;
    send_start (w, 2, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 0);
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_EXITED);
    world_close (w);
}
END_TEST

/* The cache may vanish while the agent believes that it has everything. */
START_TEST (blobs_that_vanish_are_fetched_again)
{
    struct world *w = world_open ();
    _cleanup_free_ char *blobs = spool_path (w->spool, "blobs");

    for (uint64_t raw = 1; raw <= 3; raw++) {
        send_start (w, raw, 1, SH "exit 3\n", 1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_int_eq (seen_end (w, raw, 1)->kind, MOISSON__END_KIND__END_EXITED);
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 3);
        ck_assert_uint_eq (w->blob_gets, raw);
        ck_assert_int_eq (dir_remove (blobs), 0);
    }
    world_close (w);
}
END_TEST

START_TEST (what_cannot_be_set_up_is_refused)
{
    struct world *w = world_open ();

    w->bad_spec = true; /* the shepherd ends before there is a status */
    send_start (w, 1, 1, SH "touch ran\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 1, 1)->cause, "shepherd ended before it could start the job"));
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    w->bad_spec = false;
    send_start (w, 1, 2, SH "exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 2));
    ck_assert_uint_eq (seen_end (w, 1, 2)->code, 3);
    ck_assert_str_eq (seen_end (w, 1, 2)->cpu_ids, "0"); /* it was given back */
    world_close (w);
}
END_TEST

START_TEST (a_second_attempt_waits_for_the_end_of_the_first)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, SH "trap '' TERM; touch up; while :; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    send_start (w, 1, 2, SH "touch second\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 2));
    ck_assert_ptr_null (seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 2)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_str_eq (seen_end (w, 1, 2)->cause, "job 1 has a live attempt on this node already");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert (!file_is_there (w, "second"));
    send_start (w, 1, 3, SH "touch third\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 3));
    ck_assert (file_is_there (w, "third"));
    world_close (w);
}
END_TEST

/* The files of an attempt belong to the job's user: what a job puts there must not hold up the node. */
START_TEST (fifos_in_the_spool_hold_nobody_up)
{
    struct world *w = world_open ();
    uint64_t raw = 0;

    for (int i = 0; i < 2; i++) {
        send_start (w, ++raw, 1,
                    i ? SH "cd $(dirname $0); for f in *; do rm -f $f; mkfifo $f; done; mkfifo status.new; exit 4\n"
                      : SH "cd $(dirname $0); rm order env; mkfifo order env status.spare; exit 4\n",
                    1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_int_eq (seen_end (w, raw, 1)->kind, MOISSON__END_KIND__END_EXITED);
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 4);
        send_forget (w, raw, 1);
        RUN_UNTIL (w, !has_directory (w, raw, 1));
        send_start (w, ++raw, 1, SH "exit 5\n", 1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 5);
    }
    world_close (w);
}
END_TEST

START_TEST (a_job_that_removes_its_directory_ends)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, SH "rm -rf \"$(dirname \"$0\")\"; exit 6\n", MANY);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 6);
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "echo $$ >shell; touch up; rm -rf \"$(dirname \"$0\")\"; touch removed; exec sleep 1000\n",
                MANY);
    RUN_UNTIL (w, seen_start (w, 2, 1) && file_is_there (w, "up"));
    RUN_UNTIL (w, file_is_there (w, "removed"));
    send_stop (w, 2, 1, MOISSON__STOP_HOW__STOP_CANCEL); /* there is no ctl now: it is kept until there is */
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert (process_is_gone (pid_in (w, "shell")));
    send_forget (w, 2, 1);
    send_start (w, 3, 1, SH "exit 7\n", MANY); /* all cpus are free again */
    RUN_UNTIL (w, seen_end (w, 3, 1));
    ck_assert_uint_eq (seen_end (w, 3, 1)->code, 7);
    world_close (w);
}
END_TEST

START_TEST (a_lost_job_without_directory_is_lost)
{
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1,
                SH "echo $$ >shell; touch up; while ! [ -e go ]; do sleep 0.02; done\n"
                   "rm -rf \"$(dirname \"$0\")\"; kill -9 $(cat shepherd); exec sleep 1000\n",
                MANY);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    _cleanup_free_ char *text = xasprintf ("%d\n", (int) shepherd);
    fixture_write (w->dir, "shepherd", text, strlen (text), 0644);
    touch (w, "go");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST); /* it has run: never again by itself */
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "exit 7\n", MANY);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 7);
    world_close (w);
}
END_TEST

START_TEST (a_stop_that_does_not_fit_is_kept)
{
    static const char noise[] = "noise that is no command\n";
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1, SH "touch up; while :; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    ck_assert_int_eq (kill (shepherd, SIGSTOP), 0);
    _cleanup_free_ char *ctl = spool_attempt_path (w->spool, (struct attempt_id){1, 1}, "ctl");
    _cleanup_close_ int fd = open (ctl, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    while (write (fd, noise, strlen (noise)) > 0)
        ;
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_SIGNAL); /* this must not take its place */
    send_start (w, 2, 1, SH ":\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1)); /* the launcher has seen the stops */
    ck_assert_int_eq (kill (shepherd, SIGCONT), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    world_close (w);
}
END_TEST

START_TEST (the_agent_is_killed)
{
    struct world *w = world_open ();
    pid_t first = pid_in (w, NODE ".agent.pid");

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    ck_assert_int_eq (kill (first, SIGKILL), 0);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_ne (pid_in (w, NODE ".agent.pid"), first);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_RUNNING);
    ck_assert_str_eq (reported (w, 1)->cpu_ids, "0");
    send_start (w, 2, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 2, 1));
    ck_assert_str_eq (seen_start (w, 2, 1)->cpu_ids, "1"); /* 0 is held by the job of the earlier agent */
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 1, 1) && seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 5);
    world_close (w);
}
END_TEST

START_TEST (the_launcher_is_killed)
{
    struct world *w = world_open ();
    uint8_t nonce[16];

    memcpy (nonce, w->facts->launcher_nonce.data, sizeof nonce);
    send_start (w, 1, 1, UNTIL_END, 1);
    send_start (w, 2, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && seen_start (w, 2, 1));
    kill_moissond (w, SIGKILL);
    RUN_UNTIL (w, !file_is_there (w, NODE ".agent.pid")); /* an agent without launcher leaves */
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_mem_ne (nonce, w->facts->launcher_nonce.data, sizeof nonce);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_RUNNING);
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert_ptr_null (seen_end (w, 2, 1));
    kill_moissond (w, SIGKILL);
    touch (w, "end"); /* it ends while nobody is there */
    _cleanup_free_ char *status = spool_attempt_path (w->spool, (struct attempt_id){2, 1}, "status");
    for (bool ended = false; !ended;) {
        struct status st = STATUS_INIT;
        RUN_UNTIL (w, status_read (status, (struct attempt_id){2, 1}, &st, NULL) == 0);
        ended = st.phase == STATUS_EXITED;
        status_clear (&st);
    }
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 3);
    ck_assert_int_eq (reported (w, 2)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    ck_assert_uint_eq (reported (w, 2)->exit->code, 5);
    world_close (w);
}
END_TEST

START_TEST (the_launcher_is_told_to_stop)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    kill_moissond (w, SIGTERM);
    ck_assert (!file_is_there (w, NODE ".pid") && !file_is_there (w, NODE ".agent.pid"));
    ck_assert (spool_lock_held (w->spool, (struct attempt_id){1, 1}));
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 5);
    world_close (w);
}
END_TEST

START_TEST (a_shepherd_is_killed)
{
    struct world *w = world_open ();

    send_start (w, 1, 1,
                SH "setsid env -i sh -c 'echo $$ >hidden; sleep 1000; :' &\n"
                   "echo $$ >shell; touch up; exec sleep 1000\n",
                1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up") && pid_in (w, "hidden"));
    ck_assert_int_eq (kill (shepherd_of (w, 1), SIGKILL), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST);
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    RUN_UNTIL (w, process_is_gone (pid_in (w, "hidden"))); /* it hid its environment, but not its parent */
    world_close (w);
}
END_TEST

START_TEST (what_was_there_before_is_spared)
{
    struct world *w = world_open ();
    pid_t shepherds[3];

    kill_moissond (w, SIGTERM);
    w->with_child = true;
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    for (uint64_t raw = 1; raw <= 3; raw++) {
        send_start (w, raw, 1, SH "sleep 1000 & wait\n", 1);
        RUN_UNTIL (w, seen_start (w, raw, 1));
        shepherds[raw - 1] = shepherd_of (w, raw);
    }
    for (int i = 0; i < 2; i++) /* two at once */
        ck_assert_int_eq (kill (shepherds[i], SIGKILL), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1) && seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_ptr_null (seen_end (w, 3, 1)); /* nor was the third one touched */
    ck_assert (!process_is_gone (shepherds[2]));
    send_stop (w, 3, 1, MOISSON__STOP_HOW__STOP_KILL);
    RUN_UNTIL (w, seen_end (w, 3, 1));
    ck_assert_int_eq (seen_end (w, 3, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert (!process_is_gone (pid_in (w, "before")));
    world_close (w);
}
END_TEST

START_TEST (shepherd_and_launcher_are_killed)
{
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1, SH "setsid sh -c 'echo $$ >shell; touch up; exec sleep 1000' & wait\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    kill_moissond (w, SIGKILL);
    ck_assert_int_eq (kill (shepherd, SIGKILL), 0);
    RUN_UNTIL (w, !spool_lock_held (w->spool, (struct attempt_id){1, 1}));
    ck_assert (!process_is_gone (pid_in (w, "shell")));
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    ck_assert_int_eq (reported (w, 1)->exit->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_str_eq (reported (w, 1)->exit->cause, "the job's shepherd vanished; 2 processes of the job were ended");
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    world_close (w);
}
END_TEST

START_TEST (a_spool_of_an_earlier_boot)
{
    struct world *w = world_open ();
    static const char before[] =
        "moisson-status 1\nattempt 7.2\nphase RUNNING\nboot 11111111-2222-3333-4444-555555555555\npid 1\nend\n";
    struct attempt_id damaged = {8, 1}, never = {9, 1}, running = {7, 2};

    kill_moissond (w, SIGTERM);
    for (int i = 0; i < 3; i++) {
        _cleanup_free_ char *dir = spool_attempt_path (w->spool, i == 0 ? running : i == 1 ? damaged : never, NULL);
        ck_assert_int_eq (mkdir (dir, 0755), 0);
        if (i < 2)
            fixture_write (dir, "status", before, i ? 20 : sizeof before - 1, 0644);
    }
    fixture_write (w->spool, "boot", "11111111-2222-3333-4444-555555555555\n", 37, 0644);
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 7)->exit->kind, MOISSON__END_KIND__END_NODE_REBOOT);
    ck_assert_int_eq (reported (w, 8)->exit->kind, MOISSON__END_KIND__END_NODE_REBOOT);
    ck_assert_ptr_null (reported (w, 9)); /* it never started: the controller may start it */
    ck_assert (!has_directory (w, 9, 1));
    world_close (w);
}
END_TEST

START_TEST (one_launcher_a_spool)
{
    struct world *w = world_open ();
    _cleanup_free_ char *command =
        xasprintf ("%s/moissond -N " NODE " -f %s 2>%s/second; echo $? >>%s/second", w->bin, w->conf, w->dir, w->dir);
    _cleanup_free_ char *expected =
        xasprintf ("moissond: error: another moissond (pid %d) uses the spool %s\n"
                   "        fix: end it first (kill %d), or give this node a SlurmdSpoolDir of its own (with %%n)\n1\n",
                   (int) w->moissond, w->spool, (int) w->moissond);
    _cleanup_free_ char *path = xasprintf ("%s/second", w->dir), *said = NULL;

    ck_assert_int_eq (system (command), 0);
    ck_assert_int_eq (file_read (path, 4096, &said, NULL, NULL), 0);
    ck_assert_str_eq (said, expected);
    ck_assert_int_eq (pid_in (w, NODE ".pid"), w->moissond);
    world_close (w);
}
END_TEST

SUITE ("node", a_job_runs_and_is_forgotten, directories_are_used_again, many_at_once_share_no_cpu,
       what_is_not_signed_does_not_run, a_stop_that_overtakes_its_start_digs_a_grave, a_running_job_is_cancelled,
       a_lost_blob_refuses_its_job_only, the_agent_is_killed, the_launcher_is_killed, the_launcher_is_told_to_stop,
       a_shepherd_is_killed, what_was_there_before_is_spared, shepherd_and_launcher_are_killed,
       a_spool_of_an_earlier_boot, one_launcher_a_spool, blobs_that_vanish_are_fetched_again,
       what_cannot_be_set_up_is_refused, a_second_attempt_waits_for_the_end_of_the_first,
       fifos_in_the_spool_hold_nobody_up, a_job_that_removes_its_directory_ends, a_lost_job_without_directory_is_lost,
       a_stop_that_does_not_fit_is_kept)
