/* agent_session.c - the session with the controller: dial until it answers, say everything, then talk. */
#include <string.h>
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

#define DELAY_MIN (USEC_PER_SEC / 5)
#define DELAY_MAX (5 * USEC_PER_SEC)
#define DIAL_TIMEOUT (10 * USEC_PER_SEC)
#define SILENCE 4 /* heartbeats missed before the controller counts as gone */

static void dial_later (struct agent *a);

/* --- messages -------------------------------------------------------------------------------------------------------
 */

static void on_register_ack (struct agent *a, const ProtobufCMessage *msg)
{
    const Moisson__RegisterAck *ack = (const Moisson__RegisterAck *) msg;

    a->beat_every = (ack->heartbeat_s ? ack->heartbeat_s : 1) * USEC_PER_SEC;
    a->dial_delay = 0;
    free (steal (&a->dial_why));
    log_info ("event=registered cluster=%s", ack->cluster);
    if (ack->has_config_hash)
        notes_compare_config (a, &ack->config_hash);
    timer_arm (a->beat_timer, 0);
}

static void on_start (struct agent *a, const ProtobufCMessage *msg)
{
    orders_start (a, (const Moisson__StartBatch *) msg);
}

static void on_stop (struct agent *a, const ProtobufCMessage *msg)
{
    orders_stop (a, (const Moisson__StopBatch *) msg);
}

static void on_forget (struct agent *a, const ProtobufCMessage *msg)
{
    orders_forget (a, (const Moisson__AttemptIds *) msg);
}

static void on_blob (struct agent *a, const ProtobufCMessage *msg)
{
    orders_blob (a, (const Moisson__Blob *) msg);
}

static void on_config (struct agent *a, const ProtobufCMessage *msg)
{
    notes_on_config (a, (const Moisson__NodeConfig *) msg);
}

static void on_note (struct agent *a, const ProtobufCMessage *msg)
{
    notes_on_note (a, (const Moisson__SignedNote *) msg);
}

static void on_heartbeat (struct agent *a, const ProtobufCMessage *msg)
{
    (void) a; /* that it came is all it says */
    (void) msg;
}

static const struct {
    Moisson__MsgType type;
    const ProtobufCMessageDescriptor *descriptor;
    void (*fn) (struct agent *a, const ProtobufCMessage *msg);
} handlers[] = {
    {MOISSON__MSG_TYPE__MSG_REGISTER_ACK, &moisson__register_ack__descriptor, on_register_ack},
    {MOISSON__MSG_TYPE__MSG_START, &moisson__start_batch__descriptor, on_start},
    {MOISSON__MSG_TYPE__MSG_STOP, &moisson__stop_batch__descriptor, on_stop},
    {MOISSON__MSG_TYPE__MSG_FORGET, &moisson__attempt_ids__descriptor, on_forget},
    {MOISSON__MSG_TYPE__MSG_BLOB, &moisson__blob__descriptor, on_blob},
    {MOISSON__MSG_TYPE__MSG_HEARTBEAT, &moisson__heartbeat__descriptor, on_heartbeat},
    {MOISSON__MSG_TYPE__MSG_NODE_CONFIG, &moisson__node_config__descriptor, on_config},
    {MOISSON__MSG_TYPE__MSG_NOTE, &moisson__signed_note__descriptor, on_note},
};

void session_drop (struct agent *a, const char *why)
{
    log_warn ("event=session-lost why='%s'", why);
    timer_disarm (a->beat_timer);
    a->awaits_config = false;
    a->channel = channel_free (a->channel);
    orders_drop_waiting (a);
    dial_later (a);
}

static void on_refusal (const uint8_t *data, size_t len)
{
    Moisson__Failure *failure = message_unpack (&moisson__failure__descriptor, data, len);

    log_error ("event=refused-by-controller why='%s'", failure && failure->why ? failure->why : "no reason given");
    if (failure)
        moisson__failure__free_unpacked (failure, NULL);
}

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct agent *a = arg;

    a->heard_at = now_monotonic ();
    if (type == MOISSON__MSG_TYPE__MSG_ERROR) {
        on_refusal (data, len);
        return;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        if (handlers[i].type != type)
            continue;
        ProtobufCMessage *msg = message_unpack (handlers[i].descriptor, data, len);
        if (!msg) {
            session_drop (a, "the controller sent a malformed message");
            return;
        }
        handlers[i].fn (a, msg);
        protobuf_c_message_free_unpacked (msg, NULL);
        return;
    }
    log_warn ("event=message-ignored type=%d", (int) type);
}

static void on_closed (void *arg, const struct err *why)
{
    _cleanup_free_ char *line = err_line (why);

    session_drop (arg, line);
}

/* --- heartbeats -----------------------------------------------------------------------------------------------------
 */

static void on_beat (void *arg)
{
    struct agent *a = arg;
    Moisson__Heartbeat beat = MOISSON__HEARTBEAT__INIT;

    if (!a->channel)
        return;
    if (now_monotonic () - a->heard_at > SILENCE * a->beat_every) {
        session_drop (a, "the controller is silent");
        return;
    }
    beat.load = facts_load ();
    beat.has_load = beat.load >= 0;
    beat.free_mem_mb = facts_free_mem_mb ();
    beat.has_free_mem_mb = beat.free_mem_mb != 0;
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_HEARTBEAT, &beat.base);
    late_arm (a->tell); /* what waits for its FORGET too long is told again */
    timer_arm (a->beat_timer, a->beat_every);
}

/* --- coming up ------------------------------------------------------------------------------------------------------
 */

/* As the configuration calls it, like in Slurm: several nodes may be one machine, and clients take it for the node. */
static const char *host_name (const struct agent *a)
{
    size_t index = 0;
    const char *configured;

    config_node (a->program.conf, a->program.node, &index);
    configured = a->program.conf->node_extra[index].hostname;
    return configured ? configured : a->program.node;
}

static void fill_facts (struct agent *a, Moisson__Register *msg)
{
    const struct topology *t = a->topology;

    msg->node = a->program.node;
    msg->boot_id = a->boot_id;
    msg->launcher_nonce = (ProtobufCBinaryData){a->nonce_len, a->nonce};
    msg->version = (char *) MOISSON_VERSION;
    msg->has_cpus = msg->has_mem_mb = msg->has_gpus = msg->has_sockets = msg->has_cores_per_socket = true;
    msg->has_threads_per_core = msg->has_is_virtual = msg->has_boot_us = msg->has_agent_start_us = true;
    msg->cpus = (uint32_t) t->n_units;
    if (t->has_found) {
        msg->has_found_sockets = msg->has_found_cores = msg->has_found_threads = msg->has_found_mem_mb = true;
        msg->found_sockets = t->found.sockets;
        msg->found_cores = t->found.cores;
        msg->found_threads = t->found.threads;
        msg->found_mem_mb = t->found.mem_mb;
    }
    msg->mem_mb = t->is_virtual ? a->conf->mem_mb : a->facts.mem_mb;
    gpus_register (a, msg);
    msg->host = (char *) host_name (a);
    msg->arch = a->facts.arch;
    msg->os = a->facts.os;
    msg->sockets = t->sockets;
    msg->cores_per_socket = t->cores_per_socket;
    msg->threads_per_core = t->threads_per_core;
    msg->is_virtual = t->is_virtual;
    msg->topology = t->text;
    msg->cgroup = a->cgroup;
    msg->has_only_uid = !a->program.root_mode;
    msg->only_uid = geteuid ();
    msg->boot_us = a->facts.boot_us;
    msg->agent_start_us = a->start_us;
    msg->has_tmp_disk_mb = a->facts.tmp_disk_mb != 0;
    msg->tmp_disk_mb = a->facts.tmp_disk_mb;
}

void session_register (struct agent *a)
{
    Moisson__Register msg = MOISSON__REGISTER__INIT;

    fill_facts (a, &msg);
    attempts_register (a, &msg);
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_REGISTER, &msg.base);
    log_info ("event=connected attempts=%zu", msg.n_attempts);
    attempts_unregister (&msg);
    health_tell (a);
}

static void on_up (void *arg, struct channel *ch)
{
    static const struct channel_handlers channel_handlers = {on_message, on_closed, NULL};
    struct agent *a = arg;

    a->dial = dial_free (a->dial);
    a->channel = ch;
    a->heard_at = now_monotonic ();
    a->beat_every = 10 * USEC_PER_SEC; /* until the ack says better */
    channel_handle (ch, &channel_handlers, a);
    if (a->program.configless)
        notes_ask_config (a);
    else
        session_register (a);
    timer_arm (a->beat_timer, a->beat_every);
}

static void try_other_key (struct agent *a)
{
    uint8_t key[KEY_SIZE];

    memcpy (key, a->controller_key, KEY_SIZE);
    memcpy (a->controller_key, a->other_key, KEY_SIZE);
    memcpy (a->other_key, key, KEY_SIZE);
}

static void on_failed (void *arg, const struct err *why)
{
    struct agent *a = arg;
    _cleanup_free_ char *line = err_line (why);

    if (a->has_other_key && why->code == MOISSON__FAIL_CODE__FAIL_AUTH)
        try_other_key (a);

    bool new = !a->dial_why || strcmp (a->dial_why, line) != 0; /* once a reason, not once a try */
    log_line (new ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "event=dial-failed why='%s'", line);
    free (a->dial_why);
    a->dial_why = steal (&line);
    a->dial = dial_free (a->dial);
    dial_later (a);
}

static void dial_now (void *arg)
{
    struct agent *a = arg;
    const struct dial_options options = {
        .address = a->program.conf->controller_addr,
        .port = (uint16_t) a->program.conf->controller_port,
        .controller_key = a->controller_key,
        .node = a->program.node,
        .node_secret = a->secret,
        .timeout = DIAL_TIMEOUT,
    };

    if (!a->greeted || health_is_awaited (a)) { /* the launcher's first words are on their way */
        timer_arm (a->dial_timer, USEC_PER_SEC / 100);
        return;
    }
    a->dial = dial_start (a->loop, &options, on_up, on_failed, a);
}

/* Back-off with jitter: a thousand nodes must not come back in one instant. */
static void dial_later (struct agent *a)
{
    uint32_t random;

    a->dial_delay = a->dial_delay ? a->dial_delay * 2 : DELAY_MIN;
    if (a->dial_delay > DELAY_MAX)
        a->dial_delay = DELAY_MAX;
    random_fill (&random, sizeof random);
    timer_arm (a->dial_timer, a->dial_delay / 2 + random % (a->dial_delay / 2));
}

int session_read_key (struct agent *a, struct err *err)
{
    _cleanup_free_ char *path = spool_path (a->program.spool, "node.key");

    if (key_read (path, a->secret, err) == 0)
        return 0;
    return err_fix (err, "moisson node enroll %s (see docs/operating.md for its options)", a->program.node);
}

int session_open (struct agent *a, struct err *err)
{
    if (!a->program.conf->controller_key[0] ||
        base64_decode (a->program.conf->controller_key, a->controller_key, KEY_SIZE)) {
        err_set (err, 0, "ControllerKey in %s is missing or malformed", a->program.conf_path);
        return err_fix (err, "put the line that `moisson keygen STATE_DIR` prints on the controller into it");
    }
    if (session_read_key (a, err))
        return -1;
    a->has_other_key = a->program.conf->controller_key_next[0] &&
                       base64_decode (a->program.conf->controller_key_next, a->other_key, KEY_SIZE) == 0;
    a->dial_timer = timer_create_in (a->loop, dial_now, a);
    a->beat_timer = timer_create_in (a->loop, on_beat, a);
    timer_arm (a->dial_timer, 0);
    return 0;
}

void session_close (struct agent *a)
{
    if (a->dial)
        a->dial = dial_free (a->dial);
    if (a->channel)
        a->channel = channel_free (a->channel);
    if (a->dial_timer)
        a->dial_timer = timer_free (a->dial_timer);
    if (a->beat_timer)
        a->beat_timer = timer_free (a->beat_timer);
    free (steal (&a->dial_why));
}
