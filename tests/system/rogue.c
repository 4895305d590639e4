/* rogue.c - speaks to the controller as a node whose key files somebody else has, and says what is answered.
 *
 *   rogue ADDRESS PORT CONTROLLER_KEY NODE NODE_KEY_FILE STEP...
 *
 *   register=NAME       as that node, with nothing         started=RAW.ATTEMPT, exited=RAW.ATTEMPT
 *   claim=RAW.ATTEMPT.PHASE[.TIMES]  as NODE, with that attempt, said so often    blob=UID.HASH   (hexadecimal)
 *   ask=TYPE            any request, with an empty body    keep=FILE       the next start order that comes, as it is
 *
 * Each line of output is one message that came after a step: "STEP: TYPE words". */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/files.h"
#include "base/mem.h"
#include "net/client.h"
#include "nodeagent/verify.h"

#define PATIENCE (30 * USEC_PER_SEC)
#define NOBODY 4294967294u /* the uid of a blob that nobody has: the answer to it is the end of those to a step */

struct rogue {
    struct client *client;
    const char *node, *step;
    char *boot_id;
    bool closed, acked, barrier, kept;
    const char *keep; /* where the next order goes */
    int rc;
};

/* --- what comes ------------------------------------------------------------------------------------------------- */

static void say (const struct rogue *r, const char *type, const char *words)
{
    printf ("%s: %s%s%s\n", r->step, type, *words ? " " : "", words);
}

static void on_error (struct rogue *r, void *msg)
{
    const Moisson__Failure *failure = msg;

    say (r, "ERROR", failure->why ? failure->why : "");
}

static void on_ack (struct rogue *r, void *msg)
{
    (void) msg;
    r->acked = true;
    say (r, "REGISTER_ACK", "");
}

static void on_blob (struct rogue *r, void *msg)
{
    const Moisson__Blob *blob = msg;

    if (blob->id->uid == NOBODY) {
        r->barrier = true;
        return;
    }
    _cleanup_free_ char *text = xstrndup (blob->has_data ? (char *) blob->data.data : "", blob->data.len);
    say (r, blob->has_data ? "BLOB" : "BLOB-REFUSED", text);
}

static void on_start (struct rogue *r, void *msg)
{
    const Moisson__StartBatch *batch = msg;

    for (size_t i = 0; i < batch->n_orders; i++) {
        _cleanup_order_ Moisson__Order *order =
            moisson__order__unpack (NULL, batch->orders[i]->order.len, batch->orders[i]->order.data);
        _cleanup_free_ char *words =
            order ? xasprintf ("%" PRIu64 ".%u on %s", order->raw_id, order->attempt, order->node) : xstrdup ("?");
        say (r, "START", words);
        if (!r->keep)
            continue;
        size_t len = moisson__signed_order__get_packed_size (batch->orders[i]);
        _cleanup_free_ uint8_t *packed = xmalloc (len);
        moisson__signed_order__pack (batch->orders[i], packed);
        r->kept = file_write (r->keep, (const char *) packed, len, 0644, 0, NULL) == 0;
    }
}

static void on_stop (struct rogue *r, void *msg)
{
    const Moisson__StopBatch *batch = msg;

    for (size_t i = 0; i < batch->n_stops; i++) {
        _cleanup_free_ char *words =
            xasprintf ("%" PRIu64 ".%u", batch->stops[i]->id->raw_id, batch->stops[i]->id->attempt);
        say (r, "STOP", words);
    }
}

static void on_forget (struct rogue *r, void *msg)
{
    const Moisson__AttemptIds *ids = msg;

    for (size_t i = 0; i < ids->n_ids; i++) {
        _cleanup_free_ char *words = xasprintf ("%" PRIu64 ".%u", ids->ids[i]->raw_id, ids->ids[i]->attempt);
        say (r, "FORGET", words);
    }
}

static const struct {
    Moisson__MsgType type;
    const ProtobufCMessageDescriptor *descriptor;
    void (*fn) (struct rogue *r, void *msg);
} answers[] = {
    {MOISSON__MSG_TYPE__MSG_ERROR, &moisson__failure__descriptor, on_error},
    {MOISSON__MSG_TYPE__MSG_REGISTER_ACK, &moisson__register_ack__descriptor, on_ack},
    {MOISSON__MSG_TYPE__MSG_BLOB, &moisson__blob__descriptor, on_blob},
    {MOISSON__MSG_TYPE__MSG_START, &moisson__start_batch__descriptor, on_start},
    {MOISSON__MSG_TYPE__MSG_STOP, &moisson__stop_batch__descriptor, on_stop},
    {MOISSON__MSG_TYPE__MSG_FORGET, &moisson__attempt_ids__descriptor, on_forget},
};

static void take (struct rogue *r, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (answers[i].type != type)
            continue;
        void *msg = message_unpack (answers[i].descriptor, data, len);
        if (!msg)
            return;
        answers[i].fn (r, msg);
        protobuf_c_message_free_unpacked (msg, NULL);
    }
}

/* Until it is so, or the controller has hung up. */
static void receive_until (struct rogue *r, const bool *so)
{
    while (!*so && !r->closed) {
        _cleanup_err_ struct err err = ERR_INIT;
        Moisson__MsgType type;
        const uint8_t *data;
        size_t len;
        int rc = client_receive (r->client, &type, &data, &len, PATIENCE, &err);
        if (rc == 0) {
            take (r, type, data, len);
            continue;
        }
        r->closed = true;
        say (r, rc == CLIENT_E_TIMEOUT ? "SILENCE" : "CLOSED", rc == CLIENT_E_TIMEOUT ? err.why : "");
    }
}

/* --- what is said ----------------------------------------------------------------------------------------------- */

static void transmit (struct rogue *r, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!r->closed && client_send (r->client, type, msg, PATIENCE, &err)) {
        r->closed = true;
        say (r, "CLOSED", err.why);
    }
}

static void ask_blob (struct rogue *r, uint32_t uid, const char *hex)
{
    Moisson__BlobIds ids = MOISSON__BLOB_IDS__INIT;
    Moisson__BlobId id = MOISSON__BLOB_ID__INIT, *list = &id;
    uint8_t hash[HASH_SIZE] = {0};
    size_t n = 0;

    if (*hex)
        sodium_hex2bin (hash, sizeof hash, hex, strlen (hex), NULL, &n, NULL);
    id.uid = uid;
    id.hash = (ProtobufCBinaryData){sizeof hash, hash};
    ids.ids = &list;
    ids.n_ids = 1;
    transmit (r, MOISSON__MSG_TYPE__MSG_BLOB_GET, &ids.base);
}

/* Messages are handled in their order: whatever a step brings has come when this is answered. */
static void settle (struct rogue *r)
{
    r->barrier = false;
    ask_blob (r, NOBODY, "");
    receive_until (r, &r->barrier);
}

static void read_id (const char *arg, Moisson__AttemptId *id, int *ret_phase, size_t *ret_times)
{
    char *rest = NULL;

    moisson__attempt_id__init (id);
    id->raw_id = strtoull (arg, &rest, 10);
    id->attempt = *rest ? (uint32_t) strtoul (rest + 1, &rest, 10) : 1;
    *ret_phase = *rest ? (int) strtol (rest + 1, &rest, 10) : 0;
    *ret_times = *rest ? strtoul (rest + 1, NULL, 10) : 1;
}

static void send_register (struct rogue *r, const char *name, const char *claim)
{
    Moisson__Register msg = MOISSON__REGISTER__INIT;
    Moisson__AttemptReport report = MOISSON__ATTEMPT_REPORT__INIT;
    _cleanup_free_ Moisson__AttemptReport **reports = NULL;
    Moisson__AttemptId id;
    uint8_t nonce[NONCE_SIZE] = {1};
    int phase;

    if (claim) {
        read_id (claim, &id, &phase, &msg.n_attempts);
        report.id = &id;
        report.phase = (Moisson__AttemptPhase) phase;
        msg.attempts = reports = xcalloc (msg.n_attempts, sizeof *reports);
        for (size_t i = 0; i < msg.n_attempts; i++)
            reports[i] = &report;
    }
    msg.node = (char *) name;
    msg.boot_id = r->boot_id;
    msg.version = (char *) "rogue";
    msg.launcher_nonce = (ProtobufCBinaryData){sizeof nonce, nonce};
    msg.has_cpus = msg.has_mem_mb = true;
    msg.cpus = 2;
    msg.mem_mb = 100000;
    r->acked = false;
    transmit (r, MOISSON__MSG_TYPE__MSG_REGISTER, &msg.base);
    receive_until (r, &r->acked);
}

static void step_register (struct rogue *r, const char *arg)
{
    send_register (r, *arg ? arg : r->node, NULL);
}

static void step_claim (struct rogue *r, const char *arg)
{
    send_register (r, r->node, arg);
}

static void step_started (struct rogue *r, const char *arg)
{
    Moisson__StartedBatch batch = MOISSON__STARTED_BATCH__INIT;
    Moisson__Started started = MOISSON__STARTED__INIT, *list = &started;
    Moisson__AttemptId id;
    size_t times;
    int phase;

    read_id (arg, &id, &phase, &times);
    started.id = &id;
    started.start_us = now_wall ();
    batch.started = &list;
    batch.n_started = 1;
    transmit (r, MOISSON__MSG_TYPE__MSG_STARTED, &batch.base);
}

static void step_exited (struct rogue *r, const char *arg)
{
    Moisson__ExitedBatch batch = MOISSON__EXITED_BATCH__INIT;
    Moisson__Exit end = MOISSON__EXIT__INIT, *list = &end;
    Moisson__AttemptId id;
    size_t times;
    int phase;

    read_id (arg, &id, &phase, &times);
    end.id = &id;
    end.kind = MOISSON__END_KIND__END_EXITED;
    batch.exits = &list;
    batch.n_exits = 1;
    transmit (r, MOISSON__MSG_TYPE__MSG_EXITED, &batch.base);
}

static void step_blob (struct rogue *r, const char *arg)
{
    char *hex = NULL;
    uint32_t uid = (uint32_t) strtoul (arg, &hex, 10);

    ask_blob (r, uid, *hex ? hex + 1 : "");
}

static void step_ask (struct rogue *r, const char *arg)
{
    transmit (r, (Moisson__MsgType) atoi (arg), NULL);
}

static void step_keep (struct rogue *r, const char *arg)
{
    r->keep = arg;
    r->kept = false;
    receive_until (r, &r->kept);
    r->keep = NULL;
}

static const struct {
    const char *word;
    void (*fn) (struct rogue *r, const char *arg);
} steps[] = {{"register", step_register}, {"claim", step_claim}, {"started", step_started}, {"exited", step_exited},
             {"blob", step_blob},         {"ask", step_ask},     {"keep", step_keep}};

static void do_step (struct rogue *r, char *step)
{
    char *arg = step + strcspn (step, "=");

    if (*arg)
        *arg++ = '\0';
    r->step = step;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strcmp (steps[i].word, step) == 0) {
            steps[i].fn (r, arg);
            settle (r);
            return;
        }
    say (r, "?", "there is no such step");
    r->rc = 2;
}

/* --- who we say we are ------------------------------------------------------------------------------------------ */

static int login (struct rogue *r, const uint8_t secret[KEY_SIZE], struct err *err)
{
    Moisson__AuthNode auth = MOISSON__AUTH_NODE__INIT;
    uint8_t proof[HASH_SIZE];
    Moisson__MsgType type;
    const uint8_t *data;
    size_t len;

    if (client_node_proof (r->client, secret, r->node, proof))
        return err_set (err, 0, "no proof can be made of this key");
    auth.node = (char *) r->node;
    auth.proof = (ProtobufCBinaryData){sizeof proof, proof};
    if (client_send (r->client, MOISSON__MSG_TYPE__MSG_AUTH_NODE, &auth.base, PATIENCE, err) ||
        client_receive (r->client, &type, &data, &len, PATIENCE, err))
        return -1;
    if (type == MOISSON__MSG_TYPE__MSG_AUTH_OK)
        return 0;
    take (r, type, data, len);
    return 1;
}

int main (int argc, char **argv)
{
    struct rogue r = {.step = "login"};
    struct client_target target = {0};
    uint8_t secret[KEY_SIZE];
    size_t len;
    _cleanup_err_ struct err err = ERR_INIT;

    if (argc < 6 || base64_decode (argv[3], target.key, KEY_SIZE)) {
        fprintf (stderr, "Usage: rogue ADDRESS PORT CONTROLLER_KEY NODE NODE_KEY_FILE STEP...\n");
        return 2;
    }
    if (file_read ("/proc/sys/kernel/random/boot_id", 64, &r.boot_id, &len, &err))
        return err_report ("rogue", &err);
    r.boot_id[strcspn (r.boot_id, "\n")] = '\0';
    target.address = argv[1];
    target.port = (uint16_t) atoi (argv[2]);
    r.node = argv[4];
    if (key_read (argv[5], secret, &err) || client_open_stranger (&r.client, &target, PATIENCE, &err))
        return err_report ("rogue", &err);
    int rc = login (&r, secret, &err);
    if (rc < 0)
        err_report ("rogue", &err);
    for (int i = 6; rc == 0 && i < argc && !r.closed; i++)
        do_step (&r, argv[i]);
    client_free (r.client);
    free (r.boot_id);
    return rc ? rc : r.rc;
}
