/* control.h - the lines that a shepherd takes from its fifo `ctl`, one command each; the launcher writes them. Pure.
 *
 *   note TEXT                          what follows "*** JOB 12 ON n1 " in the line for the job's stderr; sticks to the
 *                                      cancel or kill after it
 *   cancel                             TERM (and CONT), KillWait, KILL of the whole tree
 *   grace SECONDS                      instead of KillWait, in the cancel after it
 *   kill                               KILL of the whole tree
 *   signal N batch|all|children        one signal: the batch shell, everything, everything but the batch shell
 *   suspend, resume                    stand still, and go on: nothing while it is being ended
 *   limit SECONDS                      another time limit, from its start on; 0 = none */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "proto/node.pb-c.h"

enum control_verb {
    CONTROL_NOTE,
    CONTROL_CANCEL,
    CONTROL_KILL,
    CONTROL_SIGNAL,
    CONTROL_LIMIT,
    CONTROL_SUSPEND,
    CONTROL_RESUME,
    CONTROL_GRACE
};
enum control_whom { WHOM_BATCH, WHOM_ALL, WHOM_CHILDREN };

struct control {
    enum control_verb verb;
    const char *text; /* NOTE; borrowed from the line */
    int signal;
    enum control_whom whom;
    uint64_t limit_s; /* LIMIT, GRACE */
};

int control_parse (const char *line, struct control *ret, struct err *err);
/* The lines for a Stop. */
void control_format (const Moisson__Stop *stop, struct buf *out);

/* --signal=[{R|B}:]SIG[@seconds] as typed. */
struct warning {
    int signal;
    enum control_whom whom; /* WHOM_BATCH with B:, else WHOM_CHILDREN */
    unsigned before_s;      /* 60 unless said */
};
int warning_parse (const char *text, struct warning *ret, struct err *err);
