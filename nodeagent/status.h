/* status.h - the status file of an attempt: what its shepherd knows, as lines "key value". It is created before the
 * fork, so its existence means "may have started"; every later version replaces it by rename. A status that cannot be
 * read (a crash while it was created) counts as STARTING.
 *
 *   moisson-status 1
 *   attempt 812.1
 *   phase EXITED            STARTING, RUNNING, EXITED
 *   boot 5c9a4bd0-...       boot id of the machine when it was created
 *   pid 4711                of the batch shell
 *   suspended_at, suspended_us   it stands still since then (wall clock); how long it did before (monotonic)
 *   start_us, end_us        wall clock; wall_us by the monotonic one
 *   kind 1                  enum EndKind; code, signal, cpu_user_us, cpu_sys_us, max_rss_kb, unkillable
 *   cause words             why, for a person
 *   drain words             the node is to be drained, for this reason
 *   end */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "nodeagent/spool.h"
#include "proto/node.pb-c.h"

enum status_phase { STATUS_STARTING, STATUS_RUNNING, STATUS_EXITED };

struct status {
    struct attempt_id id;
    enum status_phase phase;
    char boot[BOOT_ID_SIZE];
    uint64_t pid;
    uint64_t start_us, end_us, wall_us;
    uint64_t suspended_at, suspended_us;
    uint64_t kind; /* a Moisson__EndKind; meaningful once EXITED */
    uint64_t code, signal;
    uint64_t cpu_user_us, cpu_sys_us, max_rss_kb;
    bool of_user;        /* END_REFUSED for who the user is; the agent's word, never in the file */
    uint64_t unkillable; /* EXITED, but so many processes are there that KILL does not end */
    char *cause, *drain; /* owned; NULL = none. Line breaks become blanks. */
};

#define STATUS_INIT ((struct status){0})
#define _cleanup_status_ __attribute__ ((cleanup (status_clear)))
#define STATUS_MAX 16384 /* bytes of a file; longer causes are cut */

/* Directories are used again (spares.h), so that a job costs the file system no new inodes: what is not valid now lies
 * beside the status under these names. After a power cut any of them may hold what an earlier attempt wrote, which is
 * why a status names its attempt. */
#define STATUS_SPARE ".spare" /* becomes the status when it is created */
#define STATUS_NEW ".new"     /* is exchanged with the status when it is replaced */

void status_clear (struct status *st);
void status_format (const struct status *st, struct buf *out);
/* Strict: first line, known keys in any order, last line "end". -1 leaves *ret untouched. */
int status_parse (const char *text, size_t len, struct status *ret, struct err *err);

enum { STATUS_E_ABSENT = 1, STATUS_E_DAMAGED = 2 };
/* Outcomes: 0, STATUS_E_ABSENT (never started), STATUS_E_DAMAGED (may have started; also when it is of another
 * attempt), -1 (the file system says no). */
int status_read (const char *path, struct attempt_id id, struct status *ret, struct err *err);
/* Create; -1 also if there is one: then somebody has started this attempt before. */
int status_create (const char *path, const struct status *st, struct err *err);
int status_replace (const char *path, const struct status *st, struct err *err); /* whole, by rename */

/* Fill exit with what st says; strings are borrowed from st. For EXITED only. */
void status_to_exit (const struct status *st, Moisson__Exit *ret);
