/* A peer that knows nothing, then one that has done the handshake: bytes as hello, as welcome, as frames on a channel.
 * Input: one byte that chooses, then the bytes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/hash.h"
#include "base/keys.h"
#include "net/internal.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const uint8_t controller_secret[KEY_SIZE] = {7, 1, 2, 3};

static void as_hello (const uint8_t *data, size_t size)
{
    uint8_t hello[HELLO_SIZE] = "MOIS\1\1", welcome[WELCOME_SIZE];
    struct seal *seal = NULL;

    memcpy (hello, data, size < sizeof hello ? size : sizeof hello);
    if (seal_server (&seal, controller_secret, hello, welcome, NULL) == 0) {
        if (size >= HELLO_SIZE + CLIENT_HEADER_SIZE)
            seal_server_header (seal, data + HELLO_SIZE, NULL);
        (void) seal_node_proof_ok (seal, hello + 6, "n1", data, size < HASH_SIZE ? size : HASH_SIZE);
    }
    seal_free (seal);
}

static void as_welcome (const uint8_t *data, size_t size)
{
    uint8_t hello[HELLO_SIZE], welcome[WELCOME_SIZE] = "MOIS\1", header[CLIENT_HEADER_SIZE], key[KEY_SIZE];

    if (key_public (controller_secret, key) < 0)
        abort ();
    struct seal *seal = seal_client (key, hello);
    memcpy (welcome, data, size < sizeof welcome ? size : sizeof welcome);
    if (seal_client_welcome (seal, welcome, header, NULL) == 0)
        abort (); /* nobody guesses the proof */
    seal_free (seal);
}

static void make_session (struct seal **client, struct seal **server)
{
    uint8_t hello[HELLO_SIZE], welcome[WELCOME_SIZE], header[CLIENT_HEADER_SIZE], key[KEY_SIZE];

    if (key_public (controller_secret, key) < 0)
        abort ();
    *client = seal_client (key, hello);
    if (seal_server (server, controller_secret, hello, welcome, NULL) != 0 ||
        seal_client_welcome (*client, welcome, header, NULL) < 0 || seal_server_header (*server, header, NULL) < 0)
        abort ();
}

struct ear {
    struct loop *loop;
    unsigned messages;
    int closed;
};

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct ear *ear = arg;

    (void) type;
    if (len && data[len - 1] == 0xff) /* reads the last byte, for the sanitizer */
        ear->messages++;
}

static void on_closed (void *arg, const struct err *why)
{
    struct ear *ear = arg;

    if (!why->why)
        abort (); /* an end is always explained */
    ear->closed++;
    loop_stop (ear->loop);
}

/* The bytes are frames on the wire: nothing of them may get through. `sealed`: they are bodies of good frames. */
static void as_frames (const uint8_t *data, size_t size, int sealed)
{
    static const struct channel_handlers handlers = {.on_message = on_message, .on_closed = on_closed};
    struct seal *client, *server;
    struct ear ear = {0};
    uint8_t frame[4 + 512 + 64];
    int fds[2];

    if (loop_create (&ear.loop, NULL) < 0 ||
        socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        abort ();
    make_session (&client, &server);
    struct channel *ch = channel_create (ear.loop, fds[1], server, FRAME_MAX_UNKNOWN);
    channel_handle (ch, &handlers, &ear);
    if (sealed) {
        size_t n = size < 512 ? size : 512, cipher = seal_size (n);
        seal_frame (client, data, n, frame + 4);
        memcpy (frame, (uint8_t[]){0, 0, (uint8_t) (cipher >> 8), (uint8_t) cipher}, 4);
        (void) !send (fds[0], frame, 4 + cipher, MSG_NOSIGNAL);
    } else {
        (void) !send (fds[0], data, size < 8192 ? size : 8192, MSG_NOSIGNAL);
    }
    close (fds[0]);
    loop_run (ear.loop);
    if (ear.closed != 1 || (!sealed && ear.messages))
        abort ();
    channel_free (ch);
    loop_free (ear.loop);
    seal_free (client);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    switch (data[0] % 4) {
    case 0: as_hello (data + 1, size - 1); break;
    case 1: as_welcome (data + 1, size - 1); break;
    default: as_frames (data + 1, size - 1, data[0] % 4 == 3);
    }
    return 0;
}
