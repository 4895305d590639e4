/* limits.h - JobLimits: the resource limits of jobs, "nofile=1024:524288,core=0,memlock=unlimited". Pure.
 *
 * Jobs get them from the configuration alone: not from the host that they were submitted on, and not from the daemon
 * that starts them. So every resource has a value, named or not. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define LIMITS_N 16

/* What is in force where JobLimits says nothing. */
#define LIMITS_STANDARD                                                                                                \
    "as=unlimited,core=0:unlimited,cpu=unlimited,data=unlimited,fsize=unlimited,locks=unlimited,memlock=unlimited,"    \
    "msgqueue=819200,nice=0,nofile=65536:1048576,nproc=unlimited,rss=unlimited,rtprio=0,rttime=unlimited,"             \
    "sigpending=65536,stack=8M:unlimited"

struct limit {
    int resource;        /* RLIMIT_* */
    uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

struct limits {
    struct limit rows[LIMITS_N];
};

/* NAME=SOFT[:HARD],... over the standard ones. A value is a number in the resource's own unit (bytes, seconds,
 * files...), with K, M, G or T for powers of 1024, or "unlimited". Error: which word, why, and what may stand there. */
int limits_parse (const char *text, struct limits *ret, struct err *err);
