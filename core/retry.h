/* retry.h - attempts that follow by themselves: --retry, RequeueExit, --requeue after the loss of a node. After which
 * end there is another one, how often, and with how much more memory and time. The words of --retry: base/retry.h. */
#pragma once
#include "base/retry.h"
#include "base/units.h"
#include "core/rest.h"
#include "proto/event.pb-c.h"

struct core;
struct task;

enum retry_mem { RETRY_MEM_NONE, RETRY_MEM_NODE, RETRY_MEM_CPU, RETRY_MEM_GPU }; /* numbers are in snapshots */

struct retry {       /* of a task; NULL as long as nothing of the kind has happened */
    uint64_t mem_mb; /* asked instead of what its job asks; 0 = as its job */
    enum retry_mem mem_of;
    uint64_t time_s;                 /* likewise */
    uint32_t restarts;               /* that nobody asked for by hand */
    char *words;                     /* how the last attempt ended that such a one followed; NULL */
    uint32_t used[RETRY_RULES_MOST]; /* how often each rule was */
};

/* The spec with what retries have given more, to be freed; NULL where that is the same. */
Moisson__JobSpec *retry_spec (const struct retry *retry, const Moisson__JobSpec *spec);

void retry_free (struct retry *retry);
struct retry *retry_load (const Moisson__ImageTask *in); /* NULL = none */
void retry_save (const struct retry *retry, Moisson__ImageTask *out);

struct ending {
    Moisson__RetryCause cause;
    uint32_t code, signal; /* RETRY_EXIT */
    bool requeue;          /* --requeue asks for another attempt, too */
    const char *words;     /* why it ended; NULL = what the cause says */
};

struct retry_answer {
    bool again;
    enum hold hold; /* it is held first */
    char *words;    /* how it ended and what follows from that, for its record; owned, NULL = nothing to say */
};

/* May an attempt that is lost with its node be followed by another one while it may still be alive (law 3)? */
bool retry_asks_after_loss (const struct core *core, const struct task *task);
/* This attempt of the task, which still holds its shares, ends so. What follows is noted in task->retry. */
struct retry_answer retry_decide (struct core *core, struct task *task, const struct ending *ending);
