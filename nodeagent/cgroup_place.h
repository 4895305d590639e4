/* cgroup_place.h - where this process is in the hierarchies, and where the groups of jobs go. Pure: texts in, paths
 * out; but for cgroup_base_dir, which asks whether a directory exists. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct cgroup_mount { /* a mounted hierarchy */
    bool is_v2;
    char *options; /* of the file system: v1's controllers are among them */
    char *root;    /* the group that is seen at `point`: not "/" in a container */
    char *point;
};

/* Of /proc/self/mountinfo, those below `below` (NULL or "" = all). Free with cgroup_mounts_free. */
size_t cgroup_mounts_parse (const char *mountinfo, const char *below, struct cgroup_mount **ret);
void cgroup_mounts_free (struct cgroup_mount *mounts, size_t n);

/* Of /proc/self/cgroup, the path of the hierarchy with this controller; "" = v2's. NULL: there is none. */
char *cgroup_path_of (const char *proc_cgroup, const char *controller);
/* That path in the file system; NULL: it is not below what is mounted. */
char *cgroup_place_of (const struct cgroup_mount *mount, const char *path);
/* BASE: the holder unit beside `own` or in system.slice, else `own`, without the leaf that an earlier launcher made. */
char *cgroup_base_dir (const struct cgroup_mount *mount, const char *own);
