/* files.h - small whole files: read with a bound, write by rename. */
#pragma once
#include <stddef.h>
#include <sys/types.h>
#include "base/err.h"

/* Reads at most max bytes (a larger file is an error). NUL-terminated; the caller frees *ret. */
int file_read (const char *path, size_t max, char **ret, size_t *ret_len, struct err *err);
/* Write to a temporary in the same directory, then rename. durable: fsync of file and directory. */
int file_write (const char *path, const void *data, size_t len, mode_t mode, int durable, struct err *err);
int dir_make (const char *path, mode_t mode, struct err *err); /* mkdir -p; existing is fine */
int dir_remove (const char *path);                             /* rm -r, not across links; 0 or -errno */
