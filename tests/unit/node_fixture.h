/* node_fixture.h - a spool of its own in a temporary directory, orders for it, and a shepherd run in it as the launcher
 * would. Conditions are waited for with a deadline. */
#pragma once
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/clock.h"
#include "nodeagent/spool.h"
#include "nodeagent/status.h"
#include "proto/launch.pb-c.h"
#include "proto/spec.pb-c.h"

#define DEADLINE (30 * USEC_PER_SEC)

/* Poll a condition until it holds; the test fails where it does not in time. */
#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        usec_t wait_end_ = clock_monotonic () + DEADLINE;                                                              \
        while (!(condition)) {                                                                                         \
            ck_assert_msg (clock_monotonic () < wait_end_, "waited in vain for: %s", #condition);                      \
            poll (NULL, 0, 5);                                                                                         \
        }                                                                                                              \
    } while (0)

struct fixture {
    char dir[64];   /* everything */
    char spool[80]; /* dir/spool */
    char bin[PATH_MAX];
    struct attempt_id id;
    Moisson__JobSpec spec;
    Moisson__Order order;
    Moisson__Launch launch;
    uid_t script_uid; /* whose the script shall be; 0: ours */
    pid_t shepherd;
    int notify;
};

static inline char *fixture_path (const struct fixture *f, const char *name)
{
    return xasprintf ("%s/%s", f->dir, name);
}

static inline void fixture_bin (char bin[PATH_MAX])
{
    ssize_t n = readlink ("/proc/self/exe", bin, PATH_MAX - 1);

    ck_assert_int_gt (n, 0);
    bin[n] = '\0';
    *strrchr (bin, '/') = '\0'; /* the file */
    *strrchr (bin, '/') = '\0'; /* tests */
    strcat (bin, "/bin");
}

static inline void fixture_open (struct fixture *f)
{
    static const uint8_t empty[1];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *f = (struct fixture){.id = {7, 1}, .notify = -1};
    strcpy (f->dir, "/tmp/moisson-test-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (f->dir));
    snprintf (f->spool, sizeof f->spool, "%s/spool", f->dir);
    ck_assert_int_eq (spool_prepare (f->spool, NULL), 0);
    fixture_bin (f->bin);
    moisson__job_spec__init (&f->spec);
    moisson__order__init (&f->order);
    moisson__launch__init (&f->launch);
    f->spec.name = (char *) "test";
    f->order.node = (char *) "n1";
    f->order.user = (char *) "tester";
    f->order.work_dir = f->dir;
    f->order.kill_wait_s = 1;
    f->order.cpus = 1;
    f->order.uid = getuid ();
    f->order.launcher_nonce.data = f->order.script_hash.data = f->order.env_hash.data = (uint8_t *) empty;
    f->notify = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf (address.sun_path, sizeof address.sun_path, "%s/notify.sock", f->spool);
    ck_assert_int_eq (bind (f->notify, (struct sockaddr *) &address, sizeof address), 0);
}

static inline void fixture_close (struct fixture *f)
{
    close (f->notify);
    ck_assert_int_eq (dir_remove (f->dir), 0);
}

static inline void fixture_write (const char *dir, const char *name, const void *data, size_t len, mode_t mode)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);

    ck_assert_int_eq (file_write (path, data, len, mode, 0, NULL), 0);
}

/* The attempt's directory as the launcher leaves it, and a shepherd in it. */
static inline void fixture_start (struct fixture *f, const char *script, const char *env, size_t env_len)
{
    _cleanup_free_ char *dir = spool_attempt_path (f->spool, f->id, NULL);
    _cleanup_free_ char *lock = xasprintf ("%s/lock", dir), *ctl = xasprintf ("%s/ctl", dir);
    _cleanup_free_ char *program = xasprintf ("%s/moisson-shepherd", f->bin);
    _cleanup_free_ char *script_path = xasprintf ("%s/script", dir);
    Moisson__SignedOrder signed_order = MOISSON__SIGNED_ORDER__INIT;
    uint8_t spec[4096], order[8192], launch[16384];
    char name[ATTEMPT_NAME_SIZE];

    ck_assert_uint_le (moisson__job_spec__get_packed_size (&f->spec), sizeof spec);
    f->order.raw_id = f->id.raw;
    f->order.attempt = f->id.attempt;
    f->order.spec = (ProtobufCBinaryData){moisson__job_spec__pack (&f->spec, spec), spec};
    signed_order.order = (ProtobufCBinaryData){moisson__order__pack (&f->order, order), order};
    signed_order.mac = (ProtobufCBinaryData){0, order};
    f->launch.order = &signed_order;
    ck_assert_int_eq (mkdir (dir, 0755), 0);
    fixture_write (dir, "order", launch, moisson__launch__pack (&f->launch, launch), 0600);
    fixture_write (dir, "script", script, strlen (script), 0700);
    if (f->script_uid)
        ck_assert_int_eq (chown (script_path, f->script_uid, (gid_t) -1), 0);
    fixture_write (dir, "env", env, env_len, 0600);
    ck_assert_int_eq (mkfifo (ctl, 0600), 0);
    f->shepherd = fork ();
    if (f->shepherd == 0) {
        int lock_fd = open (lock, O_RDWR | O_CREAT, 0600), ctl_fd = open (ctl, O_RDWR | O_NONBLOCK);
        if (lock_fd < 0 || ctl_fd < 0 || flock (lock_fd, LOCK_EX) || dup2 (lock_fd, 103) < 0 ||
            dup2 (ctl_fd, 104) < 0 || dup2 (103, 3) < 0 || dup2 (104, 4) < 0)
            _exit (99);
        close_range (5, ~0U, 0);
        execl (program, program, f->spool, attempt_format (f->id, name), "/etc/conf-of-test", (char *) NULL);
        _exit (98);
    }
    ck_assert_int_gt (f->shepherd, 0);
}

static inline int fixture_wait (const struct fixture *f) /* the shepherd's exit code */
{
    int st = 0;

    WAIT_UNTIL (waitpid (f->shepherd, &st, WNOHANG) == f->shepherd);
    return WIFEXITED (st) ? WEXITSTATUS (st) : 1000 + WTERMSIG (st);
}

static inline void fixture_status (const struct fixture *f, struct status *ret)
{
    _cleanup_free_ char *path = spool_attempt_path (f->spool, f->id, "status");

    ck_assert_int_eq (status_read (path, f->id, ret, NULL), 0);
}

/* Run a script to its end. */
static inline void fixture_run (struct fixture *f, const char *script, struct status *ret)
{
    fixture_start (f, script, "", 0);
    ck_assert_int_eq (fixture_wait (f), 0);
    fixture_status (f, ret);
    ck_assert_int_eq (ret->phase, STATUS_EXITED);
}

static inline void fixture_ctl (const struct fixture *f, const char *text)
{
    _cleanup_free_ char *path = spool_attempt_path (f->spool, f->id, "ctl");
    _cleanup_close_ int fd = -1;

    /* a new fifo is made before it is opened for reading */
    WAIT_UNTIL ((fd = open (path, O_WRONLY | O_NONBLOCK)) >= 0);
    ck_assert_int_eq (write (fd, text, strlen (text)), (ssize_t) strlen (text));
}

static inline char *fixture_read (const struct fixture *f, const char *name) /* NULL = not there; the caller frees it */
{
    _cleanup_free_ char *path = fixture_path (f, name);
    char *text = NULL;

    return file_read (path, 1u << 20, &text, NULL, NULL) ? NULL : text;
}

static inline bool fixture_has (const struct fixture *f, const char *name)
{
    _cleanup_free_ char *path = fixture_path (f, name);

    return access (path, F_OK) == 0;
}

/* The pid that a script wrote into a file. */
static inline pid_t fixture_pid (const struct fixture *f, const char *name)
{
    _cleanup_free_ char *text = fixture_read (f, name);

    ck_assert_ptr_nonnull (text);
    ck_assert_int_gt (atoi (text), 1);
    return (pid_t) atoi (text);
}

static inline bool process_is_gone (pid_t pid)
{
    return kill (pid, 0) != 0 && errno == ESRCH;
}
