/* client.c - the blocking side, for commands: one socket, one deadline a call. */
#include "net/client.h"
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include "base/mem.h"
#include "net/internal.h"

#define LENGTH_SIZE 4
#define TYPE_SIZE 2
#define READ_SIZE (64u << 10)
#define PIECE_MAX (1u << 20)

struct client {
    int fd;
    struct seal *seal;
    struct bytes in;
    uint8_t *plain;
    size_t plain_room;
};

struct client *client_free (struct client *c)
{
    if (!c)
        return NULL;
    if (c->fd >= 0)
        close (c->fd);
    seal_free (c->seal);
    free (c->in.data);
    free (c->plain);
    free (c);
    return NULL;
}

/* --- bytes with a deadline (monotonic; 0 = never) ------------------------------------------------------------------
 */

static usec_t deadline_in (usec_t timeout)
{
    return timeout ? now_monotonic () + timeout : 0;
}

static int wait_for (int fd, short events, usec_t deadline, struct err *err)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        usec_t now = now_monotonic (), left = deadline > now ? deadline - now : 0;
        int ms = !deadline ? -1 : left / 1000 >= INT32_MAX ? INT32_MAX : (int) ((left + 999) / 1000);
        int n = poll (&p, 1, ms);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_errno (err, errno, "cannot wait for the controller");
        if (deadline && now_monotonic () >= deadline) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "the controller did not answer in time");
            return CLIENT_E_TIMEOUT;
        }
    }
}

static int lost (int errnum, struct err *err)
{
    if (errnum)
        err_errno (err, errnum, "the connection to the controller was lost");
    else
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "the controller closed the connection");
    return CLIENT_E_CLOSED;
}

static int send_all (int fd, const uint8_t *data, size_t len, usec_t deadline, struct err *err)
{
    while (len) {
        ssize_t n = socket_send (fd, data, len < PIECE_MAX ? len : PIECE_MAX);
        if (n == -EAGAIN) {
            int r = wait_for (fd, POLLOUT, deadline, err);
            if (r)
                return r;
            continue;
        }
        if (n < 0)
            return lost ((int) -n, err);
        data += n;
        len -= (size_t) n;
    }
    return 0;
}

/* Until `want` bytes are in the buffer; reads more if more is there. */
static int fill (struct client *c, size_t want, usec_t deadline, struct err *err)
{
    while (bytes_len (&c->in) < want) {
        size_t missing = want - bytes_len (&c->in), room = missing < READ_SIZE ? READ_SIZE : PIECE_MAX;
        ssize_t n = socket_recv (c->fd, bytes_reserve (&c->in, room), room);
        if (n == -EAGAIN) {
            int r = wait_for (c->fd, POLLIN, deadline, err);
            if (r)
                return r;
            continue;
        }
        if (n <= 0)
            return lost ((int) -n, err);
        c->in.end += (size_t) n;
    }
    return 0;
}

/* --- messages ------------------------------------------------------------------------------------------------------
 */

static int send_message (struct client *c, Moisson__MsgType type, const ProtobufCMessage *msg, usec_t deadline,
                         struct err *err)
{
    size_t len, sealed;
    _cleanup_free_ uint8_t *plain = message_pack (type, msg, &len);
    _cleanup_free_ uint8_t *frame = NULL;

    sealed = seal_size (len);
    if (sealed > FRAME_MAX) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the request has %zu bytes, at most %u can be sent", len,
                 FRAME_MAX);
        return err_fix (err, "put large data into files and pass their names");
    }
    frame = xmalloc (LENGTH_SIZE + sealed);
    memcpy (frame,
            (uint8_t[]){(uint8_t) (sealed >> 24), (uint8_t) (sealed >> 16), (uint8_t) (sealed >> 8), (uint8_t) sealed},
            LENGTH_SIZE);
    seal_frame (c->seal, plain, len, frame + LENGTH_SIZE);
    return send_all (c->fd, frame, LENGTH_SIZE + sealed, deadline, err);
}

static int receive_message (struct client *c, Moisson__MsgType *ret_type, const uint8_t **ret_data, size_t *ret_len,
                            usec_t deadline, struct err *err)
{
    size_t len, n;
    int r = fill (c, LENGTH_SIZE, deadline, err);

    if (r)
        return r;
    const uint8_t *p = c->in.data + c->in.start;
    len = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
    if (len < seal_size (TYPE_SIZE) || len > FRAME_MAX)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller announced a frame of %zu bytes", len);
    r = fill (c, LENGTH_SIZE + len, deadline, err);
    if (r)
        return r;
    if (c->plain_room < len) {
        free (c->plain);
        c->plain = xmalloc (len);
        c->plain_room = len;
    }
    if (seal_open (c->seal, c->in.data + c->in.start + LENGTH_SIZE, len, c->plain, &n, err) < 0)
        return -1;
    bytes_take (&c->in, LENGTH_SIZE + len);
    *ret_type = (Moisson__MsgType) (c->plain[0] << 8 | c->plain[1]);
    *ret_data = c->plain + TYPE_SIZE;
    *ret_len = n - TYPE_SIZE;
    return 0;
}

int client_send (struct client *c, Moisson__MsgType type, const ProtobufCMessage *msg, usec_t timeout, struct err *err)
{
    return send_message (c, type, msg, deadline_in (timeout), err);
}

int client_receive (struct client *c, Moisson__MsgType *ret_type, const uint8_t **ret_data, size_t *ret_len,
                    usec_t timeout, struct err *err)
{
    return receive_message (c, ret_type, ret_data, ret_len, deadline_in (timeout), err);
}

/* --- opening -------------------------------------------------------------------------------------------------------
 */

static int connect_one (struct client *c, const struct addrinfo *ai, usec_t deadline, struct err *err)
{
    int r = socket_connect_start (ai);

    if (r < 0)
        return err_errno (err, -r, "cannot connect"), CLIENT_E_CONNECT;
    c->fd = r;
    r = wait_for (c->fd, POLLOUT, deadline, err);
    if (r == 0 && (r = socket_error (c->fd)) != 0)
        return err_errno (err, r, "cannot connect"), CLIENT_E_CONNECT;
    return r;
}

/* Each address gets its share of the time, so that a dead one does not use up that of the others. */
static int connect_any (struct client *c, const struct client_target *t, usec_t deadline, struct err *err)
{
    struct addrinfo *list = NULL;
    unsigned left = 0;
    int r = socket_resolve (&list, t->address, t->port, err);

    if (r)
        return r;
    for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
        left++;
    r = CLIENT_E_CONNECT;
    for (const struct addrinfo *ai = list; ai && r; ai = ai->ai_next, left--) {
        usec_t now = now_monotonic (), rest = deadline > now ? deadline - now : 0;
        if (c->fd >= 0)
            close (c->fd);
        c->fd = -1;
        r = connect_one (c, ai, deadline ? now + rest / left : 0, err);
    }
    freeaddrinfo (list);
    return r;
}

static int prove_user (struct client *c, const struct client_target *t, usec_t deadline, struct err *err)
{
    Moisson__AuthUser auth = MOISSON__AUTH_USER__INIT;
    _cleanup_free_ char *credential = NULL;
    uint8_t binding[SEAL_BINDING_SIZE];

    seal_binding (c->seal, binding);
    if (credential_make (&credential, binding, t->munge_socket, t->controller_uid, err) < 0)
        return -1;
    auth.credential = credential;
    return send_message (c, MOISSON__MSG_TYPE__MSG_AUTH_USER, &auth.base, deadline, err);
}

static int await_welcome (struct client *c, const uint8_t *key, usec_t deadline, struct err *err)
{
    uint8_t hello[HELLO_SIZE], header[CLIENT_HEADER_SIZE];
    int r;

    c->seal = seal_client (key, hello);
    if ((r = send_all (c->fd, hello, sizeof hello, deadline, err)) || (r = fill (c, WELCOME_SIZE, deadline, err)))
        return r;
    if (seal_client_welcome (c->seal, c->in.data + c->in.start, header, err) < 0)
        return -1;
    bytes_take (&c->in, WELCOME_SIZE);
    return send_all (c->fd, header, CLIENT_HEADER_SIZE, deadline, err);
}

static int await_verdict (struct client *c, usec_t deadline, struct err *err)
{
    Moisson__MsgType type;
    const uint8_t *data;
    size_t len;
    int r = receive_message (c, &type, &data, &len, deadline, err);

    if (r || type == MOISSON__MSG_TYPE__MSG_AUTH_OK)
        return r;
    if (type != MOISSON__MSG_TYPE__MSG_ERROR)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the controller answered a login with message %d",
                        type);
    struct err refusal = ERR_INIT; /* a refusal without err would lose its code */
    message_failure (data, len, &refusal);
    bool passing = refusal.code == MOISSON__FAIL_CODE__FAIL_OTHER;
    if (err) {
        err_clear (err);
        *err = refusal;
    } else {
        err_clear (&refusal);
    }
    return passing ? CLIENT_E_CLOSED : -1;
}

/* A connection to who has that key. */
static int connect_sealed (struct client **ret, const struct client_target *target, const uint8_t *key, usec_t deadline,
                           struct err *err)
{
    _cleanup_ (client_freep) struct client *c = xcalloc (1, sizeof *c);
    int r;

    c->fd = -1;
    r = connect_any (c, target, deadline, err);
    if (r == 0)
        r = await_welcome (c, key, deadline, err);
    if (r == 0)
        *ret = steal (&c);
    return r;
}

static int open_session (struct client **ret, const struct client_target *target, bool login, usec_t timeout,
                         struct err *err)
{
    _cleanup_ (client_freep) struct client *c = NULL;
    usec_t deadline = deadline_in (timeout);
    int r = connect_sealed (&c, target, target->key, deadline, err);

    if (r < 0 && target->has_next_key && connect_sealed (&c, target, target->next_key, deadline, NULL) == 0) {
        err_clear (err);
        r = 0;
    }
    if (r == 0 && login)
        r = prove_user (c, target, deadline, err);
    if (r == 0 && login)
        r = await_verdict (c, deadline, err);
    if (r) {
        err_what (err, "no session with the controller at %s port %u", target->address, (unsigned) target->port);
        return r;
    }
    *ret = steal (&c);
    return 0;
}

int client_open (struct client **ret, const struct client_target *target, usec_t timeout, struct err *err)
{
    return open_session (ret, target, true, timeout, err);
}

int client_open_stranger (struct client **ret, const struct client_target *target, usec_t timeout, struct err *err)
{
    return open_session (ret, target, false, timeout, err);
}

int client_node_proof (const struct client *c, const uint8_t node_secret[KEY_SIZE], const char *node,
                       uint8_t ret_proof[HASH_SIZE])
{
    return seal_node_proof (c->seal, node_secret, node, ret_proof);
}
