/* events.c - what happens to jobs after their submit. */
#include "events.h"
#include <stdlib.h>
#include "base/mem.h"

void pick_one (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state)
{
    struct pick *p = arg;

    (void) raw_id;
    if (state_is_ended (state) != p->ended || dice_below (p->dice, ++p->seen))
        return; /* reservoir of one */
    p->job_id = job_id;
    p->task = task;
    p->state = state;
}

bool pick_job (struct world *w, struct pick *p)
{
    Moisson__JobFilter any = MOISSON__JOB_FILTER__INIT;

    *p = (struct pick){.dice = &w->dice, .task = IDSET_NONE};
    core_select (w->core, &any, pick_one, p);
    return p->job_id != 0;
}

Moisson__Range **one_task (uint32_t task, size_t *ret_n)
{
    Moisson__Range **list;

    *ret_n = 0;
    if (task == IDSET_NONE)
        return NULL;
    list = xcalloc (1, sizeof *list);
    list[0] = xmalloc (sizeof **list);
    moisson__range__init (list[0]);
    list[0]->first = list[0]->last = task;
    *ret_n = 1;
    return list;
}

/* What has ended is run again, while it is known. */
void requeue_ended (struct world *w)
{
    Moisson__JobState states[] = {MOISSON__JOB_STATE__STATE_COMPLETED, MOISSON__JOB_STATE__STATE_CANCELLED,
                                  MOISSON__JOB_STATE__STATE_FAILED, MOISSON__JOB_STATE__STATE_NODE_FAIL,
                                  MOISSON__JOB_STATE__STATE_DEADLINE};
    Moisson__JobFilter ended = MOISSON__JOB_FILTER__INIT;
    struct pick p = {.dice = &w->dice, .task = IDSET_NONE, .ended = true};
    Moisson__Event *ev;

    ended.states = states;
    ended.n_states = sizeof states / sizeof *states;
    core_select (w->core, &ended, pick_one, &p);
    if (!p.job_id)
        return;
    ledger_requeued (w->ledger, p.job_id);
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_REQUEUED;
    ev->requeued = xmalloc (sizeof *ev->requeued);
    moisson__requeued__init (ev->requeued);
    ev->requeued->job_id = p.job_id;
    ev->requeued->uid = 1000;
    ev->requeued->has_hold = ev->requeued->hold = dice_percent (&w->dice, 20);
    ev->requeued->has_special = ev->requeued->special = dice_percent (&w->dice, 50);
    if (dice_percent (&w->dice, 80))
        ev->requeued->tasks = one_task (p.task, &ev->requeued->n_tasks);
    world_event (w, ev);
}

static void suspend_as (struct world *w, const struct pick *p, bool on)
{
    Moisson__Event *ev = world_new_event ();

    ev->what_case = MOISSON__EVENT__WHAT_SUSPENDED;
    ev->suspended = xmalloc (sizeof *ev->suspended);
    moisson__suspended__init (ev->suspended);
    ev->suspended->job_id = p->job_id;
    ev->suspended->uid = 0;
    ev->suspended->suspended = on;
    if (on && dice_percent (&w->dice, 60))
        ev->suspended->tasks = one_task (p->task, &ev->suspended->n_tasks);
    world_event (w, ev);
}

void suspend_or_resume (struct world *w)
{
    struct pick p;

    if (pick_job (w, &p))
        suspend_as (w, &p, dice_percent (&w->dice, 60));
}

static void resume_one (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state)
{
    struct idset *still = arg;

    (void) raw_id;
    (void) task;
    (void) state;
    idset_add (still, (uint32_t) job_id);
}

void everything_goes_on (struct world *w)
{
    Moisson__JobState suspended = MOISSON__JOB_STATE__STATE_SUSPENDED;
    _cleanup_idset_ struct idset *jobs = idset_create ();
    Moisson__JobFilter still = MOISSON__JOB_FILTER__INIT;

    still.states = &suspended;
    still.n_states = 1;
    core_select (w->core, &still, resume_one, jobs);
    for (uint32_t id = idset_first (jobs); id != IDSET_NONE && !w->wrong.why; id = idset_next (jobs, id))
        suspend_as (w, &(struct pick){.job_id = id}, false);
}
