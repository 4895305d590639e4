/* internal.h - what the files of this folder share and nobody else needs (tests excepted). */
#pragma once
#include <sys/queue.h>
#include <sys/types.h>
#include "net/channel.h"

/* --- loop.c: things that live on a loop without an owner (connections being finished) --- */
struct owned {
    void (*release) (void *arg); /* called by loop_free; must end with the object gone */
    void *arg;
    LIST_ENTRY (owned) link;
};
void loop_adopt (struct loop *loop, struct owned *o);
void loop_disown (struct owned *o);

/* --- channel.c --- */
/* Takes fd (connected, non-blocking) and seal (handshake done). Frames larger than max_frame end the connection.
 * Nothing is read before channel_handle. */
struct channel *channel_create (struct loop *loop, int fd, struct seal *seal, size_t max_frame);
void channel_set_max_frame (struct channel *ch, size_t max_frame);
const struct seal *channel_seal (const struct channel *ch);

/* --- socket.c --- */
/* All addresses of a host; freeaddrinfo them. 0; CLIENT_E_CONNECT if asking again may help; -1. */
struct addrinfo;
int socket_resolve (struct addrinfo **ret, const char *address, uint16_t port, struct err *err);
/* A non-blocking, close-on-exec socket whose connect has been started: fd, or -errno. */
int socket_connect_start (const struct addrinfo *ai);
int socket_error (int fd); /* of a started connect: 0 or errno */
void socket_tune (int fd); /* no delay, keep-alive; harmless on other sockets */
/* send without SIGPIPE, recv: bytes (recv: 0 = end), or -errno; -EAGAIN when it would block. */
ssize_t socket_send (int fd, const void *data, size_t len);
ssize_t socket_recv (int fd, void *data, size_t room);

/* --- message.c --- */
/* The packed frame body: type, then message; the caller frees. */
uint8_t *message_pack (Moisson__MsgType type, const ProtobufCMessage *msg, size_t *ret_len);
/* A MSG_ERROR body into err, with its code; always -1, so that a refusal is one line. */
int message_failure (const uint8_t *data, size_t len, struct err *err);
