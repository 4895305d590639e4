/* limits.c - limits of associations and QoS: each kind is a row. */
#include "core/limits.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include "core/payer.h"
#include "core/limit_rules.h"
#include "core/state.h"
#include "core/view.h"

struct ask {
    uint64_t tres[N_TRES];
    uint64_t time_s; /* 0 = no limit */
    usec_t now;
};

struct look { /* one question about one job */
    const struct core *core;
    const struct payer *payer;
    const struct ask *ask;
    const char *word; /* of the limit that says no */
    struct buf *text; /* NULL: nobody wants to know */
};

/* --- what is used of a limit ----------------------------------------------------------------------------------------
 */

/* One place where a limit may be set. */
struct place {
    const struct qos *qos; /* or */
    const struct assoc *assoc;
};

static const struct limit_side *side_of (const struct limit_rule *rule, const struct place *at)
{
    return at->qos ? &rule->qos : &rule->assoc;
}

/* TRES_ANY: not set here. */
static uint64_t limit_at (const struct place *at, const struct limit_rule *rule, enum tres tres)
{
    return limit_value (rule, side_of (rule, at), at->qos ? at->qos->conf->limits : at->assoc->limits, tres);
}

static const struct use *use_of (const struct look *look, const struct place *at, const struct limit_rule *rule)
{
    static const struct use none;
    const struct qos_part *part = NULL;
    enum limit_scope scope = side_of (rule, at)->scope;

    if (scope == SCOPE_USER && at->qos)
        part = qos_part_find (&at->qos->users, look->payer->user);
    else if (scope == SCOPE_ACCOUNT)
        part = qos_part_find (&at->qos->accounts, look->payer->account);
    else if (scope == SCOPE_USER) /* of an association: each user has so many, wherever above him that is said */
        return &look->payer->assoc->use;
    else
        return at->qos ? &at->qos->use : &at->assoc->use;
    return part ? &part->use : &none;
}

/* --- sentences ------------------------------------------------------------------------------------------------------
 */

static void who (const struct look *look, const struct place *at, const struct limit_rule *rule, struct buf *out)
{
    enum limit_scope scope = side_of (rule, at)->scope;

    if (scope == SCOPE_JOB)
        buf_puts (out, "it asks for");
    else if (scope == SCOPE_USER)
        buf_printf (out, "user %s has", look->payer->user);
    else if (scope == SCOPE_ACCOUNT)
        buf_printf (out, "account %s has", *look->payer->account ? look->payer->account : "(none)");
    else if (at->qos)
        buf_printf (out, "QoS %s has", at->qos->name);
    else if (assoc_is_leaf (at->assoc))
        buf_printf (out, "user %s has in account %s", at->assoc->user, at->assoc->account);
    else
        buf_printf (out, "account %s has", at->assoc->account);
}

static void place_name (const struct place *at, struct buf *out)
{
    if (at->qos)
        buf_printf (out, "QoS %s", at->qos->name);
    else if (assoc_is_leaf (at->assoc))
        buf_printf (out, "the association of %s in account %s", at->assoc->user, at->assoc->account);
    else
        buf_printf (out, "account %s", at->assoc->account);
}

static void amount (enum tres tres, uint64_t n, struct buf *out)
{
    char mem[32];

    if (tres == TRES_MEM)
        buf_printf (out, "%s of memory", mem_format (n, mem, sizeof mem));
    else if (tres == TRES_BILLING)
        buf_printf (out, "%" PRIu64 " billing units", n / 1000);
    else
        buf_printf (out, "%" PRIu64 " %s%s", n, tres == TRES_GPU ? "gpu" : tres_name (tres), n == 1 ? "" : "s");
}

static bool say (struct look *look, const struct limit_rule *rule, enum tres tres, const struct place *at, uint64_t has,
                 uint64_t asked, uint64_t limit)
{
    bool alone = side_of (rule, at)->scope == SCOPE_JOB; /* it is about this job and no other */

    look->word = side_of (rule, at)->words[tres];
    if (!look->text)
        return false;
    who (look, at, rule, look->text);
    if (rule->kind == LIMIT_JOBS)
        buf_printf (look->text, " %" PRIu64 " job%s running, ", has, has == 1 ? "" : "s");
    else if (rule->kind == LIMIT_SUBMIT)
        buf_printf (look->text, " %" PRIu64 " job%s pending and running, ", has, has == 1 ? "" : "s");
    else {
        buf_putc (look->text, ' ');
        amount (tres, has, look->text);
        if (!alone) {
            buf_puts (look->text, " and this job asks for ");
            amount (tres, asked, look->text);
        }
        buf_puts (look->text, ", ");
    }
    place_name (at, look->text);
    buf_puts (look->text, rule->kind == LIMIT_LEAST ? " wants at least " : " allows ");
    if (rule->kind == LIMIT_JOBS || rule->kind == LIMIT_SUBMIT)
        buf_printf (look->text, "%" PRIu64, limit);
    else
        amount (tres, limit, look->text);
    return false;
}

static bool say_time (struct look *look, const struct limit_rule *rule, enum tres tres, const struct place *at,
                      double has_s, uint64_t limit_s)
{
    const char *unit = tres == TRES_MEM ? "MB" : tres == TRES_GPU ? "gpu" : tres_name (tres);
    char limit[32], has[32];

    look->word = side_of (rule, at)->words[tres];
    if (!look->text)
        return false;
    if (rule->kind == LIMIT_WALL_EACH || rule->kind == LIMIT_WALL_ALL) {
        duration_format (limit_s, limit, sizeof limit);
        duration_format ((uint64_t) has_s, has, sizeof has);
        who (look, at, rule, look->text);
        buf_printf (look->text, rule->kind == LIMIT_WALL_ALL ? " used %s of wall time, " : " %s, ",
                    rule->kind == LIMIT_WALL_EACH && !has_s ? "no time limit" : has);
        place_name (at, look->text);
        buf_printf (look->text, " allows %s", limit);
        return false;
    }
    who (look, at, rule, look->text);
    buf_printf (look->text, side_of (rule, at)->scope == SCOPE_JOB ? " %.0f %s-minutes, " : " used %.0f %s-minutes, ",
                has_s / 60, unit);
    place_name (at, look->text);
    buf_printf (look->text, " allows %" PRIu64, limit_s / 60);
    return false;
}

/* --- one rule at one place ------------------------------------------------------------------------------------------
 */

static bool holds_counts (struct look *look, const struct limit_rule *rule, enum tres tres, const struct place *at,
                          uint64_t limit)
{
    const struct use *use = use_of (look, at, rule);

    switch (rule->kind) {
    case LIMIT_JOBS: return use->jobs < limit || say (look, rule, tres, at, use->jobs, 0, limit);
    case LIMIT_TRES:
        if (side_of (rule, at)->scope == SCOPE_JOB)
            return look->ask->tres[tres] <= limit || say (look, rule, tres, at, look->ask->tres[tres], 0, limit);
        return !look->ask->tres[tres] || use->tres[tres] + look->ask->tres[tres] <= limit ||
               say (look, rule, tres, at, use->tres[tres], look->ask->tres[tres], limit);
    case LIMIT_LEAST:
        return look->ask->tres[tres] >= limit || say (look, rule, tres, at, look->ask->tres[tres], 0, limit);
    default: return true;
    }
}

static bool holds_minutes (struct look *look, const struct limit_rule *rule, enum tres tres, const struct place *at,
                           uint64_t minutes)
{
    const struct usage *usage = at->qos ? &at->qos->usage : &at->assoc->usage;
    double limit = (double) minutes * 60 * 1000, scale = tres == TRES_BILLING ? 1 : 1000;
    double used = usage_at (usage, tres, look->ask->now);

    if (!look->ask->tres[tres])
        return true;
    if (used >= limit)
        return say_time (look, rule, tres, at, used / 1000, minutes * 60);
    if (!(look->core->config->enforce & ENFORCE_SAFE))
        return true;
    used +=
        usage_ahead (usage, tres, look->ask->now) + (double) look->ask->tres[tres] * (double) look->ask->time_s * scale;
    return (look->ask->time_s && used <= limit) || say_time (look, rule, tres, at, used / 1000, minutes * 60);
}

static bool holds (struct look *look, const struct limit_rule *rule, enum tres tres, const struct place *at,
                   uint64_t limit)
{
    const struct usage *usage = at->qos ? &at->qos->usage : &at->assoc->usage;
    const struct ask *ask = look->ask;
    double wall;

    switch (rule->kind) {
    case LIMIT_MINUTES: return holds_minutes (look, rule, tres, at, limit);
    case LIMIT_MINUTES_EACH: /* billing units are in thousandths */
        wall = (double) ask->tres[tres] * (double) ask->time_s / (tres == TRES_BILLING ? 1000 : 1);
        return !ask->tres[tres] || (ask->time_s && wall <= (double) limit * 60) ||
               say_time (look, rule, tres, at, wall, limit * 60);
    case LIMIT_WALL_ALL:
        wall = usage_wall_at (usage, ask->now) / 1000;
        return wall < (double) limit || say_time (look, rule, tres, at, wall, limit);
    case LIMIT_WALL_EACH:
        return (ask->time_s && ask->time_s <= limit) || say_time (look, rule, tres, at, (double) ask->time_s, limit);
    default: return holds_counts (look, rule, tres, at, limit);
    }
}

/* --- one rule at all places -----------------------------------------------------------------------------------------
 */

/* The QoS whose limit counts comes first. */
static void order_qos (const struct payer *payer, struct place ret[2])
{
    bool own_first = qos_has_flag (payer->qos, "OverPartQOS");

    ret[own_first ? 1 : 0].qos = payer->part_qos;
    ret[own_first ? 0 : 1].qos = payer->qos;
}

static bool holds_assocs (struct look *look, const struct limit_rule *rule, enum tres tres)
{
    for (const struct assoc *assoc = look->payer->assoc; assoc; assoc = assoc->parent) {
        const struct place at = {.assoc = assoc};
        uint64_t limit = limit_at (&at, rule, tres);
        if (limit == TRES_ANY)
            continue;
        if (!holds (look, rule, tres, &at, limit))
            return false;
        if (!rule->every_level)
            return true; /* the nearest one counts */
    }
    return true;
}

static bool holds_everywhere (struct look *look, const struct limit_rule *rule, enum tres tres)
{
    struct place qos[2] = {{NULL, NULL}, {NULL, NULL}};

    order_qos (look->payer, qos);
    for (int i = 0; i < 2; i++) {
        uint64_t limit = qos[i].qos ? limit_at (&qos[i], rule, tres) : TRES_ANY;
        if (limit != TRES_ANY)
            return holds (look, rule, tres, &qos[i], limit);
    }
    return holds_assocs (look, rule, tres);
}

static enum gate look_at (struct look *look)
{
    size_t n;
    const struct limit_rule *rules = limit_rules (&n);

    for (size_t i = 0; i < n; i++)
        for (int t = 0; rules[i].kind != LIMIT_SUBMIT && t < (rules[i].by_tres ? N_TRES : 1); t++)
            if (!holds_everywhere (look, &rules[i], t))
                return rules[i].of_lane ? GATE_LANE : GATE_SHAPE;
    return GATE_OPEN;
}

/* --- the pass -------------------------------------------------------------------------------------------------------
 */

static bool limited (const struct core *core)
{
    return core->assocs.set && (core->config->enforce & ENFORCE_LIMITS);
}

enum gate limits_gate (const struct core *core, const struct job *job, const struct demand *demand, usec_t now)
{
    struct ask ask = {.now = now};
    struct payer payer;
    struct look look = {.core = core, .payer = &payer, .ask = &ask};

    if (!limited (core))
        return GATE_OPEN;
    payer = payer_of (core, spec_msg (job->spec), job->partition);
    ask.time_s = job_time_limit (core, job);
    tres_of_demand (core, demand, ask.tres);
    return look_at (&look);
}

enum gate limits_gate_fit (const struct core *core, const struct job *job, const struct fit *fit, usec_t now)
{
    const struct partition *partition = partition_find (core, job->partition);
    struct ask ask = {.now = now};
    struct payer payer;
    struct look look = {.core = core, .payer = &payer, .ask = &ask};

    if (!limited (core))
        return GATE_OPEN;
    payer = payer_of (core, spec_msg (job->spec), job->partition);
    ask.time_s = job_time_limit (core, job);
    tres_of_fit (core, partition ? partition->conf : NULL, fit, ask.tres);
    return look_at (&look);
}

const char *limits_reason (const struct core *core, const struct job *job, struct buf *text)
{
    const struct partition *partition = partition_find (core, job->partition);
    struct ask ask = {.now = core->now};
    struct payer payer;
    struct look look = {.core = core, .payer = &payer, .ask = &ask, .text = text};
    struct demand demand;

    if (!limited (core) || !partition)
        return NULL;
    payer = payer_of (core, spec_msg (job->spec), job->partition);
    ask.time_s = job_time_limit (core, job);
    demand_of (core, partition, job_spec (job), &demand);
    tres_of_demand (core, &demand, ask.tres);
    if (!ask.tres[TRES_MEM]) /* the nodes decide, and nothing is known better before */
        ask.tres[TRES_MEM] = job_likely_mem (core, job);
    return look_at (&look) == GATE_OPEN ? NULL : look.word;
}

/* --- the door -------------------------------------------------------------------------------------------------------
 */

static int refuse (const char *why, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_ACCOUNTS_POLICY,
             "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits): %s", why);
    return err_fix (err, "see: sacctmgr show assoc, sacctmgr show qos");
}

static int check_submit (struct look *look, const struct limit_rule *rule, const struct place *at, uint64_t tasks,
                         struct err *err)
{
    uint64_t limit = limit_at (at, rule, 0), has;

    if (limit == TRES_ANY)
        return 0;
    has = use_of (look, at, rule)->submitted;
    if (has + tasks <= limit)
        return 0;
    say (look, rule, 0, at, has, 0, limit);
    return refuse (buf_str (look->text), err);
}

/* Each task of an array is one. */
static int check_submits (struct look *look, uint64_t tasks, struct err *err)
{
    size_t n;
    const struct limit_rule *rules = limit_rules (&n);

    for (size_t i = 0; i < n; i++) {
        struct place at[2] = {{NULL, NULL}, {NULL, NULL}};
        bool set = false;
        if (rules[i].kind != LIMIT_SUBMIT)
            continue;
        order_qos (look->payer, at);
        for (int k = 0; k < 2 && !set; k++) {
            set = at[k].qos && limit_at (&at[k], &rules[i], 0) != TRES_ANY;
            if (set && check_submit (look, &rules[i], &at[k], tasks, err))
                return -1;
        }
        for (const struct assoc *assoc = look->payer->assoc; assoc && !set; assoc = assoc->parent) {
            const struct place here = {.assoc = assoc};
            if (check_submit (look, &rules[i], &here, tasks, err))
                return -1;
            set = !rules[i].every_level && limit_at (&here, &rules[i], 0) != TRES_ANY;
        }
    }
    return 0;
}

/* With DenyOnLimit what could never run by the limits of one job is refused. */
static int check_deny (struct look *look, struct err *err)
{
    size_t n;
    const struct limit_rule *rules = limit_rules (&n);

    if (!qos_has_flag (look->payer->qos, "DenyOnLimit") && !qos_has_flag (look->payer->part_qos, "DenyOnLimit"))
        return 0;
    for (size_t i = 0; i < n; i++)
        for (int t = 0; rules[i].qos.scope == SCOPE_JOB && t < (rules[i].by_tres ? N_TRES : 1); t++)
            if (!holds_everywhere (look, &rules[i], t))
                return refuse (buf_str (look->text), err);
    return 0;
}

int limits_admit (const struct core *core, const char *user, const Moisson__JobSpec *spec, uint64_t tasks, usec_t now,
                  struct err *err)
{
    const struct partition *partition = partition_of_spec (core, spec);
    Moisson__Submitted facts = MOISSON__SUBMITTED__INIT;
    struct ask ask = {.now = now};
    struct payer payer;
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct look look = {.core = core, .payer = &payer, .ask = &ask, .text = &text};
    struct demand demand;

    if (!limited (core) || !partition)
        return 0;
    facts.user = (char *) user;
    facts.spec = (Moisson__JobSpec *) spec;
    payer = payer_of (core, &facts, partition->name);
    demand_of (core, partition, spec, &demand);
    tres_of_demand (core, &demand, ask.tres);
    ask.time_s = spec->has_time_limit_s            ? spec->time_limit_s
                 : partition->conf->default_time_s ? partition->conf->default_time_s
                                                   : partition->conf->max_time_s;
    return check_submits (&look, tasks, err) || check_deny (&look, err) ? -1 : 0;
}
