/* payer.c - counting jobs and what they hold where limits look. */
#include "core/payer.h"
#include <string.h>
#include <utlist.h>
#include "core/limits.h"
#include "core/state.h"

/* --- which ----------------------------------------------------------------------------------------------------------
 */

static const char *text (const char *s)
{
    return s ? s : "";
}

static struct payer payer_with (const struct core *core, const Moisson__Submitted *facts, const char *partition)
{
    const struct partition *p = partition_find (core, partition);
    struct payer payer = {.user = text (facts->user), .account = text (facts->spec->account)};

    payer.qos = qos_find (core, facts->spec->qos);
    payer.part_qos = p && p->conf ? qos_find (core, p->conf->qos) : NULL;
    if (payer.part_qos == payer.qos)
        payer.part_qos = NULL;
    return payer;
}

struct payer payer_of (const struct core *core, const Moisson__Submitted *facts, const char *partition)
{
    struct payer payer = payer_with (core, facts, partition);

    payer.assoc = assoc_find_leaf (core, facts->spec->account, payer.user);
    return payer;
}

struct payer payer_make (struct core *core, const Moisson__Submitted *facts, const char *partition)
{
    struct payer payer = payer_with (core, facts, partition);

    payer.assoc = assoc_leaf (core, facts->spec->account, payer.user);
    return payer;
}

/* --- what a submit leaves open -------------------------------------------------------------------------------------
 */

static uint64_t wall_of (const Moisson__Limits *limits)
{
    return limits && limits->has_max_wall_s ? limits->max_wall_s : 0;
}

/* MaxWall is the time limit of a job that asks for none, unless its partition's is shorter. */
static uint64_t standard_wall (const struct core *core, const struct payer *payer, const struct partition *partition)
{
    uint64_t wall = wall_of (payer->part_qos ? payer->part_qos->conf->limits : NULL);
    uint64_t usual = 0;

    if (!wall && payer->qos)
        wall = wall_of (payer->qos->conf->limits);
    for (const struct assoc *assoc = payer->assoc; assoc && !wall; assoc = assoc->parent)
        wall = wall_of (assoc->limits);
    if (partition && partition->conf)
        usual = partition->conf->default_time_s ? partition->conf->default_time_s : partition->conf->max_time_s;
    (void) core;
    return wall && (!usual || wall < usual) ? wall : 0;
}

void payer_settle (const struct core *core, const char *user, Moisson__JobSpec *spec)
{
    Moisson__Submitted facts = MOISSON__SUBMITTED__INIT;
    const struct partition *partition = partition_of_spec (core, spec);
    struct payer payer;
    uint64_t wall;

    if (!core->assocs.set)
        return;
    facts.user = (char *) text (user);
    facts.spec = spec;
    if (!spec->account || !*spec->account)
        spec->account = (char *) assoc_default_account (core, facts.user);
    payer = payer_of (core, &facts, partition ? partition->name : "");
    if (!spec->qos || !*spec->qos) {
        const char *standard = assoc_default_qos (payer.assoc);
        spec->qos = (char *) (standard ? standard : NORMAL_QOS);
        payer = payer_of (core, &facts, partition ? partition->name : "");
    }
    wall = (core->config->enforce & ENFORCE_LIMITS) && !spec->has_time_limit_s ? standard_wall (core, &payer, partition)
                                                                               : 0;
    if (wall) {
        spec->has_time_limit_s = true;
        spec->time_limit_s = wall;
    }
}

/* --- counting -------------------------------------------------------------------------------------------------------
 */

struct amount {
    uint64_t submitted, jobs, tres[N_TRES];
};

static void add (struct use *use, const struct amount *amount, int sign)
{
    use->submitted += (uint64_t) sign * amount->submitted;
    use->jobs += (uint64_t) sign * amount->jobs;
    for (int t = 0; t < N_TRES; t++)
        use->tres[t] += (uint64_t) sign * amount->tres[t];
}

static void add_part (struct qos_part **table, const char *name, const struct amount *amount, int sign)
{
    struct qos_part *part = qos_part_get (table, name);

    add (&part->use, amount, sign);
    qos_part_drop_idle (table, part);
}

static void add_qos (struct qos *qos, const struct payer *payer, const struct amount *amount, int sign)
{
    if (!qos)
        return;
    add (&qos->use, amount, sign);
    add_part (&qos->users, payer->user, amount, sign);
    add_part (&qos->accounts, payer->account, amount, sign);
}

static void count (struct core *core, const Moisson__Submitted *facts, const char *partition,
                   const struct amount *amount, int sign)
{
    struct payer payer = payer_make (core, facts, partition);

    for (struct assoc *assoc = payer.assoc; assoc; assoc = assoc->parent)
        add (&assoc->use, amount, sign);
    add_qos (payer.qos, &payer, amount, sign);
    add_qos (payer.part_qos, &payer, amount, sign);
}

static uint32_t live (const struct job *job)
{
    return (uint32_t) rest_total (&job->rest) + job->n_pending + job->n_active;
}

void payer_uncount_job (struct core *core, struct job *job)
{
    struct amount amount = {.submitted = job->counted};

    if (job->counted)
        count (core, spec_msg (job->spec), job->partition, &amount, -1);
    job->counted = 0;
}

void payer_count_job (struct core *core, struct job *job)
{
    struct amount amount = {.submitted = live (job)};

    if (job->counted == amount.submitted)
        return;
    payer_uncount_job (core, job);
    if (amount.submitted)
        count (core, spec_msg (job->spec), job->partition, &amount, 1);
    job->counted = (uint32_t) amount.submitted;
}

static void count_task (struct core *core, const struct task *task, int sign)
{
    const char *partition = row_partition (task->job, task);
    const struct partition *p = partition_find (core, partition);
    struct amount amount = {.jobs = 1};

    tres_of_shares (core, p ? p->conf : NULL, task->shares, task->n_shares, amount.tres);
    count (core, row_facts (task->job, task), partition, &amount, sign);
}

void limits_take (struct core *core, const struct task *task)
{
    count_task (core, task, 1);
}

void limits_give (struct core *core, const struct task *task)
{
    count_task (core, task, -1);
}

void payer_recount (struct core *core)
{
    struct task *task;

    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1)) {
        job->counted = 0;
        payer_count_job (core, job);
        if (job->n_active)
            DL_FOREACH (job->tasks, task)
        if (task->n_shares) {
            limits_take (core, task);
            usage_take_rate (core, task);
        }
    }
}

/* --- checks ---------------------------------------------------------------------------------------------------------
 */

/* Everything is counted once more, in a core of nothing but lanes. */
static void recount_into (const struct core *core, struct core *other)
{
    struct task *task;

    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1)) {
        struct amount amount = {.submitted = live (job)};
        count (other, spec_msg (job->spec), job->partition, &amount, 1);
        DL_FOREACH (job->tasks, task)
        if (task->n_shares) {
            count_task (other, task, 1);
            usage_take_rate (other, task);
        }
    }
}

static bool same_use (const struct use *a, const struct use *b)
{
    return !memcmp (a, b, sizeof *a);
}

static bool same_rates (const struct usage *a, const struct usage *b)
{
    return a->jobs == b->jobs && !memcmp (a->rate, b->rate, sizeof a->rate) &&
           !memcmp (a->ends, b->ends, sizeof a->ends) && !memcmp (a->pledged, b->pledged, sizeof a->pledged);
}

static int check_assocs (const struct core *core, const struct core *other, struct err *err)
{
    static const struct use none;
    static const struct usage nothing;
    struct assoc *assoc, *next;

    HASH_ITER (hh, core->assocs.by_key, assoc, next)
    {
        const struct assoc *again = assoc_find (other, assoc->account, assoc->user);
        if (!same_use (&assoc->use, again ? &again->use : &none) ||
            !same_rates (&assoc->usage, again ? &again->usage : &nothing))
            return err_set (err, 0, "account \"%s\", user \"%s\": %lu tasks, %lu of them running, are counted wrongly",
                            assoc->account, assoc->user, (unsigned long) assoc->use.submitted,
                            (unsigned long) assoc->use.jobs);
        if (assoc != core->assocs.root && !assoc->parent)
            return err_set (err, 0, "account \"%s\", user \"%s\" has no place in the tree", assoc->account,
                            assoc->user);
    }
    HASH_ITER (hh, other->assocs.by_key, assoc, next)
    if (assoc->use.submitted && !assoc_find (core, assoc->account, assoc->user))
        return err_set (err, 0, "account \"%s\", user \"%s\" has jobs and is not known", assoc->account, assoc->user);
    return 0;
}

static int check_parts (struct qos_part *parts, struct qos_part *again, const char *qos, struct err *err)
{
    struct qos_part *part, *next;

    HASH_ITER (hh, parts, part, next)
    {
        const struct qos_part *other = qos_part_find (&again, part->name);
        if (!other || !same_use (&part->use, &other->use))
            return err_set (err, 0, "QoS %s counts wrongly what \"%s\" has", qos, part->name);
    }
    if (HASH_COUNT (parts) != HASH_COUNT (again))
        return err_set (err, 0, "QoS %s forgot somebody's jobs", qos);
    return 0;
}

static int check_qos (const struct core *core, const struct core *other, struct err *err)
{
    struct qos *qos, *next;

    HASH_ITER (hh, core->qos.by_name, qos, next)
    {
        const struct qos *again = qos_find (other, qos->name);
        if (!qos->conf)
            continue;
        if (!again || !same_use (&qos->use, &again->use) || !same_rates (&qos->usage, &again->usage))
            return err_set (err, 0, "QoS %s counts %lu tasks, %lu of them running, which is wrong", qos->name,
                            (unsigned long) qos->use.submitted, (unsigned long) qos->use.jobs);
        if (check_parts (qos->users, again->users, qos->name, err) ||
            check_parts (qos->accounts, again->accounts, qos->name, err))
            return -1;
    }
    return 0;
}

int payer_check (const struct core *core, struct err *err)
{
    struct core other = {.now = core->now, .config = core->config, .partitions = core->partitions};
    int rc;

    if (core->assocs.set)
        assoc_configure (&other, message_copy (&core->assocs.set->base));
    qos_configure (&other);
    recount_into (core, &other);
    rc = check_assocs (core, &other, err) || check_qos (core, &other, err) ? -1 : 0;
    assoc_clear (&other);
    qos_clear (&other);
    return rc;
}
