/* state_alias.c - a short list, looked through from its beginning. */
#include "base/state_alias.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

struct alias {
    job_state_t from, to;
    char *partition, *user; /* NULL = any */
};

struct state_aliases {
    struct alias *list;
    size_t n, room;
};

static int refuse (struct err *err, const char *entry, const char *why)
{
    err_set (err, 0, "StateAliases: \"%.80s\" %s", entry, why);
    return err_fix (err, "write FROM:TO[:partition=NAME][:user=NAME], separated by commas; for example "
                         "OUT_OF_MEMORY:FAILED,PREEMPTED:CANCELLED:partition=grid");
}

static int read_states (char **cursor, struct alias *alias, const char *entry, struct err *err)
{
    const char *from = strsep (cursor, ":"), *to = strsep (cursor, ":");

    if (!to || state_parse (from, &alias->from) || state_parse (to, &alias->to))
        return refuse (err, entry, "does not name two states that jobs here have");
    if (state_is_ended (alias->from) != state_is_ended (alias->to))
        return refuse (err, entry, "would show a job that has ended as one that has not, or the other way round");
    return 0;
}

static int read_words (char **cursor, struct alias *alias, const char *entry, struct err *err)
{
    for (const char *word = strsep (cursor, ":"); word; word = strsep (cursor, ":")) {
        size_t key = strcspn (word, "=");
        char **slot = key == 9 && !strncasecmp (word, "partition", key) ? &alias->partition
                      : key == 4 && !strncasecmp (word, "user", key)    ? &alias->user
                                                                        : NULL;
        if (!slot || !word[key] || !word[key + 1])
            return refuse (err, entry, "has a word that is neither partition=NAME nor user=NAME");
        free (*slot);
        *slot = xstrdup (word + key + 1);
    }
    return 0;
}

static int add (struct state_aliases *aliases, const char *entry, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (entry);
    char *cursor = copy;

    GROW (aliases->list, aliases->n, aliases->room);
    struct alias *alias = &aliases->list[aliases->n++];
    *alias = (struct alias){0};
    return read_states (&cursor, alias, entry, err) || read_words (&cursor, alias, entry, err) ? -1 : 0;
}

int state_aliases_parse (struct state_aliases **ret, const char *text, struct err *err)
{
    _cleanup_state_aliases_ struct state_aliases *aliases = xcalloc (1, sizeof *aliases);
    _cleanup_free_ char *copy = xstrdup (text);
    char *cursor = copy;

    for (const char *entry = strsep (&cursor, ","); entry; entry = strsep (&cursor, ","))
        if (*entry && add (aliases, entry, err))
            return -1;
    *ret = steal (&aliases);
    return 0;
}

struct state_aliases *state_aliases_free (struct state_aliases *aliases)
{
    if (!aliases)
        return NULL;
    for (size_t i = 0; i < aliases->n; i++) {
        free (aliases->list[i].partition);
        free (aliases->list[i].user);
    }
    free (aliases->list);
    free (aliases);
    return NULL;
}

static bool is_for (const char *only, const char *name)
{
    return !only || (name && !strcmp (only, name));
}

job_state_t state_alias (const struct state_aliases *aliases, job_state_t state, const char *partition,
                         const char *user)
{
    for (size_t i = 0; aliases && i < aliases->n; i++) {
        const struct alias *a = &aliases->list[i];
        if (a->from == state && is_for (a->partition, partition) && is_for (a->user, user))
            return a->to;
    }
    return state;
}
