/* on_started.c - a node says that an attempt runs. */
#include "core/apply.h"
#include "core/attempt.h"
#include "core/state.h"

int on_started (struct core *core, const Moisson__Event *event, struct err *err)
{
    struct task *task = news_task (core, event->started->id);

    if (!task || phase_move (&task->phase, ON_STARTED, err))
        return APPLY_E_STALE;
    attempt_start (core, task, event->started);
    return 0;
}
