/* dial.c - one attempt of a node agent to reach the controller, on the loop. Whatever happens, exactly one of the two
 * callbacks is called, from the loop, and is the last thing the dial does. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include "base/mem.h"
#include "net/client.h"
#include "net/internal.h"

struct dial {
    struct loop *loop;
    void (*on_up) (void *arg, struct channel *ch);
    void (*on_failed) (void *arg, const struct err *why);
    void *arg;
    char *node, *address;
    uint8_t controller_key[KEY_SIZE], node_secret[KEY_SIZE];
    struct resolve *resolve;
    struct addrinfo *list;
    const struct addrinfo *next;  /* to try */
    usec_t deadline;              /* monotonic; 0 = none */
    struct timer *timeout, *soon; /* soon: fail or go on from the loop, not from within a caller */
    struct timer *share;          /* what one address may take of the time while others are left */
    struct watch *watch;
    int fd;
    struct seal *seal;
    uint8_t welcome[WELCOME_SIZE];
    size_t have;
    struct channel *channel;
    struct err err;
};

struct dial *dial_free (struct dial *d)
{
    if (!d)
        return NULL;
    watch_free (d->watch);
    timer_free (d->timeout);
    timer_free (d->soon);
    timer_free (d->share);
    resolve_cancel (d->resolve);
    channel_free (d->channel);
    seal_free (d->seal);
    if (d->fd >= 0)
        close (d->fd);
    if (d->list)
        freeaddrinfo (d->list);
    explicit_bzero (d->node_secret, sizeof d->node_secret);
    err_clear (&d->err);
    free (d->node);
    free (d->address);
    free (d);
    return NULL;
}

static void stop_trying (struct dial *d)
{
    d->watch = watch_free (d->watch);
    d->channel = channel_free (d->channel);
    d->seal = seal_free (d->seal);
    if (d->fd >= 0)
        close (d->fd);
    d->fd = -1;
}

static void fail (struct dial *d)
{
    stop_trying (d);
    timer_disarm (d->timeout);
    timer_disarm (d->soon);
    timer_disarm (d->share);
    d->resolve = resolve_cancel (d->resolve);
    err_what (&d->err, "no session with the controller at %s", d->address);
    d->on_failed (d->arg, &d->err); /* may free d */
}

static void try_next (struct dial *d);

/* --- authenticated? ------------------------------------------------------------------------------------------------
 */

static void on_verdict (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct dial *d = arg;

    if (type == MOISSON__MSG_TYPE__MSG_AUTH_OK) {
        struct channel *ch = steal (&d->channel);
        timer_disarm (d->timeout);
        timer_disarm (d->share);
        channel_set_max_frame (ch, FRAME_MAX);
        channel_handle (ch, &(const struct channel_handlers){0}, NULL); /* until the new owner sets its own */
        d->on_up (d->arg, ch);                                          /* may free d */
        return;
    }
    if (type == MOISSON__MSG_TYPE__MSG_ERROR)
        message_failure (data, len, &d->err);
    else
        err_set (&d->err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller answered a login with message %d", type);
    fail (d);
}

static void on_lost (void *arg, const struct err *why)
{
    struct dial *d = arg;

    err_set (&d->err, why->code, "%s", why->why);
    fail (d);
}

static void prove_node (struct dial *d, const uint8_t *header)
{
    static const struct channel_handlers handlers = {.on_message = on_verdict, .on_closed = on_lost};
    Moisson__AuthNode auth = MOISSON__AUTH_NODE__INIT;
    uint8_t proof[HASH_SIZE];
    ssize_t n = socket_send (d->fd, header, CLIENT_HEADER_SIZE);

    if (n != CLIENT_HEADER_SIZE || seal_node_proof (d->seal, d->node_secret, d->node, proof) < 0) {
        err_set (&d->err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the handshake with the controller failed: %s",
                 n < 0 ? strerror ((int) -n) : "it was cut short");
        fail (d);
        return;
    }
    d->watch = watch_free (d->watch);
    d->channel = channel_create (d->loop, d->fd, steal (&d->seal), FRAME_MAX_UNKNOWN);
    d->fd = -1; /* the channel's now */
    auth.node = d->node;
    auth.proof = (ProtobufCBinaryData){sizeof proof, proof};
    channel_handle (d->channel, &handlers, d);
    channel_send (d->channel, MOISSON__MSG_TYPE__MSG_AUTH_NODE, &auth.base);
}

/* --- welcome -------------------------------------------------------------------------------------------------------
 */

static void on_welcome (void *arg, int events)
{
    struct dial *d = arg;
    uint8_t header[CLIENT_HEADER_SIZE];
    ssize_t n = socket_recv (d->fd, d->welcome + d->have, sizeof d->welcome - d->have);

    (void) events;
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        if (n < 0)
            err_errno (&d->err, (int) -n, "the connection was lost during the handshake");
        else
            err_set (&d->err, MOISSON__FAIL_CODE__FAIL_OTHER, "the connection was closed during the handshake");
        fail (d);
        return;
    }
    d->have += (size_t) n;
    if (d->have < sizeof d->welcome)
        return;
    if (seal_client_welcome (d->seal, d->welcome, header, &d->err) < 0)
        fail (d);
    else
        prove_node (d, header);
}

/* --- connecting ----------------------------------------------------------------------------------------------------
 */

static void say_hello (struct dial *d)
{
    uint8_t hello[HELLO_SIZE];

    d->seal = seal_client (d->controller_key, hello);
    d->have = 0;
    if (socket_send (d->fd, hello, sizeof hello) != sizeof hello) { /* a fresh socket takes that much at once */
        err_set (&d->err, MOISSON__FAIL_CODE__FAIL_OTHER, "the connection was lost during the handshake");
        fail (d);
        return;
    }
    watch_free (d->watch);
    d->watch = watch_create (d->loop, d->fd, on_welcome, d);
    watch_set (d->watch, WATCH_READ);
}

static void on_connected (void *arg, int events)
{
    struct dial *d = arg;
    int error = socket_error (d->fd);

    (void) events;
    if (!error) {
        say_hello (d);
        return;
    }
    err_errno (&d->err, error, "cannot connect");
    try_next (d);
}

/* Each address gets its share of the time, so that one that is silent does not use up that of the others. */
static void arm_share (struct dial *d)
{
    usec_t now = now_monotonic (), left = 1;

    for (const struct addrinfo *ai = d->next; ai; ai = ai->ai_next)
        left++;
    timer_disarm (d->share);
    if (d->deadline && left > 1)
        timer_arm (d->share, d->deadline > now ? (d->deadline - now) / left : 0);
}

static void try_next (struct dial *d)
{
    stop_trying (d);
    while (d->next) {
        int fd = socket_connect_start (d->next);
        d->next = d->next->ai_next;
        if (fd < 0) {
            err_errno (&d->err, -fd, "cannot connect");
            continue;
        }
        arm_share (d);
        d->fd = fd;
        d->watch = watch_create (d->loop, fd, on_connected, d);
        watch_set (d->watch, WATCH_WRITE);
        return;
    }
    fail (d);
}

static void on_soon (void *arg)
{
    try_next (arg);
}

static void on_share_over (void *arg)
{
    struct dial *d = arg;

    err_set (&d->err, MOISSON__FAIL_CODE__FAIL_OTHER, "no answer in time");
    try_next (d);
}

static void on_timeout (void *arg)
{
    struct dial *d = arg;

    if (d->resolve)
        err_set (&d->err, MOISSON__FAIL_CODE__FAIL_OTHER, "its name could not be looked up in time");
    else
        err_set (&d->err, MOISSON__FAIL_CODE__FAIL_OTHER, "no answer in time");
    fail (d);
}

static void on_resolved (void *arg, struct addrinfo *list, const struct err *why)
{
    struct dial *d = arg;

    d->resolve = NULL;
    d->next = d->list = list;
    if (!list) {
        err_set (&d->err, why->code, "%s", why->why);
        err_fix (&d->err, "%s", why->fix ? why->fix : "check SlurmctldHost in the configuration");
    }
    try_next (d);
}

struct dial *dial_start (struct loop *loop, const struct dial_options *options,
                         void (*on_up) (void *arg, struct channel *ch),
                         void (*on_failed) (void *arg, const struct err *why), void *arg)
{
    struct dial *d = xcalloc (1, sizeof *d);

    *d = (struct dial){.loop = loop, .on_up = on_up, .on_failed = on_failed, .arg = arg, .fd = -1};
    d->node = xstrdup (options->node);
    d->address = xasprintf ("%s port %u", options->address, (unsigned) options->port);
    memcpy (d->controller_key, options->controller_key, KEY_SIZE);
    memcpy (d->node_secret, options->node_secret, KEY_SIZE);
    d->timeout = timer_create_in (loop, on_timeout, d);
    d->soon = timer_create_in (loop, on_soon, d);
    d->share = timer_create_in (loop, on_share_over, d);
    d->next = d->list = socket_numeric (options->address, options->port);
    if (!d->list)
        d->resolve = resolve_start (loop, options->address, options->port, on_resolved, d, &d->err);
    if (options->timeout) {
        d->deadline = now_monotonic () + options->timeout;
        timer_arm (d->timeout, options->timeout);
    }
    if (!d->resolve)
        timer_arm (d->soon, 0);
    return d;
}
