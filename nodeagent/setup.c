/* setup.c - why a job's process never reached the user's program. */
#include "nodeagent/setup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"

/* The first word after "#!"; NULL = the script has no such line. The caller frees it. */
static char *interpreter_of (const char *script)
{
    if (strncmp (script, "#!", 2) != 0)
        return NULL;
    script += 2 + strspn (script + 2, " \t");
    size_t len = strcspn (script, " \t\r\n");
    return len ? xstrndup (script, len) : NULL;
}

static char *exec_words (int errnum, const char *script)
{
    _cleanup_free_ char *interpreter = interpreter_of (script);
    const char *dos = strchr (script, '\r');

    if (interpreter && dos && dos < script + strcspn (script, "\n"))
        return xasprintf ("bad interpreter %s: the script has DOS line ends (fix: dos2unix)", interpreter);
    if (interpreter && errnum != ENOEXEC && errnum != E2BIG)
        return xasprintf ("bad interpreter %s: %s", interpreter, strerror (errnum));
    if (errnum == E2BIG)
        return xasprintf ("cannot run the script: its arguments or its environment are too long");
    return xasprintf ("cannot run the script: %s%s", strerror (errnum),
                      interpreter ? "" : " (its first line must name an interpreter: #!/bin/sh)");
}

char *setup_words (const struct setup_failure *failure, const char *work_dir, const struct job_paths *paths,
                   const char *script)
{
    const struct {
        const char *words, *object;
    } rows[] = {
        [SETUP_SESSION] = {"cannot make a session for the job", ""},
        [SETUP_WORK_DIR] = {"cannot change to directory ", work_dir},
        [SETUP_STDIN] = {"cannot open input ", paths->in},
        [SETUP_STDOUT] = {"cannot open output ", paths->out},
        [SETUP_STDERR] = {"cannot open error output ", paths->err ? paths->err : paths->out},
        [SETUP_STREAMS] = {"cannot set up the job's streams", ""},
        [SETUP_FORK] = {"cannot make a process for the job", ""},
        [SETUP_LIMITS] = {"cannot set the job's resource limits", ""},
        [SETUP_IDENTITY] = {"cannot become the job's user", ""},
        [SETUP_CGROUP] = {"cannot enter the job's cgroup", ""},
        [SETUP_TMP] = {"cannot make the job's own /tmp", ""},
    };
    size_t n = sizeof rows / sizeof *rows, stage = (size_t) failure->stage;

    if (failure->stage == SETUP_EXEC)
        return exec_words (failure->errnum, script);
    if (stage >= n || !rows[stage].words)
        return xasprintf ("cannot set up the job: %s", strerror (failure->errnum));
    return xasprintf ("%s%s: %s", rows[stage].words, rows[stage].object, strerror (failure->errnum));
}

bool setup_is_the_nodes (const struct setup_failure *failure)
{
    static const int shortages[] = {EMFILE, ENFILE, ENOMEM, EAGAIN, ENOBUFS};

    if (failure->stage == SETUP_FORK || failure->stage == SETUP_SESSION || failure->stage == SETUP_STREAMS ||
        failure->stage == SETUP_LIMITS || failure->stage == SETUP_IDENTITY)
        return true;
    for (size_t i = 0; i < sizeof shortages / sizeof *shortages; i++)
        if (failure->errnum == shortages[i])
            return true;
    return false;
}
