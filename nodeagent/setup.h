/* setup.h - why a job's process never reached the user's program. Pure: the child reports a stage and an errno, the
 * shepherd makes a sentence of it. */
#pragma once
#include <stdbool.h>
#include "nodeagent/paths.h"

enum setup_stage {
    SETUP_SESSION = 1,
    SETUP_WORK_DIR,
    SETUP_STDIN,
    SETUP_STDOUT,
    SETUP_STDERR,
    SETUP_STREAMS, /* dup2 */
    SETUP_EXEC,
    SETUP_FORK,
    SETUP_LIMITS,
    SETUP_IDENTITY,
    SETUP_LOGIN, /* the login environment; errnum is ETIMEDOUT, ENODATA where it said nothing, or why it could not run
                  */
    SETUP_CGROUP,
    SETUP_TMP,
};

struct setup_failure {
    int stage, errnum;
};

/* `script` is the content (the first line may name an interpreter that does not exist), NUL-terminated.
 * "cannot open output /x/y: No such file or directory". The caller frees it. */
char *setup_words (const struct setup_failure *failure, const char *work_dir, const struct job_paths *paths,
                   const char *script);

/* Not for anything that the job asked: another node, or this one later, may start it. */
bool setup_is_the_nodes (const struct setup_failure *failure);
