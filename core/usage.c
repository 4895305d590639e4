/* usage.c - charges as rates, and their decay. */
#include "core/usage.h"
#include <string.h>
#include "core/attempt.h"
#include "core/payer.h"
#include "core/state.h"

#define THOUSAND 1000

static uint64_t second (usec_t t)
{
    return t / USEC_PER_SEC;
}

/* --- one account of usage ------------------------------------------------------------------------------------------
 */

void usage_accrue (struct usage *usage, usec_t now)
{
    uint64_t to = second (now), dt = to > usage->at_s ? to - usage->at_s : 0;

    if (!dt)
        return;
    for (int t = 0; t < N_TRES; t++)
        usage->used[t] += (double) usage->rate[t] * (double) dt;
    usage->wall += (double) usage->jobs * (double) dt;
    usage->at_s = to;
}

double usage_at (const struct usage *usage, enum tres tres, usec_t now)
{
    uint64_t to = second (now), dt = to > usage->at_s ? to - usage->at_s : 0;
    double used = usage->used[tres] + (double) usage->rate[tres] * (double) dt;

    return used > 0 ? used : 0;
}

double usage_wall_at (const struct usage *usage, usec_t now)
{
    uint64_t to = second (now), dt = to > usage->at_s ? to - usage->at_s : 0;
    double wall = usage->wall + (double) usage->jobs * (double) dt;

    return wall > 0 ? wall : 0;
}

double usage_ahead (const struct usage *usage, enum tres tres, usec_t now)
{
    int64_t ahead = (int64_t) (usage->ends[tres] - usage->rate[tres] * second (now) + usage->pledged[tres]);

    return ahead > 0 ? (double) ahead : 0;
}

void usage_reset (struct usage *usage, usec_t now)
{
    usage_accrue (usage, now);
    memset (usage->used, 0, sizeof usage->used);
    usage->wall = 0;
}

bool usage_is_nothing (const struct usage *usage)
{
    bool nothing = !usage->jobs && usage->wall == 0;

    for (int t = 0; t < N_TRES; t++)
        nothing = nothing && !usage->rate[t] && !usage->pledged[t] && usage->used[t] == 0;
    return nothing;
}

/* --- what an attempt is charged ------------------------------------------------------------------------------------
 */

struct charge_rate {
    uint64_t rate[N_TRES], jobs;
    uint64_t limit_s, end_s; /* at its time limit */
};

static struct charge_rate charge_of (const struct core *core, const struct task *task, const struct payer *payer)
{
    const struct partition *partition = partition_find (core, row_partition (task->job, task));
    const Moisson__Qos *qos = payer->qos ? payer->qos->conf : NULL;
    uint64_t factor = qos && qos->has_usage_factor ? qos->usage_factor : THOUSAND;
    struct charge_rate charge = {.jobs = factor};

    tres_of_shares (core, partition ? partition->conf : NULL, task->shares, task->n_shares, charge.rate);
    for (int t = 0; t < N_TRES; t++)
        charge.rate[t] *= factor;
    charge.rate[TRES_BILLING] /= THOUSAND; /* which is in thousandths by itself */
    charge.limit_s = task_time_limit (core, task);
    charge.end_s = second (task->start_us + task->suspended_us) + charge.limit_s; /* the limit stands still as well */
    return charge;
}

/* every account of usage of a payer. */
static void each_usage (struct payer *payer, void (*fn) (struct usage *usage, const void *arg), const void *arg)
{
    for (struct assoc *assoc = payer->assoc; assoc; assoc = assoc->parent)
        fn (&assoc->usage, arg);
    if (payer->qos)
        fn (&payer->qos->usage, arg);
    if (payer->part_qos)
        fn (&payer->part_qos->usage, arg);
}

struct step {
    const struct charge_rate *charge;
    usec_t now;     /* counted until then; 0: as it is */
    int64_t late_s; /* charged besides: from then on until now, or taken back where negative */
    int sign;       /* 1: the rate begins, -1: it ends, 0: as it is */
    int pledge;     /* likewise */
};

static void take_step (struct usage *usage, const void *arg)
{
    const struct step *step = arg;
    const struct charge_rate *charge = step->charge;

    usage_accrue (usage, step->now);
    for (int t = 0; t < N_TRES; t++) {
        usage->used[t] += (double) charge->rate[t] * (double) step->late_s;
        usage->rate[t] += (uint64_t) step->sign * charge->rate[t];
        usage->ends[t] += (uint64_t) step->sign * charge->rate[t] * charge->end_s;
        usage->pledged[t] += (uint64_t) step->pledge * charge->rate[t] * charge->limit_s;
    }
    usage->wall += (double) charge->jobs * (double) step->late_s;
    usage->jobs += (uint64_t) step->sign * charge->jobs;
}

static void take_steps (struct core *core, const struct task *task, struct step step)
{
    struct payer payer = payer_make (core, row_facts (task->job, task), row_partition (task->job, task));
    struct charge_rate charge = charge_of (core, task, &payer);

    step.charge = &charge;
    each_usage (&payer, take_step, &step);
}

void usage_pledge (struct core *core, struct task *task)
{
    task->charge = CHARGE_PLEDGED;
    take_steps (core, task, (struct step){.now = core->now, .pledge = 1});
}

void usage_begin (struct core *core, struct task *task, usec_t at)
{
    int64_t late_s = (int64_t) (second (core->now) - second (at));

    if (task->charge == CHARGE_RUNS)
        return;
    take_steps (core, task,
                (struct step){
                    .now = core->now, .late_s = late_s, .sign = 1, .pledge = task->charge == CHARGE_PLEDGED ? -1 : 0});
    task->charge = CHARGE_RUNS;
}

void usage_end (struct core *core, struct task *task, usec_t at)
{
    int64_t late_s = (int64_t) (second (at) - second (core->now));

    if (task->charge == CHARGE_PLEDGED)
        take_steps (core, task, (struct step){.now = core->now, .pledge = -1});
    else if (task->charge == CHARGE_RUNS)
        take_steps (core, task, (struct step){.now = core->now, .late_s = late_s, .sign = -1});
    task->charge = CHARGE_NONE;
}

void usage_whole (struct core *core, struct task *task)
{
    int64_t all_s = (int64_t) (second (task->end_us) - second (task->start_us));

    if (task->charge == CHARGE_PLEDGED && task->start_us && task->end_us > task->start_us)
        take_steps (core, task, (struct step){.now = core->now, .late_s = all_s});
}

static struct step as_charged (const struct task *task, usec_t now, int sign)
{
    return (struct step){.now = now,
                         .sign = task->charge == CHARGE_RUNS ? sign : 0,
                         .pledge = task->charge == CHARGE_PLEDGED ? sign : 0};
}

void usage_load_rate (struct core *core, struct task *task)
{
    task->charge = task->suspended_at ? CHARGE_NONE : task->phase == TASK_RUNNING ? CHARGE_RUNS : CHARGE_PLEDGED;
    take_steps (core, task, as_charged (task, 0, 1));
}

void usage_give_rate (struct core *core, const struct task *task)
{
    take_steps (core, task, as_charged (task, core->now, -1));
}

void usage_take_rate (struct core *core, const struct task *task)
{
    take_steps (core, task, as_charged (task, core->now, 1));
}

/* --- decay ---------------------------------------------------------------------------------------------------------
 */

/* e^-x for 0 <= x < 1 by its series: the same bits everywhere. */
static double decline (double x)
{
    double sum = 1, term = 1;

    for (int i = 1; i < 24; i++) {
        term *= -x / i;
        sum += term;
    }
    return sum;
}

double usage_factor (uint64_t dt_s, uint64_t half_life_s)
{
    static const double ln2 = 0.69314718055994530942;
    double factor = decline (ln2 * ((double) (dt_s % half_life_s) / (double) half_life_s));

    for (uint64_t whole = dt_s / half_life_s; whole && factor > 0; whole--)
        factor /= 2;
    return factor;
}

static void decay (struct usage *usage, usec_t now, double factor)
{
    usage_accrue (usage, now);
    for (int t = 0; t < N_TRES; t++) {
        usage->used[t] *= factor;
        if (usage->used[t] < 1)
            usage->used[t] = 0; /* less than a thousandth of a second */
    }
    usage->wall *= factor;
    if (usage->wall < 1)
        usage->wall = 0;
}

/* The first second after `from` at which a period ends. */
static uint64_t period_end (const struct core *core, uint64_t from)
{
    uint64_t period = core->config->usage_period_s ? core->config->usage_period_s : 300;

    return (from / period + 1) * period;
}

void usage_tick (struct core *core)
{
    uint64_t half = core->config->usage_half_life_s, now = second (core->now);
    uint64_t due = period_end (core, core->decayed_s);
    struct assoc *assoc, *next_assoc;
    struct qos *qos, *next_qos;
    double factor;

    if (due > now)
        return;
    factor = half && core->decayed_s ? usage_factor (now - core->decayed_s, half) : 1;
    HASH_ITER (hh, core->assocs.by_key, assoc, next_assoc)
    decay (&assoc->usage, core->now, factor);
    HASH_ITER (hh, core->qos.by_name, qos, next_qos)
    decay (&qos->usage, core->now, qos_has_flag (qos, "NoDecay") ? 1 : factor);
    core->decayed_s = now;
    core->assocs.stale = true;
    assoc_sweep (core);
}

/* Somebody waits for it: what is pending may get another place in the order, or a budget again. */
usec_t usage_deadline (const struct core *core)
{
    bool wanted = core->config->fairshare || (core->assocs.set && core->config->enforce);

    if (!wanted || !core->stats.pending)
        return UINT64_MAX;
    return period_end (core, core->decayed_s) * USEC_PER_SEC;
}
