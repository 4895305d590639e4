/* socket.c - the few calls that both dialling sides and the door share. No call here blocks, but for the resolver.
 * SIGPIPE is avoided call by call: ignoring it for the process would be inherited by the jobs that a node starts. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "net/client.h"
#include "net/internal.h"
#include "proto/wire.pb-c.h"

#define KEEP_IDLE_S 60
#define KEEP_EVERY_S 15
#define KEEP_TRIES 4

int socket_resolve (struct addrinfo **ret, const char *address, uint16_t port, struct err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    int r;

    snprintf (service, sizeof service, "%u", (unsigned) port);
    r = getaddrinfo (address, service, &hints, ret);
    if (r == 0)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "cannot resolve the controller's address \"%s\": %s", address,
             r == EAI_SYSTEM ? strerror (errno) : gai_strerror (r));
    err_fix (err, "check SlurmctldHost in the configuration");
    return r == EAI_NONAME ? -1 : CLIENT_E_CONNECT;
}

struct addrinfo *socket_numeric (const char *address, uint16_t port)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8];

    snprintf (service, sizeof service, "%u", (unsigned) port);
    return getaddrinfo (address, service, &hints, &list) ? NULL : list;
}

void socket_tune (int fd)
{
    static const struct {
        int level, option, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1}, /* frames are batched by us, once a turn */
        {SOL_SOCKET, SO_KEEPALIVE, 1}, /* a peer whose machine is gone is noticed within two minutes */
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEP_EVERY_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEP_TRIES},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) /* a failure costs speed, never correctness */
        (void) setsockopt (fd, options[i].level, options[i].option, &options[i].value, sizeof options[i].value);
}

int socket_connect_start (const struct addrinfo *ai)
{
    _cleanup_close_ int fd = socket (ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);
    int done;

    if (fd < 0)
        return -errno;
    socket_tune (fd);
    if (connect (fd, ai->ai_addr, ai->ai_addrlen) < 0 && errno != EINPROGRESS && errno != EINTR)
        return -errno;
    done = fd;
    fd = -1;
    return done;
}

int socket_error (int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt (fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

ssize_t socket_send (int fd, const void *data, size_t len)
{
    ssize_t n;

    do
        n = send (fd, data, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ssize_t socket_recv (int fd, void *data, size_t room)
{
    ssize_t n;

    do
        n = recv (fd, data, room, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}
