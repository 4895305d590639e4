/* node_enroll.c - `moisson node enroll --controller HOST`: on a node, with no file of the cluster at hand. It may be
 * run again at any time: a key that is there is used again, and what was accepted is given again.
 *
 *   SPOOL/enroll.key     the launcher's (root's): its owner is told the order key. The agent never has it
 *   SPOOL/node.key       the agent's, for sessions
 *   SPOOL/NAME.key.asked new ones of these, until they are accepted
 *   SPOOL/order.key      what the controller gives when an operator has accepted
 *   SPOOL/enrolled.conf  what moissond needs before it has a configuration: where the controller is, and its key */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/config.h"
#include "base/files.h"
#include "base/hostport.h"
#include "base/mem.h"
#include "base/node_keys.h"
#include "command.h"
#include "net/client.h"
#include "node_cmd.h"
#include "proto/enroll.pb-c.h"

#define ONE_TRY (10 * USEC_PER_SEC)
#define PAUSE_FIRST (USEC_PER_SEC / 2)
#define PAUSE_MOST (3 * USEC_PER_SEC)
#define WAITS 2 /* exit status of --no-wait */

struct pair {
    char *path, *used; /* where its secret is now, and belongs in the end */
    uint8_t secret[KEY_SIZE], public_key[KEY_SIZE];
};

struct enrolling {
    char *node, *spool;
    struct pair root, session;
    char fingerprint[FINGERPRINT_SIZE];
    char *host;
    struct client_target target;
};

static void pair_clear (struct pair *p)
{
    explicit_bzero (p->secret, sizeof p->secret);
    free (p->path);
    free (p->used);
}

static void enrolling_clear (struct enrolling *e)
{
    pair_clear (&e->root);
    pair_clear (&e->session);
    free (e->node);
    free (e->spool);
    free (e->host);
}

/* --- what was asked ------------------------------------------------------------------------------------------ */

static int parse_controller (struct enrolling *e, const char *text, struct err *err)
{
    if (hostport_parse (text, "--controller", &e->host, &e->target.port, err) < 0)
        return -1;
    e->target.address = e->host;
    return 0;
}

/* As it was typed; else from a configuration that happens to be here. */
static int find_controller_key (struct enrolling *e, const char *given, struct err *err)
{
    static const char word[] = "ControllerKey=";
    _cleanup_config_ struct config *conf = NULL;
    const char *text = given;

    if (!given && config_load (&conf, config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF")), NULL) == 0)
        text = conf->controller_key;
    if (!text || !*text) {
        err_set (err, 0, "the controller's key is needed, so that nobody else can pass for it");
        return err_fix (err, "on the controller's host: moisson keygen STATE_DIR; then here: --key=WHAT_IT_PRINTS");
    }
    if (!strncmp (text, word, sizeof word - 1))
        text += sizeof word - 1;
    if (base64_decode (text, e->target.key, KEY_SIZE) == 0)
        return 0;
    err_set (err, 0, "\"%.60s\" is no key: 43 characters of base64 are expected", text);
    return err_fix (err, "copy what `moisson keygen STATE_DIR` prints on the controller's host");
}

/* --- keys ---------------------------------------------------------------------------------------------------- */

static int spool_failed (const char *spool, struct err *err)
{
    err_what (err, "the node's directory %s", spool);
    return err->fix ? -1
                    : err_fix (err, "run this as root, or name a directory of yours with --spool, and see that there "
                                    "is room (df)");
}

/* One that is asked for, else the one in use; 1: there is none. */
static int find_pair (struct pair *p, const char *spool, const char *name, struct err *err)
{
    _cleanup_free_ char *asked = xasprintf ("%s/%s.asked", spool, name);

    p->used = xasprintf ("%s/%s", spool, name);
    p->path = xstrdup (access (asked, F_OK) == 0 ? asked : p->used);
    if (access (p->path, F_OK) < 0)
        return 1;
    return key_read (p->path, p->secret, err) || key_public (p->secret, p->public_key) ? -1 : 0;
}

static int make_pair (struct pair *p, const char *spool, const char *name, struct err *err)
{
    free (p->path);
    p->path = xasprintf ("%s/%s.asked", spool, name);
    keypair_make (p->public_key, p->secret);
    if (dir_make (spool, 0755, err) || key_write (p->path, p->secret, err))
        return spool_failed (spool, err);
    return 0;
}

static int find_or_make (struct pair *p, const char *spool, const char *name, bool new_key, struct err *err)
{
    int r = find_pair (p, spool, name, err);

    return r == 1 || (r == 0 && new_key) ? make_pair (p, spool, name, err) : r;
}

static void set_fingerprint (struct enrolling *e)
{
    key_fingerprint (e->node, e->root.public_key, e->session.public_key, e->fingerprint);
}

/* --- the controller's side ----------------------------------------------------------------------------------- */

static int send_request (struct enrolling *e, struct client *c, struct err *err)
{
    Moisson__EnrollRequest request = MOISSON__ENROLL_REQUEST__INIT;
    uint8_t proof[HASH_SIZE];

    if (client_node_proof (c, e->root.secret, e->node, proof) < 0)
        return err_set (err, 0, "%s holds no usable key", e->root.path);
    request.node = e->node;
    request.public_key = (ProtobufCBinaryData){KEY_SIZE, e->root.public_key};
    request.node_key = (ProtobufCBinaryData){KEY_SIZE, e->session.public_key};
    request.proof = (ProtobufCBinaryData){HASH_SIZE, proof};
    request.version = (char *) MOISSON_VERSION;
    return client_send (c, MOISSON__MSG_TYPE__MSG_ENROLL, &request.base, ONE_TRY, err);
}

/* 0; CLIENT_E_*: asking again may help; -1: it will not. */
static int ask (struct enrolling *e, Moisson__EnrollReply **ret, struct err *err)
{
    _cleanup_ (client_freep) struct client *c = NULL;
    Moisson__MsgType type = 0;
    const uint8_t *data;
    size_t len;
    int r = client_open_stranger (&c, &e->target, ONE_TRY, err);

    if (r == 0)
        r = send_request (e, c, err);
    if (r == 0)
        r = client_receive (c, &type, &data, &len, ONE_TRY, err);
    if (r)
        return r;
    if (type == MOISSON__MSG_TYPE__MSG_ERROR) {
        message_failure (data, len, err);
        err_what (err, "node %s is not accepted", e->node);
        return err->code == MOISSON__FAIL_CODE__FAIL_OTHER ? CLIENT_E_CLOSED : -1;
    }
    *ret = type == MOISSON__MSG_TYPE__MSG_ENROLL_REPLY ? message_unpack (&moisson__enroll_reply__descriptor, data, len)
                                                       : NULL;
    return *ret ? 0 : err_set (err, 0, "the controller's answer (message %d) cannot be read", (int) type);
}

/* --- accepted ------------------------------------------------------------------------------------------------ */

static void put_line (struct buf *b, const char *key, const char *value)
{
    if (value && *value)
        buf_printf (b, strpbrk (value, " \t#") ? "%s=\"%s\"\n" : "%s=%s\n", key, value);
}

/* A configuration in which there is nothing but this node and the way to the controller. */
static int write_first_config (const struct enrolling *e, const Moisson__EnrollReply *reply, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/enrolled.conf", e->spool);
    _cleanup_free_ char *key = base64_encode (e->target.key, KEY_SIZE);
    _cleanup_buf_ struct buf text = BUF_INIT, spool = BUF_INIT;

    for (const char *p = e->spool; *p; p++)
        buf_printf (&spool, *p == '%' ? "%%%c" : "%c", *p);
    buf_printf (&text,
                "# By `moisson node enroll`: what moissond needs until the controller gives it the configuration.\n");
    put_line (&text, "ClusterName", reply->cluster);
    put_line (&text, "SlurmctldHost", e->host);
    buf_printf (&text, "SlurmctldPort=%u\n", (unsigned) e->target.port);
    put_line (&text, "ControllerKey", key);
    put_line (&text, "SlurmUser", reply->slurm_user);
    put_line (&text, "AgentUser", reply->agent_user);
    put_line (&text, "SlurmdSpoolDir", buf_str (&spool));
    buf_printf (&text, "NodeName=%s CPUs=1 RealMemory=1\nPartitionName=enrolled Nodes=ALL\n", e->node);
    return file_write (path, text.data, text.len, 0644, 1, err);
}

/* With another order key, what was signed with the one before counts no more, its configurations too. */
static int forget_configurations (const struct enrolling *e, const char *order_path, const uint8_t *order_key,
                                  struct err *err)
{
    _cleanup_free_ char *conf = xasprintf ("%s/conf", e->spool);
    uint8_t before[KEY_SIZE] = {0};
    bool same = access (order_path, F_OK) == 0 && key_read (order_path, before, NULL) == 0 &&
                memcmp (before, order_key, KEY_SIZE) == 0;
    int r = same ? 0 : dir_remove (conf);

    explicit_bzero (before, sizeof before);
    return r && r != -ENOENT ? err_errno (err, -r, "cannot remove %s", conf) : 0;
}

static int put_in_place (const struct pair *p, struct err *err)
{
    if (strcmp (p->path, p->used) != 0 && rename (p->path, p->used) < 0)
        return err_errno (err, errno, "cannot rename %s to %s", p->path, p->used);
    return 0;
}

/* The keys that were asked with come last: before that, all this can be done again. */
static int install (struct enrolling *e, const Moisson__EnrollReply *reply, struct err *err)
{
    _cleanup_free_ char *order_path = xasprintf ("%s/order.key", e->spool);
    uint8_t order_key[KEY_SIZE];
    int r = -1;

    if (key_box_open (reply->order_key.data, reply->order_key.len, e->root.secret, order_key) < 0)
        err_set (err, 0, "the order key that the controller sent is not for this node");
    else
        r = forget_configurations (e, order_path, order_key, err) || write_first_config (e, reply, err) ||
                    key_write (order_path, order_key, err)
                ? spool_failed (e->spool, err)
                : 0;
    explicit_bzero (order_key, sizeof order_key);
    return r || put_in_place (&e->session, err) || put_in_place (&e->root, err) ? -1 : 0;
}

/* --- waiting ------------------------------------------------------------------------------------------------- */

static void say_it_waits (const struct enrolling *e, bool no_wait)
{
    fprintf (
        stderr,
        "Node %s asks the controller at %s port %u to be accepted. The fingerprint of its key is\n\n    %s\n\n"
        "An operator compares that with `moisson node list` there, and says:\n\n    moisson node accept %s %s\n\n%s\n",
        e->node, e->host, (unsigned) e->target.port, e->fingerprint, e->node, e->fingerprint,
        no_wait ? "Then repeat this command." : "Waiting for that. (After Ctrl-C: repeat this command.)");
}

static void pause_for (usec_t *pause)
{
    struct timespec ts = {.tv_sec = (time_t) (*pause / USEC_PER_SEC), .tv_nsec = (long) (*pause % USEC_PER_SEC) * 1000};

    while (nanosleep (&ts, &ts) < 0 && errno == EINTR)
        continue;
    *pause = *pause * 3 / 2 < PAUSE_MOST ? *pause * 3 / 2 : PAUSE_MOST;
}

/* Once it has answered, a controller that is away comes back: keep asking, and say so once. */
static void say_it_is_away (const struct err *why, bool *said)
{
    _cleanup_free_ char *line = err_line (why);

    if (!*said)
        fprintf (stderr, NODE_TOOL ": %s; still asking\n", line);
    *said = true;
}

/* 0: *ret says accepted; WAITS; -1. */
static int wait_for_decision (struct enrolling *e, bool no_wait, Moisson__EnrollReply **ret, struct err *err)
{
    bool told = false, away = false;
    usec_t pause = PAUSE_FIRST;

    for (;; pause_for (&pause)) {
        Moisson__EnrollReply *reply = NULL;
        int r = ask (e, &reply, err);

        if (r && (r < 0 || !told))
            return -1;
        if (r) {
            say_it_is_away (err, &away);
            err_clear (err);
            continue;
        }
        if (away)
            fprintf (stderr, NODE_TOOL ": the controller is back\n");
        away = false;
        if (reply->state == MOISSON__ENROLL_STATE__ENROLL_ACCEPTED) {
            *ret = reply;
            return 0;
        }
        moisson__enroll_reply__free_unpacked (reply, NULL);
        if (!told)
            say_it_waits (e, no_wait);
        told = true;
        if (no_wait)
            return WAITS;
    }
}

static int prepare (struct enrolling *e, const struct node_options *o, const char *node, struct err *err)
{
    if (node_name_or_host (node, &e->node, err) < 0 || parse_controller (e, o->controller, err) < 0 ||
        find_controller_key (e, o->key, err) < 0)
        return -1;
    e->spool = node_spool (o, e->node);
    if (*e->spool != '/')
        return err_set (err, 0, "--spool=%s is no absolute path", e->spool);
    if (find_or_make (&e->root, e->spool, "enroll.key", o->new_key, err) < 0 ||
        find_or_make (&e->session, e->spool, "node.key", o->new_key, err) < 0)
        return -1;
    set_fingerprint (e);
    return 0;
}

int node_enroll_net (const struct node_options *o, const char *node)
{
    _cleanup_ (enrolling_clear) struct enrolling e = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__EnrollReply *reply = NULL;
    int r = prepare (&e, o, node, &err);

    if (r == 0)
        r = wait_for_decision (&e, o->no_wait, &reply, &err);
    if (r == 0)
        r = install (&e, reply, &err);
    if (reply)
        moisson__enroll_reply__free_unpacked (reply, NULL);
    if (r < 0) {
        err_report (NODE_TOOL, &err);
        return COMMAND_ERROR;
    }
    if (r == 0)
        printf ("%s is enrolled: its keys and the way to the controller are in %s\n"
                "Start it, or end it and start it again, with: moissond -N %s%s%s\n",
                e.node, e.spool, e.node, o->spool ? " --spool " : "", o->spool ? e.spool : "");
    return r;
}

int node_fingerprint (const struct node_options *o, int n, char **words)
{
    _cleanup_ (enrolling_clear) struct enrolling e = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int r = n > 1 ? err_set (&err, 0, "one name at most") : node_name_or_host (n ? words[0] : NULL, &e.node, &err);

    if (r == 0) {
        e.spool = node_spool (o, e.node);
        r = find_pair (&e.session, e.spool, "node.key", &err);
        if (r == 0 && (r = find_pair (&e.root, e.spool, "enroll.key", &err)) == 1)
            r = 0; /* enrolled at the controller's side: zeros stand for it */
        set_fingerprint (&e);
    }
    if (r == 1) {
        err_set (&err, 0, "there is no key in %s", e.spool);
        err_fix (&err, "make one: moisson node enroll --controller HOST --key KEY %s", e.node);
    }
    if (r) {
        err_report (NODE_TOOL, &err);
        return COMMAND_ERROR;
    }
    printf ("%s %s\n", e.node, e.fingerprint);
    return 0;
}
