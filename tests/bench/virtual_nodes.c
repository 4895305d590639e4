/* virtual_nodes.c - thousands of node agents in one process, which run nothing: they measure the controller alone.
 * Each has a key and a sealed session of its own, takes start orders, says that they run, and that they have ended
 * after a virtual run time of MEAN +- MEAN/2 seconds.
 *
 *   virtual_nodes keys STATE_DIR SECRETS PREFIX COUNT         enrols PREFIX1 ... PREFIXn, secrets into a file
 *   virtual_nodes run ADDRESS PORT CONTROLLER_KEY SECRETS PREFIX COUNT CPUS MEM_MB MEAN_S
 *
 * `run` prints "up" once all have registered, and on SIGTERM one line: {"started": n, "ended": n, "forgotten": n}. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/files.h"
#include "base/mem.h"
#include "base/node_keys.h"
#include "net/client.h"
#include "proto/node.pb-c.h"

#define DIALS_MOST 64 /* at once: the door takes few strangers */
#define TICK (10 * 1000)
#define WHEEL 4096 /* slots of a tick each: the longest run time is shorter */

struct run { /* an attempt on its way */
    struct vnode *node;
    uint64_t raw_id, start_us;
    uint32_t attempt;
    struct run *next;
};

struct vnode {
    struct field *field;
    char *name;
    uint8_t secret[KEY_SIZE], nonce[16];
    struct dial *dial;
    struct channel *channel;
    bool dirty;
    struct vnode *next_dirty;
    struct run *begun, *over; /* to be told */
};

struct field {
    struct loop *loop;
    struct late *tell;
    struct timer *tick;
    struct vnode *nodes, *dirty;
    size_t n, next_dial, dialling, up;
    uint32_t cpus;
    uint64_t mem_mb, mean_us, started, ended, forgotten, wheel_at;
    struct run *wheel[WHEEL];
    const char *address;
    uint16_t port;
    uint8_t key[KEY_SIZE];
    usec_t beat_every, beat_at;
};

/* --- what is told ----------------------------------------------------------------------------------------------- */

static void make_dirty (struct vnode *v)
{
    if (!v->dirty) {
        v->dirty = true;
        v->next_dirty = v->field->dirty;
        v->field->dirty = v;
        late_arm (v->field->tell);
    }
}

static size_t length (const struct run *run)
{
    size_t n = 0;

    for (; run; run = run->next)
        n++;
    return n;
}

static void sleep_until_end (struct field *f, struct run *run)
{
    uint64_t us = f->mean_us / 2 + randombytes_uniform ((uint32_t) f->mean_us + 1);
    uint64_t ticks = us / TICK + 1;
    size_t slot = (f->wheel_at + (ticks < WHEEL ? ticks : WHEEL - 1)) % WHEEL;

    run->next = f->wheel[slot];
    f->wheel[slot] = run;
}

static void tell_begun (struct vnode *v)
{
    Moisson__StartedBatch batch = MOISSON__STARTED_BATCH__INIT;
    size_t n = length (v->begun), i = 0;
    _cleanup_free_ Moisson__Started *list = xcalloc (n, sizeof *list);
    _cleanup_free_ Moisson__AttemptId *ids = xcalloc (n, sizeof *ids);
    _cleanup_free_ Moisson__Started **refs = xcalloc (n, sizeof *refs);

    for (struct run *run = v->begun, *next; run; run = next, i++) {
        next = run->next;
        moisson__started__init (&list[i]);
        moisson__attempt_id__init (&ids[i]);
        ids[i].raw_id = run->raw_id;
        ids[i].attempt = run->attempt;
        list[i].id = &ids[i];
        list[i].start_us = run->start_us = now_wall ();
        refs[i] = &list[i];
        sleep_until_end (v->field, run);
    }
    v->begun = NULL;
    v->field->started += n;
    batch.started = refs;
    batch.n_started = n;
    channel_send (v->channel, MOISSON__MSG_TYPE__MSG_STARTED, &batch.base);
}

static void fill_exit (Moisson__Exit *exit, Moisson__AttemptId *id, const struct run *run)
{
    moisson__exit__init (exit);
    moisson__attempt_id__init (id);
    id->raw_id = run->raw_id;
    id->attempt = run->attempt;
    exit->id = id;
    exit->kind = MOISSON__END_KIND__END_EXITED;
    exit->has_code = exit->has_start_us = exit->has_end_us = exit->has_wall_us = true;
    exit->start_us = run->start_us;
    exit->end_us = now_wall ();
    exit->wall_us = exit->end_us - exit->start_us;
    exit->has_cpu_user_us = exit->has_cpu_sys_us = exit->has_max_rss_kb = true;
    exit->cpu_user_us = exit->wall_us;
    exit->cpu_sys_us = 1000;
    exit->max_rss_kb = 4096;
    exit->cpu_ids = (char *) "0";
}

static void tell_over (struct vnode *v)
{
    Moisson__ExitedBatch batch = MOISSON__EXITED_BATCH__INIT;
    size_t n = length (v->over), i = 0;
    _cleanup_free_ Moisson__Exit *list = xcalloc (n, sizeof *list);
    _cleanup_free_ Moisson__AttemptId *ids = xcalloc (n, sizeof *ids);
    _cleanup_free_ Moisson__Exit **refs = xcalloc (n, sizeof *refs);

    for (struct run *run = v->over, *next; run; run = next, i++) {
        next = run->next;
        fill_exit (&list[i], &ids[i], run);
        refs[i] = &list[i];
        free (run);
    }
    v->over = NULL;
    v->field->ended += n;
    batch.exits = refs;
    batch.n_exits = n;
    channel_send (v->channel, MOISSON__MSG_TYPE__MSG_EXITED, &batch.base);
}

static void tell (void *arg)
{
    struct field *f = arg;

    for (struct vnode *v; (v = f->dirty);) {
        f->dirty = v->next_dirty;
        v->dirty = false;
        if (v->channel && v->begun)
            tell_begun (v);
        if (v->channel && v->over)
            tell_over (v);
    }
}

static void beat (struct field *f)
{
    Moisson__Heartbeat msg = MOISSON__HEARTBEAT__INIT;

    f->beat_at = now_monotonic () + f->beat_every;
    for (size_t i = 0; i < f->n; i++)
        if (f->nodes[i].channel)
            channel_send (f->nodes[i].channel, MOISSON__MSG_TYPE__MSG_HEARTBEAT, &msg.base);
}

static void tick (void *arg)
{
    struct field *f = arg;
    uint64_t now = now_monotonic () / TICK;

    for (; f->wheel_at < now; f->wheel_at++) {
        struct run **slot = &f->wheel[f->wheel_at % WHEEL], *next;
        for (struct run *run = steal (slot); run; run = next) {
            next = run->next;
            run->next = run->node->over;
            run->node->over = run;
            make_dirty (run->node);
        }
    }
    if (f->beat_every && now_monotonic () >= f->beat_at)
        beat (f);
    timer_arm (f->tick, TICK);
}

/* --- what comes ------------------------------------------------------------------------------------------------- */

static void on_start (struct vnode *v, const Moisson__StartBatch *batch)
{
    for (size_t i = 0; i < batch->n_orders; i++) {
        const ProtobufCBinaryData *packed = &batch->orders[i]->order;
        Moisson__Order *order = moisson__order__unpack (NULL, packed->len, packed->data);
        struct run *run = xcalloc (1, sizeof *run);

        if (!order) {
            fputs ("virtual_nodes: a malformed order\n", stderr);
            exit (1);
        }
        *run = (struct run){.node = v, .raw_id = order->raw_id, .attempt = order->attempt, .next = v->begun};
        v->begun = run;
        moisson__order__free_unpacked (order, NULL);
    }
    make_dirty (v);
}

static void on_ack (struct vnode *v, const Moisson__RegisterAck *ack)
{
    struct field *f = v->field;

    f->beat_every = (ack->heartbeat_s ? ack->heartbeat_s : 1) * USEC_PER_SEC;
    if (++f->up == f->n) {
        f->beat_at = now_monotonic () + f->beat_every;
        puts ("up");
        fflush (stdout);
    }
}

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct vnode *v = arg;
    void *msg;

    if (type == MOISSON__MSG_TYPE__MSG_START && (msg = message_unpack (&moisson__start_batch__descriptor, data, len))) {
        on_start (v, msg);
        protobuf_c_message_free_unpacked (msg, NULL);
    } else if (type == MOISSON__MSG_TYPE__MSG_REGISTER_ACK &&
               (msg = message_unpack (&moisson__register_ack__descriptor, data, len))) {
        on_ack (v, msg);
        protobuf_c_message_free_unpacked (msg, NULL);
    } else if (type == MOISSON__MSG_TYPE__MSG_FORGET &&
               (msg = message_unpack (&moisson__attempt_ids__descriptor, data, len))) {
        v->field->forgotten += ((const Moisson__AttemptIds *) msg)->n_ids;
        protobuf_c_message_free_unpacked (msg, NULL);
    }
}

static void on_closed (void *arg, const struct err *why)
{
    const struct vnode *v = arg;

    fprintf (stderr, "virtual_nodes: %s: the session ended: %s\n", v->name, why->why ? why->why : "?");
    exit (1);
}

static void dial_more (struct field *f);

static void on_up (void *arg, struct channel *ch)
{
    static const struct channel_handlers handlers = {on_message, on_closed, NULL};
    struct vnode *v = arg;
    struct field *f = v->field;
    Moisson__Register msg = MOISSON__REGISTER__INIT;

    v->dial = dial_free (v->dial);
    v->channel = ch;
    channel_handle (ch, &handlers, v);
    msg.node = msg.host = v->name;
    msg.boot_id = (char *) "virtual";
    msg.launcher_nonce = (ProtobufCBinaryData){sizeof v->nonce, v->nonce};
    msg.version = (char *) MOISSON_VERSION;
    msg.has_cpus = msg.has_mem_mb = msg.has_is_virtual = msg.is_virtual = true;
    msg.cpus = f->cpus;
    msg.mem_mb = f->mem_mb;
    msg.arch = (char *) "x86_64";
    msg.os = (char *) "virtual";
    msg.cgroup = (char *) "none";
    channel_send (ch, MOISSON__MSG_TYPE__MSG_REGISTER, &msg.base);
    f->dialling--;
    dial_more (f);
}

static void on_failed (void *arg, const struct err *why)
{
    const struct vnode *v = arg;

    fprintf (stderr, "virtual_nodes: %s: no session: %s\n", v->name, why->why ? why->why : "?");
    exit (1);
}

static void dial_more (struct field *f)
{
    for (; f->dialling < DIALS_MOST && f->next_dial < f->n; f->next_dial++) {
        struct vnode *v = &f->nodes[f->next_dial];
        struct dial_options how = {.address = f->address,
                                   .port = f->port,
                                   .controller_key = f->key,
                                   .node = v->name,
                                   .node_secret = v->secret,
                                   .timeout = 60 * USEC_PER_SEC};
        f->dialling++;
        v->dial = dial_start (f->loop, &how, on_up, on_failed, v);
    }
}

/* --- the two commands ------------------------------------------------------------------------------------------- */

struct enrolment {
    const char *prefix;
    size_t count;
    FILE *secrets;
};

static bool enrol_all (void *arg, struct node_keys *keys)
{
    const struct enrolment *e = arg;
    size_t old = keys->n;

    keys->rows = xrealloc (keys->rows, (old + e->count) * sizeof *keys->rows);
    for (size_t i = 0; i < e->count; i++) {
        struct node_key *row = &keys->rows[keys->n++];
        uint8_t secret[KEY_SIZE];
        *row = (struct node_key){.node = xasprintf ("%s%zu", e->prefix, i + 1)};
        keypair_make (row->public_key, secret);
        randombytes_buf (row->order_key, KEY_SIZE);
        fwrite (secret, 1, KEY_SIZE, e->secrets);
    }
    return true;
}

static int make_keys (char **argv)
{
    struct enrolment e = {argv[4], strtoul (argv[5], NULL, 10), fopen (argv[3], "we")};
    _cleanup_free_ char *path = xasprintf ("%s/node_keys", argv[2]);
    _cleanup_err_ struct err err = ERR_INIT;

    if (!e.secrets) {
        perror (argv[3]);
        return 1;
    }
    if (node_keys_update (path, enrol_all, &e, NULL, &err) < 0) {
        err_report ("virtual_nodes", &err);
        return 1;
    }
    return fclose (e.secrets) ? 1 : 0;
}

static void on_signal (void *arg, int signo)
{
    const struct field *f = arg;

    (void) signo;
    printf ("{\"started\": %" PRIu64 ", \"ended\": %" PRIu64 ", \"forgotten\": %" PRIu64 "}\n", f->started, f->ended,
            f->forgotten);
    loop_stop (f->loop);
}

static int read_nodes (struct field *f, const char *path, const char *prefix)
{
    FILE *secrets = fopen (path, "re");

    if (!secrets) {
        perror (path);
        return -1;
    }
    f->nodes = xcalloc (f->n, sizeof *f->nodes);
    for (size_t i = 0; i < f->n; i++) {
        struct vnode *v = &f->nodes[i];
        v->field = f;
        v->name = xasprintf ("%s%zu", prefix, i + 1);
        randombytes_buf (v->nonce, sizeof v->nonce);
        if (fread (v->secret, 1, KEY_SIZE, secrets) != KEY_SIZE) {
            fprintf (stderr, "virtual_nodes: %s has only %zu keys\n", path, i);
            return -1;
        }
    }
    return fclose (secrets);
}

static int run_nodes (char **argv)
{
    struct field f = {.address = argv[2], .port = (uint16_t) atoi (argv[3]), .n = strtoul (argv[7], NULL, 10)};
    _cleanup_err_ struct err err = ERR_INIT;

    f.cpus = (uint32_t) strtoul (argv[8], NULL, 10);
    f.mem_mb = strtoull (argv[9], NULL, 10);
    f.mean_us = (uint64_t) (strtod (argv[10], NULL) * 1e6);
    if (base64_decode (argv[4], f.key, KEY_SIZE) || f.mean_us * 3 / 2 / TICK >= WHEEL) {
        fputs ("virtual_nodes: a malformed key, or too long a run time\n", stderr);
        return 1;
    }
    if (read_nodes (&f, argv[5], argv[6]) < 0)
        return 1;
    if (loop_create (&f.loop, &err) < 0 || loop_signal (f.loop, SIGTERM, on_signal, &f) < 0) {
        err_report ("virtual_nodes", &err);
        return 1;
    }
    f.tell = late_create (f.loop, tell, &f);
    f.tick = timer_create_in (f.loop, tick, &f);
    f.wheel_at = now_monotonic () / TICK;
    timer_arm (f.tick, TICK);
    dial_more (&f);
    loop_run (f.loop);
    return 0; /* what is left goes with the process */
}

int main (int argc, char **argv)
{
    if (sodium_init () < 0)
        return 1;
    if (argc == 6 && !strcmp (argv[1], "keys"))
        return make_keys (argv);
    if (argc == 11 && !strcmp (argv[1], "run"))
        return run_nodes (argv);
    fputs ("Usage: virtual_nodes keys STATE_DIR SECRETS PREFIX COUNT\n"
           "       virtual_nodes run ADDRESS PORT CONTROLLER_KEY SECRETS PREFIX COUNT CPUS MEM_MB MEAN_S\n",
           stderr);
    return 1;
}
