/* spool.h - where things lie in SlurmdSpoolDir, and who may touch them.
 *
 *   boot, launcher.lock, order.key                launcher
 *   node.key, blobs/<uid>-<hash>, notify.sock     agent
 *   spare/                                        launcher: attempt directories to be used again (spares.h)
 *   attempts/<raw>.<attempt>/                     launcher makes and removes it; the agent only reads
 *       order    Launch: the verified order and the agent's choice of cpus      launcher, once
 *       script, env   copies of what was verified                               launcher, once
 *       lock     held (flock) from before the shepherd starts until it is gone
 *       ctl      fifo with commands for the shepherd
 *       status   (and status.spare, status.new) status.h; its existence means "may have started"               shepherd
 * (launcher when that is lost)
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

struct attempt_id {
    uint64_t raw;
    uint32_t attempt;
};

#define ATTEMPT_NAME_SIZE 36 /* "18446744073709551615.4294967295" and its NUL */
#define BOOT_ID_SIZE 37      /* of the kernel's text, with its NUL */

/* "812.1" and back; -1 unless it is exactly such a name. format returns buf. */
char *attempt_format (struct attempt_id id, char buf[ATTEMPT_NAME_SIZE]);
int attempt_parse (const char *name, struct attempt_id *ret);

/* Paths; the caller frees them. file NULL = the directory itself. */
char *spool_path (const char *spool, const char *file);
char *spool_attempt_path (const char *spool, struct attempt_id id, const char *file);

/* Make spool, blobs and attempts where they are missing; refuses a spool that others can write. */
int spool_prepare (const char *spool, struct err *err);
/* Calls fn for every attempt directory, in no order. fn may remove the one it is called for. */
int spool_each_attempt (const char *spool, void (*fn) (void *arg, struct attempt_id id), void *arg, struct err *err);
/* Does a shepherd hold the attempt's lock? UNKNOWN: the system could not say now (it is out of files or memory). */
enum lock_state { LOCK_FREE, LOCK_HELD, LOCK_ABSENT, LOCK_UNKNOWN };
enum lock_state spool_lock_look (const char *spool, struct attempt_id id);
bool spool_lock_held (const char *spool,
                      struct attempt_id id); /* HELD, or UNKNOWN: nobody is declared dead by mistake */
/* Remove the attempt's directory and all in it; 0 or -errno. */
int spool_remove_attempt (const char *spool, struct attempt_id id);

/* Write data into a file that may exist (it then keeps its inode), without truncating it to nothing first: file systems
 * take that for the beginning of a replacement, and write such files out at once. What is no plain file of ours with
 * one name (file_is_own) is removed first, and never opened in a way that waits. */
int file_rewrite (const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* This boot's id, from the kernel. */
int boot_id_read (char ret[BOOT_ID_SIZE], struct err *err);
