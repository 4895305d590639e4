/* net_house.h - what the tests of the door share: a private munged, a door, clients in threads, a peer by hand. */
#pragma once
#include "net/door.h"
#include <errno.h>
#include <fcntl.h>
#include <munge.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include "base/files.h"
#include "base/mem.h"
#include "net/client.h"
#include "net/internal.h"
#include "suite.h"

#define WAIT_US (20 * USEC_PER_SEC)

/* --- a private munged ----------------------------------------------------------------------------------------------
 */

struct munged {
    char dir[64];
    char socket[100];
    pid_t pid;
};

static inline char *in_dir (const struct munged *m, const char *option, const char *name)
{
    return xasprintf ("%s%s/%s", option, m->dir, name);
}

/* It has come up once it makes a credential. */
static inline void await_munged (const struct munged *m)
{
    for (int i = 0; i < 2000; i++) {
        char *credential = NULL;
        munge_ctx_t ctx = munge_ctx_create ();
        munge_ctx_set (ctx, MUNGE_OPT_SOCKET, m->socket);
        munge_err_t e = access (m->socket, F_OK) == 0 ? munge_encode (&credential, ctx, NULL, 0) : EMUNGE_SOCKET;
        munge_ctx_destroy (ctx);
        free (credential);
        if (e == EMUNGE_SUCCESS)
            return;
        ck_assert_msg (waitpid (m->pid, NULL, WNOHANG) == 0, "munged ended at once; see %s/log", m->dir);
        poll (NULL, 0, 10);
    }
    ck_abort_msg ("munged did not come up in 20 s");
}

static inline void munged_start (struct munged *m)
{
    struct err err = ERR_INIT;
    uint8_t key[64];

    *m = (struct munged){.dir = "/tmp/moisson-door-XXXXXX"};
    ck_assert_ptr_nonnull (mkdtemp (m->dir));
    ck_assert_int_eq (chmod (m->dir, 0755), 0);
    snprintf (m->socket, sizeof m->socket, "%s/socket", m->dir);
    random_fill (key, sizeof key);
    _cleanup_free_ char *key_path = in_dir (m, "", "key");
    ck_assert_int_eq (file_write (key_path, key, sizeof key, 0600, 0, &err), 0);
    char *argv[] = {(char *) "munged",
                    (char *) "--foreground",
                    (char *) "--force", /* a world-writable /tmp above is fine for a test */
                    in_dir (m, "--key-file=", "key"),
                    in_dir (m, "--socket=", "socket"),
                    in_dir (m, "--pid-file=", "pid"),
                    in_dir (m, "--log-file=", "log"),
                    in_dir (m, "--seed-file=", "seed"),
                    (char *) "--num-threads=2",
                    NULL};
    m->pid = fork ();
    ck_assert_int_ge (m->pid, 0);
    if (m->pid == 0) {
        int null = open ("/dev/null", O_RDWR);
        dup2 (null, STDOUT_FILENO);
        dup2 (null, STDERR_FILENO);
        setenv ("PATH", "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin", 1);
        execvp ("munged", argv);
        _exit (127);
    }
    for (int i = 3; i < 8; i++)
        free (argv[i]);
    await_munged (m);
}

static inline void munged_stop (struct munged *m)
{
    if (m->pid > 0) {
        kill (m->pid, SIGTERM);
        waitpid (m->pid, NULL, 0);
    }
    dir_remove (m->dir);
}

static inline bool munged_is_installed (void)
{
    static const char *const paths[] = {"/usr/sbin/munged", "/sbin/munged", "/usr/local/sbin/munged"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access (paths[i], X_OK) == 0)
            return true;
    return false;
}

/* --- a controller's door, and peers in threads ---------------------------------------------------------------------
 */

struct house {
    struct munged munged;
    struct loop *loop;
    struct door *door;
    uint8_t key[KEY_SIZE], secret[KEY_SIZE], node_secret[KEY_SIZE];
    struct node_key row;
    struct timer *guard;
    struct channel *session;
    int sessions;
    bool is_node;
    uint32_t uid, gid;
    char node[64];
    bool next_key;
    struct { /* who asked to be let in last */
        char node[64], address[DOOR_ADDRESS_SIZE];
        uint8_t public_key[KEY_SIZE];
    } asker;
    int stop_at; /* sessions */
    int requests;
};

static inline void answer_ping (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct house *h = arg;
    Moisson__PingReply reply = MOISSON__PING_REPLY__INIT;

    (void) data, (void) len;
    ck_assert_int_eq (type, MOISSON__MSG_TYPE__MSG_PING);
    reply.host = (char *) "here";
    reply.version = (char *) "1";
    h->requests++;
    channel_send (h->session, MOISSON__MSG_TYPE__MSG_PING_REPLY, &reply.base);
}

static inline void forget_session (void *arg, const struct err *why)
{
    struct house *h = arg;

    (void) why;
    h->session = channel_free (h->session);
}

static inline void on_session (void *arg, struct channel *ch, const struct peer *peer)
{
    struct house *h = arg;

    channel_free (h->session);
    h->session = ch;
    h->sessions++;
    h->is_node = peer->is_node;
    h->next_key = peer->next_key;
    h->uid = peer->uid;
    h->gid = peer->gid;
    snprintf (h->node, sizeof h->node, "%s", peer->node ? peer->node : "");
    channel_handle (ch, &(const struct channel_handlers){.on_message = answer_ping, .on_closed = forget_session}, h);
}

static inline int on_asker (void *arg, const struct door_asker *asker, struct door_answer *ret, struct err *err)
{
    struct house *h = arg;

    (void) ret, (void) err;
    snprintf (h->asker.node, sizeof h->asker.node, "%s", asker->node);
    snprintf (h->asker.address, sizeof h->asker.address, "%s", asker->address);
    memcpy (h->asker.public_key, asker->public_key, KEY_SIZE);
    return 0;
}

static inline void too_long (void *arg)
{
    (void) arg;
    ck_abort_msg ("nothing happened for too long");
}

static inline void house_open (struct house *h, bool with_munged, unsigned max_unknown, usec_t unknown_timeout)
{
    struct err err = ERR_INIT;

    *h = (struct house){0};
    if (with_munged)
        munged_start (&h->munged);
    keypair_make (h->key, h->secret);
    keypair_make (h->row.public_key, h->node_secret);
    h->row.node = (char *) "n1";
    ck_assert_int_eq (loop_create (&h->loop, &err), 0);
    const struct node_keys keys = {.rows = &h->row, .n = 1};
    const struct door_options options = {.address = "127.0.0.1",
                                         .secret = h->secret,
                                         .munge_socket = with_munged ? h->munged.socket : "/nonexistent/munge.socket",
                                         .munge_threads = 2,
                                         .max_unknown = max_unknown,
                                         .enroll = on_asker,
                                         .enroll_arg = h,
                                         .unknown_timeout = unknown_timeout};
    ck_assert_int_eq (door_open (&h->door, h->loop, &options, &keys, on_session, h, &err), 0);
    ck_assert_uint_ne (door_port (h->door), 0);
    h->guard = timer_create_in (h->loop, too_long, NULL);
    timer_arm (h->guard, WAIT_US);
}

static inline void house_close (struct house *h)
{
    channel_free (h->session);
    door_free (h->door);
    loop_free (h->loop);
    if (h->munged.pid)
        munged_stop (&h->munged);
}

struct visitor {
    struct house *house;
    const char *munge_socket;
    uint32_t controller_uid;
    uint8_t key[KEY_SIZE];
    usec_t timeout;
    struct err err;
    int result, pinged;
    pthread_t thread;
};

static inline void stop_loop (void *arg)
{
    loop_stop (arg);
}

static inline void ping (struct visitor *v, struct client *c)
{
    Moisson__MsgType type = 0;
    const uint8_t *data;
    size_t len;

    if (client_send (c, MOISSON__MSG_TYPE__MSG_PING, NULL, WAIT_US, &v->err) == 0 &&
        client_receive (c, &type, &data, &len, WAIT_US, &v->err) == 0)
        v->pinged = type == MOISSON__MSG_TYPE__MSG_PING_REPLY;
}

static inline void *visit (void *arg)
{
    struct visitor *v = arg;
    _cleanup_ (client_freep) struct client *c = NULL;
    struct client_target target = {.address = "127.0.0.1",
                                   .port = door_port (v->house->door),
                                   .munge_socket = v->munge_socket,
                                   .controller_uid = v->controller_uid};

    memcpy (target.key, v->key, KEY_SIZE);
    v->result = client_open (&c, &target, v->timeout, &v->err);
    if (v->result == 0)
        ping (v, c);
    loop_post (v->house->loop, stop_loop, v->house->loop);
    return NULL;
}

static inline struct visitor visitor_of (struct house *h)
{
    struct visitor v = {.house = h, .munge_socket = h->munged.socket, .controller_uid = geteuid (), .timeout = WAIT_US};

    memcpy (v.key, h->key, KEY_SIZE);
    return v;
}

static inline void run_visit (struct visitor *v)
{
    ck_assert_int_eq (pthread_create (&v->thread, NULL, visit, v), 0);
    loop_run (v->house->loop);
    pthread_join (v->thread, NULL);
}

/* --- a peer by hand --- */

/* A peer that does the handshake by hand and then sends a credential of its own choosing. */
struct cheat {
    struct house *house;
    enum { OTHER_SESSION, UNRESTRICTED, REPLAYED, GARBAGE, EMPTY } how;
    char *credential; /* for a second use */
    struct err err;
    bool accepted;
    pthread_t thread;
};

static inline int raw_connect (uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons (port)};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    if (fd < 0 || connect (fd, (struct sockaddr *) &to, sizeof to) < 0) {
        if (fd >= 0)
            close (fd);
        return -1;
    }
    return fd;
}

static inline void send_frame (int fd, struct seal *seal, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    size_t len;
    _cleanup_free_ uint8_t *plain = message_pack (type, msg, &len);
    _cleanup_free_ uint8_t *frame = xmalloc (4 + seal_size (len));
    size_t sealed = seal_size (len);

    memcpy (frame,
            (uint8_t[]){(uint8_t) (sealed >> 24), (uint8_t) (sealed >> 16), (uint8_t) (sealed >> 8), (uint8_t) sealed},
            4);
    seal_frame (seal, plain, len, frame + 4);
    (void) !send (fd, frame, 4 + sealed, MSG_NOSIGNAL);
}

static inline void read_verdict (struct cheat *c, int fd, struct seal *seal)
{
    uint8_t head[4], cipher[4096], plain[4096];
    size_t len, n;

    if (recv (fd, head, 4, MSG_WAITALL) != 4)
        return;
    len = (size_t) head[2] << 8 | head[3];
    if (len > sizeof cipher || recv (fd, cipher, len, MSG_WAITALL) != (ssize_t) len ||
        seal_open (seal, cipher, len, plain, &n, &c->err) < 0)
        return;
    c->accepted = plain[1] == MOISSON__MSG_TYPE__MSG_AUTH_OK;
    if (plain[1] == MOISSON__MSG_TYPE__MSG_ERROR)
        message_failure (plain + 2, n - 2, &c->err);
}

static inline struct seal *raw_session (int fd, const uint8_t *key)
{
    uint8_t hello[HELLO_SIZE], welcome[WELCOME_SIZE], header[CLIENT_HEADER_SIZE];
    struct seal *seal = seal_client (key, hello);

    if (send (fd, hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello ||
        recv (fd, welcome, sizeof welcome, MSG_WAITALL) != sizeof welcome ||
        seal_client_welcome (seal, welcome, header, NULL) < 0 ||
        send (fd, header, sizeof header, MSG_NOSIGNAL) != sizeof header)
        return seal_free (seal);
    return seal;
}
