/* show_step.c - one step as `scontrol show step` prints it. */
#include <string.h>
#include "base/cleanup.h"
#include "base/states.h"
#include "jobref.h"
#include "show.h"

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

static const Moisson__Step *step_of (const void *row)
{
    return ((const struct show_step_row *) row)->step;
}

static const Moisson__JobInfo *job_of (const void *row)
{
    return ((const struct show_step_row *) row)->job;
}

PRINT (step_id)
{
    _cleanup_free_ char *job = jobref_format (job_of (row));

    buf_printf (out, "%s.%u", job, step_of (row)->id);
}

PRINT (user)
{
    buf_printf (out, "%u", job_of (row)->uid);
}

PRINT (start_at)
{
    show_time (out, step_of (row)->start_us, "Unknown", style);
}

PRINT (end_at)
{
    show_time (out, step_of (row)->end_us, "Unknown", style);
}

PRINT (state)
{
    buf_puts (out, state_name (step_of (row)->has_end_us ? step_of (row)->state : MOISSON__JOB_STATE__STATE_RUNNING));
}

PRINT (exit_code)
{
    buf_printf (out, "%u:%u", step_of (row)->exit_code, step_of (row)->exit_signal);
}

PRINT (partition)
{
    show_text (out, job_of (row)->partition);
}

PRINT (node)
{
    show_text (out, job_of (row)->batch_host);
}

PRINT (cpus)
{
    buf_printf (out, "%u", step_of (row)->has_cpus ? step_of (row)->cpus : job_of (row)->num_cpus);
}

PRINT (name)
{
    show_text (out, step_of (row)->name);
}

static bool has_ended (const void *row, const struct show_style *style __attribute__ ((unused)))
{
    return step_of (row)->has_end_us;
}

static const struct show_field fields[] = {
    {"StepId", false, NULL, step_id},
    {"UserId", false, NULL, user},
    {"StartTime", false, NULL, start_at},
    {"EndTime", false, NULL, end_at, has_ended},
    {"TimeLimit", false, "UNLIMITED"},
    {"State", true, NULL, state},
    {"ExitCode", false, NULL, exit_code, has_ended},
    {"Partition", false, NULL, partition},
    {"NodeList", false, NULL, node},
    {"Nodes", true, "1"},
    {"CPUs", false, NULL, cpus},
    {"Tasks", false, "1"},
    {"Name", false, NULL, name},
    {"Network", false, "(null)"},
};

void show_step (struct buf *out, const struct show_step_row *row, const struct show_style *style)
{
    show_record (out, fields, sizeof fields / sizeof *fields, row, style);
}
