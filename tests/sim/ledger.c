/* ledger.c - counts per attempt, per raw id and per job. */
#include "ledger.h"
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>
#include "base/idset.h"
#include "base/mem.h"

struct run { /* one attempt */
    struct {
        uint64_t raw_id;
        uint64_t attempt;
    } key;
    unsigned ran, records;
    bool live;
    UT_hash_handle hh;
};

struct task { /* one raw id */
    uint64_t raw_id, job_id;
    unsigned ran, live;
    UT_hash_handle hh;
};

struct job {
    uint64_t id;
    uint32_t tasks, final; /* final records seen, in tasks */
    bool may_repeat, may_overlap, urgent;
    UT_hash_handle hh;
};

struct ledger {
    struct run *runs;
    struct task *tasks;
    struct job *jobs;
    struct err wrong;
};

struct ledger *ledger_create (void)
{
    return xcalloc (1, sizeof (struct ledger));
}

struct ledger *ledger_free (struct ledger *l)
{
    struct run *r, *rn;
    struct task *t, *tn;
    struct job *j, *jn;

    if (!l)
        return NULL;
    HASH_ITER (hh, l->runs, r, rn)
    {
        HASH_DEL (l->runs, r);
        free (r);
    }
    HASH_ITER (hh, l->tasks, t, tn)
    {
        HASH_DEL (l->tasks, t);
        free (t);
    }
    HASH_ITER (hh, l->jobs, j, jn)
    {
        HASH_DEL (l->jobs, j);
        free (j);
    }
    err_clear (&l->wrong);
    free (l);
    return NULL;
}

static struct job *job_find (const struct ledger *l, uint64_t id)
{
    struct job *j;

    HASH_FIND (hh, l->jobs, &id, sizeof id, j);
    return j;
}

static struct run *run_get (struct ledger *l, uint64_t raw_id, uint32_t attempt)
{
    struct run *r, probe = {0};

    probe.key.raw_id = raw_id;
    probe.key.attempt = attempt;
    HASH_FIND (hh, l->runs, &probe.key, sizeof probe.key, r);
    if (!r) {
        r = xcalloc (1, sizeof *r);
        r->key = probe.key;
        HASH_ADD (hh, l->runs, key, sizeof r->key, r);
    }
    return r;
}

static struct task *task_find (const struct ledger *l, uint64_t raw_id)
{
    struct task *t;

    HASH_FIND (hh, l->tasks, &raw_id, sizeof raw_id, t);
    return t;
}

void ledger_submitted (struct ledger *l, uint64_t job_id, uint32_t tasks, struct ledger_rights rights)
{
    struct job *j = xcalloc (1, sizeof *j);

    j->id = job_id;
    j->tasks = tasks;
    j->may_repeat = rights.may_repeat;
    j->may_overlap = rights.may_overlap;
    j->urgent = rights.urgent;
    HASH_ADD (hh, l->jobs, id, sizeof j->id, j);
}

void ledger_preempted (struct ledger *l, const Moisson__Preempted *preempted)
{
    const struct job *gainer = job_find (l, preempted->job_id);

    if (preempted->n_victims && (!gainer || !gainer->urgent))
        err_set (&l->wrong, 0, "job %lu, which is of no higher tier, preempts others", preempted->job_id);
    for (size_t i = 0; i < preempted->n_victims; i++) {
        const struct task *t = task_find (l, preempted->victims[i]->raw_id);
        const struct job *victim = t ? job_find (l, t->job_id) : NULL;
        if (!victim || victim->urgent)
            err_set (&l->wrong, 0, "job %lu, which is of no lower tier, is preempted", t ? t->job_id : 0);
        else if (preempted->victims[i]->requeue && !victim->may_repeat)
            err_set (&l->wrong, 0, "job %lu is preempted and would run twice, unasked", t->job_id);
    }
}

void ledger_requeued (struct ledger *l, uint64_t job_id)
{
    struct job *j = job_find (l, job_id);

    if (j)
        j->may_repeat = true;
}

void ledger_placed (struct ledger *l, uint64_t job_id, uint64_t raw_id, uint32_t attempt)
{
    struct task *t = task_find (l, raw_id);

    (void) attempt;
    if (t && t->job_id != job_id)
        err_set (&l->wrong, 0, "raw id %lu was used for jobs %lu and %lu", raw_id, t->job_id, job_id);
    if (t)
        return;
    t = xcalloc (1, sizeof *t);
    t->raw_id = raw_id;
    t->job_id = job_id;
    HASH_ADD (hh, l->tasks, raw_id, sizeof t->raw_id, t);
}

void ledger_ran (struct ledger *l, const struct vnode *node, const struct vattempt *a)
{
    struct run *r = run_get (l, a->raw_id, a->attempt);
    struct task *t = task_find (l, a->raw_id);
    struct job *j = t ? job_find (l, t->job_id) : NULL;

    r->ran++;
    r->live = true;
    if (!t || !j) {
        err_set (&l->wrong, 0, "%s ran %lu.%u, which nobody placed", node->name, a->raw_id, a->attempt);
        return;
    }
    t->ran++;
    t->live++;
    if (r->ran > 1)
        err_set (&l->wrong, 0, "attempt %lu.%u ran twice", a->raw_id, a->attempt);
    else if (t->ran > 1 && !j->may_repeat)
        err_set (&l->wrong, 0, "task %lu of job %lu ran twice, and nobody asked for it", a->raw_id, j->id);
    else if (t->live > 1 && !j->may_overlap)
        err_set (&l->wrong, 0, "two attempts of task %lu are alive at once", a->raw_id);
    if (vnode_running_cpus (node) > node->cpus)
        err_set (&l->wrong, 0, "%s runs %u cpus and has %u", node->name, vnode_running_cpus (node), node->cpus);
    for (int type = 0; type < VGPU_TYPES; type++)
        if (vnode_running_gpus (node, type) > node->gpus[type])
            err_set (&l->wrong, 0, "%s uses %u gpus of type %d and has %u", node->name, vnode_running_gpus (node, type),
                     type, node->gpus[type]);
}

void ledger_ended (struct ledger *l, const struct vattempt *a)
{
    struct run *r = run_get (l, a->raw_id, a->attempt);
    struct task *t = task_find (l, a->raw_id);

    if (r->live && t)
        t->live--;
    r->live = false;
}

static uint32_t record_tasks (const Moisson__AcctRecord *rec)
{
    _cleanup_idset_ struct idset *set = NULL;
    uint32_t limit;

    if (!rec->tasks || idset_parse (&set, &limit, rec->tasks, UINT32_MAX, NULL))
        return 1;
    return (uint32_t) idset_count (set);
}

void ledger_record (struct ledger *l, const Moisson__AcctRecord *rec)
{
    uint64_t job_id = rec->has_array_id ? rec->array_id : rec->raw_id;
    struct job *j = job_find (l, job_id);

    if (!j) {
        err_set (&l->wrong, 0, "a record for job %lu, which nobody submitted", job_id);
        return;
    }
    if (rec->attempt) {
        struct run *r = run_get (l, rec->raw_id, rec->attempt);
        if (++r->records > 1)
            err_set (&l->wrong, 0, "attempt %lu.%u has two records", rec->raw_id, rec->attempt);
        if (r->ran == 0 && rec->state == MOISSON__JOB_STATE__STATE_COMPLETED)
            err_set (&l->wrong, 0, "attempt %lu.%u is COMPLETED and never ran", rec->raw_id, rec->attempt);
    }
    if (!(rec->has_requeued && rec->requeued))
        j->final += record_tasks (rec);
}

void ledger_rerecord (struct ledger *l, const Moisson__AcctRecord *rec)
{
    struct job *j = job_find (l, rec->has_array_id ? rec->array_id : rec->raw_id);
    struct run *r = run_get (l, rec->raw_id, rec->attempt);

    if (!j || !rec->attempt || r->records != 1 || !rec->requeued || !rec->superseded || j->final == 0)
        err_set (&l->wrong, 0, "attempt %lu.%u has no final record that could be replaced", rec->raw_id, rec->attempt);
    else
        j->final--;
}

int ledger_check (const struct ledger *l, struct err *err)
{
    if (l->wrong.why)
        return err_set (err, 0, "%s", l->wrong.why);
    return 0;
}

int ledger_close (const struct ledger *l, struct err *err)
{
    struct job *j, *next;

    if (ledger_check (l, err))
        return -1;
    HASH_ITER (hh, l->jobs, j, next)
    {
        if (j->final != j->tasks)
            return err_set (err, 0, "job %lu has %u tasks and %u final records", j->id, j->tasks, j->final);
    }
    return 0;
}
