/* programs.h - programs of the site that Moisson runs: prologs, epilogs, health checks, reboots. A list of them is what
 * the configuration says: absolute paths, joined by blanks, whose last part may be a pattern
 * ("/etc/moisson/prolog.d/?*"). They are run in the order of the list; what a pattern names, in the order of the names.
 */
#pragma once
#include <sys/types.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/cleanup.h"

int programs_check (const char *list, struct err *err); /* absolute paths, patterns in the last part only */

struct program_list {
    char **paths;
    size_t n, room;
};
#define _cleanup_programs_ __attribute__ ((cleanup (programs_clear)))
void programs_clear (struct program_list *list);
void programs_add (struct program_list *list, const char *words); /* expands; what is no pattern stays as it is */

/* Its environment: nothing of ours but a plain PATH; then what is set. */
struct program_env {
    char **list; /* NULL at the end */
    size_t n, room;
};
#define _cleanup_program_env_ __attribute__ ((cleanup (program_env_clear)))
void program_env_begin (struct program_env *env);
/* Does nothing where value is NULL. */
void program_env_set (struct program_env *env, const char *name, const char *value);
void program_env_setf (struct program_env *env, const char *name, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
void program_env_clear (struct program_env *env);

/* Start it in a session of its own, so that all of it can be killed by kill (-pid), in /, with default signals and
 * nothing to read. What it writes goes to out_fd (-1: to our stderr). */
int program_spawn (pid_t *ret_pid, const char *path, char *const *args, const struct program_env *env, int out_fd,
                   struct err *err);
/* The same with something to read (-1: nothing). */
int program_spawn_fed (pid_t *ret_pid, const char *path, char *const *args, const struct program_env *env, int in_fd,
                       int out_fd, struct err *err);
/* "exited with code 3", "was ended by signal 9": of a wait status that is no success. */
char *program_words (int wait_status);

/* What it writes, line by line: each goes to the log, the last one that is not empty is remembered. */
struct program_output {
    int fd; /* -1 = closed; non-blocking, ours to close */
    char line[512];
    size_t len;
    char last[512];
};
int program_output_open (struct program_output *out, int *ret_write_fd, struct err *err);
/* Reads what is there, or some of it where somebody writes without a pause; false: nobody writes any more. */
bool program_output_read (struct program_output *out, const char *label);
void program_output_close (struct program_output *out, const char *label);
