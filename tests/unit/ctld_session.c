/* Sessions: what a peer that has logged in may make the controller hold. */
#include "ctld/session.h"
#include <string.h>
#include <sys/socket.h>
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

SUITE ("session", a_users_frame_has_at_most_24_mb)
