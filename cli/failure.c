/* failure.c - one table: what the controller refused, in the words that Slurm's clients look for. */
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "failure.h"
#include "proto/wire.pb-c.h"

static const struct {
    int code;
    const char *sentence;
    bool whole; /* clients compare the whole output: nothing may follow */
} failures[] = {
    {MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified", true},
    {MOISSON__FAIL_CODE__FAIL_PERMISSION, "Access/permission denied"},
    {MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "Invalid partition name specified"},
    {MOISSON__FAIL_CODE__FAIL_TIME_LIMIT, "Requested time limit is invalid (missing or exceeds some limit)"},
    {MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Requested node configuration is not available"},
    {MOISSON__FAIL_CODE__FAIL_DEPENDENCY, "Job dependency problem"},
    {MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed"},
    {MOISSON__FAIL_CODE__FAIL_JOB_NOT_PENDING, "Job is no longer pending execution"},
    {MOISSON__FAIL_CODE__FAIL_JOB_PENDING, "Job is pending execution"},
    {MOISSON__FAIL_CODE__FAIL_STORE, "Slurm temporarily unable to accept job, try again later"},
    {MOISSON__FAIL_CODE__FAIL_SUBMIT_KEY, "The submit key belongs to another job"},
    {MOISSON__FAIL_CODE__FAIL_ARRAY_SIZE, "Invalid job array specification"},
    {MOISSON__FAIL_CODE__FAIL_TOO_MANY_JOBS, "Resource temporarily unavailable (maximum number of jobs reached)"},
    {MOISSON__FAIL_CODE__FAIL_AUTH, "Protocol authentication error"},
    {MOISSON__FAIL_CODE__FAIL_PROTOCOL, "Incompatible versions of client and server code"},
    {MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified"},
    {MOISSON__FAIL_CODE__FAIL_PARTITION_DOWN, "Required partition not available (inactive or drain)"},
    {MOISSON__FAIL_CODE__FAIL_LICENCES, "Invalid license specification"},
    {MOISSON__FAIL_CODE__FAIL_RESV_INVALID, "Requested reservation is invalid"},
    {MOISSON__FAIL_CODE__FAIL_RESV_ACCESS, "Access denied to requested reservation"},
    {MOISSON__FAIL_CODE__FAIL_RESV_BUSY, "Requested reservation is in use"},
    {MOISSON__FAIL_CODE__FAIL_RESV_OVERLAP, "Requested reservation overlaps with another reservation"},
    {MOISSON__FAIL_CODE__FAIL_RESV_NAME, "Duplicate reservation name"},
    {MOISSON__FAIL_CODE__FAIL_RESV_LACKS, "Reservation request lacks users, groups or accounts"},
    {MOISSON__FAIL_CODE__FAIL_RESV_STARTED, "Reservation already started"},
    {MOISSON__FAIL_CODE__FAIL_TIME_VALUE, "Invalid time specified"},
    {MOISSON__FAIL_CODE__FAIL_NODES_BUSY, "Requested nodes are busy"},
    {MOISSON__FAIL_CODE__FAIL_USER_ID, "Invalid user id"},
    {MOISSON__FAIL_CODE__FAIL_FEATURE, "Invalid feature specification"},
    {MOISSON__FAIL_CODE__FAIL_NODE_COUNT, "Node count specification invalid"},
    {MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT, "Invalid account or account/partition combination specified"},
    {MOISSON__FAIL_CODE__FAIL_INVALID_QOS, "Invalid qos specification"},
    {MOISSON__FAIL_CODE__FAIL_ACCOUNTS_POLICY,
     "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"},
};

const char *failure_sentence (int code)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].sentence;
    return NULL;
}

const char *failure_text (const struct err *err)
{
    const char *sentence = failure_sentence (err->code);

    if (sentence)
        return sentence;
    return err->why ? err->why : "Unspecified error";
}

static bool speaks_for_itself (int code)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].whole;
    return false;
}

/* The sentence has been said: what repeats it is left out. */
static void plain_words (const struct err *err, const char *said)
{
    const char *what = err->what && strcmp (err->what, said) != 0 ? err->what : NULL;
    const char *why = err->why;
    size_t len = strlen (said);

    if (why && !strncmp (why, said, len))
        why = !strncmp (why + len, ": ", 2) ? why + len + 2 : why[len] ? why : NULL;
    if (why)
        fprintf (stderr, "        why: %s%s%s\n", what ? what : "", what ? ": " : "", why);
    if (err->fix)
        fprintf (stderr, "        fix: %s\n", err->fix);
}

void failure_details (const struct err *err)
{
    plain_words (err, failure_text (err));
}

void failure_why (int code, const char *why)
{
    struct err err = {.code = code, .why = (char *) why};

    if (!speaks_for_itself (code))
        plain_words (&err, failure_text (&err));
}

int failure_report_query (const char *call, const struct err *err)
{
    const char *text = failure_text (err);

    fprintf (stderr, "%s error: %s\n", call, text);
    if (!speaks_for_itself (err->code))
        plain_words (err, text);
    return COMMAND_ERROR;
}

int failure_report (const char *tool, const char *lead, const struct err *err)
{
    const char *text = failure_text (err);

    fprintf (stderr, "%s: error: %s%s%s\n", tool, lead ? lead : "", lead ? ": " : "", text);
    plain_words (err, text);
    return COMMAND_ERROR;
}
