#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/service.h"
#include "suite.h"

static int listen_at (const char *name, socklen_t len)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    memcpy (at.sun_path, name, len);
    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (bind (fd, (struct sockaddr *) &at, (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len)),
                      0);
    return fd;
}

static void hears_ready (int fd)
{
    char text[32] = "";

    ck_assert_int_eq (recv (fd, text, sizeof text - 1, 0), 7);
    ck_assert_str_eq (text, "READY=1");
    ck_assert_int_lt (recv (fd, text, sizeof text - 1, 0), 0);
    ck_assert_ptr_null (getenv ("NOTIFY_SOCKET")); /* children must not speak for us */
}

START_TEST (ready_is_said_once_and_where_it_was_asked_for)
{
    char path[] = "/tmp/moisson-service-XXXXXX", name[64];

    ck_assert_ptr_nonnull (mkdtemp (path));
    snprintf (name, sizeof name, "%s/socket", path);
    _cleanup_close_ int fd = listen_at (name, (socklen_t) strlen (name));
    setenv ("NOTIFY_SOCKET", name, 1);
    ck_assert_int_eq (service_ready (), 0);
    ck_assert_int_eq (service_ready (), 0);
    hears_ready (fd);
    ck_assert_int_eq (unlink (name), 0);
    ck_assert_int_eq (rmdir (path), 0);
}
END_TEST

START_TEST (an_abstract_name_is_one_too)
{
    char name[64] = "";
    int len = snprintf (name + 1, sizeof name - 1, "moisson-service-%ld", (long) getpid ()) + 1;

    _cleanup_close_ int fd = listen_at (name, (socklen_t) len);
    name[0] = '@';
    setenv ("NOTIFY_SOCKET", name, 1);
    ck_assert_int_eq (service_ready (), 0);
    hears_ready (fd);
}
END_TEST

START_TEST (nonsense_is_refused)
{
    char longer[200];

    memset (longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    setenv ("NOTIFY_SOCKET", longer, 1);
    ck_assert_int_eq (service_ready (), -EINVAL);
    setenv ("NOTIFY_SOCKET", "vsock:2:1", 1);
    ck_assert_int_eq (service_ready (), -EINVAL);
    setenv ("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    ck_assert_int_eq (service_ready (), -ENOENT);
}
END_TEST

SUITE ("base_service", ready_is_said_once_and_where_it_was_asked_for, an_abstract_name_is_one_too, nonsense_is_refused)
