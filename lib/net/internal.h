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

/* --- budget.c: input that is held and not handed on yet, of all channels of a loop together --- */
struct budget;
struct debt { /* one channel's part */
    size_t bytes;
    void (*evict) (void *arg); /* let go of it: the bytes are off the account already */
    void *arg;
    LIST_ENTRY (debt) link;
};
struct budget *budget_create (size_t limit);
struct budget *budget_free (struct budget *b); /* NULL is fine; all debts are zero by then, or never used again */
void budget_set_limit (struct budget *b, size_t limit);
size_t budget_bytes (const struct budget *b);
/* From now on d holds so many bytes. While the sum is over the limit, the largest is evicted; that may be d itself. */
void budget_charge (struct budget *b, struct debt *d, size_t bytes);
struct budget *loop_budget (struct loop *loop); /* the loop's one, of INPUT_BUDGET */

/* --- bytes.c --- */
#define BYTES_KEEP (256u << 10) /* a larger block is given back when it is empty */
struct bytes {
    uint8_t *data;
    size_t start, end, room;
};
size_t bytes_len (const struct bytes *b);
uint8_t *bytes_reserve (struct bytes *b, size_t n); /* room for n more; count them by `end += n` */
void bytes_take (struct bytes *b, size_t n);
void bytes_clear (struct bytes *b);

/* --- credential.c: all of munge --- */
/* Blocking, for at most a few seconds. -1 with words when munged is not there. */
int credential_make (char **ret, const uint8_t binding[SEAL_BINDING_SIZE], const char *munge_socket,
                     uint32_t reader_uid, struct err *err);
/* Whose it is, if it was made for this session and for us alone, is fresh and has not been seen before. -1: refused;
 * the code is FAIL_AUTH, or FAIL_OTHER when it could not be judged (munged away) and trying again may help. */
int credential_check (const char *credential, const uint8_t binding[SEAL_BINDING_SIZE], const char *munge_socket,
                      uint32_t *ret_uid, uint32_t *ret_gid, struct err *err);

/* --- door_auth.c: credentials are checked in threads, munged may take its time --- */
struct auth_pool;
struct auth_check;
int auth_pool_create (struct auth_pool **ret, struct loop *loop, unsigned threads, const char *munge_socket,
                      struct err *err);
struct auth_pool *auth_pool_free (struct auth_pool *pool); /* waits for the checks in hand; nobody is told any more */
DEFINE_CLEANUP (struct auth_pool *, auth_pool_free)
/* fn is called from the loop once, unless cancelled: refused is NULL, or says why not. */
typedef void (*auth_fn) (void *arg, uint32_t uid, uint32_t gid, const struct err *refused);
struct auth_check *auth_start (struct auth_pool *pool, const char *credential, const uint8_t binding[SEAL_BINDING_SIZE],
                               auth_fn fn, void *arg);
struct auth_check *auth_cancel (struct auth_check *check); /* NULL is fine; returns NULL */

/* --- channel.c --- */
/* Takes fd (connected, non-blocking) and seal (handshake done). Frames larger than max_frame end the connection.
 * Nothing is read before channel_handle. */
struct channel *channel_create (struct loop *loop, int fd, struct seal *seal, size_t max_frame);
void channel_set_frame_time (struct channel *ch, usec_t limit); /* other than FRAME_TIME; for tests */
const struct seal *channel_seal (const struct channel *ch);

/* --- socket.c --- */
/* All addresses of a host; freeaddrinfo them. 0; CLIENT_E_CONNECT if asking again may help; -1. */
struct addrinfo;
int socket_resolve (struct addrinfo **ret, const char *address, uint16_t port, struct err *err);
/* What needs no resolver: an address in numbers. NULL: it is a name. */
struct addrinfo *socket_numeric (const char *address, uint16_t port);
/* A non-blocking, close-on-exec socket whose connect has been started: fd, or -errno. */
int socket_connect_start (const struct addrinfo *ai);
int socket_error (int fd); /* of a started connect: 0 or errno */
void socket_tune (int fd); /* no delay, keep-alive; harmless on other sockets */
/* send without SIGPIPE, recv: bytes (recv: 0 = end), or -errno; -EAGAIN when it would block. */
ssize_t socket_send (int fd, const void *data, size_t len);
ssize_t socket_recv (int fd, void *data, size_t room);

/* --- resolve.c: socket_resolve in a thread --- */
struct resolve;
/* fn is called from the loop once, unless cancelled, after which the resolve is gone. list is the callee's, NULL if it
 * could not be resolved: why says it. */
typedef void (*resolve_fn) (void *arg, struct addrinfo *list, const struct err *why);
struct resolve *resolve_start (struct loop *loop, const char *address, uint16_t port, resolve_fn fn, void *arg,
                               struct err *err);    /* NULL: no thread can be had */
struct resolve *resolve_cancel (struct resolve *r); /* before fn was called; NULL is fine; returns NULL */

/* --- message.c --- */
/* The packed frame body: type, then message; the caller frees. */
uint8_t *message_pack (Moisson__MsgType type, const ProtobufCMessage *msg, size_t *ret_len);
