/* steps.c - the steps of an attempt. */
#include "core/steps.h"
#include "base/mem.h"
#include "core/apply.h"
#include "core/state.h"

/* Its place, or NULL. */
static Moisson__Step **find (const struct task *task, uint32_t id)
{
    for (size_t i = task->n_steps; i-- > 0;) /* news is mostly of the latest */
        if (task->steps[i]->id == id)
            return &task->steps[i];
    return NULL;
}

static bool is_news (const struct task *task, const Moisson__Step *step)
{
    Moisson__Step **known = find (task, step->id);

    return known ? !(*known)->has_end_us && step->has_end_us : task->n_steps < STEPS_MOST;
}

static Moisson__Step *add (struct task *task, const Moisson__Step *step)
{
    Moisson__Step *kept = message_copy (&step->base);

    size_t at = task->n_steps;

    task->steps = xrealloc (task->steps, (task->n_steps + 1) * sizeof *task->steps);
    for (; at > 0 && task->steps[at - 1]->id > kept->id; at--)
        task->steps[at] = task->steps[at - 1];
    task->steps[at] = kept;
    task->n_steps++;
    return kept;
}

static job_state_t state_of_exit (const struct task *task, const Moisson__Step *step)
{
    if (task->stop && step->exit_signal)
        return MOISSON__JOB_STATE__STATE_CANCELLED;
    return step->exit_code || step->exit_signal ? MOISSON__JOB_STATE__STATE_FAILED
                                                : MOISSON__JOB_STATE__STATE_COMPLETED;
}

bool steps_hear (struct task *task, const Moisson__Step *step)
{
    Moisson__Step **known = find (task, step->id), *kept;

    if (!is_news (task, step))
        return false;
    if (known) {
        moisson__step__free_unpacked (*known, NULL);
        *known = kept = message_copy (&step->base);
    } else
        kept = add (task, step);
    if (kept->has_end_us && !kept->has_state) {
        kept->has_state = true;
        kept->state = state_of_exit (task, kept);
    }
    return true;
}

/* Nobody has said how it ended: it was ended with the attempt, whatever that came to. */
static job_state_t state_with (job_state_t attempt)
{
    switch (attempt) {
    case MOISSON__JOB_STATE__STATE_NODE_FAIL:
    case MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY: return attempt;
    default: return MOISSON__JOB_STATE__STATE_CANCELLED;
    }
}

void steps_close (struct task *task)
{
    for (size_t i = 0; i < task->n_steps; i++) {
        Moisson__Step *step = task->steps[i];

        if (step->has_end_us)
            continue;
        step->has_end_us = step->has_state = true;
        step->end_us = task->end_us < step->start_us ? step->start_us : task->end_us;
        step->state = state_with (task->state);
    }
}

void steps_free (struct task *task)
{
    for (size_t i = 0; i < task->n_steps; i++)
        moisson__step__free_unpacked (task->steps[i], NULL);
    free (task->steps);
    task->steps = NULL;
    task->n_steps = 0;
}

void steps_load (struct task *task, Moisson__Step *const *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add (task, steps[i]);
}

Moisson__Step **steps_copy (const struct task *task, size_t *ret_n)
{
    Moisson__Step **copy = task->n_steps ? xcalloc (task->n_steps, sizeof (Moisson__Step *)) : NULL;

    for (size_t i = 0; i < task->n_steps; i++)
        copy[i] = message_copy (&task->steps[i]->base);
    *ret_n = task->n_steps;
    return copy;
}

/* --- events ------------------------------------------------------------------------------------------------------- */

int on_step (struct core *core, const Moisson__Event *event, struct err *err)
{
    struct task *task = news_task (core, event->step->id);

    (void) err;
    return task && steps_hear (task, event->step->step) ? 0 : APPLY_E_STALE;
}

bool core_step_is_news (const struct core *core, const Moisson__StepNews *news)
{
    const struct task *task = news_task (core, news->id);

    return task && is_news (task, news->step);
}
