/* words.c - splitting lists, resolving users and states. */
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/states.h"
#include "words.h"

void words_add (const char *text, char ***list, size_t *n)
{
    while (*text) {
        size_t len = strcspn (text, ","), from = 0, to = len;

        while (from < to && isspace ((unsigned char) text[from]))
            from++;
        while (to > from && isspace ((unsigned char) text[to - 1]))
            to--;
        if (to > from) {
            *list = xrealloc (*list, (*n + 1) * sizeof **list);
            (*list)[(*n)++] = xstrndup (text + from, to - from);
        }
        text += len;
        text += *text == ',';
    }
}

void words_clear (char ***list, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free ((*list)[i]);
    free (*list);
    *list = NULL;
    *n = 0;
}

int user_parse (const char *name, uint32_t *ret_uid, struct err *err)
{
    const struct passwd *pw = getpwnam (name);
    unsigned long value;
    char *end;

    if (pw) {
        *ret_uid = pw->pw_uid;
        return 0;
    }
    errno = 0;
    value = strtoul (name, &end, 10);
    if (!isdigit ((unsigned char) *name) || *end || errno || value >= UINT32_MAX) {
        err_set (err, 0, "Invalid user: %s", name);
        return err_fix (err, "name a user of this host, or give a user id");
    }
    *ret_uid = (uint32_t) value;
    return 0;
}

char *user_format (uint32_t uid)
{
    const struct passwd *pw = getpwuid (uid);

    return pw ? xstrdup (pw->pw_name) : xasprintf ("%u", uid);
}

int users_add (const char *text, uint32_t **list, size_t *n, struct err *err)
{
    char **names = NULL;
    size_t count = 0;
    int r = 0;

    words_add (text, &names, &count);
    for (size_t i = 0; i < count && !r; i++) {
        uint32_t uid = 0;

        r = user_parse (names[i], &uid, err);
        if (!r) {
            *list = xrealloc (*list, (*n + 1) * sizeof **list);
            (*list)[(*n)++] = uid;
        }
    }
    words_clear (&names, &count);
    return r;
}

static int invalid_state (const char *word, struct err *err)
{
    _cleanup_buf_ struct buf valid = BUF_INIT;
    size_t n;
    const struct state_word *rows = state_words (&n);

    for (size_t i = 0; i < n; i++)
        buf_printf (&valid, "%s%s", i ? "," : "", rows[i].name);
    err_set (err, 0, "Invalid job state specified: %s", word);
    return err_fix (err, "Valid job states include: %s", buf_str (&valid));
}

int job_states_add (const char *text, Moisson__JobState **list, size_t *n, protobuf_c_boolean *ret_all, struct err *err)
{
    char **names = NULL;
    size_t count = 0;
    int r = 0;

    words_add (text, &names, &count);
    for (size_t i = 0; i < count && r >= 0; i++) {
        job_state_t state = MOISSON__JOB_STATE__STATE_PENDING;

        if (!strcasecmp (names[i], "all")) {
            *ret_all = true;
            continue;
        }
        r = state_parse (names[i], &state);
        if (r < 0) {
            invalid_state (names[i], err);
        } else if (r == 0) {
            *list = xrealloc (*list, (*n + 1) * sizeof **list);
            (*list)[(*n)++] = state;
        }
    }
    words_clear (&names, &count);
    return r < 0 ? -1 : 0;
}

const char *words_oversubscribe (const Moisson__JobSpec *spec)
{
    return spec->exclusive ? "NO" : spec->exclusive_user ? "USER" : spec->oversubscribe ? "YES" : "OK";
}
