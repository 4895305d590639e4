/* The handshake and the frames, without a network; every way to cheat that can be tried with bytes alone. */
#include "net/seal.h"
#include <sodium.h>
#include <string.h>
#include "suite.h"

struct both {
    uint8_t secret[KEY_SIZE], key[KEY_SIZE]; /* the controller's */
    uint8_t hello[HELLO_SIZE], welcome[WELCOME_SIZE], header[CLIENT_HEADER_SIZE];
    struct seal *client, *server;
};

static void setup (struct both *b)
{
    *b = (struct both){0};
    ck_assert_int_ge (sodium_init (), 0);
    crypto_box_keypair (b->key, b->secret);
}

static void teardown (struct both *b)
{
    seal_free (b->client);
    seal_free (b->server);
}

static void shake (struct both *b)
{
    struct err err = ERR_INIT;

    setup (b);
    b->client = seal_client (b->key, b->hello);
    ck_assert_int_eq (seal_server (&b->server, b->secret, b->hello, b->welcome, &err), 0);
    ck_assert_int_eq (seal_client_welcome (b->client, b->welcome, b->header, &err), 0);
    ck_assert_int_eq (seal_server_header (b->server, b->header, &err), 0);
}

static size_t seal_text (struct seal *s, const char *text, uint8_t *out)
{
    seal_frame (s, text, strlen (text), out);
    return seal_size (strlen (text));
}

static void opens_as (struct seal *s, const uint8_t *frame, size_t len, const char *text)
{
    struct err err = ERR_INIT;
    uint8_t plain[256];
    size_t n;

    ck_assert_int_eq (seal_open (s, frame, len, plain, &n, &err), 0);
    ck_assert_uint_eq (n, strlen (text));
    ck_assert_mem_eq (plain, text, n);
}

static void is_refused (struct seal *s, const uint8_t *frame, size_t len)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint8_t plain[256];
    size_t n;

    ck_assert_int_eq (seal_open (s, frame, len, plain, &n, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "damaged, out of order"));
}

START_TEST (a_session_carries_frames_both_ways)
{
    struct both b;
    uint8_t one[64], two[64], empty[64];
    size_t n1, n2;

    shake (&b);
    ck_assert_int_eq (seal_version (b.client), PROTOCOL_VERSION);
    ck_assert_int_eq (seal_version (b.server), PROTOCOL_VERSION);
    n1 = seal_text (b.client, "first", one);
    n2 = seal_text (b.client, "second", two);
    opens_as (b.server, one, n1, "first");
    opens_as (b.server, two, n2, "second");
    n1 = seal_text (b.server, "back", one);
    opens_as (b.client, one, n1, "back");
    opens_as (b.client, empty, seal_text (b.server, "", empty), "");
    teardown (&b);
}
END_TEST

START_TEST (another_controller_key_is_noticed)
{
    struct both b;
    uint8_t other[KEY_SIZE], other_secret[KEY_SIZE];
    _cleanup_err_ struct err err = ERR_INIT;

    setup (&b);
    crypto_box_keypair (other, other_secret);
    b.client = seal_client (b.key, b.hello);
    ck_assert_int_eq (seal_server (&b.server, other_secret, b.hello, b.welcome, &err), 0);
    ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "does not have the configured controller key"));
    ck_assert_ptr_nonnull (err.fix);
    teardown (&b);
}
END_TEST

START_TEST (any_changed_bit_of_the_handshake_ends_it)
{
    for (size_t at = 0; at < WELCOME_SIZE * 8; at++) {
        struct both b;
        _cleanup_err_ struct err err = ERR_INIT;

        setup (&b);
        b.client = seal_client (b.key, b.hello);
        ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), 0);
        b.welcome[at / 8] ^= (uint8_t) (1u << at % 8);
        /* The top bit of an X25519 key is ignored by the function itself (RFC 7748), but not by the transcript. */
        ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
        teardown (&b);
    }
    for (size_t at = 6 * 8; at < HELLO_SIZE * 8; at++) {
        struct both b;
        _cleanup_err_ struct err err = ERR_INIT;

        setup (&b);
        b.client = seal_client (b.key, b.hello);
        b.hello[at / 8] ^= (uint8_t) (1u << at % 8);
        if (seal_server (&b.server, b.secret, b.hello, b.welcome, &err) == 0)
            ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
        teardown (&b);
    }
}
END_TEST

START_TEST (tampered_frames_are_refused)
{
    for (size_t at = 0; at < seal_size (5) * 8; at++) {
        struct both b;
        uint8_t frame[64];
        size_t n;

        shake (&b);
        n = seal_text (b.client, "hello", frame);
        frame[at / 8] ^= (uint8_t) (1u << at % 8);
        is_refused (b.server, frame, n);
        teardown (&b);
    }
}
END_TEST

START_TEST (a_changed_stream_header_is_refused)
{
    struct both b;
    struct err err = ERR_INIT;
    uint8_t frame[64];
    size_t n;

    setup (&b);
    b.client = seal_client (b.key, b.hello);
    ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), 0);
    ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), 0);
    b.header[3] ^= 1;
    ck_assert_int_eq (seal_server_header (b.server, b.header, &err), 0);
    n = seal_text (b.client, "x", frame);
    is_refused (b.server, frame, n);
    teardown (&b);
}
END_TEST

START_TEST (frames_out_of_order_are_refused)
{
    struct both b;
    uint8_t one[64], two[64];
    size_t n1, n2;

    shake (&b);
    n1 = seal_text (b.client, "one", one);
    n2 = seal_text (b.client, "two", two);
    is_refused (b.server, two, n2);
    is_refused (b.server, one, n1); /* nothing is accepted after a refusal */
    teardown (&b);

    shake (&b);
    n1 = seal_text (b.client, "one", one);
    opens_as (b.server, one, n1, "one");
    is_refused (b.server, one, n1); /* replayed */
    teardown (&b);

    shake (&b);
    n1 = seal_text (b.client, "one", one);
    is_refused (b.client, one, n1); /* reflected */
    teardown (&b);
}
END_TEST

START_TEST (truncated_frames_are_refused)
{
    for (size_t len = 0; len < seal_size (5); len++) {
        struct both b;
        uint8_t frame[64];

        shake (&b);
        seal_text (b.client, "hello", frame);
        is_refused (b.server, frame, len);
        teardown (&b);
    }
}
END_TEST

START_TEST (a_replayed_session_is_useless)
{
    struct both b;
    struct seal *again = NULL;
    uint8_t frame[64], welcome[WELCOME_SIZE];
    struct err err = ERR_INIT;
    size_t n;

    shake (&b);
    n = seal_text (b.client, "submit", frame);
    opens_as (b.server, frame, n, "submit");
    /* The recorded hello, header and frame are sent once more: the controller's ephemeral differs, nothing opens. */
    ck_assert_int_eq (seal_server (&again, b.secret, b.hello, welcome, &err), 0);
    ck_assert_int_eq (seal_server_header (again, b.header, &err), 0);
    is_refused (again, frame, n);
    seal_free (again);
    teardown (&b);
}
END_TEST

START_TEST (low_order_keys_are_refused)
{
    struct both b;
    _cleanup_err_ struct err err = ERR_INIT;

    setup (&b);
    b.client = seal_client (b.key, b.hello);
    memset (b.hello + 6, 0, KEY_SIZE);
    ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), -1);
    ck_assert_ptr_null (b.server);
    teardown (&b);
}
END_TEST

START_TEST (versions_are_negotiated_or_refused_in_words)
{
    struct both b;
    _cleanup_err_ struct err err = ERR_INIT;

    setup (&b);
    b.client = seal_client (b.key, b.hello);
    b.hello[4] = 7; /* a later program that has forgotten our version */
    b.hello[5] = 9;
    ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), SEAL_E_VERSION);
    ck_assert_ptr_null (b.server);
    ck_assert_str_eq (err.why, "the peer speaks protocol versions 7 to 9, this controller 1 to 1");
    b.welcome[5] = 7; /* what that controller would answer to us */
    b.welcome[6] = 9;
    ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
    ck_assert_str_eq (err.why, "the controller speaks protocol versions 7 to 9, this program 1 to 1");
    ck_assert_ptr_nonnull (err.fix);
    teardown (&b);

    setup (&b);
    b.client = seal_client (b.key, b.hello);
    b.hello[5] = 200; /* newer, but still speaks ours: the highest common version is chosen */
    ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), 0);
    ck_assert_int_eq (seal_version (b.server), PROTOCOL_VERSION);
    /* ... and a hello changed on the way is a different transcript */
    ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
    teardown (&b);
}
END_TEST

START_TEST (garbage_is_no_hello)
{
    struct both b;
    _cleanup_err_ struct err err = ERR_INIT;

    setup (&b);
    memcpy (b.hello, "GET / HTTP/1.1\r\nHost: controller\r\n\r\n", HELLO_SIZE - 2);
    ck_assert_int_eq (seal_server (&b.server, b.secret, b.hello, b.welcome, &err), -1);
    b.client = seal_client (b.key, b.hello);
    memcpy (b.welcome, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n", 40);
    ck_assert_int_eq (seal_client_welcome (b.client, b.welcome, b.header, &err), -1);
    ck_assert_str_eq (err.why, "what answers there is not a Moisson controller");
    teardown (&b);
}
END_TEST

START_TEST (both_sides_agree_on_the_binding)
{
    struct both b, c;
    uint8_t mine[SEAL_BINDING_SIZE], theirs[SEAL_BINDING_SIZE], other[SEAL_BINDING_SIZE];

    shake (&b);
    shake (&c);
    seal_binding (b.client, mine);
    seal_binding (b.server, theirs);
    seal_binding (c.client, other);
    ck_assert_mem_eq (mine, theirs, sizeof mine);
    ck_assert_mem_ne (mine, other, sizeof mine);
    ck_assert_mem_eq (mine, "moisson-session1", 16);
    teardown (&b);
    teardown (&c);
}
END_TEST

START_TEST (a_node_proves_itself_in_this_session_under_its_name)
{
    struct both b, c;
    uint8_t public[KEY_SIZE], secret[KEY_SIZE], other_public[KEY_SIZE], other_secret[KEY_SIZE];
    uint8_t proof[HASH_SIZE], wrong[HASH_SIZE];

    shake (&b);
    shake (&c);
    crypto_box_keypair (public, secret);
    crypto_box_keypair (other_public, other_secret);
    ck_assert_int_eq (seal_node_proof (b.client, secret, "n1", proof), 0);
    ck_assert (seal_node_proof_ok (b.server, public, "n1", proof, sizeof proof));

    ck_assert (!seal_node_proof_ok (c.server, public, "n1", proof, sizeof proof));       /* another session */
    ck_assert (!seal_node_proof_ok (b.server, public, "n2", proof, sizeof proof));       /* another name */
    ck_assert (!seal_node_proof_ok (b.server, public, "n1", proof, sizeof proof - 1));   /* cut short */
    ck_assert (!seal_node_proof_ok (b.server, other_public, "n1", proof, sizeof proof)); /* another node's key */
    ck_assert_int_eq (seal_node_proof (b.client, other_secret, "n1", wrong), 0);
    ck_assert (!seal_node_proof_ok (b.server, public, "n1", wrong, sizeof wrong));
    memset (public, 0, sizeof public);
    ck_assert (!seal_node_proof_ok (b.server, public, "n1", proof, sizeof proof)); /* low order: never */
    teardown (&b);
    teardown (&c);
}
END_TEST

SUITE ("seal", a_session_carries_frames_both_ways, another_controller_key_is_noticed,
       any_changed_bit_of_the_handshake_ends_it, tampered_frames_are_refused, a_changed_stream_header_is_refused,
       frames_out_of_order_are_refused, truncated_frames_are_refused, a_replayed_session_is_useless,
       low_order_keys_are_refused, versions_are_negotiated_or_refused_in_words, garbage_is_no_hello,
       both_sides_agree_on_the_binding, a_node_proves_itself_in_this_session_under_its_name)
