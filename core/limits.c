/* limits.c - limits of associations and QoS. */
#include "core/limits.h"
#include "core/state.h"

enum gate limits_gate (const struct core *core, const struct job *job, const struct demand *demand, usec_t now)
{
    (void) core;
    (void) job;
    (void) demand;
    (void) now;
    return GATE_OPEN;
}

enum gate limits_gate_fit (const struct core *core, const struct job *job, const struct fit *fit, usec_t now)
{
    (void) core;
    (void) job;
    (void) fit;
    (void) now;
    return GATE_OPEN;
}

void limits_take (struct core *core, const struct task *task)
{
    (void) core;
    (void) task;
}

void limits_give (struct core *core, const struct task *task)
{
    (void) core;
    (void) task;
}
