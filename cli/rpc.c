/* rpc.c - dial, ask, and ask again while the policy's time lasts. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/mem.h"
#include "net/loop.h"
#include "rpc.h"

struct rpc {
    struct config *conf;
    struct client_target target;
    struct client *client;
    bool in_doubt;
    void (*retry) (void *arg, usec_t waited, const struct err *why);
    void *retry_arg;
};

struct request {
    Moisson__MsgType type;
    const ProtobufCMessage *message;
    Moisson__MsgType reply;
    const ProtobufCMessageDescriptor *descriptor;
};

static const struct {
    usec_t window, one_try;
    bool repeat; /* also after the request may have been received */
} policies[] = {
    [RPC_QUERY] = {10 * USEC_PER_SEC, 10 * USEC_PER_SEC, true},
    [RPC_SUBMIT] = {60 * USEC_PER_SEC, 20 * USEC_PER_SEC, true},
    [RPC_ONCE] = {10 * USEC_PER_SEC, 10 * USEC_PER_SEC, false},
    [RPC_PROBE] = {0, 5 * USEC_PER_SEC, false},
};

#define FIRST_PAUSE (50 * 1000ULL)
#define LONGEST_PAUSE USEC_PER_SEC
#define FOLLOW_SILENCE (90 * USEC_PER_SEC) /* the controller says something every 30 s */
#define WAIT_ASK_AGAIN (60 * USEC_PER_SEC) /* a controller that vanished without a word is noticed after this */

static int controller_uid (const struct config *conf, uint32_t *ret, struct err *err)
{
    const struct passwd *pw;

    if (!*conf->slurm_user) {
        *ret = getuid ();
        return 0;
    }
    pw = getpwnam (conf->slurm_user);
    if (!pw) {
        err_set (err, 0, "no user \"%s\" on this host (SlurmUser in %s)", conf->slurm_user, conf->path);
        return err_fix (err, "name the user that runs moissonctld, known on every host that has commands");
    }
    *ret = pw->pw_uid;
    return 0;
}

static int resolve_target (struct rpc *rpc, struct err *err)
{
    const struct config *conf = rpc->conf;

    rpc->target = (struct client_target){
        .address = conf->controller_addr, .port = (uint16_t) conf->controller_port, .munge_socket = conf->auth_socket};
    if (!*conf->controller_key) {
        err_set (err, 0, "%s has no ControllerKey, so the controller cannot be recognised", conf->path);
        return err_fix (err, "run `moisson keygen %s` on the controller's host and add the line that it prints",
                        conf->state_dir);
    }
    if (base64_decode (conf->controller_key, rpc->target.key, KEY_SIZE)) {
        err_set (err, 0, "ControllerKey in %s is no key", conf->path);
        return err_fix (err, "copy the line that `moisson keygen %s` prints", conf->state_dir);
    }
    rpc->target.has_next_key =
        *conf->controller_key_next && base64_decode (conf->controller_key_next, rpc->target.next_key, KEY_SIZE) == 0;
    return controller_uid (conf, &rpc->target.controller_uid, err);
}

int rpc_create (struct rpc **ret, const char *path, struct err *err)
{
    _cleanup_rpc_ struct rpc *rpc = xcalloc (1, sizeof *rpc);

    if (!path)
        path = config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));
    if (config_load (&rpc->conf, path, err) || resolve_target (rpc, err))
        return -1;
    *ret = steal (&rpc);
    return 0;
}

struct rpc *rpc_free (struct rpc *rpc)
{
    if (!rpc)
        return NULL;
    client_free (rpc->client);
    config_free (rpc->conf);
    free (rpc);
    return NULL;
}

const struct config *rpc_config (const struct rpc *rpc)
{
    return rpc->conf;
}

int rpc_check_clusters (const struct rpc *rpc, const char *clusters, struct err *err)
{
    while (clusters && *clusters) {
        size_t len = strcspn (clusters, ",");

        if (len > 0 && (len != 3 || strncasecmp (clusters, "all", len) != 0) &&
            (len != strlen (rpc->conf->cluster_name) || strncasecmp (clusters, rpc->conf->cluster_name, len) != 0)) {
            err_set (err, 0, "'%.*s' can't be reached now, or it is an invalid entry for --cluster", (int) len,
                     clusters);
            return err_fix (err, "leave --clusters out: %s knows one cluster, \"%s\"", rpc->conf->path,
                            rpc->conf->cluster_name);
        }
        clusters += len;
        clusters += *clusters == ',';
    }
    return 0;
}

bool rpc_in_doubt (const struct rpc *rpc)
{
    return rpc->in_doubt;
}

void rpc_on_retry (struct rpc *rpc, void (*fn) (void *arg, usec_t waited, const struct err *why), void *arg)
{
    rpc->retry = fn;
    rpc->retry_arg = arg;
}

/* The controller said no: its four parts become ours. */
static int refused (const uint8_t *data, size_t len, struct err *err)
{
    Moisson__Failure *failure = moisson__failure__unpack (NULL, len, data);

    if (!failure)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller's refusal cannot be read");
    err_set (err, (int) failure->code, "%s", failure->why ? failure->why : "no reason was given");
    if (failure->what)
        err_what (err, "%s", failure->what);
    if (failure->fix)
        err_fix (err, "%s", failure->fix);
    moisson__failure__free_unpacked (failure, NULL);
    return -1;
}

static int take_reply (const struct request *request, Moisson__MsgType type, const uint8_t *data, size_t len,
                       ProtobufCMessage **ret, struct err *err)
{
    ProtobufCMessage *message;

    if (type == MOISSON__MSG_TYPE__MSG_ERROR)
        return refused (data, len, err);
    if (type != request->reply)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller answered with message %d, not %d",
                        (int) type, (int) request->reply);
    if (!request->descriptor)
        return 0;
    message = protobuf_c_message_unpack (request->descriptor, NULL, len, data);
    if (!message)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller's answer cannot be read");
    *ret = message;
    return 0;
}

static int contact_failed (struct rpc *rpc, int how, bool connected, struct err *err)
{
    _cleanup_err_ struct err cause = *err;
    bool timed_out = connected && how == CLIENT_E_TIMEOUT;

    *err = ERR_INIT;
    rpc->client = client_free (rpc->client);
    err_set (err, 0, "%s",
             timed_out ? "Socket timed out on send/recv operation"
                       : "Unable to contact slurm controller (connect failure)");
    err_fix (err, "see that moissonctld runs on %s, port %u (%s)", rpc->target.address, (unsigned) rpc->target.port,
             cause.why ? cause.why : "no answer");
    return RPC_E_CONTACT;
}

static int receive (struct rpc *rpc, const struct request *request, usec_t timeout, ProtobufCMessage **ret,
                    struct err *err)
{
    Moisson__MsgType type;
    const uint8_t *data;
    size_t len;
    int r = client_receive (rpc->client, &type, &data, &len, timeout, err);

    if (r > 0)
        return contact_failed (rpc, r, true, err);
    if (r < 0)
        return r;
    r = take_reply (request, type, data, len, ret, err);
    if (r && err->code == MOISSON__FAIL_CODE__FAIL_PROTOCOL)
        rpc->client = client_free (rpc->client); /* out of step: never read on */
    else
        rpc->in_doubt = false;
    return r;
}

/* One attempt: open if need be, send, receive. */
static int attempt (struct rpc *rpc, const struct request *request, usec_t timeout, ProtobufCMessage **ret,
                    struct err *err)
{
    static const Moisson__Nothing nothing = MOISSON__NOTHING__INIT;
    int r;

    if (!rpc->client) {
        r = client_open (&rpc->client, &rpc->target, timeout, err);
        if (r > 0)
            return contact_failed (rpc, r, false, err);
        if (r < 0)
            return r;
    }
    rpc->in_doubt = true; /* also if the send fails: what is in the kernel by then may arrive */
    r = client_send (rpc->client, request->type, request->message ? request->message : &nothing.base, timeout, err);
    if (r > 0)
        return contact_failed (rpc, r, true, err);
    if (r < 0)
        return r;
    return receive (rpc, request, timeout, ret, err);
}

/* Commands that were all turned away at once must not all come back at once. */
static void pause_before_retry (usec_t *pause)
{
    uint32_t chance;
    usec_t wait;
    struct timespec ts;

    random_fill (&chance, sizeof chance);
    wait = *pause / 2 + chance % *pause;
    ts = (struct timespec){.tv_sec = (time_t) (wait / USEC_PER_SEC), .tv_nsec = (long) (wait % USEC_PER_SEC) * 1000};
    while (nanosleep (&ts, &ts))
        continue;
    *pause = *pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : *pause * 2;
}

static int exchange (struct rpc *rpc, const struct request *request, usec_t window, usec_t one_try, bool repeat,
                     ProtobufCMessage **ret, struct err *err)
{
    usec_t start = now_monotonic (), pause = FIRST_PAUSE;

    rpc->in_doubt = false;
    for (;;) {
        usec_t waited = now_monotonic () - start;
        usec_t left = window > waited ? window - waited : 0;
        int r;

        r = attempt (rpc, request, left && left < one_try ? left : one_try, ret, err);
        waited = now_monotonic () - start;
        if (r != RPC_E_CONTACT || waited >= window || (rpc->in_doubt && !repeat))
            return r;
        if (rpc->retry)
            rpc->retry (rpc->retry_arg, waited, err);
        pause_before_retry (&pause);
        if (now_monotonic () - start >= window)
            return r;
        err_clear (err);
    }
}

static void hand_over (ProtobufCMessage *message, void *ret)
{
    if (ret)
        *(ProtobufCMessage **) ret = message;
    else if (message)
        protobuf_c_message_free_unpacked (message, NULL);
}

int rpc_request (struct rpc *rpc, enum rpc_policy policy, Moisson__MsgType type, const ProtobufCMessage *message,
                 Moisson__MsgType reply, const ProtobufCMessageDescriptor *descriptor, void *ret, struct err *err)
{
    struct request request = {type, message, reply, descriptor};
    ProtobufCMessage *answer = NULL;
    int r = exchange (rpc, &request, policies[policy].window, policies[policy].one_try, policies[policy].repeat,
                      &answer, err);

    if (!r)
        hand_over (answer, ret);
    return r;
}

int rpc_stream (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType page,
                const ProtobufCMessageDescriptor *descriptor, rpc_page_fn fn, void *arg, struct err *err)
{
    struct request request = {type, message, page, descriptor};
    ProtobufCMessage *answer = NULL;
    int r = exchange (rpc, &request, policies[RPC_QUERY].window, policies[RPC_QUERY].one_try, true, &answer, err);

    while (!r) {
        bool last = fn (arg, answer);

        protobuf_c_message_free_unpacked (answer, NULL);
        answer = NULL;
        if (last)
            return 0;
        r = receive (rpc, &request, policies[RPC_QUERY].one_try, &answer, err);
    }
    return r;
}

int rpc_follow (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType page,
                const ProtobufCMessageDescriptor *descriptor, rpc_page_fn fn, void *arg, struct err *err)
{
    struct request request = {type, message, page, descriptor};
    ProtobufCMessage *answer = NULL;
    int r = attempt (rpc, &request, FOLLOW_SILENCE, &answer, err);

    while (!r) {
        bool last = fn (arg, answer);

        protobuf_c_message_free_unpacked (answer, NULL);
        answer = NULL;
        if (last)
            return 0;
        r = receive (rpc, &request, FOLLOW_SILENCE, &answer, err);
    }
    return r;
}

int rpc_wait (struct rpc *rpc, Moisson__MsgType type, const ProtobufCMessage *message, Moisson__MsgType reply,
              const ProtobufCMessageDescriptor *descriptor, void *ret, struct err *err)
{
    struct request request = {type, message, reply, descriptor};
    ProtobufCMessage *answer = NULL;
    int r = exchange (rpc, &request, UINT64_MAX, WAIT_ASK_AGAIN, true, &answer, err);

    if (!r)
        hand_over (answer, ret);
    return r;
}
