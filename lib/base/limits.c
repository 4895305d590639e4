/* limits.c - the resource limits of jobs. */
#include "base/limits.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include "base/cleanup.h"
#include "base/mem.h"

static const struct {
    const char *name;
    int resource;
} names[LIMITS_N] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

static int find (const char *name, size_t len)
{
    for (int i = 0; i < LIMITS_N; i++)
        if (strlen (names[i].name) == len && !strncasecmp (names[i].name, name, len))
            return i;
    return -1;
}

/* false: it is no value. */
static bool parse_value (const char *text, uint64_t *ret)
{
    static const char units[] = "KMGT";
    char *end;

    if (!strcasecmp (text, "unlimited") || !strcasecmp (text, "infinity")) {
        *ret = UINT64_MAX;
        return true;
    }
    if (!isdigit ((unsigned char) *text))
        return false;
    errno = 0;
    uint64_t n = strtoull (text, &end, 10);
    const char *unit = *end ? strchr (units, toupper ((unsigned char) *end)) : NULL;
    unsigned shift = unit ? 10 * (unsigned) (unit - units + 1) : 0;
    if (errno || end[unit ? 1 : 0] != '\0' || n > (UINT64_MAX - 1) >> shift)
        return false;
    *ret = n << shift;
    return true;
}

static int refuse (struct err *err, const char *word, const char *why)
{
    err_set (err, 0, "JobLimits: \"%.60s\" %s", word, why);
    return err_fix (err,
                    "write NAME=SOFT or NAME=SOFT:HARD, for example nofile=1024:524288,core=0,memlock=unlimited; names "
                    "are as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending "
                    "stack");
}

static int parse_word (char *word, struct limits *limits, struct err *err)
{
    _cleanup_free_ char *typed = xstrdup (word);
    char *equals = strchr (word, '='), *colon = equals ? strchr (equals, ':') : NULL;
    int at = equals ? find (word, (size_t) (equals - word)) : -1;

    if (!equals)
        return refuse (err, typed, "is no NAME=VALUE");
    if (at < 0)
        return refuse (err, typed, "names no resource limit");
    struct limit limit = {.resource = names[at].resource};
    if (colon)
        *colon = '\0';
    if (!parse_value (equals + 1, &limit.soft) || !parse_value (colon ? colon + 1 : equals + 1, &limit.hard))
        return refuse (err, typed, "has a value that is no number");
    if (limit.soft > limit.hard)
        return refuse (err, typed, "has a soft limit above its hard limit");
    limits->rows[at] = limit;
    return 0;
}

static int parse_list (const char *text, struct limits *limits, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (text);
    char *rest = copy;

    for (char *word; (word = strsep (&rest, ", \t"));)
        if (*word && parse_word (word, limits, err))
            return -1;
    return 0;
}

int limits_parse (const char *text, struct limits *ret, struct err *err)
{
    struct limits limits;

    if (parse_list (LIMITS_STANDARD, &limits, err) || parse_list (text, &limits, err))
        return -1;
    *ret = limits;
    return 0;
}
