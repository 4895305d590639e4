/* squeue_fields.c - one row a column; each function appends one value, unpadded. */
#include "squeue_fields.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/states.h"
#include "cells.h"
#include "show.h"
#include "words.h"

static const struct squeue_row *row_of (const void *row)
{
    return row;
}

static const Moisson__JobInfo *job_of (const void *row)
{
    return row_of (row)->job;
}

static const Moisson__JobSpec *spec_of (const void *row)
{
    static const Moisson__JobSpec nothing = MOISSON__JOB_SPEC__INIT;

    return job_of (row)->spec ? job_of (row)->spec : &nothing;
}

TEXT (put_account, spec_of, account, "(null)")
TEXT (put_batch_host, job_of, batch_host, "n/a")
TEXT (put_command, spec_of, command, "(null)")
TEXT (put_comment, spec_of, comment, "(null)")
TEXT (put_dependency, job_of, depends, "(null)")
TEXT (put_exclude, spec_of, exclude, "")
TEXT (put_features, spec_of, constraint, "(null)")
TEXT (put_group, job_of, group, "nobody")
TEXT (put_licenses, spec_of, licenses, "(null)")
TEXT (put_name, spec_of, name, "(null)")
TEXT (put_nodes, job_of, nodes, "")
TEXT (put_partition, job_of, partition, "(null)")
TEXT (put_qos, spec_of, qos, "normal")
TEXT (put_reason, job_of, reason, "None")
TEXT (put_reason_text, job_of, reason_text, "")
TEXT (put_cause, job_of, cause, "")
TEXT (put_required, spec_of, nodelist, "")
TEXT (put_reservation, spec_of, reservation, "(null)")
TEXT (put_submit_host, spec_of, submit_host, "(null)")
TEXT (put_std_in, spec_of, std_in, "/dev/null")
TEXT (put_tres, job_of, tres, "N/A")
TEXT (put_gpu_ids, job_of, gpu_ids, "")
TEXT (put_user, job_of, user, "nobody")
TEXT (put_wckey, spec_of, wckey, "(null)")
TEXT (put_work_dir, spec_of, work_dir, "(null)")

/* As Slurm shows what was asked, with a word before each. */
static void put_asked (struct buf *out, const char *words, const char *prefix)
{
    if (words && *words)
        show_gres (out, words, prefix);
    else
        buf_puts (out, "N/A");
}

static void put_tres_per_node (struct buf *out, const void *row)
{
    put_asked (out, spec_of (row)->gres, "gres:");
}

static void put_tres_per_job (struct buf *out, const void *row)
{
    put_asked (out, spec_of (row)->gpus_text, "gres:gpu:");
}

static void put_tres_per_task (struct buf *out, const void *row)
{
    put_asked (out, spec_of (row)->gpus_per_task_text, "gres:gpu:");
}

NUMBER (put_raw_id, job_of (row)->raw_id)
NUMBER (put_array_id, job_of (row)->has_array_id ? job_of (row)->array_id : job_of (row)->raw_id)
NUMBER (put_gid, job_of (row)->gid)
NUMBER (put_uid, job_of (row)->uid)
NUMBER (put_min_cpus, spec_of (row)->min_cpus            ? spec_of (row)->min_cpus
                      : spec_of (row)->has_cpus_per_task ? spec_of (row)->cpus_per_task
                                                         : 1)
NUMBER (put_contiguous, spec_of (row)->contiguous)
NUMBER (put_min_tmp, spec_of (row)->tmp_mb)
NUMBER (put_cpus, job_of (row)->has_num_cpus ? job_of (row)->num_cpus : 1)
NUMBER (put_num_nodes, job_of (row)->has_num_nodes ? job_of (row)->num_nodes : 1)
NUMBER (put_num_tasks, job_of (row)->has_num_tasks ? job_of (row)->num_tasks : 1)
NUMBER (put_priority, job_of (row)->priority)
NUMBER (put_restarts, job_of (row)->restarts)
NUMBER (put_max_nodes, spec_of (row)->max_nodes      ? spec_of (row)->max_nodes
                       : job_of (row)->has_num_nodes ? job_of (row)->num_nodes
                                                     : 0)
NUMBER (put_tasks_per_node, spec_of (row)->ntasks_per_node)

FIXED (put_zero, "0")
FIXED (put_one, "1")
FIXED (put_no_time, "0:00")
FIXED (put_any, "*")
FIXED (put_any_three, "*:*:*")
FIXED (put_na, "N/A")
FIXED (put_no_origin, "NA")
FIXED (put_not_set, "NotSet")
FIXED (put_blank, "")
FIXED (put_null, "(null)")

/* The text is "1-10,12%2"; a long one is cut between two numbers and keeps its limit. */
static void put_task_list (struct buf *out, const struct squeue_row *r)
{
    const char *text = r->job->tasks ? r->job->tasks : "";
    size_t len = strcspn (text, "%"), cut = len;

    if (r->task_text && len > r->task_text) {
        cut = r->task_text;
        while (cut > 0 && text[cut] != ',')
            cut--;
        if (cut == 0)
            cut = strcspn (text, ",%");
    }
    buf_add (out, text, cut);
    buf_puts (out, cut < len ? ",..." : "");
    buf_puts (out, text + len);
}

static void put_job_id (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);

    put_array_id (out, row);
    if (!job->has_array_id)
        return;
    if (job->has_task) {
        buf_printf (out, "_%" PRIu32, job->task);
        return;
    }
    buf_puts (out, "_[");
    put_task_list (out, row_of (row));
    buf_putc (out, ']');
}

static void put_task_id (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);

    if (!job->has_array_id)
        buf_puts (out, "N/A");
    else if (job->has_task)
        buf_printf (out, "%" PRIu32, job->task);
    else
        put_task_list (out, row_of (row));
}

static void put_state (struct buf *out, const void *row)
{
    buf_puts (out, state_name (job_of (row)->state));
}

static void put_state_brief (struct buf *out, const void *row)
{
    buf_puts (out, state_brief (job_of (row)->state));
}

/* As Slurm: why it waits, why it failed, else where. */
static void put_where_or_why (struct buf *out, const void *row)
{
    const Moisson__JobState state = job_of (row)->state;

    if (!state_is_pending (state) && state != MOISSON__JOB_STATE__STATE_FAILED &&
        state != MOISSON__JOB_STATE__STATE_TIMEOUT && state != MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY &&
        state != MOISSON__JOB_STATE__STATE_DEADLINE) {
        put_nodes (out, row);
        return;
    }
    buf_putc (out, '(');
    put_reason (out, row);
    buf_putc (out, ')');
}

static void put_time (struct buf *out, const void *row, usec_t t)
{
    char word[256];

    buf_puts (out, time_format (t, row_of (row)->time_format, "N/A", word, sizeof word));
}

#define TIME(name, t)                                                                                                  \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        put_time (out, row, t);                                                                                        \
    }
/* A job that waits for its --begin starts then at the earliest; one that was promised nodes, at that time. */
usec_t squeue_start (const struct squeue_row *row)
{
    const Moisson__JobInfo *job = row->job;

    if (!state_is_pending (job->state))
        return job->start_us;
    return spec_of (row)->begin_us > row->now ? spec_of (row)->begin_us : job->start_estimate_us;
}

TIME (put_start, squeue_start (row))
/* Of what waits for its time: when it will have ended at the latest if it starts then. Of what stands still it moves
 * away with the time. */
static usec_t end_time (const struct squeue_row *row)
{
    const Moisson__JobInfo *job = row->job;
    usec_t limit = job->time_limit_s * USEC_PER_SEC;

    if (job->suspended_at && limit && job->end_us)
        return job->start_us + limit + job->suspended_us + row->now - job->suspended_at;
    if (!state_is_pending (job->state))
        return job->end_us;
    return spec_of (row)->begin_us > row->now && limit ? spec_of (row)->begin_us + limit : 0;
}

TIME (put_end, end_time (row))
TIME (put_submit, job_of (row)->submit_us)
TIME (put_eligible, job_of (row)->eligible_us)
TIME (put_deadline, spec_of (row)->deadline_us)

/* Seconds that it has run; 0 before its start. */
uint64_t squeue_used_seconds (const struct squeue_row *row)
{
    const Moisson__JobInfo *job = row->job;
    usec_t until = state_is_ended (job->state) ? job->end_us : row->now;

    if (state_is_pending (job->state))
        return 0;
    return show_running (job->start_us, until, job->suspended_us, job->suspended_at) / USEC_PER_SEC;
}

static void put_seconds (struct buf *out, uint64_t s)
{
    char word[64];

    buf_puts (out, duration_format_short (s, word, sizeof word));
}

static void put_time_used (struct buf *out, const void *row)
{
    put_seconds (out, squeue_used_seconds (row));
}

static void put_time_limit (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);

    if (!job->has_time_limit_s)
        buf_puts (out, "NOT_SET");
    else if (!job->time_limit_s)
        buf_puts (out, "UNLIMITED");
    else
        put_seconds (out, job->time_limit_s);
}

static void put_min_time (struct buf *out, const void *row)
{
    put_seconds (out, spec_of (row)->time_min_s);
}

static void put_time_left (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);
    uint64_t used = squeue_used_seconds (row);

    if (!job->time_limit_s)
        put_time_limit (out, row);
    else
        put_seconds (out, used < job->time_limit_s ? job->time_limit_s - used : 0);
}

/* How long it waited, or has waited. */
static void put_time_pending (struct buf *out, const void *row)
{
    const Moisson__JobInfo *job = job_of (row);
    usec_t until = job->start_us && !state_is_pending (job->state) ? job->start_us : row_of (row)->now;

    uint64_t s = job->submit_us && until > job->submit_us ? (until - job->submit_us) / USEC_PER_SEC : 0;

    buf_printf (out, "%" PRIu64, s);
}

static void put_memory (struct buf *out, const void *row)
{
    char word[64];
    uint64_t mb = job_of (row)->mem_per_cpu_mb ? job_of (row)->mem_per_cpu_mb : job_of (row)->mem_mb;

    if (!mb)
        buf_puts (out, "0");
    else if (row_of (row)->noconvert)
        buf_printf (out, "%" PRIu64 "M", mb);
    else
        buf_puts (out, mem_format (mb, word, sizeof word));
}

static void put_share (struct buf *out, const void *row)
{
    buf_puts (out, words_oversubscribe (spec_of (row)));
}

static void put_nice (struct buf *out, const void *row)
{
    buf_printf (out, "%" PRId32, spec_of (row)->nice);
}

static void put_priority_share (struct buf *out, const void *row)
{
    buf_printf (out, "%.14f", (double) job_of (row)->priority / (double) UINT32_MAX);
}

static void put_exit_code (struct buf *out, const void *row)
{
    buf_printf (out, "%" PRIu32 ":%" PRIu32, job_of (row)->exit_code, job_of (row)->exit_signal);
}

static void put_path (struct buf *out, const void *row, const char *pattern)
{
    _cleanup_free_ char *path = show_path (job_of (row), pattern);

    buf_puts (out, path);
}

static void put_std_out (struct buf *out, const void *row)
{
    put_path (out, row, spec_of (row)->std_out);
}

static void put_std_err (struct buf *out, const void *row)
{
    put_path (out, row, spec_of (row)->std_err ? spec_of (row)->std_err : spec_of (row)->std_out);
}

static void put_requeue (struct buf *out, const void *row)
{
    buf_puts (out, job_of (row)->requeue ? "1" : "0");
}

static const struct field fields[] = {
    {'a', "Account", "ACCOUNT", 0, "account", put_account},
    {'A', "JobID", "JOBID", FIELD_WHOLE, "id of this job or array task", put_raw_id},
    {'b', "tres-per-node", "TRES_PER_NODE", 0, "resources a node, as asked with --gres", put_tres_per_node},
    {'B', "BatchHost", "EXEC_HOST", 0, "node that runs the script", put_batch_host},
    {'c', "MinCpus", "MIN_CPUS", FIELD_WHOLE, "CPUs a task", put_min_cpus},
    {'C', "NumCPUs", "CPUS", FIELD_WHOLE, "CPUs", put_cpus},
    {'d', "MinTmpDisk", "MIN_TMP_DISK", 0, "temporary disk asked", put_min_tmp},
    {'D', "NumNodes", "NODES", FIELD_WHOLE, "number of nodes", put_num_nodes},
    {'e', "EndTime", "END_TIME", 0, "end, or the latest possible one", put_end},
    {'E', "Dependency", "DEPENDENCY", 0, "jobs that it waits for", put_dependency},
    {'f', "Feature", "FEATURES", 0, "features asked", put_features},
    {'F', "ArrayJobID", "ARRAY_JOB_ID", FIELD_WHOLE, "id of the array", put_array_id},
    {'g', "GroupName", "GROUP", 0, "group", put_group},
    {'G', "GroupID", "GROUP", FIELD_WHOLE, "group id", put_gid},
    {'h', "OverSubscribe", "OVER_SUBSCRIBE", 0, "may it share its nodes", put_share},
    {'H', "Sockets", "SOCKETS_PER_NODE", 0, "sockets asked", put_any},
    {'i', "JobArrayID", "JOBID", 0, "id, with the task of an array", put_job_id},
    {'I', "Cores", "CORES_PER_SOCKET", 0, "cores a socket asked", put_any},
    {'j', "Name", "NAME", 0, "name", put_name},
    {'J', "Threads", "THREADS_PER_CORE", 0, "threads a core asked", put_any},
    {'k', "Comment", "COMMENT", 0, "comment", put_comment},
    {'K', "ArrayTaskID", "ARRAY_TASK_ID", 0, "task of the array", put_task_id},
    {'l', "TimeLimit", "TIME_LIMIT", FIELD_WHOLE, "time limit", put_time_limit},
    {'L', "TimeLeft", "TIME_LEFT", FIELD_WHOLE, "time until the limit", put_time_left},
    {'m', "MinMemory", "MIN_MEMORY", FIELD_WHOLE, "memory a CPU if it was asked so, else a node", put_memory},
    {'M', "TimeUsed", "TIME", FIELD_WHOLE, "time that it has run", put_time_used},
    {'n', "ReqNodes", "REQ_NODES", 0, "nodes asked by name", put_required},
    {'N', "NodeList", "NODELIST", 0, "nodes", put_nodes},
    {'o', "Command", "COMMAND", 0, "script", put_command},
    {'O', "Contiguous", "CONTIGUOUS", 0, "neighbouring nodes asked", put_contiguous},
    {'p', "Priority", "PRIORITY", 0, "priority, from 0 to 1", put_priority_share},
    {'P', "Partition", "PARTITION", 0, "partition", put_partition},
    {'q', "QOS", "QOS", 0, "quality of service", put_qos},
    {'Q', "PriorityLong", "PRIORITY", FIELD_WHOLE, "priority", put_priority},
    {'r', "Reason", "REASON", 0, "why it waits, one word", put_reason},
    {'R', "ReasonList", "NODELIST(REASON)", 0, "nodes, or why it waits", put_where_or_why},
    {'s', "SelectJobInfo", "", 0, "nothing here", put_blank},
    {'S', "StartTime", "START_TIME", 0, "start", put_start},
    {'t', "StateCompact", "ST", 0, "state, short", put_state_brief},
    {'T', "State", "STATE", 0, "state", put_state},
    {'u', "UserName", "USER", 0, "user", put_user},
    {'U', "UserID", "UID", FIELD_WHOLE, "user id", put_uid},
    {'v', "Reservation", "RESERVATION", 0, "reservation", put_reservation},
    {'V', "SubmitTime", "SUBMIT_TIME", 0, "submission", put_submit},
    {'w', "WCKey", "WCKEY", 0, "workload key", put_wckey},
    {'W', "Licenses", "LICENSES", 0, "licences", put_licenses},
    {'x', "ExcNodes", "EXC_NODES", 0, "nodes to avoid", put_exclude},
    {'X', "CoreSpec", "CORE_SPEC", 0, "cores set aside", put_na},
    {'y', "Nice", "NICE", FIELD_WHOLE, "nice value", put_nice},
    {'Y', "SchedNodes", "SCHEDNODES", 0, "nodes planned for it", put_null},
    {'z', "SCT", "S:C:T", 0, "sockets, cores, threads asked", put_any_three},
    {'Z', "WorkDir", "WORK_DIR", 0, "working directory", put_work_dir},
    {'\0', "AccrueTime", "ACCRUE_TIME", 0, "when it could start at the earliest", put_eligible},
    {'\0', "AdminComment", "ADMIN_COMMENT", 0, "nothing here", put_null},
    {'\0', "AllocNodes", "ALLOC_NODES", 0, "host that it was submitted from", put_submit_host},
    {'\0', "AllocSID", "ALLOC_SID", 0, "nothing here", put_zero},
    {'\0', "AssocID", "ASSOC_ID", 0, "nothing here", put_zero},
    {'\0', "BatchFlag", "BATCH_FLAG", 0, "is it a script", put_one},
    {'\0', "BoardsPerNode", "BOARDS_PER_NODE", 0, "boards asked", put_any},
    {'\0', "BurstBuffer", "BURST_BUFFER", 0, "nothing here", put_na},
    {'\0', "BurstBufferState", "BURST_BUFFER_STATE", 0, "nothing here", put_blank},
    {'\0', "Cause", "CAUSE", 0, "why it ended, in words", put_cause},
    {'\0', "Cluster", "CLUSTER", 0, "nothing here", put_blank},
    {'\0', "ClusterFeature", "CLUSTER_FEATURES", 0, "nothing here", put_null},
    {'\0', "Container", "CONTAINER", 0, "nothing here", put_na},
    {'\0', "CPUFreq", "CPU_FREQ", 0, "nothing here", put_na},
    {'\0', "cpus-per-task", "CPUS_PER_TASK", FIELD_WHOLE, "CPUs a task", put_min_cpus},
    {'\0', "cpus-per-tres", "CPUS_PER_TRES", 0, "nothing here", put_na},
    {'\0', "Deadline", "DEADLINE", 0, "latest end asked", put_deadline},
    {'\0', "DelayBoot", "DELAY_BOOT", 0, "nothing here", put_no_time},
    {'\0', "DerivedEC", "DERIVED_EC", 0, "nothing here", put_zero},
    {'\0', "EligibleTime", "ELIGIBLE_TIME", 0, "when it could start at the earliest", put_eligible},
    {'\0', "exit_code", "EXIT_CODE", 0, "exit code and signal", put_exit_code},
    {'\0', "gpu-ids", "GPU_IDS", 0, "GPUs by type and number", put_gpu_ids},
    {'\0', "HetJobID", "HET_JOB_ID", 0, "nothing here", put_na},
    {'\0', "HetJobIDSet", "HET_JOB_ID_SET", 0, "nothing here", put_na},
    {'\0', "HetJobOffset", "HET_JOB_OFFSET", 0, "nothing here", put_na},
    {'\0', "LastSchedEval", "LAST_SCHED_EVAL", 0, "nothing here", put_na},
    {'\0', "MaxCPUs", "MAX_CPUS", FIELD_WHOLE, "CPUs", put_cpus},
    {'\0', "MaxNodes", "MAX_NODES", FIELD_WHOLE, "most nodes", put_max_nodes},
    {'\0', "MCSLabel", "MCSLABEL", 0, "nothing here", put_null},
    {'\0', "mem-per-tres", "MEM_PER_TRES", 0, "nothing here", put_na},
    {'\0', "MinTime", "TIME_MIN", FIELD_WHOLE, "shortest time limit asked", put_min_time},
    {'\0', "Network", "NETWORK", 0, "nothing here", put_null},
    {'\0', "Nodes", "NODES", 0, "nodes", put_nodes},
    {'\0', "NTPerBoard", "NTASKS_PER_BOARD", 0, "nothing here", put_zero},
    {'\0', "NTPerCore", "NTASKS_PER_CORE", 0, "nothing here", put_na},
    {'\0', "NTPerNode", "NTASKS_PER_NODE", 0, "tasks a node asked", put_tasks_per_node},
    {'\0', "NTPerSocket", "NTASKS_PER_SOCKET", 0, "nothing here", put_na},
    {'\0', "NumTasks", "TASKS", FIELD_WHOLE, "tasks", put_num_tasks},
    {'\0', "Origin", "ORIGIN", 0, "nothing here", put_no_origin},
    {'\0', "OriginRaw", "ORIGIN_RAW", 0, "nothing here", put_no_origin},
    {'\0', "PendingTime", "PENDING_TIME", FIELD_WHOLE, "seconds that it waited", put_time_pending},
    {'\0', "PreemptTime", "PREEMPT_TIME", 0, "nothing here", put_na},
    {'\0', "Prefer", "PREFER", 0, "nothing here", put_null},
    {'\0', "Profile", "PROFILE", 0, "nothing here", put_not_set},
    {'\0', "ReasonText", "REASON_TEXT", 0, "why it waits, in words", put_reason_text},
    {'\0', "Reboot", "REBOOT", 0, "nodes rebooted before it", put_zero},
    {'\0', "ReqSwitch", "REQ_SWITCH", 0, "nothing here", put_zero},
    {'\0', "Requeue", "REQUEUE", 0, "may it run again", put_requeue},
    {'\0', "ResizeTime", "RESIZE_TIME", 0, "nothing here", put_na},
    {'\0', "RestartCnt", "RESTART_COUNT", FIELD_WHOLE, "how often it was started again", put_restarts},
    {'\0', "SiblingsActive", "ACTIVE_SIBLINGS", 0, "nothing here", put_no_origin},
    {'\0', "SiblingsActiveRaw", "ACTIVE_SIBLINGS_RAW", 0, "nothing here", put_no_origin},
    {'\0', "SiblingsViable", "VIABLE_SIBLINGS", 0, "nothing here", put_no_origin},
    {'\0', "SiblingsViableRaw", "VIABLE_SIBLINGS_RAW", 0, "nothing here", put_no_origin},
    {'\0', "SPerBoard", "SOCKETS_PER_BOARD", 0, "nothing here", put_zero},
    {'\0', "STDERR", "STDERR", 0, "standard error", put_std_err},
    {'\0', "STDIN", "STDIN", 0, "standard input", put_std_in},
    {'\0', "STDOUT", "STDOUT", 0, "standard output", put_std_out},
    {'\0', "SystemComment", "SYSTEM_COMMENT", 0, "nothing here", put_null},
    {'\0', "tres-alloc", "TRES_ALLOC", 0, "resources", put_tres},
    {'\0', "tres-bind", "TRES_BIND", 0, "nothing here", put_na},
    {'\0', "tres-freq", "TRES_FREQ", 0, "nothing here", put_na},
    {'\0', "tres-per-job", "TRES_PER_JOB", 0, "GPUs of the whole job, as asked", put_tres_per_job},
    {'\0', "tres-per-socket", "TRES_PER_SOCKET", 0, "nothing here", put_na},
    {'\0', "tres-per-step", "TRES_PER_STEP", 0, "nothing here", put_na},
    {'\0', "tres-per-task", "TRES_PER_TASK", 0, "GPUs of a task, as asked", put_tres_per_task},
    {'\0', "Wait4Switch", "WAIT4SWITCH", 0, "nothing here", put_no_time},
};

const struct field *squeue_fields (size_t *ret_n)
{
    *ret_n = sizeof fields / sizeof *fields;
    return fields;
}
