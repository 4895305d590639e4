/* service.c - three lines of a protocol, rather than a library for them. */
#include "base/service.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/cleanup.h"

static int send_word (const char *path, const char *word)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen (path);

    if ((path[0] != '/' && path[0] != '@') || len >= sizeof to.sun_path)
        return -EINVAL;
    memcpy (to.sun_path, path, len);
    if (path[0] == '@') /* an abstract name */
        to.sun_path[0] = '\0';
    _cleanup_close_ int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    socklen_t size = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len);
    return sendto (fd, word, strlen (word), MSG_NOSIGNAL, (struct sockaddr *) &to, size) < 0 ? -errno : 0;
}

int service_ready (void)
{
    const char *path = getenv ("NOTIFY_SOCKET");

    if (!path || !path[0])
        return 0;
    int rc = send_word (path, "READY=1");
    return unsetenv ("NOTIFY_SOCKET") ? -errno : rc;
}
