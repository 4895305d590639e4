/* files.h - small whole files: read with a bound, write by rename. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "base/err.h"

/* Reads at most max bytes (a larger file is an error). NUL-terminated; the caller frees *ret. */
int file_read (const char *path, size_t max, char **ret, size_t *ret_len, struct err *err);

/* Where others may have put something else in its place (a fifo would hold up whoever opens it): never blocks, follows
 * no link, and takes nothing but what file_is_own. FILE_E_ABSENT: it is not there; FILE_E_ODD: something else is, or it
 * is larger than max; -1: the system says no. */
enum { FILE_E_ABSENT = 1, FILE_E_ODD = 2 };
int file_read_own (const char *path, size_t max, char **ret, size_t *ret_len, struct err *err);
bool file_is_own (const struct stat *st); /* a plain file with one name, of our user or root */
/* The same of another user's (or root's) file. */
int file_read_of (const char *path, uid_t owner, size_t max, char **ret, size_t *ret_len, struct err *err);
bool file_is_of (const struct stat *st, uid_t owner);

/* Write to a temporary in the same directory, then rename. durable: fsync of file and directory. */
int file_write (const char *path, const void *data, size_t len, mode_t mode, int durable, struct err *err);
int dir_make (const char *path, mode_t mode, struct err *err); /* mkdir -p; existing is fine */
int dir_remove (const char *path);                             /* rm -r, not across links; 0 or -errno */

/* close_range(2), also where the kernel (before 5.9) or a container has none. 0, or -1: not all are closed. */
int files_close_from (int first);
