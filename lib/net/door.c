/* door.c - the controller's listening side. A connection is a `stranger` until it is authenticated:
 *
 *   HELLO --hello, we send the welcome--> HEADER --stream header--> LOGIN --credential--> CHECKING --> session
 *                                                                     |------node proof------------> session
 *                                                                     `------enrolment: answered, and no more (TOLD)
 *   any refusal is said in words (TOLD, too) and the peer has a moment to read it.
 *
 * Strangers are bounded in number: the oldest goes when another comes, and a source that holds half of the places pays
 * for its own. They are bounded in time, and in bytes (FRAME_MAX_UNKNOWN). */
#include "net/door.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include "base/mem.h"
#include "net/internal.h"
#include "proto/enroll.pb-c.h"

#define BACKLOG 4096
#define ACCEPTS_A_TURN 16
#define TOLD_US USEC_PER_SEC     /* to read what we said */
#define CROWDED_US (100 * 1000u) /* pause when the process has no descriptor left */

enum stage { HELLO, HEADER, LOGIN, CHECKING, TOLD };

struct stranger {
    struct door *door;
    enum stage stage;
    int fd; /* until the channel has it */
    struct watch *watch;
    struct timer *timer;
    struct seal *seal;
    struct channel *ch;
    struct auth_check *check;
    struct in6_addr from;
    uint8_t input[HELLO_SIZE];
    size_t have;
    TAILQ_ENTRY (stranger) link; /* in the order of coming */
};

struct door {
    struct loop *loop;
    int fd;
    uint16_t port;
    struct watch *watch;
    struct timer *pause;
    uint8_t secret[KEY_SIZE];
    unsigned max_unknown;
    usec_t unknown_timeout;
    struct node_keys keys;
    struct auth_pool *pool;
    door_session_fn fn;
    void *arg;
    door_enroll_fn enroll;
    void *enroll_arg;
    TAILQ_HEAD (strangers, stranger) strangers;
    unsigned n_strangers;
    struct door_stats stats;
};

_Static_assert(HELLO_SIZE >= CLIENT_HEADER_SIZE, "one input buffer serves both");

uint16_t door_port (const struct door *door)
{
    return door->port;
}

struct door_stats door_stats (const struct door *door)
{
    return door->stats;
}

/* --- strangers -----------------------------------------------------------------------------------------------------
 */

static void stranger_free (struct stranger *s)
{
    auth_cancel (s->check);
    watch_free (s->watch);
    timer_free (s->timer);
    seal_free (s->seal);
    channel_free (s->ch);
    if (s->fd >= 0)
        close (s->fd);
    TAILQ_REMOVE (&s->door->strangers, s, link);
    s->door->n_strangers--;
    free (s);
}

static void on_stranger_timeout (void *arg)
{
    struct stranger *s = arg;

    if (s->stage != TOLD)
        s->door->stats.timed_out++;
    stranger_free (s);
}

/* The last word to a stranger. */
static void tell (struct stranger *s, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    s->stage = TOLD;
    channel_send (s->ch, type, msg);
    channel_pause (s->ch, false); /* to see it hang up */
    timer_arm (s->timer, TOLD_US);
}

static void refuse (struct stranger *s, const struct err *why)
{
    Moisson__Failure failure = MOISSON__FAILURE__INIT;

    s->door->stats.refused++;
    failure.code = (Moisson__FailCode) why->code;
    failure.what = (char *) "login refused";
    failure.why = why->why;
    failure.fix = why->fix;
    tell (s, MOISSON__MSG_TYPE__MSG_ERROR, &failure.base);
}

static void welcome_peer (struct stranger *s, const struct peer *peer)
{
    Moisson__AuthOk ok = MOISSON__AUTH_OK__INIT;
    struct door *door = s->door;
    struct channel *ch = steal (&s->ch);

    stranger_free (s);
    door->stats.sessions++;
    ok.uid = peer->uid;
    ok.has_now_us = true;
    ok.now_us = now_wall ();
    channel_set_max_frame (ch, FRAME_MAX);
    channel_handle (ch, &(const struct channel_handlers){0}, NULL); /* until the new owner sets its own */
    channel_send (ch, MOISSON__MSG_TYPE__MSG_AUTH_OK, &ok.base);
    channel_pause (ch, false);
    door->fn (door->arg, ch, peer);
}

static void on_checked (void *arg, uint32_t uid, uint32_t gid, const struct err *refused)
{
    struct stranger *s = arg;

    s->check = NULL;
    if (refused)
        refuse (s, refused);
    else
        welcome_peer (s, &(const struct peer){.uid = uid, .gid = gid});
}

static int login_user (struct stranger *s, const uint8_t *data, size_t len, struct err *err)
{
    Moisson__AuthUser *m = message_unpack (&moisson__auth_user__descriptor, data, len);
    uint8_t binding[SEAL_BINDING_SIZE];

    if (!m)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the login message cannot be read");
    seal_binding (channel_seal (s->ch), binding);
    s->stage = CHECKING;
    channel_pause (s->ch, true);
    s->check = auth_start (s->door->pool, m->credential, binding, on_checked, s);
    protobuf_c_message_free_unpacked (&m->base, NULL);
    return 0;
}

static bool proves (const struct stranger *s, const uint8_t *key, const Moisson__AuthNode *m)
{
    return seal_node_proof_ok (channel_seal (s->ch), key, m->node, m->proof.data, m->proof.len);
}

static int check_node (const struct stranger *s, const Moisson__AuthNode *m, struct peer *ret, struct err *err)
{
    const struct node_key *key = node_keys_find (&s->door->keys, m->node);

    if (!key) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "node %s is not enrolled", m->node);
        return err_fix (err, "moisson node enroll %s (see the guide for its options)", m->node);
    }
    if (key->revoked) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "an operator has revoked the keys of node %s", m->node);
        return err_fix (err, "ask why; then, with a new key: moisson node enroll --new-key %s", m->node);
    }
    *ret = (struct peer){.is_node = true, .uid = geteuid (), .gid = getegid (), .node = key->node};
    if (proves (s, key->public_key, m))
        return 0;
    ret->next_key = key->has_next && proves (s, key->next_public, m);
    if (ret->next_key)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "node %s has a key that is not the one it was enrolled with", m->node);
    return err_fix (err, "if it has just been enrolled anew, restart moissond there; else: moisson node enroll %s",
                    m->node);
}

static int login_node (struct stranger *s, const uint8_t *data, size_t len, struct err *err)
{
    Moisson__AuthNode *m = message_unpack (&moisson__auth_node__descriptor, data, len);
    struct peer peer;
    int r;

    if (!m)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the login message cannot be read");
    r = check_node (s, m, &peer, err);
    protobuf_c_message_free_unpacked (&m->base, NULL);
    if (r == 0) /* the last use of s */
        welcome_peer (s, &peer);
    return r;
}

/* --- nodes that have no identity yet --- */

static void address_text (const struct in6_addr *from, char ret[DOOR_ADDRESS_SIZE])
{
    _Static_assert(DOOR_ADDRESS_SIZE == INET6_ADDRSTRLEN, "room for an address");
    const void *at = IN6_IS_ADDR_V4MAPPED (from) ? (const void *) (from->s6_addr + 12) : (const void *) from;

    if (!inet_ntop (IN6_IS_ADDR_V4MAPPED (from) ? AF_INET : AF_INET6, at, ret, DOOR_ADDRESS_SIZE))
        *ret = '\0';
}

static int check_asker (const struct stranger *s, const Moisson__EnrollRequest *m, struct err *err)
{
    if (node_name_check (m->node, err) < 0)
        return -1;
    if (m->public_key.len == KEY_SIZE && m->node_key.len == KEY_SIZE &&
        seal_node_proof_ok (channel_seal (s->ch), m->public_key.data, m->node, m->proof.data, m->proof.len))
        return 0;
    return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "the node does not have the secret half of its key");
}

static int answer_asker (struct stranger *s, const Moisson__EnrollRequest *m, struct err *err)
{
    Moisson__EnrollReply reply = MOISSON__ENROLL_REPLY__INIT;
    struct door_asker asker = {.node = m->node};
    struct door_answer answer = {0};
    struct door *door = s->door;

    if (!door->enroll)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "nodes are not enrolled over the network here");
    if (check_asker (s, m, err) < 0)
        return -1;
    memcpy (asker.enroll_key, m->public_key.data, KEY_SIZE);
    memcpy (asker.public_key, m->node_key.data, KEY_SIZE);
    address_text (&s->from, asker.address);
    if (door->enroll (door->enroll_arg, &asker, &answer, err) < 0)
        return -1;
    reply.state = answer.accepted ? MOISSON__ENROLL_STATE__ENROLL_ACCEPTED : MOISSON__ENROLL_STATE__ENROLL_PENDING;
    reply.has_order_key = answer.accepted;
    reply.order_key = (ProtobufCBinaryData){answer.accepted ? KEY_BOX_SIZE : 0, answer.order_key};
    reply.cluster = (char *) answer.cluster;
    reply.slurm_user = (char *) answer.slurm_user;
    reply.agent_user = (char *) answer.agent_user;
    door->stats.enrolling++;
    tell (s, MOISSON__MSG_TYPE__MSG_ENROLL_REPLY, &reply.base);
    return 0;
}

static int take_asker (struct stranger *s, const uint8_t *data, size_t len, struct err *err)
{
    Moisson__EnrollRequest *m = message_unpack (&moisson__enroll_request__descriptor, data, len);
    int r;

    if (!m)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the request for enrolment cannot be read");
    r = answer_asker (s, m, err);
    protobuf_c_message_free_unpacked (&m->base, NULL);
    return r;
}

static void on_login (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct stranger *s = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    int r;

    if (s->stage != LOGIN)
        return;
    if (type == MOISSON__MSG_TYPE__MSG_AUTH_USER)
        r = login_user (s, data, len, &err);
    else if (type == MOISSON__MSG_TYPE__MSG_AUTH_NODE)
        r = login_node (s, data, len, &err);
    else if (type == MOISSON__MSG_TYPE__MSG_ENROLL)
        r = take_asker (s, data, len, &err);
    else
        r = err_set (&err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "message %d came before a login", type);
    if (r < 0)
        refuse (s, &err);
}

static void on_stranger_gone (void *arg, const struct err *why)
{
    (void) why;
    stranger_free (arg);
}

/* --- handshake -----------------------------------------------------------------------------------------------------
 */

static void take_hello (struct stranger *s)
{
    uint8_t welcome[WELCOME_SIZE];
    int r = seal_server (&s->seal, s->door->secret, s->input, welcome, NULL);

    /* A fresh socket takes the welcome at once; the refusal of a version is of the same size, and the last thing said.
     */
    if (r < 0 || socket_send (s->fd, welcome, sizeof welcome) != sizeof welcome || r == SEAL_E_VERSION) {
        s->door->stats.refused++;
        stranger_free (s);
        return;
    }
    s->stage = HEADER;
    s->have = 0;
}

static void take_header (struct stranger *s)
{
    static const struct channel_handlers handlers = {.on_message = on_login, .on_closed = on_stranger_gone};

    if (seal_server_header (s->seal, s->input, NULL) < 0) {
        s->door->stats.refused++;
        stranger_free (s);
        return;
    }
    s->watch = watch_free (s->watch);
    s->ch = channel_create (s->door->loop, s->fd, steal (&s->seal), FRAME_MAX_UNKNOWN);
    s->fd = -1; /* the channel's now */
    s->stage = LOGIN;
    channel_handle (s->ch, &handlers, s);
}

static void on_stranger (void *arg, int events)
{
    struct stranger *s = arg;
    size_t want = s->stage == HELLO ? HELLO_SIZE : CLIENT_HEADER_SIZE;
    ssize_t n = socket_recv (s->fd, s->input + s->have, want - s->have);

    (void) events;
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        stranger_free (s);
        return;
    }
    s->have += (size_t) n;
    if (s->have < want)
        return;
    if (s->stage == HELLO)
        take_hello (s);
    else
        take_header (s);
}

/* --- accepting -----------------------------------------------------------------------------------------------------
 */

static void source_of (const struct sockaddr_storage *from, struct in6_addr *ret)
{
    memset (ret, 0, sizeof *ret);
    if (from->ss_family == AF_INET6) {
        *ret = ((const struct sockaddr_in6 *) from)->sin6_addr;
    } else if (from->ss_family == AF_INET) { /* as a mapped address, like a socket for both families sees it */
        ret->s6_addr[10] = ret->s6_addr[11] = 0xff;
        memcpy (ret->s6_addr + 12, &((const struct sockaddr_in *) from)->sin_addr, 4);
    }
}

/* Who has to go for one more from this source: the oldest, of the source itself if that holds half of the places. One
 * that has been refused goes first. */
static void make_place (struct door *door, const struct in6_addr *from)
{
    struct stranger *s, *oldest = NULL;
    unsigned own = 0;

    TAILQ_FOREACH (s, &door->strangers, link)
    own += memcmp (&s->from, from, sizeof *from) == 0;
    TAILQ_FOREACH (s, &door->strangers, link)
    {
        if (own * 2 >= door->max_unknown && memcmp (&s->from, from, sizeof *from) != 0)
            continue;
        if (!oldest || (s->stage == TOLD && oldest->stage != TOLD))
            oldest = s;
    }
    if (!oldest)
        return;
    if (oldest->stage != TOLD)
        door->stats.crowded_out++;
    stranger_free (oldest);
}

static void stranger_create (struct door *door, int fd, const struct sockaddr_storage *from)
{
    struct stranger *s = xcalloc (1, sizeof *s);

    source_of (from, &s->from);
    while (door->n_strangers >= door->max_unknown)
        make_place (door, &s->from);
    socket_tune (fd);
    s->door = door;
    s->fd = fd;
    s->timer = timer_create_in (door->loop, on_stranger_timeout, s);
    timer_arm (s->timer, door->unknown_timeout);
    s->watch = watch_create (door->loop, fd, on_stranger, s);
    watch_set (s->watch, WATCH_READ);
    TAILQ_INSERT_TAIL (&door->strangers, s, link);
    door->n_strangers++;
    door->stats.accepted++;
}

static void on_knock (void *arg, int events)
{
    struct door *door = arg;

    (void) events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4 (door->fd, (struct sockaddr *) &from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            stranger_create (door, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            watch_set (door->watch, 0); /* the queue waits in the kernel meanwhile */
            timer_arm (door->pause, CROWDED_US);
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void on_pause_over (void *arg)
{
    struct door *door = arg;

    watch_set (door->watch, WATCH_READ);
}

/* --- the door ------------------------------------------------------------------------------------------------------
 */

static int listen_on (const struct addrinfo *ai)
{
    _cleanup_close_ int fd = socket (ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1, no = 0;
    int done;

    if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
        return -errno;
    if (ai->ai_family == AF_INET6)
        (void) setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no); /* where refused: IPv6 only */
    if (bind (fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen (fd, BACKLOG) < 0)
        return -errno;
    done = fd;
    fd = -1;
    return done;
}

static int open_socket (struct door *door, const struct door_options *o, struct err *err)
{
    struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    const char *address = *o->address ? o->address : NULL;
    char service[8];
    int r, fd = -EADDRNOTAVAIL;

    snprintf (service, sizeof service, "%u", (unsigned) o->port);
    for (int tries = 0; tries < 2 && fd < 0; tries++) { /* IPv6 (which takes both), then IPv4 */
        r = getaddrinfo (address, service, &hints, &list);
        for (const struct addrinfo *ai = list; r == 0 && ai && fd < 0; ai = ai->ai_next)
            fd = listen_on (ai);
        if (r == 0)
            freeaddrinfo (list);
        list = NULL;
        hints.ai_family = AF_INET;
        if (fd == -EADDRINUSE || fd == -EACCES)
            break;
    }
    if (fd < 0) {
        err_errno (err, -fd, "cannot listen on %s port %u", address ? address : "any address", (unsigned) o->port);
        return err_fix (err, fd == -EADDRINUSE ? "stop what uses the port (another controller?) or set SlurmctldPort"
                                               : "check SlurmctldHost and SlurmctldPort in the configuration");
    }
    door->fd = fd;
    return 0;
}

static uint16_t port_of (int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;

    if (getsockname (fd, (struct sockaddr *) &at, &len) < 0)
        return 0;
    return ntohs (at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) &at)->sin6_port
                                           : ((struct sockaddr_in *) &at)->sin_port);
}

void door_set_node_keys (struct door *door, const struct node_keys *keys)
{
    struct node_keys copy = {.rows = keys->n ? xmemdup (keys->rows, keys->n * sizeof *keys->rows) : NULL, .n = keys->n};

    for (size_t i = 0; i < copy.n; i++) {
        copy.rows[i].node = xstrdup (keys->rows[i].node);
        explicit_bzero (copy.rows[i].order_key, KEY_SIZE); /* not needed here */
        explicit_bzero (copy.rows[i].next_order, KEY_SIZE);
    }
    node_keys_clear (&door->keys);
    door->keys = copy;
}

int door_open (struct door **ret, struct loop *loop, const struct door_options *options, const struct node_keys *keys,
               door_session_fn fn, void *arg, struct err *err)
{
    _cleanup_ (door_freep) struct door *door = xcalloc (1, sizeof *door);

    *door = (struct door){.loop = loop, .fd = -1, .fn = fn, .arg = arg};
    TAILQ_INIT (&door->strangers);
    door->max_unknown = options->max_unknown ? options->max_unknown : 1;
    door->unknown_timeout = options->unknown_timeout;
    door->enroll = options->enroll;
    door->enroll_arg = options->enroll_arg;
    memcpy (door->secret, options->secret, KEY_SIZE);
    door_set_node_keys (door, keys);
    if (open_socket (door, options, err) < 0)
        return -1;
    door->port = port_of (door->fd);
    if (auth_pool_create (&door->pool, loop, options->munge_threads, options->munge_socket, err) < 0)
        return -1;
    door->pause = timer_create_in (loop, on_pause_over, door);
    door->watch = watch_create (loop, door->fd, on_knock, door);
    watch_set (door->watch, WATCH_READ);
    *ret = steal (&door);
    return 0;
}

struct door *door_free (struct door *door)
{
    if (!door)
        return NULL;
    watch_free (door->watch);
    timer_free (door->pause);
    while (!TAILQ_EMPTY (&door->strangers))
        stranger_free (TAILQ_FIRST (&door->strangers));
    auth_pool_free (door->pool);
    if (door->fd >= 0)
        close (door->fd);
    node_keys_clear (&door->keys);
    explicit_bzero (door->secret, sizeof door->secret);
    free (door);
    return NULL;
}
