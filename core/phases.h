/* phases.h - what can happen to a task, as one table: from, event, to, and what the new phase asks for. A pair that has
 * no row is refused with a sentence or, where the event is news from a node, counted as stale. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"

enum phase {
    TASK_PENDING, /* no attempt, or the last one is over and another was asked for */
    TASK_PLACED,  /* may have started: a start order may have been sent */
    TASK_RUNNING, /* the node said STARTED */
    TASK_ENDED,   /* over, kept until MinJobAge has passed */
    N_PHASES
};

enum task_event {
    ON_PLACED,
    ON_UNPLACED,
    ON_REFUSED,
    ON_STARTED,
    ON_EXITED,
    ON_CANCELLED,
    ON_REQUEUED,
    ON_LOST,
    ON_AGAIN,
    ON_SUSPENDED, /* or to go on */
    ON_OVERDUE,   /* its deadline cannot be met any more */
    N_TASK_EVENTS
};

struct phase_row {
    enum phase from;
    enum task_event on;
    enum phase to;
    const char *asks; /* what follows, for people */
};

struct phase_row_list {
    const struct phase_row *rows;
    size_t n;
};

struct phase_row_list phase_rows (void);
const char *phase_name (enum phase phase);
const char *task_event_name (enum task_event event);
bool task_event_is_news (enum task_event event); /* comes from a node: may be late */

/* The row, or NULL where there is none. */
const struct phase_row *phase_find (enum phase from, enum task_event on);
/* 0 and *phase moved on; PHASE_E_STALE: late news, to be counted; -1: it contradicts the state. */
enum { PHASE_E_STALE = 1 };
int phase_move (enum phase *phase, enum task_event on, struct err *err);

/* docs/states.md, printed from the tables of states, phases and reconciliation. */
void states_document (FILE *out);
