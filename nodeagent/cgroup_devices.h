/* cgroup_devices.h - on v2 a group's devices are decided by a program in the kernel, loaded with bpf(2). Internal to
 * cgroup_v2.c. */
#pragma once
#include "base/err.h"
#include "nodeagent/cgroup.h"

/* Deny these, for this group and all below it; everything else stays as it is. The program lives as long as the group.
 */
int cgroup_devices_deny (const char *dir, const struct cgroup_device *deny, size_t n, struct err *err);
