/* config_policy.c - keys about what runs again, how fast jobs start, and who gives way to whom. */
#include "base/config_policy.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/idset.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

static void put (char **slot, const char *value)
{
    free (*slot);
    *slot = xstrdup (value);
}

static int refuse (struct err *err, const char *why, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s", why);
    return err_fix (err, "%s", fix);
}

/* --- exit codes --------------------------------------------------------------------------------------------------- */

static int set_codes (char **slot, const char *value, struct err *err)
{
    _cleanup_idset_ struct idset *codes = NULL;
    uint32_t limit;

    if (*value && (idset_parse (&codes, &limit, value, 256, NULL) < 0 || limit || idset_has (codes, 0)))
        return refuse (err, "not a list of exit codes", "write codes from 1 to 255: 1-8,75");
    put (slot, value);
    return 0;
}

int config_set_requeue_exit (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_codes (&((struct config *) base)->requeue_exit, value, err);
}

int config_set_requeue_exit_hold (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_codes (&((struct config *) base)->requeue_exit_hold, value, err);
}

static Moisson__Range **ranges_of (const char *text, size_t *ret_n)
{
    _cleanup_idset_ struct idset *codes = NULL;
    Moisson__Range **ranges;
    uint32_t limit;

    *ret_n = 0;
    if (!*text || idset_parse (&codes, &limit, text, 256, NULL) < 0)
        return NULL;
    ranges = xcalloc (idset_ranges (codes), sizeof *ranges);
    for (size_t i = 0; i < idset_ranges (codes); i++) {
        ranges[i] = xmalloc (sizeof **ranges);
        moisson__range__init (ranges[i]);
        idset_range (codes, i, &ranges[i]->first, &ranges[i]->last);
    }
    *ret_n = idset_ranges (codes);
    return ranges;
}

/* --- preemption --------------------------------------------------------------------------------------------------- */

int preempt_mode_parse (const char *word, Moisson__PreemptMode *ret, struct err *err)
{
    static const struct {
        const char *word;
        Moisson__PreemptMode mode;
    } words[] = {
        {"OFF", MOISSON__PREEMPT_MODE__PREEMPT_OFF},
        {"CANCEL", MOISSON__PREEMPT_MODE__PREEMPT_CANCEL},
        {"REQUEUE", MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp (words[i].word, word)) {
            *ret = words[i].mode;
            return 0;
        }
    if (strcasestr (word, "SUSPEND") || strcasestr (word, "GANG"))
        return refuse (err, "a job that is suspended keeps its memory, and nobody would let it go on",
                       "use PreemptMode=REQUEUE or CANCEL");
    return refuse (err, "not a way to preempt", "use OFF, CANCEL or REQUEUE");
}

static int set_mode (char **slot, const char *value, struct err *err)
{
    Moisson__PreemptMode mode;

    if (preempt_mode_parse (value, &mode, err))
        return -1;
    put (slot, value);
    return 0;
}

int config_set_preempt_mode (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_mode (&((struct config *) base)->preempt_mode, value, err);
}

int config_set_preempt_mode_of_partition (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_mode (&((struct partition_line *) base)->preempt_mode, value, err);
}

/* --- start rates -------------------------------------------------------------------------------------------------- */

int start_rate_parse (const char *text, uint32_t *ret_n, uint64_t *ret_us, struct err *err)
{
    static const struct {
        const char *word;
        uint64_t seconds;
    } units[] = {{"s", 1},    {"sec", 1},     {"second", 1}, {"m", 60},
                 {"min", 60}, {"minute", 60}, {"h", 3600},   {"hour", 3600}};
    size_t digits = strcspn (text, "/");
    _cleanup_free_ char *number = xstrndup (text, digits);
    uint64_t n;

    for (size_t i = 0; text[digits] && i < sizeof units / sizeof *units; i++)
        if (!strcasecmp (units[i].word, text + digits + 1)) {
            if (number_parse (number, "the rate", 1, 1000000, &n, err) < 0)
                return -1;
            *ret_n = (uint32_t) n;
            *ret_us = units[i].seconds * USEC_PER_SEC;
            return 0;
        }
    return refuse (err, "not a rate", "write so many starts in a second, a minute or an hour: 50/s, 300/min, 1000/h");
}

static int set_rate (char **slot, const char *value, struct err *err)
{
    uint64_t us;
    uint32_t n;

    if (strcasecmp (value, "UNLIMITED") && start_rate_parse (value, &n, &us, err))
        return -1;
    put (slot, value);
    return 0;
}

int config_set_start_rate (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_rate (&((struct partition_line *) base)->start_rate, value, err);
}

int config_set_user_start_rate (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_rate (&((struct partition_line *) base)->user_start_rate, value, err);
}

/* --- into the core's configuration -------------------------------------------------------------------------------- */

void config_policy_partition (const struct partition_line *line, Moisson__PartitionConf *p)
{
    if (line->start_rate && start_rate_parse (line->start_rate, &p->start_rate, &p->start_rate_us, NULL) == 0)
        p->has_start_rate = p->has_start_rate_us = true;
    if (line->user_start_rate &&
        start_rate_parse (line->user_start_rate, &p->user_start_rate, &p->user_start_rate_us, NULL) == 0)
        p->has_user_start_rate = p->has_user_start_rate_us = true;
    if (line->preempt_mode && *line->preempt_mode)
        p->has_preempt_mode = preempt_mode_parse (line->preempt_mode, &p->preempt_mode, NULL) == 0;
    p->has_grace_s = line->grace > 0;
    p->grace_s = line->grace;
}

void config_apply_policy (struct config *conf)
{
    Moisson__Config *core = conf->core;

    core->has_max_restarts = true;
    core->max_restarts = conf->max_batch_requeue;
    core->requeue_exit = ranges_of (conf->requeue_exit, &core->n_requeue_exit);
    core->requeue_exit_hold = ranges_of (conf->requeue_exit_hold, &core->n_requeue_exit_hold);
    core->has_preempt_type = core->has_preempt_exempt_s = true;
    core->preempt_type = !strcasecmp (conf->preempt_type, "preempt/qos") ? MOISSON__PREEMPT_TYPE__PREEMPT_QOS
                         : !strcasecmp (conf->preempt_type, "preempt/partition_prio")
                             ? MOISSON__PREEMPT_TYPE__PREEMPT_PARTITION
                             : MOISSON__PREEMPT_TYPE__PREEMPT_NONE;
    core->has_preempt_mode = preempt_mode_parse (conf->preempt_mode, &core->preempt_mode, NULL) == 0;
    core->preempt_exempt_s = conf->preempt_exempt_s;
    core->has_fast_fail_s = core->has_fast_fail_exclude_s = true;
    core->fast_fail_s = conf->fast_fail_s;
    core->fast_fail_exclude_s = conf->fast_fail_exclude_s;
}
