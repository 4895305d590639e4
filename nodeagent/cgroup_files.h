/* cgroup_files.h - the files and directories of the kernel's cgroup file systems. Each call is one or few system calls;
 * a value is written in one piece. Failures are -errno where nobody needs a sentence. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/buf.h"
#include "base/err.h"

int cgroup_write (const char *dir, const char *file, const char *value);
int cgroup_write_number (const char *dir, const char *file, uint64_t value);
/* "cannot set memory.max to 5 in DIR: ..." */
int cgroup_set (const char *dir, const char *file, const char *value, struct err *err);
int cgroup_set_number (const char *dir, const char *file, uint64_t value, struct err *err);

int cgroup_read (const char *dir, const char *file, struct buf *ret); /* the whole file, replacing what ret held */
uint64_t cgroup_read_number (const char *dir, const char *file);      /* 0 also where there is none */
uint64_t cgroup_number_of (const char *text, const char *key);        /* of a line "key number"; 0 = no such line */

int cgroup_mkdir (const char *path, struct err *err); /* existing is fine */

/* Calls fn for dir and every directory below it, children first, until it returns non-zero, which is then returned. */
int cgroup_walk (const char *dir, int (*fn) (void *arg, const char *dir), void *arg);
/* Processes in dir and below it. fn NULL: just count them. */
size_t cgroup_each_pid (const char *dir, void (*fn) (void *arg, pid_t pid), void *arg);
void cgroup_kill_pids (const char *dir);  /* KILL, once each; never ourselves */
int cgroup_remove_dir (const char *path); /* with what is below it; 0 also if it was not there */
