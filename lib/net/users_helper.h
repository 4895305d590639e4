/* users_helper.h - the process that asks the user database, and the bytes between it and users.c. */
#pragma once
#include <stdint.h>

#define USERS_ANSWER_MAX (160u << 10) /* bytes of one answer: 32,768 groups and the strings */
#define USERS_GROUPS_MAX 32768
#define USERS_LOOKUP_S 10 /* a lookup that takes longer is given up */

/* Request: a uint32_t uid, one datagram. Answer: this head, then groups, then the strings, each with its NUL. */
struct users_answer {
    uint32_t uid, gid;
    int32_t found; /* 1; 0 = no such user */
    uint32_t n_groups;
};

/* Serve lookups on fd until its other end closes; a worker that hangs or dies in the database's code is replaced.
 * Never returns. */
__attribute__ ((noreturn)) void users_helper_run (int fd);
