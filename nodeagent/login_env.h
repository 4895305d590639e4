/* login_env.h - the environment that a user has after logging in to this node, for jobs that asked for it
 * (--get-user-env) or brought none (--export=NONE): by running the user's shell. Called in the job's own child, as the
 * user, so that only that job waits for a home that does not answer. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"

struct login {
    const char *user, *home, *shell; /* shell NULL, or one that lets nobody in: /bin/sh */
    const char *attempt, *spool; /* "MOISSON_ATTEMPT=..." and so on, so that what the shell leaves behind is found */
    bool brief;                  /* not as a login shell */
    unsigned wait_s;
};

/* NAME=value\0... into out. 0, or an errno: ETIMEDOUT, ENODATA (the shell ended without saying it), EFBIG, or why it
 * could not be started. */
int login_env_read (const struct login *login, struct buf *out);
const char *login_shell (const struct login *login);
/* Pure: what the shell has printed; 0 or ENODATA. Variables of that shell alone (PWD, OLDPWD, SHLVL, _) are left out.
 */
int login_env_parse (const char *text, size_t len, struct buf *out);
