/* err.h - what went wrong, for a person: what, why, fix. The last parameter of every function that can fail.
 *
 * Two kinds of failure (style models 15): a negative return is fatal for the operation and passed up unchanged, with
 * the sentence in `err`; a positive return is a named outcome of that function, handled by its caller.
 * A function that fails leaves no effect behind and its outputs untouched. */
#pragma once
#include <stdbool.h>

struct err {
    int code;   /* a Moisson__FailCode; 0 = FAIL_OTHER */
    char *what; /* "job not submitted" - may be NULL */
    char *why;  /* "64 cpus on one node asked, the largest node has 48" - never NULL once set */
    char *fix;  /* "ask -c 48 or less (see: sinfo -o '%n %c')" - may be NULL */
};

#define ERR_INIT ((struct err){0})
#define _cleanup_err_ __attribute__ ((cleanup (err_clear)))

/* Fill err (replacing what it held) and return -1, so that a failure is one line. `err` may be NULL.
 * err_errno appends ": <strerror (errnum)>" to why. */
int err_set (struct err *err, int code, const char *why_fmt, ...) __attribute__ ((format (printf, 3, 4)));
int err_errno (struct err *err, int errnum, const char *why_fmt, ...) __attribute__ ((format (printf, 3, 4)));

/* Improve a sentence on its way up; both return -1. */
int err_what (struct err *err, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
int err_fix (struct err *err, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));

bool err_is_set (const struct err *err);
void err_clear (struct err *err); /* also the initialiser's inverse; err is ERR_INIT afterwards */

/* Print "tool: error: what: why" and, if there is one, "        fix: ..." on stderr. Returns 1, the exit status. */
int err_report (const char *tool, const struct err *err);

/* One line "what: why (fix)" for logs; the caller frees it. */
char *err_line (const struct err *err);
