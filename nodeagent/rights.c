/* rights.c - what a job's process may do. */
#include "nodeagent/rights.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

_Static_assert(sizeof (gid_t) == sizeof (uint32_t), "groups of an order are passed to the kernel as they are");

void identity_of_order (const Moisson__Order *order, struct identity *ret)
{
    *ret = (struct identity){.change = order->uid != geteuid (),
                             .uid = order->uid,
                             .gid = order->gid,
                             .groups = order->groups,
                             .n_groups = order->n_groups};
}

void oom_score_reset (void)
{
    int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return; /* no such file: nothing was inherited either */
    ssize_t n = write (fd, "0", 1);
    close (fd);
    if (n != 1)
        return; /* an ordinary user may not lower what was raised for it */
}

static rlim_t to_rlim (uint64_t value)
{
    return value == UINT64_MAX ? RLIM_INFINITY : (rlim_t) value;
}

static int take_one (const Moisson__Limit *limit)
{
    struct rlimit wanted = {to_rlim (limit->soft), to_rlim (limit->hard)}, now;
    __rlimit_resource_t resource = (__rlimit_resource_t) limit->resource;

    if (setrlimit (resource, &wanted) == 0)
        return 0;
    if (errno != EPERM || getrlimit (resource, &now))
        return errno;
    wanted.rlim_max = wanted.rlim_max < now.rlim_max ? wanted.rlim_max : now.rlim_max;
    wanted.rlim_cur = wanted.rlim_cur < wanted.rlim_max ? wanted.rlim_cur : wanted.rlim_max;
    return setrlimit (resource, &wanted) ? errno : 0;
}

int limits_take (Moisson__Limit *const *limits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = take_one (limits[i]);
        if (rc)
            return rc;
    }
    return 0;
}
