/* The door against nodes and strangers; users are in net_users.c. */
#include "net_house.h"
#include "proto/enroll.pb-c.h"

/* --- nodes ---------------------------------------------------------------------------------------------------------
 */

struct agent {
    struct house *house;
    struct channel *ch;
    bool up, failed;
    char why[300];
};

static void agent_up (void *arg, struct channel *ch)
{
    struct agent *a = arg;

    a->up = true;
    a->ch = ch;
    loop_stop (a->house->loop);
}

static void agent_failed (void *arg, const struct err *why)
{
    struct agent *a = arg;

    a->failed = true;
    snprintf (a->why, sizeof a->why, "%s", why->why);
    loop_stop (a->house->loop);
}

static void run_dial_to (struct agent *a, const char *address, const char *node, const uint8_t *secret,
                         const uint8_t *key, uint16_t port)
{
    const struct dial_options options = {.address = address,
                                         .port = port,
                                         .controller_key = key,
                                         .node = node,
                                         .node_secret = secret,
                                         .timeout = WAIT_US};
    struct dial *d = dial_start (a->house->loop, &options, agent_up, agent_failed, a);

    ck_assert (!a->up && !a->failed); /* from the loop only */
    loop_run (a->house->loop);
    dial_free (d);
    ck_assert (a->up != a->failed);
}

static void run_dial (struct agent *a, const char *node, const uint8_t *secret, const uint8_t *key, uint16_t port)
{
    run_dial_to (a, "127.0.0.1", node, secret, key, port);
}

START_TEST (a_node_authenticates_by_its_key)
{
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct agent a = {.house = &h};
    run_dial (&a, "n1", h.node_secret, h.key, door_port (h.door));
    ck_assert_msg (a.up, "%s", a.why);
    ck_assert (h.is_node);
    ck_assert_str_eq (h.node, "n1");
    channel_free (a.ch);
    house_close (&h);
}
END_TEST

static void expect_dial_failure (struct house *h, const char *node, const uint8_t *secret, const uint8_t *key,
                                 uint16_t port, const char *why)
{
    struct agent a = {.house = h};

    run_dial (&a, node, secret, key, port);
    ck_assert_msg (a.failed && strstr (a.why, why), "%s", a.why);
    ck_assert_int_eq (h->sessions, 0);
}

START_TEST (nodes_that_are_not_known_are_refused)
{
    struct house h;
    uint8_t other[KEY_SIZE], other_secret[KEY_SIZE];
    int closed;

    house_open (&h, false, 16, WAIT_US);
    keypair_make (other, other_secret);
    expect_dial_failure (&h, "n2", h.node_secret, h.key, door_port (h.door), "node n2 is not enrolled");
    expect_dial_failure (&h, "n1", other_secret, h.key, door_port (h.door), "not the one it was enrolled with");
    expect_dial_failure (&h, "n1", h.node_secret, other, door_port (h.door), "does not have the configured");
    door_set_node_keys (h.door, &(const struct node_keys){0}); /* revoked */
    expect_dial_failure (&h, "n1", h.node_secret, h.key, door_port (h.door), "node n1 is not enrolled");

    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    closed = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq (bind (closed, (struct sockaddr *) &at, sizeof at), 0); /* bound, nobody listens */
    ck_assert_int_eq (getsockname (closed, (struct sockaddr *) &at, &len), 0);
    expect_dial_failure (&h, "n1", h.node_secret, h.key, ntohs (at.sin_port), "Connection refused");
    close (closed);
    house_close (&h);
}
END_TEST

START_TEST (the_controller_may_have_a_name)
{
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct agent a = {.house = &h};
    run_dial_to (&a, "localhost", "n1", h.node_secret, h.key, door_port (h.door));
    ck_assert_msg (a.up, "%s", a.why);
    channel_free (a.ch);
    struct agent b = {.house = &h};
    run_dial_to (&b, "no host has such a name", "n1", h.node_secret, h.key, door_port (h.door));
    ck_assert_msg (strstr (b.why, "cannot resolve the controller's address"), "%s", b.why);
    house_close (&h);
}
END_TEST

START_TEST (a_dial_may_be_given_up)
{
    struct house h;
    const struct dial_options options = {.address = "127.0.0.1", .node = "n1"};

    house_open (&h, false, 16, WAIT_US);
    struct dial_options o = options;
    o.port = door_port (h.door);
    o.controller_key = h.key;
    o.node_secret = h.node_secret;
    dial_free (dial_start (h.loop, &o, agent_up, agent_failed, NULL)); /* a callback would fall over NULL */
    o.address = "localhost";
    dial_free (dial_start (h.loop, &o, agent_up, agent_failed, NULL));
    loop_post (h.loop, stop_loop, h.loop);
    loop_run (h.loop);
    ck_assert_int_eq (h.sessions, 0);
    house_close (&h);
}
END_TEST

/* --- strangers -----------------------------------------------------------------------------------------------------
 */

/* Runs the loop until the peer's end of fd says it was closed (by the door). */
struct hangup {
    struct loop *loop;
    int fd;
    size_t bytes;
};

static void on_hangup (void *arg, int events)
{
    struct hangup *h = arg;
    char buf[256];
    ssize_t n = recv (h->fd, buf, sizeof buf, MSG_DONTWAIT);

    (void) events;
    if (n > 0)
        h->bytes += (size_t) n;
    else if (n == 0 || errno != EAGAIN)
        loop_stop (h->loop);
}

static size_t await_hangup (struct loop *loop, int fd)
{
    struct hangup h = {.loop = loop, .fd = fd};
    struct watch *w = watch_create (loop, fd, on_hangup, &h);

    watch_set (w, WATCH_READ);
    loop_run (loop);
    watch_free (w);
    return h.bytes;
}

static size_t talk_nonsense (struct house *h, const void *data, size_t len)
{
    _cleanup_close_ int fd = raw_connect (door_port (h->door));

    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (send (fd, data, len, MSG_NOSIGNAL), (ssize_t) len);
    return await_hangup (h->loop, fd);
}

START_TEST (garbage_is_hung_up_on)
{
    struct house h;
    uint8_t noise[4096], hello[HELLO_SIZE];

    house_open (&h, false, 16, WAIT_US);
    random_fill (noise, sizeof noise);
    noise[0] = 'X';
    ck_assert_uint_eq (talk_nonsense (&h, "GET / HTTP/1.1\r\nHost: a.very.long.name\r\n\r\n", 41), 0);
    ck_assert_uint_eq (talk_nonsense (&h, noise, sizeof noise), 0);
    seal_free (seal_client (h.key, hello));
    memset (hello + 6, 0, KEY_SIZE); /* a key of low order */
    ck_assert_uint_eq (talk_nonsense (&h, hello, sizeof hello), 0);
    hello[4] = hello[5] = 99; /* a version of the future is told ours */
    ck_assert_uint_eq (talk_nonsense (&h, hello, sizeof hello), WELCOME_SIZE);
    ck_assert_uint_eq (door_stats (h.door).refused, 4);
    ck_assert_int_eq (h.sessions, 0);
    house_close (&h);
}
END_TEST

static void *send_wrong_frames (void *arg)
{
    struct cheat *c = arg;
    _cleanup_close_ int fd = raw_connect (door_port (c->house->door));
    _cleanup_ (seal_freep) struct seal *seal = raw_session (fd, c->house->key);

    if (seal && c->how == GARBAGE) {
        (void) !send (fd, "\0\1\0\0 announces 65536 bytes before a login", 40, MSG_NOSIGNAL);
    } else if (seal) {
        send_frame (fd, seal, MOISSON__MSG_TYPE__MSG_PING, NULL);
    }
    if (seal)
        read_verdict (c, fd, seal);
    loop_post (c->house->loop, stop_loop, c->house->loop);
    return NULL;
}

START_TEST (nothing_is_answered_before_a_login)
{
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct cheat c = {.house = &h, .how = EMPTY};
    ck_assert_int_eq (pthread_create (&c.thread, NULL, send_wrong_frames, &c), 0);
    loop_run (h.loop);
    pthread_join (c.thread, NULL);
    ck_assert_ptr_nonnull (c.err.why);
    ck_assert_ptr_nonnull (strstr (c.err.why, "before a login"));
    err_clear (&c.err);

    c = (struct cheat){.house = &h, .how = GARBAGE};
    ck_assert_int_eq (pthread_create (&c.thread, NULL, send_wrong_frames, &c), 0);
    loop_run (h.loop);
    pthread_join (c.thread, NULL);
    ck_assert (!c.accepted);
    ck_assert_ptr_null (c.err.why); /* just closed */
    ck_assert_int_eq (h.sessions, 0);
    house_close (&h);
}
END_TEST

START_TEST (silent_peers_are_shown_out)
{
    struct house h;

    house_open (&h, false, 16, 30000);
    _cleanup_close_ int fd = raw_connect (door_port (h.door));
    ck_assert_int_ge (fd, 0);
    usec_t began = now_monotonic ();
    await_hangup (h.loop, fd);
    ck_assert_uint_ge (now_monotonic () - began, 29000);
    ck_assert_uint_eq (door_stats (h.door).timed_out, 1);
    house_close (&h);
}
END_TEST

static int connect_from (uint16_t port, const char *source)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons (port)};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq (inet_pton (AF_INET, source, &from.sin_addr), 1);
    to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    ck_assert_int_eq (bind (fd, (struct sockaddr *) &from, sizeof from), 0);
    ck_assert_int_eq (connect (fd, (struct sockaddr *) &to, sizeof to), 0);
    return fd;
}

START_TEST (a_source_with_half_of_the_places_pays_for_its_own)
{
    struct house h;
    int first, rest[100];
    char byte;

    house_open (&h, false, 8, WAIT_US);
    first = connect_from (door_port (h.door), "127.0.0.2"); /* the oldest of all */
    for (int i = 0; i < 100; i++)
        rest[i] = connect_from (door_port (h.door), "127.0.0.3");
    await_hangup (h.loop, rest[92]); /* eight places: the other source keeps one, this one the last seven */
    ck_assert_int_eq (recv (first, &byte, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq (errno, EAGAIN);
    ck_assert_uint_eq (door_stats (h.door).crowded_out, 93);
    close (first);
    for (int i = 0; i < 100; i++)
        close (rest[i]);
    house_close (&h);
}
END_TEST

START_TEST (a_taken_port_is_said)
{
    struct house h;
    struct door *second = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    const struct node_keys none = {0};

    house_open (&h, false, 8, WAIT_US);
    const struct door_options o = {
        .address = "127.0.0.1", .port = door_port (h.door), .secret = h.secret, .munge_socket = "", .max_unknown = 8};
    ck_assert_int_eq (door_open (&second, h.loop, &o, &none, on_session, NULL, &err), -1);
    ck_assert_ptr_null (second);
    ck_assert_ptr_nonnull (strstr (err.why, "Address already in use"));
    ck_assert_ptr_nonnull (err.fix);
    house_close (&h);
}
END_TEST

/* --- nodes that ask to be let in */

struct asking {
    struct house *house;
    struct client_target target;
    const char *node;
    uint8_t public_key[KEY_SIZE], secret[KEY_SIZE];
    bool wrong_proof;
    int result;
    Moisson__EnrollState state;
    struct err err;
    pthread_t thread;
};

static void take_answer (struct asking *a, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    Moisson__EnrollReply *reply;

    if (type == MOISSON__MSG_TYPE__MSG_ERROR) {
        a->result = message_failure (data, len, &a->err);
        return;
    }
    reply = type == MOISSON__MSG_TYPE__MSG_ENROLL_REPLY ? message_unpack (&moisson__enroll_reply__descriptor, data, len)
                                                        : NULL;
    a->result = reply ? 0 : -2;
    if (!reply)
        return;
    a->state = reply->state;
    moisson__enroll_reply__free_unpacked (reply, NULL);
}

static void *ask_to_enroll (void *arg)
{
    struct asking *a = arg;
    _cleanup_ (client_freep) struct client *c = NULL;
    Moisson__EnrollRequest request = MOISSON__ENROLL_REQUEST__INIT;
    Moisson__MsgType type = 0;
    uint8_t proof[HASH_SIZE];
    const uint8_t *data;
    size_t len;

    a->result = client_open_stranger (&c, &a->target, WAIT_US, &a->err);
    if (a->result == 0 && client_node_proof (c, a->secret, a->node, proof) == 0) {
        proof[0] ^= a->wrong_proof;
        request.node = (char *) a->node;
        request.public_key = (ProtobufCBinaryData){KEY_SIZE, a->public_key};
        request.node_key = request.public_key;
        request.proof = (ProtobufCBinaryData){HASH_SIZE, proof};
        client_send (c, MOISSON__MSG_TYPE__MSG_ENROLL, &request.base, WAIT_US, &a->err);
        a->result = client_receive (c, &type, &data, &len, WAIT_US, &a->err);
        if (a->result == 0)
            take_answer (a, type, data, len);
    }
    loop_post (a->house->loop, stop_loop, a->house->loop);
    return NULL;
}

static struct asking asking_of (struct house *h, const char *node)
{
    struct asking a = {.house = h, .node = node, .target = {.address = "127.0.0.1", .munge_socket = ""}};

    a.target.port = door_port (h->door);
    memcpy (a.target.key, h->key, KEY_SIZE);
    keypair_make (a.public_key, a.secret);
    return a;
}

static void run_asking (struct asking *a)
{
    ck_assert_int_eq (pthread_create (&a->thread, NULL, ask_to_enroll, a), 0);
    loop_run (a->house->loop);
    pthread_join (a->thread, NULL);
}

START_TEST (a_node_without_an_identity_is_heard_and_no_more)
{
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct asking a = asking_of (&h, "n7");
    run_asking (&a);
    ck_assert_int_eq (a.result, 0);
    ck_assert_int_eq (a.state, MOISSON__ENROLL_STATE__ENROLL_PENDING);
    ck_assert_str_eq (h.asker.node, "n7");
    ck_assert_str_eq (h.asker.address, "127.0.0.1");
    ck_assert_mem_eq (h.asker.public_key, a.public_key, KEY_SIZE);
    ck_assert_int_eq (h.sessions, 0);
    ck_assert_uint_eq (door_stats (h.door).enrolling, 1);
    house_close (&h);
}
END_TEST

START_TEST (who_has_not_the_secret_or_no_name_is_not_heard)
{
    static const char *const bad[] = {"", "../n1", "a b", "n1/"};
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct asking a = asking_of (&h, "n7");
    a.wrong_proof = true;
    run_asking (&a);
    ck_assert_int_eq (a.result, -1);
    ck_assert_ptr_nonnull (strstr (a.err.why, "does not have the secret half"));
    err_clear (&a.err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a = asking_of (&h, bad[i]);
        run_asking (&a);
        ck_assert_int_eq (a.result, -1);
        ck_assert_ptr_nonnull (strstr (a.err.why, "is no name for a node"));
        err_clear (&a.err);
    }
    ck_assert_uint_eq (door_stats (h.door).enrolling, 0);
    ck_assert_uint_eq (door_stats (h.door).refused, 5);
    house_close (&h);
}
END_TEST

START_TEST (a_controller_may_have_one_of_two_keys)
{
    uint8_t other[KEY_SIZE], other_secret[KEY_SIZE];
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    keypair_make (other, other_secret);
    struct asking a = asking_of (&h, "n7");
    memcpy (a.target.next_key, a.target.key, KEY_SIZE);
    memcpy (a.target.key, other, KEY_SIZE);
    run_asking (&a);
    ck_assert_int_eq (a.result, -1);
    ck_assert_ptr_nonnull (strstr (a.err.why, "does not have the configured controller key"));
    err_clear (&a.err);
    a.target.has_next_key = true;
    run_asking (&a);
    ck_assert_int_eq (a.result, 0);
    ck_assert_ptr_null (a.err.why);
    memcpy (a.target.next_key, other, KEY_SIZE);
    run_asking (&a);
    ck_assert_int_eq (a.result, -1); /* neither */
    err_clear (&a.err);
    house_close (&h);
}
END_TEST

START_TEST (a_revoked_node_is_told_so_and_one_between_keys_comes_with_either)
{
    uint8_t next_secret[KEY_SIZE];
    struct house h;

    house_open (&h, false, 16, WAIT_US);
    struct node_key row = h.row;
    row.has_next = true;
    keypair_make (row.next_public, next_secret);
    door_set_node_keys (h.door, &(const struct node_keys){.rows = &row, .n = 1});
    for (int i = 0; i < 2; i++) {
        struct agent a = {.house = &h};
        run_dial (&a, "n1", i ? next_secret : h.node_secret, h.key, door_port (h.door));
        ck_assert_msg (a.up, "%s", a.why);
        ck_assert_int_eq (h.next_key, i);
        channel_free (a.ch);
    }
    h.sessions = 0;
    row.revoked = true;
    door_set_node_keys (h.door, &(const struct node_keys){.rows = &row, .n = 1});
    expect_dial_failure (&h, "n1", h.node_secret, h.key, door_port (h.door), "revoked the keys of node n1");
    expect_dial_failure (&h, "n1", next_secret, h.key, door_port (h.door), "revoked the keys of node n1");
    house_close (&h);
}
END_TEST

/* A listener that accepts nothing: the kernel completes the connection, nobody answers. */
START_TEST (blocking_clients_give_up_in_time_and_say_what_happened)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct client_target target = {.address = "127.0.0.1", .munge_socket = ""};
    struct client *c = NULL;
    struct err err = ERR_INIT;
    socklen_t len = sizeof at;
    _cleanup_close_ int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq (bind (fd, (struct sockaddr *) &at, sizeof at), 0);
    ck_assert_int_eq (getsockname (fd, (struct sockaddr *) &at, &len), 0);
    target.port = ntohs (at.sin_port);
    ck_assert_int_eq (client_open (&c, &target, USEC_PER_SEC, &err), CLIENT_E_CONNECT);
    ck_assert_ptr_nonnull (strstr (err.why, "Connection refused"));
    ck_assert_int_eq (listen (fd, 5), 0);
    ck_assert_int_eq (client_open (&c, &target, 50000, &err), CLIENT_E_TIMEOUT);
    ck_assert_ptr_null (c);
    target.address = "no.such.host.invalid";
    ck_assert_int_ne (client_open (&c, &target, USEC_PER_SEC, &err), 0);
    ck_assert_ptr_nonnull (strstr (err.why, "cannot resolve"));
    err_clear (&err);
}
END_TEST

SUITE ("door", a_node_authenticates_by_its_key, nodes_that_are_not_known_are_refused, the_controller_may_have_a_name,
       a_dial_may_be_given_up, garbage_is_hung_up_on, nothing_is_answered_before_a_login, silent_peers_are_shown_out,
       a_node_without_an_identity_is_heard_and_no_more, who_has_not_the_secret_or_no_name_is_not_heard,
       a_controller_may_have_one_of_two_keys, a_revoked_node_is_told_so_and_one_between_keys_comes_with_either,
       a_source_with_half_of_the_places_pays_for_its_own, a_taken_port_is_said,
       blocking_clients_give_up_in_time_and_say_what_happened)
