/* states.c - the table of job states, and the words that Slurm has beside them. */
#include "base/states.h"
#include <string.h>
#include <strings.h>

static const struct state_word words[] = {
    {MOISSON__JOB_STATE__STATE_PENDING, "PENDING", "PD", false,
     "Waits for resources, a time, a release or another job."},
    {MOISSON__JOB_STATE__STATE_RUNNING, "RUNNING", "R", false, "A node says that it runs."},
    {MOISSON__JOB_STATE__STATE_SUSPENDED, "SUSPENDED", "S", false,
     "Stands still, and keeps its cpus, memory and GPUs."},
    {MOISSON__JOB_STATE__STATE_COMPLETED, "COMPLETED", "CD", true, "Ended with exit code 0."},
    {MOISSON__JOB_STATE__STATE_CANCELLED, "CANCELLED", "CA", true, "Ended because a person asked for it."},
    {MOISSON__JOB_STATE__STATE_FAILED, "FAILED", "F", true,
     "Ended with another exit code, by a signal, or could not start."},
    {MOISSON__JOB_STATE__STATE_TIMEOUT, "TIMEOUT", "TO", true, "Ended because its time limit was reached."},
    {MOISSON__JOB_STATE__STATE_NODE_FAIL, "NODE_FAIL", "NF", true, "Its node was lost or restarted."},
    {MOISSON__JOB_STATE__STATE_PREEMPTED, "PREEMPTED", "PR", true, "Ended to make room for a job that goes first."},
    {MOISSON__JOB_STATE__STATE_BOOT_FAIL, "BOOT_FAIL", "BF", true, "Its node could not be made ready."},
    {MOISSON__JOB_STATE__STATE_DEADLINE, "DEADLINE", "DL", true, "Could no longer end before its deadline."},
    {MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY, "OUT_OF_MEMORY", "OOM", true, "Used more memory than it had asked for."},
    {MOISSON__JOB_STATE__STATE_COMPLETING, "COMPLETING", "CG", false,
     "Was told to stop; its processes are not gone yet."},
    {MOISSON__JOB_STATE__STATE_CONFIGURING, "CONFIGURING", "CF", false, "Its node is being made ready."},
    {MOISSON__JOB_STATE__STATE_SPECIAL_EXIT, "SPECIAL_EXIT", "SE", false,
     "Requeued and held by `scontrol requeuehold State=SpecialExit`, until it is released."},
};
#define N_WORDS (sizeof words / sizeof *words)

/* Flags and states of Slurm that no job here is ever in. */
static const char *const never[] = {
    "REQUEUED",
    "RQ",
    "RESIZING",
    "RS",
    "SIGNALING",
    "SI",
    "STAGE_OUT",
    "SO",
    "RV",
    "RESV_DEL_HOLD",
    "RD",
    "REQUEUE_HOLD",
    "RH",
    "REQUEUE_FED",
    "RF",
    "STOPPED",
    "ST",
    "REVOKED",
    "LAUNCH_FAILED",
    "UPDATE_DB",
    "POWER_UP_NODE",
    "RECONFIG_FAIL",
    "EXPEDITING",
};

const struct state_word *state_word (job_state_t state)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (words[i].state == state)
            return &words[i];
    return &words[0]; /* a state of a newer peer: something that has not ended */
}

const char *state_name (job_state_t state)
{
    return state_word (state)->name;
}

const char *state_brief (job_state_t state)
{
    return state_word (state)->brief;
}

bool state_is_ended (job_state_t state)
{
    return state_word (state)->ended;
}

bool state_is_pending (job_state_t state)
{
    return state == MOISSON__JOB_STATE__STATE_PENDING || state == MOISSON__JOB_STATE__STATE_SPECIAL_EXIT;
}

const struct state_word *state_words (size_t *ret_n)
{
    *ret_n = N_WORDS;
    return words;
}

int state_parse (const char *word, job_state_t *ret)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (!strcasecmp (word, words[i].name) || !strcasecmp (word, words[i].brief)) {
            *ret = words[i].state;
            return 0;
        }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (!strcasecmp (word, never[i]))
            return STATE_WORD_NEVER;
    return -1;
}
