/* sacct_fields.c - one row a column; each function appends one value, unpadded. Empty means: not for this row. */
#include "sacct_fields.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/states.h"
#include "show.h"
#include "words.h"

#define SIGTERM_NUMBER 15

static const struct sacct_row *row_of (const void *row)
{
    return row;
}

static const Moisson__AcctRecord *record_of (const void *row)
{
    return row_of (row)->record;
}

bool sacct_has_batch_row (const Moisson__AcctRecord *r)
{
    return r->attempt > 0 && r->start_us && !state_is_pending (r->state);
}

Moisson__AcctRecord sacct_step_record (const Moisson__AcctRecord *job, const Moisson__Step *step)
{
    Moisson__AcctRecord r = *job;

    r.name = step->name;
    r.state = step->has_end_us ? step->state : MOISSON__JOB_STATE__STATE_RUNNING;
    r.exit_code = step->exit_code;
    r.exit_signal = step->exit_signal;
    r.start_us = step->start_us;
    r.suspended_us = r.suspended_at = 0; /* which of it was in the step's time is not known */
    r.end_us = step->end_us;
    r.cpu_user_us = step->cpu_user_us;
    r.cpu_sys_us = step->cpu_sys_us;
    r.has_max_rss_kb = step->has_max_rss_kb;
    r.max_rss_kb = step->max_rss_kb;
    r.tres = step->has_cpus && step->cpus != job->num_cpus ? NULL : job->tres;
    if (step->has_cpus)
        r.num_cpus = r.req_cpus = step->cpus;
    return r;
}

bool sacct_was_requeued (const Moisson__AcctRecord *r)
{
    return r->requeued && r->state == MOISSON__JOB_STATE__STATE_CANCELLED;
}

static void put_nothing (struct buf *out, const void *row)
{
    (void) out;
    (void) row;
}

static void put_or (struct buf *out, const char *s, const char *absent)
{
    buf_puts (out, s && *s ? s : absent);
}

static void put_number (struct buf *out, uint64_t v)
{
    buf_printf (out, "%" PRIu64, v);
}

#define TEXT(name, member, absent)                                                                                     \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        put_or (out, record_of (row)->member, absent);                                                                 \
    }
#define JOB_TEXT(name, member, absent)                                                                                 \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        if (!row_of (row)->batch)                                                                                      \
            put_or (out, record_of (row)->member, absent);                                                             \
    }
#define JOB_NUMBER(name, member)                                                                                       \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        if (!row_of (row)->batch)                                                                                      \
            put_number (out, record_of (row)->member);                                                                 \
    }

TEXT (put_account, account, "default")
JOB_TEXT (put_user, user, "")
JOB_TEXT (put_group, group, "")
JOB_TEXT (put_partition, partition, "")
JOB_TEXT (put_qos, qos, "normal")
JOB_TEXT (put_reservation, reservation, "")
JOB_TEXT (put_comment, comment, "")
JOB_TEXT (put_work_dir, work_dir, "")
JOB_TEXT (put_submit_key, submit_key, "")
JOB_TEXT (put_std_out, std_out, "")
TEXT (put_cpu_ids, cpu_ids, "")
TEXT (put_gpu_ids, gpu_ids, "")
JOB_NUMBER (put_uid, uid)
JOB_NUMBER (put_gid, gid)
JOB_NUMBER (put_restarts, restarts)
JOB_NUMBER (put_attempt, attempt)

static void put_suffix (struct buf *out, const void *row)
{
    if (row_of (row)->batch)
        buf_printf (out, ".%s", row_of (row)->step ? row_of (row)->step : "batch");
}

static void put_job_id (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    put_number (out, r->has_array_id ? r->array_id : r->raw_id);
    if (r->has_array_id && r->has_task)
        buf_printf (out, "_%" PRIu32, r->task);
    else if (r->has_array_id)
        buf_printf (out, "_[%s]", r->tasks ? r->tasks : "");
    put_suffix (out, row);
}

static void put_raw_id (struct buf *out, const void *row)
{
    put_number (out, record_of (row)->raw_id);
    put_suffix (out, row);
}

static void put_name (struct buf *out, const void *row)
{
    put_or (out, row_of (row)->batch && !row_of (row)->step ? "batch" : record_of (row)->name, "");
}

static void put_cluster (struct buf *out, const void *row)
{
    put_or (out, row_of (row)->cluster, "");
}

static bool was_told_to_end (const void *row)
{
    job_state_t state = record_of (row)->state;

    return state == MOISSON__JOB_STATE__STATE_TIMEOUT || state == MOISSON__JOB_STATE__STATE_CANCELLED;
}

/* A script or step that a signal ended shows as cancelled, as Slurm has it. */
static job_state_t state_of (const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    bool by_signal = r->state == MOISSON__JOB_STATE__STATE_FAILED && r->exit_signal;

    return row_of (row)->batch && (was_told_to_end (row) || by_signal) ? MOISSON__JOB_STATE__STATE_CANCELLED : r->state;
}

static void put_state (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    if (sacct_was_requeued (r) && !row_of (row)->batch) {
        buf_puts (out, "REQUEUED");
        return;
    }
    buf_puts (out, state_name (state_of (row)));
    if (r->state == MOISSON__JOB_STATE__STATE_CANCELLED && r->has_cancelled_by && !row_of (row)->batch)
        buf_printf (out, " by %" PRIu32, r->cancelled_by);
}

static void put_exit_code (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    uint32_t code = r->exit_code, signal = r->exit_signal;

    if (row_of (row)->batch && was_told_to_end (row)) {
        code = 0;
        signal = SIGTERM_NUMBER;
    }
    buf_printf (out, "%" PRIu32 ":%" PRIu32, code, signal);
}

static void put_script_exit_code (struct buf *out, const void *row)
{
    if (!row_of (row)->batch)
        buf_printf (out, "%" PRIu32 ":0", record_of (row)->script_exit_code);
}

/* Why it died, in words; while it waits, why it waits. */
static void put_reason (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    if (!row_of (row)->batch)
        put_or (out, r->cause && *r->cause ? r->cause : r->reason, "None");
}

static bool has_started (const Moisson__AcctRecord *r)
{
    return r->start_us && !state_is_pending (r->state);
}

static uint64_t elapsed_seconds (const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    usec_t until = state_is_ended (r->state) ? r->end_us : row_of (row)->now;

    return has_started (r) ? show_running (r->start_us, until, r->suspended_us, r->suspended_at) / USEC_PER_SEC : 0;
}

static uint64_t cpus_of (const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    return has_started (r) || !r->has_req_cpus ? r->num_cpus : r->req_cpus;
}

static void put_seconds (struct buf *out, uint64_t s)
{
    char word[64];

    buf_puts (out, duration_format (s, word, sizeof word));
}

static void put_elapsed (struct buf *out, const void *row)
{
    put_seconds (out, elapsed_seconds (row));
}

static void put_elapsed_raw (struct buf *out, const void *row)
{
    put_number (out, elapsed_seconds (row));
}

static void put_suspended (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    usec_t now = row_of (row)->now;

    put_seconds (out, (r->suspended_us + (r->suspended_at && now > r->suspended_at ? now - r->suspended_at : 0)) /
                          USEC_PER_SEC);
}

static void put_cpu_time (struct buf *out, const void *row)
{
    put_seconds (out, elapsed_seconds (row) * cpus_of (row));
}

static void put_cpu_time_raw (struct buf *out, const void *row)
{
    put_number (out, elapsed_seconds (row) * cpus_of (row));
}

static void put_usage (struct buf *out, uint64_t usec)
{
    char word[64];

    buf_puts (out, cpu_time_format (usec, word, sizeof word));
}

static void put_user_cpu (struct buf *out, const void *row)
{
    put_usage (out, record_of (row)->cpu_user_us);
}

static void put_system_cpu (struct buf *out, const void *row)
{
    put_usage (out, record_of (row)->cpu_sys_us);
}

static void put_total_cpu (struct buf *out, const void *row)
{
    put_usage (out, record_of (row)->cpu_user_us + record_of (row)->cpu_sys_us);
}

static void put_step_cpu (struct buf *out, const void *row)
{
    if (row_of (row)->batch)
        put_seconds (out, (record_of (row)->cpu_user_us + record_of (row)->cpu_sys_us) / USEC_PER_SEC);
}

static void put_cpus (struct buf *out, const void *row)
{
    put_number (out, cpus_of (row));
}

static void put_req_cpus (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    put_number (out, r->has_req_cpus ? r->req_cpus : r->num_cpus);
}

static void put_num_nodes (struct buf *out, const void *row)
{
    put_number (out, row_of (row)->batch || !record_of (row)->num_nodes ? 1 : record_of (row)->num_nodes);
}

static void put_num_tasks (struct buf *out, const void *row)
{
    if (row_of (row)->batch)
        buf_puts (out, "1");
}

static void put_node_list (struct buf *out, const void *row)
{
    put_or (out, record_of (row)->nodes, "None assigned");
}

/* The node and the task of a maximum: a batch script is one task on the first node. */
static void put_first_node (struct buf *out, const void *row)
{
    const char *nodes = record_of (row)->nodes;

    if (row_of (row)->batch && nodes && !strpbrk (nodes, "[,"))
        buf_puts (out, nodes);
}

static void put_task_zero (struct buf *out, const void *row)
{
    if (row_of (row)->batch)
        buf_puts (out, "0");
}

static void put_time (struct buf *out, const void *row, usec_t t, const char *unset)
{
    char word[256];

    buf_puts (out, time_format (t, row_of (row)->time_format, unset, word, sizeof word));
}

static void put_start (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    put_time (out, row, has_started (r) ? r->start_us : 0, state_is_ended (r->state) ? "None" : "Unknown");
}

static void put_end (struct buf *out, const void *row)
{
    put_time (out, row, state_is_ended (record_of (row)->state) ? record_of (row)->end_us : 0, "Unknown");
}

static void put_submit (struct buf *out, const void *row)
{
    put_time (out, row, row_of (row)->batch ? record_of (row)->start_us : record_of (row)->submit_us, "Unknown");
}

static void put_eligible (struct buf *out, const void *row)
{
    put_time (out, row, row_of (row)->batch ? record_of (row)->start_us : record_of (row)->eligible_us, "Unknown");
}

static uint64_t waited_seconds (const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    usec_t until = has_started (r) ? r->start_us : state_is_ended (r->state) ? r->end_us : row_of (row)->now;

    return r->eligible_us && until > r->eligible_us ? (until - r->eligible_us) / USEC_PER_SEC : 0;
}

static void put_planned (struct buf *out, const void *row)
{
    if (!row_of (row)->batch)
        put_seconds (out, waited_seconds (row));
}

static void put_resv_cpu (struct buf *out, const void *row)
{
    if (!row_of (row)->batch)
        put_seconds (out, waited_seconds (row) * cpus_of (row));
}

static void put_resv_cpu_raw (struct buf *out, const void *row)
{
    if (!row_of (row)->batch)
        put_number (out, waited_seconds (row) * cpus_of (row));
}

static void put_limit (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    if (row_of (row)->batch)
        return;
    if (!r->has_time_limit_s)
        buf_puts (out, "Partition_Limit");
    else if (!r->time_limit_s)
        buf_puts (out, "UNLIMITED");
    else
        put_seconds (out, r->time_limit_s);
}

static void put_limit_raw (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    if (row_of (row)->batch)
        return;
    if (!r->has_time_limit_s || !r->time_limit_s)
        put_limit (out, row);
    else
        put_number (out, (r->time_limit_s + 59) / 60);
}

/* An amount in kilobytes in the unit asked for; `letter` is the natural one. */
static void put_memory (struct buf *out, const struct sacct_row *row, uint64_t kb, char letter)
{
    static const char letters[] = "KMGTP";
    const char *unit = row->unit ? strchr (letters, row->unit) : NULL;
    double value = (double) kb;

    if (row->noconvert && !unit) {
        put_number (out, kb * 1024);
        return;
    }
    if (!unit) {
        put_number (out, letter == 'M' ? kb / 1024 : kb);
        buf_putc (out, letter);
        return;
    }
    for (const char *p = letters; p < unit; p++)
        value /= 1024;
    buf_printf (out, value == (double) (uint64_t) value ? "%.0f" : "%.2f", value);
    buf_putc (out, *unit);
}

static void put_max_rss (struct buf *out, const void *row)
{
    if (row_of (row)->batch && record_of (row)->has_max_rss_kb)
        put_memory (out, row, record_of (row)->max_rss_kb, 'K');
}

/* What was asked in all: a CPU's share times CPUs, or a node's times nodes. */
static void put_req_mem (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);
    uint64_t times = r->mem_per_cpu ? (r->has_req_cpus ? r->req_cpus : r->num_cpus) : r->num_nodes;
    uint64_t mb = r->req_mem_mb * (times ? times : 1);
    struct sacct_row shown = *row_of (row);
    char word[64];

    if (shown.batch)
        return;
    if (!mb)
        buf_puts (out, "0");
    else if (shown.unit)
        put_memory (out, &shown, mb * 1024, 'M');
    else if (shown.noconvert)
        buf_printf (out, "%" PRIu64 "M", mb);
    else
        buf_puts (out, mem_format (mb, word, sizeof word));
}

static int by_word (const void *a, const void *b)
{
    return strcmp (*(char *const *) a, *(char *const *) b);
}

/* In the order of the names, as Slurm's records have them; a script is not billed. */
static void put_tres (struct buf *out, const void *row, const char *tres)
{
    char **words = NULL;
    size_t n = 0, start = out->len;

    words_add (tres ? tres : "", &words, &n);
    if (n)
        qsort (words, n, sizeof *words, by_word);
    for (size_t i = 0; i < n; i++) {
        uint64_t mb;
        if (row_of (row)->batch && !strncmp (words[i], "billing=", 8))
            continue;
        buf_puts (out, out->len > start ? "," : "");
        if (row_of (row)->unit && !strncmp (words[i], "mem=", 4) && !mem_parse (words[i] + 4, &mb, NULL)) {
            buf_puts (out, "mem=");
            put_memory (out, row, mb * 1024, 'M');
        } else
            buf_puts (out, words[i]);
    }
    words_clear (&words, &n);
}

/* What runs has it, what waits asks for it. */
static void put_req_tres (struct buf *out, const void *row)
{
    const Moisson__AcctRecord *r = record_of (row);

    if (!row_of (row)->batch)
        put_tres (out, row, r->req_tres ? r->req_tres : r->tres);
}

static void put_alloc_tres (struct buf *out, const void *row)
{
    if (has_started (record_of (row)))
        put_tres (out, row, record_of (row)->tres);
}

static void put_gres (struct buf *out, const void *row)
{
    if (record_of (row)->gpus)
        buf_printf (out, "gpu:%" PRIu32, record_of (row)->gpus);
}

static void put_zero (struct buf *out, const void *row)
{
    if (!row_of (row)->batch)
        buf_puts (out, "0");
}

static void put_energy (struct buf *out, const void *row)
{
    put_number (out, record_of (row)->energy_j);
}

#define NONE(name, width)                                                                                              \
    {                                                                                                                  \
        '\0', name, name, width, "nothing here", put_nothing                                                           \
    }
#define ROW(name, width, help, fn)                                                                                     \
    {                                                                                                                  \
        '\0', name, name, width, help, fn                                                                              \
    }

static const struct field fields[] = {
    ROW ("Account", 10, "account", put_account),
    NONE ("AdminComment", 19),
    ROW ("AllocCPUS", 10, "CPUs that it got", put_cpus),
    ROW ("AllocGRES", 12, "GPUs that it got", put_gres),
    ROW ("AllocNodes", 10, "nodes that it got", put_num_nodes),
    ROW ("AllocTRES", 10, "resources that it got", put_alloc_tres),
    NONE ("AssocID", 7),
    ROW ("Attempt", 7, "number of the attempt", put_attempt),
    ROW ("AveCPU", 10, "CPU time of a task", put_step_cpu),
    NONE ("AveCPUFreq", 10),
    NONE ("AveDiskRead", 14),
    NONE ("AveDiskWrite", 14),
    NONE ("AvePages", 10),
    ROW ("AveRSS", 10, "memory of a task", put_max_rss),
    NONE ("AveVMSize", 10),
    NONE ("BlockID", 16),
    ROW ("Cluster", 10, "cluster", put_cluster),
    ROW ("Comment", 14, "comment", put_comment),
    NONE ("Constraints", 20),
    ROW ("ConsumedEnergy", 14, "energy in joules", put_energy),
    ROW ("ConsumedEnergyRaw", 17, "energy in joules", put_energy),
    NONE ("Container", 20),
    ROW ("CPUIDs", 12, "CPUs by number", put_cpu_ids),
    ROW ("CPUTime", 10, "elapsed time x CPUs", put_cpu_time),
    ROW ("CPUTimeRAW", 10, "the same in seconds", put_cpu_time_raw),
    ROW ("DBIndex", 10, "id in the records", put_raw_id),
    ROW ("DerivedExitCode", 15, "exit code of the script", put_script_exit_code),
    ROW ("Elapsed", 10, "time that it ran", put_elapsed),
    ROW ("ElapsedRaw", 10, "the same in seconds", put_elapsed_raw),
    ROW ("Eligible", 19, "when it could start at the earliest", put_eligible),
    ROW ("End", 19, "end", put_end),
    ROW ("ExitCode", 8, "exit code and signal", put_exit_code),
    NONE ("Flags", 15),
    ROW ("GID", 6, "group id", put_gid),
    ROW ("GPUIDs", 24, "GPUs by type and number", put_gpu_ids),
    ROW ("Group", 9, "group", put_group),
    ROW ("JobID", -12, "id, with the task of an array", put_job_id),
    ROW ("JobIDRaw", -12, "id of this job or array task", put_raw_id),
    ROW ("JobName", 10, "name", put_name),
    NONE ("Layout", 9),
    NONE ("MaxDiskRead", 12),
    NONE ("MaxDiskReadNode", 15),
    NONE ("MaxDiskReadTask", 15),
    NONE ("MaxDiskWrite", 12),
    NONE ("MaxDiskWriteNode", 16),
    NONE ("MaxDiskWriteTask", 16),
    NONE ("MaxPages", 8),
    NONE ("MaxPagesNode", 12),
    NONE ("MaxPagesTask", 14),
    ROW ("MaxRSS", 10, "most memory in use", put_max_rss),
    ROW ("MaxRSSNode", 10, "where that was", put_first_node),
    ROW ("MaxRSSTask", 10, "the task's number", put_task_zero),
    NONE ("MaxVMSize", 10),
    NONE ("MaxVMSizeNode", 14),
    NONE ("MaxVMSizeTask", 14),
    NONE ("McsLabel", 9),
    ROW ("MinCPU", 10, "least CPU time of a task", put_step_cpu),
    ROW ("MinCPUNode", 10, "where that was", put_first_node),
    ROW ("MinCPUTask", 10, "the task's number", put_task_zero),
    ROW ("NCPUS", 10, "CPUs that it got", put_cpus),
    ROW ("NNodes", 8, "number of nodes", put_num_nodes),
    ROW ("NodeList", 15, "nodes", put_node_list),
    ROW ("NTasks", 8, "tasks of the step", put_num_tasks),
    ROW ("Partition", 10, "partition", put_partition),
    ROW ("Planned", 10, "time that it could have run and waited", put_planned),
    ROW ("Priority", 10, "priority", put_zero),
    ROW ("QOS", 10, "quality of service", put_qos),
    NONE ("QOSRAW", 10),
    ROW ("Reason", 30, "why it died, or why it waits", put_reason),
    NONE ("ReqCPUFreq", 10),
    NONE ("ReqCPUFreqGov", 13),
    NONE ("ReqCPUFreqMax", 13),
    NONE ("ReqCPUFreqMin", 13),
    ROW ("ReqCPUS", 8, "CPUs asked", put_req_cpus),
    ROW ("ReqGRES", 12, "GPUs asked", put_gres),
    ROW ("ReqMem", 10, "memory asked", put_req_mem),
    ROW ("ReqNodes", 8, "nodes asked", put_num_nodes),
    ROW ("ReqTRES", 10, "resources asked", put_req_tres),
    ROW ("Reservation", 20, "reservation that it was in", put_reservation),
    NONE ("ReservationId", 13),
    ROW ("Reserved", 10, "time that it could have run and waited", put_planned),
    ROW ("ResvCPU", 10, "seconds that it waited, times its CPUs", put_resv_cpu),
    ROW ("ResvCPURAW", 10, "the same in seconds", put_resv_cpu_raw),
    ROW ("Restarts", 8, "how often it was started again", put_restarts),
    ROW ("Start", 19, "start", put_start),
    ROW ("State", 10, "state", put_state),
    ROW ("StdOut", 20, "standard output", put_std_out),
    ROW ("Submit", 19, "submission", put_submit),
    ROW ("SubmitKey", 20, "key of the submission", put_submit_key),
    NONE ("SubmitLine", 20),
    ROW ("Suspended", 10, "time that it stood still", put_suspended),
    ROW ("SystemCPU", 10, "CPU time in the kernel", put_system_cpu),
    NONE ("SystemComment", 20),
    ROW ("Timelimit", 10, "time limit", put_limit),
    ROW ("TimelimitRaw", 12, "time limit in minutes", put_limit_raw),
    ROW ("TotalCPU", 10, "CPU time", put_total_cpu),
    NONE ("TRESUsageInAve", 14),
    NONE ("TRESUsageInMax", 14),
    NONE ("TRESUsageInMaxNode", 18),
    NONE ("TRESUsageInMaxTask", 18),
    NONE ("TRESUsageInMin", 14),
    NONE ("TRESUsageInMinNode", 18),
    NONE ("TRESUsageInMinTask", 18),
    NONE ("TRESUsageInTot", 14),
    NONE ("TRESUsageOutAve", 15),
    NONE ("TRESUsageOutMax", 15),
    NONE ("TRESUsageOutMaxNode", 19),
    NONE ("TRESUsageOutMaxTask", 19),
    NONE ("TRESUsageOutMin", 15),
    NONE ("TRESUsageOutMinNode", 19),
    NONE ("TRESUsageOutMinTask", 19),
    NONE ("TRESUsageOutTot", 15),
    ROW ("UID", 6, "user id", put_uid),
    ROW ("User", 9, "user", put_user),
    ROW ("UserCPU", 10, "CPU time in the program", put_user_cpu),
    NONE ("WCKey", 10),
    NONE ("WCKeyID", 10),
    ROW ("WorkDir", 20, "working directory", put_work_dir),
};

const struct field *sacct_fields (size_t *ret_n)
{
    *ret_n = sizeof fields / sizeof *fields;
    return fields;
}
