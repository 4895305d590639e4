/* on_preempted.c - attempts are ended so that a job of higher rank has their room; or what was kept for it is given up.
 */
#include "core/apply.h"
#include "core/attempt.h"
#include "core/state.h"

#define MARGIN (60 * USEC_PER_SEC) /* for the nodes to say that it is over */

static struct task *victim_of (const struct core *core, const Moisson__PreemptVictim *victim)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    struct task *task;

    id.raw_id = victim->raw_id;
    id.attempt = victim->attempt;
    task = news_task (core, &id);
    return task && !task->stop && !task->claim ? task : NULL;
}

static int check (const struct core *core, const Moisson__Preempted *event, struct err *err)
{
    const struct job *job = job_find (core, event->job_id);

    if (!job || job->ended)
        return err_set (err, 0, "room is made for job %lu, which is over", (unsigned long) event->job_id);
    for (size_t i = 0; i < event->n_victims; i++) {
        const struct task *task = victim_of (core, event->victims[i]);
        if (!task)
            return err_set (err, 0, "attempt %lu.%u preempted, which does not run",
                            (unsigned long) event->victims[i]->raw_id, event->victims[i]->attempt);
        for (size_t k = 0; k < i; k++)
            if (event->victims[k]->raw_id == event->victims[i]->raw_id)
                return err_set (err, 0, "attempt %lu preempted twice", (unsigned long) event->victims[i]->raw_id);
    }
    if (!event->n_victims && !claim_find (core, event->drop))
        return err_set (err, 0, "nothing is kept under %lu", (unsigned long) event->drop);
    return 0;
}

int on_preempted (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Preempted *preempted = event->preempted;
    uint64_t longest = core->config->kill_wait_s;
    struct claim *claim;

    if (check (core, preempted, err))
        return -1;
    if (!preempted->n_victims) {
        claim_drop (core, claim_find (core, preempted->drop));
        return 0;
    }
    for (size_t i = 0; i < preempted->n_victims; i++)
        longest = preempted->victims[i]->grace_s > longest ? preempted->victims[i]->grace_s : longest;
    claim = claim_make (core, core->sequence + 1, preempted->job_id, core->now + longest * USEC_PER_SEC + MARGIN);
    for (size_t i = 0; i < preempted->n_victims; i++) {
        const Moisson__PreemptVictim *victim = preempted->victims[i];
        struct task *task = victim_of (core, victim);
        task->claim = claim->id;
        task->preempt_again = victim->requeue;
        task->claimed_for = preempted->job_id;
        claim->waiting++;
        attempt_preempt (core, task, victim->grace_s);
    }
    return 0;
}
