/* config_accounts.c - AccountingStorageEnforce, Priority*, and what partitions say of accounts. */
#include "base/config_accounts.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/accounts.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

static int refuse (struct err *err, const char *fix, const char *word, const char *what)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "\"%.60s\" is no %s", word, what);
    return err_fix (err, "%s", fix);
}

static void put (char **slot, const char *value)
{
    free (*slot);
    *slot = xstrdup (value);
}

/* --- AccountingStorageEnforce ---------------------------------------------------------------------------------------
 */

int config_set_enforce (void *base, const char *value, char **ret_note, struct err *err)
{
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = {
        {"associations", ENFORCE_ASSOCIATIONS},
        {"limits", ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS},
        {"qos", ENFORCE_ASSOCIATIONS | ENFORCE_QOS},
        {"safe", ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS | ENFORCE_SAFE},
        {"all", ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS | ENFORCE_QOS | ENFORCE_SAFE},
        {"none", 0},
        {"0", 0},
    };
    struct config *conf = base;
    _cleanup_free_ char *copy = xstrdup (value);
    unsigned bits = 0;
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        size_t i = 0;
        while (i < sizeof words / sizeof *words && strcasecmp (word, words[i].word))
            i++;
        if (i < sizeof words / sizeof *words)
            bits |= words[i].bits;
        else if (!strcasecmp (word, "wckeys") || !strcasecmp (word, "nojobs") || !strcasecmp (word, "nosteps")) {
            if (ret_note && !*ret_note)
                *ret_note = xasprintf ("\"%s\" is ignored: records are always kept, and any WCKey is taken", word);
        } else
            return refuse (err, "join associations, limits, qos and safe with commas", word, "thing to enforce");
    }
    conf->enforce = bits;
    put (&conf->enforce_text, value);
    return 0;
}

/* --- weights --------------------------------------------------------------------------------------------------------
 */

/* "0.25G": so much for each GB. Thousandths for each GB; without a suffix it is for each MB. */
static int mem_weight (const char *value, double n, const char *end, uint64_t *ret)
{
    static const struct {
        char suffix;
        double gb;
    } units[] = {{'\0', 1024}, {'M', 1024}, {'G', 1}, {'T', 1.0 / 1024}, {'K', 1048576}};

    (void) value;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp (end, (const char[]){units[i].suffix, '\0'}) == 0) {
            *ret = (uint64_t) (n * units[i].gb * 1000 + 0.5);
            return 0;
        }
    return -1;
}

static int weight_word (char *word, Moisson__Weights *weights, struct err *err)
{
    char *value = strchr (word, '='), *end = NULL;
    double n = 0;
    int rc = -1;

    if (value) {
        *value++ = '\0';
        n = strtod (value, &end);
    }
    if (!value || end == value || !(n >= 0 && n <= 1e9))
        return refuse (err, "write CPU=1.0,Mem=0.25G,GRES/gpu=2.0", value ? value : word, "weight");
    if (!strcasecmp (word, "cpu"))
        rc = *end ? -1 : (weights->has_cpu = true, weights->cpu = (uint64_t) (n * 1000 + 0.5), 0);
    else if (!strcasecmp (word, "mem")) {
        rc = mem_weight (value, n, end, &weights->mem_gb);
        weights->has_mem_gb = rc == 0;
    } else if (!strcasecmp (word, "node"))
        rc = *end ? -1 : (weights->has_node = true, weights->node = (uint64_t) (n * 1000 + 0.5), 0);
    else if (!strcasecmp (word, "gres/gpu"))
        rc = *end ? -1 : (weights->has_gpu = true, weights->gpu = (uint64_t) (n * 1000 + 0.5), 0);
    else
        return refuse (err, "name CPU, Mem, Node and GRES/gpu", word, "resource that has a weight");
    return rc ? refuse (err, "write CPU=1.0,Mem=0.25G,GRES/gpu=2.0", value, "weight") : 0;
}

static int parse_weights (const char *text, Moisson__Weights *ret, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (text);
    Moisson__Weights weights = MOISSON__WEIGHTS__INIT;
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save))
        if (weight_word (word, &weights, err))
            return -1;
    *ret = weights;
    return 0;
}

int config_set_billing (void *base, const char *value, char **ret_note, struct err *err)
{
    struct partition_line *line = base;
    Moisson__Weights weights;

    (void) ret_note;
    if (parse_weights (value, &weights, err))
        return -1;
    put (&line->billing, value);
    return 0;
}

int config_set_tres_weights (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    Moisson__Weights weights;

    (void) ret_note;
    if (parse_weights (value, &weights, err))
        return -1;
    conf->weight_cpu = (double) weights.cpu / 1000;
    conf->weight_mem = (double) weights.mem_gb / 1000 / 1024; /* as it is written: of the share of all memory */
    conf->weight_gpu = (double) weights.gpu / 1000;
    put (&conf->priority_weight_tres, value);
    return 0;
}

/* --- PriorityFlags --------------------------------------------------------------------------------------------------
 */

int config_set_priority_flags (void *base, const char *value, char **ret_note, struct err *err)
{
    static const char *const ignored[] = {"ACCRUE_ALWAYS", "CALCULATE_RUNNING", "INCR_ONLY",
                                          "NO_NORMAL_ALL", "NO_NORMAL_ASSOC",   "NO_NORMAL_PART",
                                          "NO_NORMAL_QOS", "NO_NORMAL_TRES",    "SMALL_RELATIVE_TO_TIME"};
    struct config *conf = base;
    _cleanup_free_ char *copy = xstrdup (value);
    char *save = NULL;
    bool most = false;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        bool known = !strcasecmp (word, "FAIR_TREE") || !strcasecmp (word, "MAX_TRES") || !strcasecmp (word, "NONE");
        most = most || !strcasecmp (word, "MAX_TRES");
        for (size_t i = 0; !known && i < sizeof ignored / sizeof *ignored; i++) {
            known = !strcasecmp (word, ignored[i]);
            if (known && ret_note && !*ret_note)
                *ret_note = xasprintf ("\"%s\" is ignored", word);
        }
        if (!known)
            return refuse (err,
                           "FAIR_TREE (always in force) and MAX_TRES are known; fairshare is Fair Tree and no other",
                           word, "flag");
    }
    conf->priority_max_tres = most;
    put (&conf->priority_flags, value);
    return 0;
}

/* --- what the core gets ---------------------------------------------------------------------------------------------
 */

void config_fill_accounts (struct config *conf)
{
    Moisson__Config *core = conf->core;

    core->has_enforce = conf->enforce > 0;
    core->enforce = conf->enforce;
    core->has_billing_max = conf->priority_max_tres;
    core->billing_max = conf->priority_max_tres;
    core->has_usage_half_life_s = core->has_usage_period_s = true;
    core->usage_half_life_s = conf->priority_half_life;
    core->usage_period_s = conf->priority_calc_period;
    core->has_multifactor = core->multifactor = !strcasecmp (conf->priority_type, "priority/multifactor");
    core->has_fairshare = core->fairshare = core->multifactor && conf->weight_fairshare;
}

/* "a,b" as a list; ALL and nothing are none. */
static char **words (const char *text, size_t *ret_n)
{
    _cleanup_free_ char *copy = xstrdup (text && strcasecmp (text, "ALL") ? text : "");
    char **list = NULL, *save = NULL;
    size_t n = 0, room = 0;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        GROW (list, n, room);
        list[n++] = xstrdup (word);
    }
    *ret_n = n;
    return list;
}

void config_partition_accounts (const struct partition_line *line, Moisson__PartitionConf *p)
{
    Moisson__Weights weights = MOISSON__WEIGHTS__INIT;

    p->allow_accounts = words (line->allow_accounts, &p->n_allow_accounts);
    p->deny_accounts = words (line->deny_accounts, &p->n_deny_accounts);
    p->allow_qos = words (line->allow_qos, &p->n_allow_qos);
    p->deny_qos = words (line->deny_qos, &p->n_deny_qos);
    if (line->allow_groups && strcasecmp (line->allow_groups, "ALL"))
        p->allow_groups = xstrdup (line->allow_groups);
    if (line->qos && *line->qos && strcasecmp (line->qos, "N/A"))
        p->qos = xstrdup (line->qos);
    p->has_job_factor = line->job_factor != 1;
    p->job_factor = line->job_factor;
    if (!line->billing || parse_weights (line->billing, &weights, NULL))
        return;
    p->billing = xmalloc (sizeof *p->billing);
    *p->billing = weights;
}
