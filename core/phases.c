/* phases.c - the state machine of a task as data. */
#include "core/phases.h"

static const struct phase_row table[] = {
    {TASK_PENDING, ON_PLACED, TASK_PLACED, "take the resources, send the start order"},
    {TASK_PENDING, ON_CANCELLED, TASK_ENDED, "record it as cancelled"},
    {TASK_PENDING, ON_OVERDUE, TASK_ENDED, "record it as DEADLINE"},
    {TASK_PLACED, ON_UNPLACED, TASK_PENDING, "give the resources back; back to its old rank, no record"},
    {TASK_PLACED, ON_REFUSED, TASK_PENDING, "as above; its node counts it, and the task is held after five"},
    {TASK_PLACED, ON_STARTED, TASK_RUNNING, "tell those that wait for its start"},
    {TASK_PLACED, ON_EXITED, TASK_ENDED, "give the resources back, record, let the node forget it"},
    {TASK_PLACED, ON_CANCELLED, TASK_PLACED, "send a stop; it shows COMPLETING"},
    {TASK_PLACED, ON_REQUEUED, TASK_PLACED, "send a stop; pending again once it is over"},
    {TASK_PLACED, ON_LOST, TASK_ENDED, "give the resources back, record as NODE_FAIL"},
    {TASK_RUNNING, ON_EXITED, TASK_ENDED, "give the resources back, record, let the node forget it"},
    {TASK_RUNNING, ON_CANCELLED, TASK_RUNNING, "send a stop; it shows COMPLETING"},
    {TASK_RUNNING, ON_REQUEUED, TASK_RUNNING, "send a stop; pending again once it is over"},
    {TASK_RUNNING, ON_SUSPENDED, TASK_RUNNING, "send a suspend, or a resume; it keeps its resources"},
    {TASK_RUNNING, ON_LOST, TASK_ENDED, "give the resources back, record as NODE_FAIL"},
    {TASK_ENDED, ON_AGAIN, TASK_PENDING, "its attempt is recorded as requeued; another may be placed"},
    {TASK_ENDED, ON_REQUEUED, TASK_PENDING, "mark the record of its last attempt: another may be placed"},
};

static const char *const phase_names[N_PHASES] = {"PENDING", "PLACED", "RUNNING", "ENDED"};

static const struct {
    const char *name;
    bool news;
} event_names[N_TASK_EVENTS] = {
    [ON_PLACED] = {"placed", false},       [ON_UNPLACED] = {"unplaced", true}, [ON_REFUSED] = {"refused", true},
    [ON_STARTED] = {"started", true},      [ON_EXITED] = {"ended", true},      [ON_CANCELLED] = {"cancelled", false},
    [ON_REQUEUED] = {"requeued", false},   [ON_LOST] = {"node lost", true},    [ON_AGAIN] = {"again", false},
    [ON_SUSPENDED] = {"suspended", false}, [ON_OVERDUE] = {"overdue", false},
};

struct phase_row_list phase_rows (void)
{
    return (struct phase_row_list){table, sizeof table / sizeof *table};
}

const char *phase_name (enum phase phase)
{
    return phase < N_PHASES ? phase_names[phase] : "?";
}

const char *task_event_name (enum task_event event)
{
    return event < N_TASK_EVENTS ? event_names[event].name : "?";
}

bool task_event_is_news (enum task_event event)
{
    return event < N_TASK_EVENTS && event_names[event].news;
}

const struct phase_row *phase_find (enum phase from, enum task_event on)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].from == from && table[i].on == on)
            return &table[i];
    return NULL;
}

int phase_move (enum phase *phase, enum task_event on, struct err *err)
{
    const struct phase_row *row = phase_find (*phase, on);

    if (row) {
        *phase = row->to;
        return 0;
    }
    if (task_event_is_news (on))
        return PHASE_E_STALE;
    return err_set (err, 0, "a task that is %s cannot be %s", phase_name (*phase), task_event_name (on));
}
