/* Sessions: what a peer that has logged in may make the controller hold. */
#include "ctld/session.h"
#include <string.h>
#include <sys/socket.h>
#include "ctld/nodes.h"
#include "net/internal.h"
#include "suite.h"

struct fixture {
    struct loop *loop;
    struct ctld ctld;
    struct sessions *sessions;
    int fd; /* the peer's end */
};

static struct seal *make_seal (void)
{
    uint8_t key[KEY_SIZE], secret[KEY_SIZE], hello[HELLO_SIZE], welcome[WELCOME_SIZE], header[CLIENT_HEADER_SIZE];
    struct err err = ERR_INIT;
    struct seal *client, *server;

    keypair_make (key, secret);
    client = seal_client (key, hello);
    ck_assert_int_eq (seal_server (&server, secret, hello, welcome, &err), 0);
    ck_assert_int_eq (seal_client_welcome (client, welcome, header, &err), 0);
    ck_assert_int_eq (seal_server_header (server, header, &err), 0);
    seal_free (client);
    return server;
}

/* A user of the controller's own uid has logged in. */
static void setup (struct fixture *f)
{
    struct peer peer = {.uid = 1000, .gid = 1000};
    struct err err = ERR_INIT;
    int fds[2];

    *f = (struct fixture){.ctld = {.uid = 1000, .core = core_create ()}};
    ck_assert_int_eq (loop_create (&f->loop, &err), 0);
    f->sessions = sessions_create (&f->ctld);
    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    f->fd = fds[0];
    sessions_accept (f->sessions, channel_create (f->loop, fds[1], make_seal (), FRAME_MAX), &peer);
    ck_assert_uint_eq (sessions_count (f->sessions), 1);
}

static void teardown (struct fixture *f)
{
    close (f->fd);
    sessions_free (f->sessions);
    loop_free (f->loop);
    core_free (f->ctld.core);
}

static void turn (struct loop *loop)
{
    loop_post (loop, (void (*) (void *)) loop_stop, loop);
    loop_run (loop);
}

/* Announce a frame of so many bytes, and send one more byte. */
static void announce (struct fixture *f, uint32_t len)
{
    uint8_t head[5] = {(uint8_t) (len >> 24), (uint8_t) (len >> 16), (uint8_t) (len >> 8), (uint8_t) len, 0};

    ck_assert_int_eq (send (f->fd, head, sizeof head, MSG_NOSIGNAL), sizeof head);
}

START_TEST (a_users_frame_has_at_most_24_mb)
{
    struct fixture f;

    setup (&f);
    announce (&f, 24u << 20);
    while (budget_bytes (loop_budget (f.loop)) < 5)
        turn (f.loop);
    ck_assert_uint_eq (sessions_count (f.sessions), 1); /* waited for */
    teardown (&f);

    setup (&f);
    announce (&f, (24u << 20) + 1);
    while (sessions_count (f.sessions))
        turn (f.loop);
    ck_assert_uint_eq (budget_bytes (loop_budget (f.loop)), 0);
    teardown (&f);
}
END_TEST

/* One more session of a user; the peer's end. */
static int join (struct fixture *f, uint32_t uid)
{
    struct peer peer = {.uid = uid, .gid = uid};
    int fds[2];

    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    sessions_accept (f->sessions, channel_create (f->loop, fds[1], make_seal (), FRAME_MAX), &peer);
    return fds[0];
}

START_TEST (a_user_has_at_most_256_sessions)
{
    struct fixture f;
    int fds[260];

    setup (&f);
    for (int i = 0; i < 260; i++)
        fds[i] = join (&f, 2000);
    ck_assert_uint_eq (sessions_count (f.sessions), 1 + 256);
    int other = join (&f, 2001); /* somebody else is not kept out */
    ck_assert_uint_eq (sessions_count (f.sessions), 1 + 256 + 1);
    turn (f.loop);
    char words[512]; /* sealed: that something was said before the end is what can be seen here */
    ck_assert_int_gt (recv (fds[259], words, sizeof words, MSG_DONTWAIT), 100);
    ck_assert_int_eq (recv (fds[259], words, sizeof words, MSG_DONTWAIT), 0);
    close (fds[0]); /* who leaves makes room */
    while (sessions_count (f.sessions) > 1 + 256)
        turn (f.loop);
    close (join (&f, 2000));
    ck_assert_uint_eq (sessions_count (f.sessions), 1 + 256 + 1);
    for (int i = 1; i < 260; i++)
        close (fds[i]);
    close (other);
    teardown (&f);
}
END_TEST

static uint64_t first_epoch (const struct store *store)
{
    (void) store;
    return 1;
}

START_TEST (a_node_has_at_most_8_sessions_and_the_newest_stay)
{
    struct peer peer = {.is_node = true, .node = "n1"};
    struct fixture f;
    int fds[12], pair[2];
    char words[512];

    setup (&f);
    Moisson__Config core = MOISSON__CONFIG__INIT;
    struct config conf = {.core = &core};
    const struct store_ops ops = {.epoch = first_epoch};
    f.ctld.conf = &conf;
    f.ctld.ops = &ops;
    f.ctld.loop = f.loop;
    f.ctld.nodes = nodes_create (&f.ctld);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        fds[i] = pair[0];
        sessions_accept (f.sessions, channel_create (f.loop, pair[1], make_seal (), FRAME_MAX), &peer);
    }
    ck_assert_uint_eq (sessions_count (f.sessions), 1 + 8);
    turn (f.loop);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq (recv (fds[i], words, sizeof words, MSG_DONTWAIT) > 0, i < 4); /* told to go */
        close (fds[i]);
    }
    close (f.fd);
    sessions_free (f.sessions);
    nodes_free (f.ctld.nodes);
    loop_free (f.loop);
    core_free (f.ctld.core);
}
END_TEST

START_TEST (operators_are_trusted_with_more)
{
    struct fixture f;
    int fds[260];

    setup (&f);
    for (int i = 0; i < 260; i++)
        fds[i] = join (&f, 1000);
    ck_assert_uint_eq (sessions_count (f.sessions), 1 + 260);
    for (int i = 0; i < 260; i++)
        close (fds[i]);
    teardown (&f);
}
END_TEST

SUITE ("session", a_users_frame_has_at_most_24_mb, a_user_has_at_most_256_sessions,
       a_node_has_at_most_8_sessions_and_the_newest_stay, operators_are_trusted_with_more)
