/* retry.c - the words of --retry. */
#include "base/retry.h"
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define PERMILLE_MOST 100000u /* a hundredfold */

static const struct {
    const char *word;
    Moisson__RetryCause cause;
} causes[] = {
    {"any", MOISSON__RETRY_CAUSE__RETRY_ANY},       {"node", MOISSON__RETRY_CAUSE__RETRY_NODE},
    {"oom", MOISSON__RETRY_CAUSE__RETRY_OOM},       {"timeout", MOISSON__RETRY_CAUSE__RETRY_TIMEOUT},
    {"setup", MOISSON__RETRY_CAUSE__RETRY_SETUP},   {"exit", MOISSON__RETRY_CAUSE__RETRY_EXIT},
    {"signal", MOISSON__RETRY_CAUSE__RETRY_SIGNAL},
};

const char *retry_cause_word (Moisson__RetryCause cause)
{
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (causes[i].cause == cause)
            return causes[i].word;
    return "?";
}

static int bad (struct err *err, const char *what, const char *word)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--retry: \"%.60s\" is not %s", word, what);
    return err_fix (err, "write CAUSE:TIMES with oom, node, timeout, setup, exit, exit=CODE, signal=NAME or any, and "
                         "what to add, as in \"oom:3,mem*2@16G;node:5\"");
}

static int parse_times (const char *word, uint32_t *ret, struct err *err)
{
    uint64_t n;

    if (number_parse (word, "--retry: how often", 1, RETRY_TIMES_MOST, &n, err) < 0)
        return -1;
    *ret = (uint32_t) n;
    return 0;
}

/* "5", "1-8": codes of an exit. */
static int parse_codes (char *word, Moisson__RetryRule *rule, struct err *err)
{
    char *dash = strchr (word, '-');
    uint64_t first, last;

    if (dash)
        *dash++ = '\0';
    if (number_parse (word, "--retry: an exit code", 1, 255, &first, err) < 0 ||
        number_parse (dash ? dash : word, "--retry: an exit code", first, 255, &last, err) < 0)
        return -1;
    rule->has_first = rule->has_last = true;
    rule->first = (uint32_t) first;
    rule->last = (uint32_t) last;
    return 0;
}

static int parse_signal (const char *word, Moisson__RetryRule *rule, struct err *err)
{
    int sig;

    if (signal_parse (word, &sig, NULL) < 0 || sig <= 0)
        return bad (err, "a signal", word);
    rule->has_first = rule->has_last = true;
    rule->first = rule->last = (uint32_t) sig;
    return 0;
}

static int parse_cause (char *word, Moisson__RetryRule *rule, struct err *err)
{
    char *value = strchr (word, '=');
    size_t i = 0;

    if (value)
        *value++ = '\0';
    while (i < sizeof causes / sizeof *causes && strcmp (causes[i].word, word))
        i++;
    if (i == sizeof causes / sizeof *causes)
        return bad (err, "a cause", word);
    rule->cause = causes[i].cause;
    if (rule->cause == MOISSON__RETRY_CAUSE__RETRY_SIGNAL)
        return value ? parse_signal (value, rule, err) : bad (err, "a cause without the name of the signal", word);
    if (!value)
        return 0;
    return rule->cause == MOISSON__RETRY_CAUSE__RETRY_EXIT ? parse_codes (value, rule, err)
                                                           : bad (err, "a cause that takes a value", word);
}

/* "2", "1.5", "1.125": in thousandths. */
static int parse_factor (const char *word, uint32_t *ret, struct err *err)
{
    const char *dot = strchr (word, '.');
    size_t whole = dot ? (size_t) (dot - word) : strlen (word), decimals = dot ? strlen (dot + 1) : 0;
    uint32_t permille = 0;

    if (!whole || whole > 3 || strspn (word, "0123456789") != whole ||
        (dot && (!decimals || decimals > 3 || strspn (dot + 1, "0123456789") != decimals)))
        return bad (err, "a factor with at most three decimals", word);
    for (size_t i = 0; i < whole; i++)
        permille = permille * 10 + (uint32_t) (word[i] - '0');
    for (size_t i = 0; i < 3; i++)
        permille = permille * 10 + (i < decimals ? (uint32_t) (dot[1 + i] - '0') : 0);
    if (permille <= 1000 || permille > PERMILLE_MOST)
        return bad (err, "a factor above 1 and up to 100", word);
    *ret = permille;
    return 0;
}

static int parse_more (char *word, Moisson__RetryRule *rule, struct err *err)
{
    bool mem = !strncmp (word, "mem*", 4), time = !strncmp (word, "time*", 5);
    char *factor = word + (mem ? 4 : 5), *most = strchr (word, '@');
    uint32_t permille = 0;
    uint64_t limit = 0;

    if (!mem && !time)
        return bad (err, "mem*FACTOR[@MOST] or time*FACTOR[@MOST]", word);
    if (mem ? rule->has_mem_permille : rule->has_time_permille)
        return bad (err, "to be said twice", word);
    if (most)
        *most++ = '\0';
    if (parse_factor (factor, &permille, err))
        return -1;
    if (most && (mem ? mem_parse (most, &limit, err) : duration_parse (most, &limit, err)) < 0)
        return -1;
    if (most && !limit)
        return bad (err, "a bound", most);
    *(mem ? &rule->has_mem_permille : &rule->has_time_permille) = true;
    *(mem ? &rule->mem_permille : &rule->time_permille) = permille;
    *(mem ? &rule->has_mem_most_mb : &rule->has_time_most_s) = most != NULL;
    *(mem ? &rule->mem_most_mb : &rule->time_most_s) = limit;
    return 0;
}

static int parse_rule (char *word, Moisson__RetryRule *rule, struct err *err)
{
    char *more = strchr (word, ','), *times;

    if (more)
        *more++ = '\0';
    rule->times = 1;
    times = strchr (word, ':');
    if (times)
        *times++ = '\0';
    if (parse_cause (word, rule, err) || (times && parse_times (times, &rule->times, err)))
        return -1;
    while (more) {
        char *next = strchr (more, ',');
        if (next)
            *next++ = '\0';
        if (parse_more (more, rule, err))
            return -1;
        more = next;
    }
    return 0;
}

static int parse_part (Moisson__JobSpec *spec, char *word, struct err *err)
{
    Moisson__RetryRule *rule;

    if (!strncmp (word, "max:", 4)) {
        if (spec->has_retry_most)
            return bad (err, "to be said twice", word);
        if (parse_times (word + 4, &spec->retry_most, err))
            return -1;
        spec->has_retry_most = true;
        return 0;
    }
    if (spec->n_retries == RETRY_RULES_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--retry: more than %d rules", RETRY_RULES_MOST);
    rule = xmalloc (sizeof *rule);
    moisson__retry_rule__init (rule);
    spec->retries[spec->n_retries++] = rule;
    return parse_rule (word, rule, err);
}

void retry_clear (Moisson__JobSpec *spec)
{
    for (size_t i = 0; i < spec->n_retries; i++)
        free (spec->retries[i]);
    free (spec->retries);
    free (spec->retry);
    spec->retries = NULL;
    spec->retry = NULL;
    spec->n_retries = 0;
    spec->has_retry_most = false;
    spec->retry_most = 0;
}

int retry_parse (Moisson__JobSpec *spec, const char *text, struct err *err)
{
    Moisson__JobSpec made = MOISSON__JOB_SPEC__INIT;
    _cleanup_free_ char *copy = xstrdup (text ? text : "");
    char *word = copy;

    made.retries = xcalloc (RETRY_RULES_MOST, sizeof *made.retries);
    while (word && *copy) {
        char *next = strchr (word, ';');
        if (next)
            *next++ = '\0';
        if (parse_part (&made, word, err)) {
            retry_clear (&made);
            return -1;
        }
        word = next;
    }
    retry_clear (spec);
    if (!text || !*text) {
        retry_clear (&made);
        return 0;
    }
    spec->retry = xstrdup (text);
    spec->retries = made.retries;
    spec->n_retries = made.n_retries;
    spec->has_retry_most = made.has_retry_most;
    spec->retry_most = made.retry_most;
    return 0;
}

static bool is_sound (const Moisson__RetryRule *rule)
{
    return rule->times && rule->times <= RETRY_TIMES_MOST &&
           (!rule->has_mem_permille || (rule->mem_permille > 1000 && rule->mem_permille <= PERMILLE_MOST)) &&
           (!rule->has_time_permille || (rule->time_permille > 1000 && rule->time_permille <= PERMILLE_MOST)) &&
           rule->has_first == rule->has_last;
}

int retry_check (const Moisson__JobSpec *spec, struct err *err)
{
    bool sound = spec->n_retries <= RETRY_RULES_MOST && spec->retry_most <= RETRY_TIMES_MOST;

    for (size_t i = 0; i < spec->n_retries && sound; i++)
        sound = is_sound (spec->retries[i]);
    return sound ? 0 : bad (err, "a list of rules", spec->retry ? spec->retry : "");
}
