/* status.c - the status file of an attempt. */
#include "nodeagent/status.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

static const char first_line[] = "moisson-status 1";

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"pid", offsetof (struct status, pid)},
    {"start_us", offsetof (struct status, start_us)},
    {"end_us", offsetof (struct status, end_us)},
    {"wall_us", offsetof (struct status, wall_us)},
    {"suspended_at", offsetof (struct status, suspended_at)},
    {"suspended_us", offsetof (struct status, suspended_us)},
    {"kind", offsetof (struct status, kind)},
    {"code", offsetof (struct status, code)},
    {"signal", offsetof (struct status, signal)},
    {"cpu_user_us", offsetof (struct status, cpu_user_us)},
    {"cpu_sys_us", offsetof (struct status, cpu_sys_us)},
    {"max_rss_kb", offsetof (struct status, max_rss_kb)},
    {"unkillable", offsetof (struct status, unkillable)},
};
#define N_NUMBERS (sizeof numbers / sizeof *numbers)

static const char *const phases[] = {
    [STATUS_STARTING] = "STARTING", [STATUS_RUNNING] = "RUNNING", [STATUS_EXITED] = "EXITED"};
#define N_PHASES (sizeof phases / sizeof *phases)

static uint64_t *number_of (struct status *st, size_t i)
{
    return (uint64_t *) ((char *) st + numbers[i].offset);
}

void status_clear (struct status *st)
{
    free (st->cause);
    free (st->drain);
    *st = STATUS_INIT;
}

static void put_words (struct buf *out, const char *key, const char *words, size_t most)
{
    size_t len = words ? strnlen (words, most) : 0;

    if (!words)
        return;
    buf_printf (out, "%s ", key);
    for (size_t i = 0; i < len; i++)
        buf_putc (out, words[i] == '\n' || words[i] == '\r' ? ' ' : words[i]);
    buf_putc (out, '\n');
}

void status_format (const struct status *st, struct buf *out)
{
    struct status copy = *st;
    char name[ATTEMPT_NAME_SIZE];

    buf_printf (out, "%s\nattempt %s\nphase %s\nboot %s\n", first_line, attempt_format (st->id, name),
                phases[st->phase], st->boot);
    for (size_t i = 0; i < N_NUMBERS; i++)
        if (*number_of (&copy, i))
            buf_printf (out, "%s %" PRIu64 "\n", numbers[i].key, *number_of (&copy, i));
    put_words (out, "cause", st->cause, STATUS_MAX / 2);
    put_words (out, "drain", st->drain, STATUS_MAX / 16);
    buf_puts (out, "end\n");
}

static int parse_number (struct status *st, const char *key, const char *value)
{
    char *end;

    for (size_t i = 0; i < N_NUMBERS; i++) {
        if (strcmp (numbers[i].key, key) != 0)
            continue;
        if (*value < '0' || *value > '9')
            return -1;
        errno = 0;
        *number_of (st, i) = strtoull (value, &end, 10);
        return *end != '\0' || errno ? -1 : 0;
    }
    return -1;
}

static int parse_line (struct status *st, const char *key, const char *value)
{
    if (strcmp (key, "phase") == 0) {
        for (size_t i = 0; i < N_PHASES; i++)
            if (strcmp (phases[i], value) == 0) {
                st->phase = (enum status_phase) i;
                return 0;
            }
        return -1;
    }
    if (strcmp (key, "attempt") == 0)
        return attempt_parse (value, &st->id);
    if (strcmp (key, "boot") == 0) {
        if (strlen (value) >= BOOT_ID_SIZE)
            return -1;
        strcpy (st->boot, value);
        return 0;
    }
    if (strcmp (key, "cause") == 0) {
        free (st->cause);
        st->cause = xstrdup (value);
        return 0;
    }
    if (strcmp (key, "drain") == 0) {
        free (st->drain);
        st->drain = xstrdup (value);
        return 0;
    }
    return parse_number (st, key, value);
}

int status_parse (const char *text, size_t len, struct status *ret, struct err *err)
{
    _cleanup_free_ char *copy = xstrndup (text, len);
    _cleanup_status_ struct status st = STATUS_INIT;
    bool ended = strlen (copy) != len; /* a NUL inside is not ours */
    char *rest = copy, *line = strsep (&rest, "\n");

    if (ended || strcmp (line, first_line) != 0)
        return err_set (err, 0, "not a status file");
    while (!ended && rest && (line = strsep (&rest, "\n"))) {
        char *value = strchr (line, ' ');
        if (!value) {
            ended = strcmp (line, "end") == 0;
            if (!ended)
                return err_set (err, 0, "status file: bad line '%s'", line);
            continue;
        }
        *value++ = '\0';
        if (parse_line (&st, line, value))
            return err_set (err, 0, "status file: bad value of '%s'", line);
    }
    if (!ended || !rest || *rest)
        return err_set (err, 0, "status file: it does not end with a line 'end'");
    if (st.phase == STATUS_EXITED &&
        (st.kind < MOISSON__END_KIND__END_EXITED || st.kind > MOISSON__END_KIND__END_REFUSED))
        return err_set (err, 0, "status file: unknown kind %" PRIu64, st.kind);
    *ret = st;
    st.cause = st.drain = NULL;
    return 0;
}

int status_read (const char *path, struct attempt_id id, struct status *ret, struct err *err)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    _cleanup_free_ char *text = NULL;
    size_t len = 0;

    int rc = file_read_own (path, STATUS_MAX, &text, &len, err);
    if (rc == FILE_E_ABSENT)
        return STATUS_E_ABSENT;
    if (rc < 0)
        return -1;
    if (rc == FILE_E_ODD || status_parse (text, len, &st, err) || st.id.raw != id.raw || st.id.attempt != id.attempt)
        return STATUS_E_DAMAGED;
    *ret = st;
    st.cause = st.drain = NULL;
    return 0;
}

static int write_status (const char *path, const struct status *st, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    status_format (st, &text);
    return file_rewrite (path, text.data, text.len, STATUS_MODE, err);
}

int status_create (const char *path, const struct status *st, struct err *err)
{
    _cleanup_free_ char *spare = xasprintf ("%s" STATUS_SPARE, path);

    if (access (path, F_OK) == 0)
        return err_errno (err, EEXIST, "cannot create %s", path);
    if (write_status (spare, st, err))
        return -1;
    if (renameat2 (AT_FDCWD, spare, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    /* A file system that cannot do that; the lock keeps others out. */
    if (errno == EEXIST || rename (spare, path))
        return err_errno (err, errno, "cannot create %s", path);
    return 0;
}

int status_replace (const char *path, const struct status *st, struct err *err)
{
    _cleanup_free_ char *other = xasprintf ("%s" STATUS_NEW, path); /* one writer at a time: whoever holds the lock */

    if (write_status (other, st, err))
        return -1;
    if (renameat2 (AT_FDCWD, other, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return 0;
    if (rename (other, path)) /* there was none, or the file system cannot exchange */
        return err_errno (err, errno, "cannot rename %s to %s", other, path);
    return 0;
}

void status_to_exit (const struct status *st, Moisson__Exit *ret)
{
    ret->kind = (Moisson__EndKind) st->kind;
    ret->has_code = ret->has_signal = true;
    ret->code = (uint32_t) st->code;
    ret->signal = (uint32_t) st->signal;
    ret->has_start_us = st->start_us != 0;
    ret->start_us = st->start_us;
    ret->has_end_us = ret->has_wall_us = ret->has_cpu_user_us = ret->has_cpu_sys_us = ret->has_max_rss_kb = true;
    ret->end_us = st->end_us;
    ret->wall_us = st->wall_us;
    ret->cpu_user_us = st->cpu_user_us;
    ret->cpu_sys_us = st->cpu_sys_us;
    ret->max_rss_kb = st->max_rss_kb;
    ret->has_unkillable = st->unkillable != 0;
    ret->unkillable = (uint32_t) st->unkillable;
    ret->has_of_user = ret->of_user = st->of_user;
    ret->cause = st->cause;
    ret->drain = st->drain;
}
