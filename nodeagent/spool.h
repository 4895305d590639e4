/* spool.h - where things lie in SlurmdSpoolDir, who writes them, and (in root mode) whose they are:
 *
 *   boot, launcher.lock, order.key    launcher                                     root
 *   cgroup, scratch                   launcher: where the jobs' groups are, and    root 0600
 *                                     their directories for temporary files
 *   enroll.key                        `moisson node enroll`: tells root from the    root 0600
 *                                     agent, which is not told the order key
 *   keys.new, keys.commit             launcher: an exchange of keys (rekey.h)      root 0600
 *   enrolled.conf, conf/              `moisson node enroll`, then the launcher:    root 0644, 0755
 *                                     the controller's configuration (configless.h)
 *   notify.sock                       launcher binds it, the agent reads           root 0600: for shepherds
 *   steps.sock                        likewise                                     root 0666: for srun
 * (base/step_news.h) node.key, blobs/<uid>-<hash>      agent                                        agent 0400, 0700
 *   spare/                            launcher: directories to be used again       root 0700 (spares.h)
 *   attempts/                         launcher makes and removes what is in it     root:agent 02751
 *     <raw>.<attempt>/                agent reads, jobs only pass through          02751: files are the agent's group's
 *       order                         launcher, once: Launch, with the agent's     0640 (single-user mode: 0600)
 *                                     choice of cpus
 *       env                           launcher, once: a copy of what was verified  0600
 *       script                        likewise                                     the job's user 0500
 *       lock                          held (flock) while the shepherd lives        0600
 *       ctl                           fifo for the shepherd; the launcher writes   0600
 *       status                        shepherd; launcher when that is lost         0640: status.h; its existence means
 *                                                                                  "may have started"
 *
 * Only the script is the job's user's, and it lies in a directory that is not: it is never written again but for the
 * same user (file_rewrite_for), and nothing of it is believed. In single-user mode everything is that user's, jobs too.
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

#define ATTEMPTS_MODE 0751
#define STATUS_MODE 0640

/* A job of single-user mode can take rights away from its directory: give them back. 0 or -errno. */
int spool_restore_mode (const char *dir);

/* Write data into a file that may exist (it then keeps its inode), without truncating it to nothing first: file systems
 * take that for the beginning of a replacement, and write such files out at once. What is no plain file of ours with
 * one name (file_is_own) is removed first, and never opened in a way that waits. */
int file_rewrite (const char *path, const void *data, size_t len, mode_t mode, struct err *err);
/* The same for a file that another user shall own, in a directory that is ours alone. A file of anybody else there is
 * not written but replaced: whoever owned it may have it open still. */
int file_rewrite_for (const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid,
                      struct err *err);

/* This boot's id, from the kernel. */
int boot_id_read (char ret[BOOT_ID_SIZE], struct err *err);
