/* scratch_tmp.c - a job's private /tmp. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "nodeagent/scratch.h"

static const char *const hidden[] = {"/var/tmp", "/tmp"}; /* in this order: the one may be a link to the other */
#define N_HIDDEN (sizeof hidden / sizeof *hidden)

bool scratch_hides (const char *path)
{
    for (size_t i = 0; i < N_HIDDEN; i++) {
        size_t len = strlen (hidden[i]);
        if (strncmp (path, hidden[i], len) == 0 && (path[len] == '/' || path[len] == '\0'))
            return true;
    }
    return strncmp (path, "/dev/shm/", 9) == 0;
}

int scratch_become_tmp (const char *dir)
{
    char source[32];

    if (unshare (CLONE_NEWNS))
        return errno;
    int fd =
        open (dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); /* of the new namespace, and dir may be in /tmp */
    if (fd < 0)
        return errno;
    /* What is mounted here stays here; what the node mounts later is seen here too. */
    if (mount (NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
        return errno;
    snprintf (source, sizeof source, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < N_HIDDEN; i++)
        if (mount (source, hidden[i], NULL, MS_BIND, NULL) && errno != ENOENT)
            return errno;
    if (mount ("moisson", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") && errno != ENOENT)
        return errno;
    close (fd);
    return 0;
}
