/* show_job.c - one job as `scontrol show job` prints it. */
#include <string.h>
#include "base/cleanup.h"
#include "base/mail.h"
#include "base/mem.h"
#include "base/states.h"
#include "show.h"
#include "words.h"

static const Moisson__JobSpec *spec_of (const Moisson__JobInfo *job)
{
    static const Moisson__JobSpec none = MOISSON__JOB_SPEC__INIT;

    return job->spec ? job->spec : &none;
}

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

#define PRINT_TEXT(name, value)                                                                                        \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__JobInfo *job = row;                                                                             \
        show_text (out, value);                                                                                        \
    }

#define PRINT_NUMBER(name, value)                                                                                      \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__JobInfo *job = row;                                                                             \
        buf_printf (out, "%lld", (long long) (value));                                                                 \
    }

PRINT_TEXT (job_name, spec_of (job)->name)
PRINT_TEXT (account, spec_of (job)->account ? spec_of (job)->account : "default") /* as sacct */
PRINT_TEXT (qos, spec_of (job)->qos ? spec_of (job)->qos : "normal")
PRINT_TEXT (dependency, job->depends)
PRINT_TEXT (partition, job->partition ? job->partition : spec_of (job)->partition)
PRINT_TEXT (req_nodes, spec_of (job)->nodelist)
PRINT_TEXT (exc_nodes, spec_of (job)->exclude)
PRINT (node_list)
{
    const Moisson__JobInfo *job = row;

    show_plain (out, job->nodes ? job->nodes : "");
}

PRINT_TEXT (batch_host, job->batch_host)
PRINT_TEXT (tres, job->tres)
PRINT_TEXT (features, spec_of (job)->constraint)
PRINT_TEXT (licenses, spec_of (job)->licenses)
PRINT_TEXT (reservation, spec_of (job)->reservation)
PRINT_TEXT (work_dir, spec_of (job)->work_dir)
PRINT_TEXT (mail_user, spec_of (job)->mail_user ? spec_of (job)->mail_user : job->user)
PRINT (mail_type)
{
    const Moisson__JobInfo *job = row;

    mail_types_format (spec_of (job)->mail_types, out);
}
PRINT_TEXT (comment, spec_of (job)->comment)
PRINT_TEXT (cause, job->cause)
PRINT_TEXT (retry, spec_of (job)->retry)
PRINT_TEXT (last_end, job->last_end)
PRINT_TEXT (reason_text, job->reason_text)
PRINT_TEXT (state, state_name (job->state))
PRINT_TEXT (reason, job->reason ? job->reason : "None")
PRINT_TEXT (oversubscribe, words_oversubscribe (spec_of (job)))
PRINT_TEXT (contiguous, spec_of (job)->contiguous ? "1" : "0")
PRINT_NUMBER (job_id, job->raw_id)
PRINT_NUMBER (array_id, job->array_id)
PRINT_NUMBER (throttle, spec_of (job)->array_limit)
PRINT_NUMBER (priority, job->held ? 0 : job->priority)
PRINT_NUMBER (nice_value, spec_of (job)->nice)
PRINT_NUMBER (requeue, job->requeue)
PRINT_NUMBER (restarts, job->restarts)
PRINT_NUMBER (num_cpus, job->num_cpus)
PRINT_NUMBER (num_tasks, job->num_tasks ? job->num_tasks : 1)
PRINT_NUMBER (cpus_per_task, spec_of (job)->has_cpus_per_task ? spec_of (job)->cpus_per_task : 1)
PRINT_NUMBER (min_cpus, spec_of (job)->min_cpus            ? spec_of (job)->min_cpus
                        : spec_of (job)->has_cpus_per_task ? spec_of (job)->cpus_per_task
                                                           : 1)
PRINT (min_tmp)
{
    char word[64];
    uint64_t mb = spec_of (row)->tmp_mb;

    buf_puts (out, mb ? mem_format (mb, word, sizeof word) : "0");
}

PRINT (tasks_per_node)
{
    const Moisson__JobInfo *job = row;

    buf_printf (out, "%u:0:*:", spec_of (job)->ntasks_per_node);
    if (spec_of (job)->ntasks_per_core)
        buf_printf (out, "%u", spec_of (job)->ntasks_per_core);
    else
        buf_putc (out, '*');
}

PRINT_NUMBER (attempt, job->attempt)

PRINT (array_task)
{
    const Moisson__JobInfo *job = row;

    if (job->has_task)
        buf_printf (out, "%u", job->task);
    else
        show_text (out, job->tasks);
}

PRINT (user)
{
    const Moisson__JobInfo *job = row;

    if (job->user)
        buf_printf (out, "%s(%u)", job->user, job->uid);
    else
        buf_printf (out, "%u(%u)", job->uid, job->uid);
}

PRINT (group)
{
    const Moisson__JobInfo *job = row;

    if (job->group)
        buf_printf (out, "%s(%u)", job->group, job->gid);
    else
        buf_printf (out, "%u(%u)", job->gid, job->gid);
}

PRINT (exit_code)
{
    const Moisson__JobInfo *job = row;

    buf_printf (out, "%u:%u", job->exit_code, job->exit_signal);
}

static bool has_run_or_ended (const Moisson__JobInfo *job)
{
    return !state_is_pending (job->state);
}

/* A job that was cancelled before it started has both times: clients parse them for every ended job. */
static usec_t start_time (const Moisson__JobInfo *job)
{
    if (!has_run_or_ended (job))
        return job->start_estimate_us; /* 0 = unknown */
    return !job->start_us && state_is_ended (job->state) ? job->end_us : job->start_us;
}

/* Then that is when it starts at the earliest. */
static bool waits_for_begin (const Moisson__JobInfo *job, const struct show_style *style)
{
    return !has_run_or_ended (job) && spec_of (job)->begin_us > style->now;
}

PRINT (run_time)
{
    const Moisson__JobInfo *job = row;
    usec_t start = has_run_or_ended (job) ? start_time (job) : 0,
           end = state_is_ended (job->state) ? job->end_us : style->now;
    char text[64];

    if (!has_run_or_ended (job))
        end = start;
    usec_t ran = show_running (start, end, job->suspended_us, job->suspended_at);
    buf_puts (out, duration_format (ran / USEC_PER_SEC, text, sizeof text));
}

PRINT (time_limit)
{
    const Moisson__JobInfo *job = row;
    char text[64];

    if (!job->has_time_limit_s)
        buf_puts (out, "Partition_Limit");
    else if (!job->time_limit_s)
        buf_puts (out, "UNLIMITED");
    else
        buf_puts (out, duration_format (job->time_limit_s, text, sizeof text));
}

PRINT (time_min)
{
    const Moisson__JobInfo *job = row;
    char text[64];

    if (spec_of (job)->time_min_s)
        buf_puts (out, duration_format (spec_of (job)->time_min_s, text, sizeof text));
    else
        buf_puts (out, "N/A");
}

#define PRINT_TIME(name, value, unset)                                                                                 \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__JobInfo *job = row;                                                                             \
        show_time (out, value, unset, style);                                                                          \
    }

PRINT_TIME (submit_at, job->submit_us, "Unknown")
PRINT_TIME (eligible_at, job->eligible_us, "Unknown")
PRINT_TIME (start_at, waits_for_begin (job, style) ? spec_of (job)->begin_us : start_time (job), "Unknown")
PRINT_TIME (end_at,
            waits_for_begin (job, style) && job->time_limit_s
                ? spec_of (job)->begin_us + job->time_limit_s * USEC_PER_SEC
            : has_run_or_ended (job) ? job->end_us
                                     : 0,
            "Unknown")
PRINT_TIME (suspended_at, job->suspended_at, "None")
PRINT_TIME (deadline_at, spec_of (job)->deadline_us, "N/A")

/* How long it ran before it stood still last. */
PRINT (before_suspend)
{
    const Moisson__JobInfo *job = row;
    usec_t ran = job->suspended_at ? show_running (job->start_us, job->suspended_at, job->suspended_us, 0) : 0;

    (void) style;
    buf_printf (out, "%llu", (unsigned long long) (ran / USEC_PER_SEC));
}

PRINT (alloc_node)
{
    const Moisson__JobInfo *job = row;

    show_text (out, spec_of (job)->submit_host);
    buf_puts (out, ":0");
}

PRINT (num_nodes)
{
    const Moisson__JobInfo *job = row;
    const Moisson__JobSpec *spec = spec_of (job);

    if (!has_run_or_ended (job) && spec->max_nodes && spec->max_nodes >= spec->min_nodes)
        buf_printf (out, "%u-%u", spec->min_nodes, spec->max_nodes);
    else
        buf_printf (out, "%u", job->num_nodes);
}

PRINT (min_memory)
{
    const Moisson__JobInfo *job = row;
    uint64_t mb = job->mem_per_cpu_mb ? job->mem_per_cpu_mb : job->mem_mb;
    char text[64];

    buf_puts (out, mb ? mem_format (mb, text, sizeof text) : "0");
}

PRINT (command)
{
    const Moisson__JobInfo *job = row;
    const Moisson__JobSpec *spec = spec_of (job);

    show_text (out, spec->command);
    for (size_t i = 0; i < spec->n_script_args; i++) {
        buf_putc (out, ' ');
        show_plain (out, spec->script_args[i]);
    }
}

static void put_path (struct buf *out, const Moisson__JobInfo *job, const char *pattern)
{
    _cleanup_free_ char *path = show_path (job, pattern);

    show_plain (out, path);
}

PRINT (std_out)
{
    const Moisson__JobInfo *job = row;

    put_path (out, job, spec_of (job)->std_out);
}

PRINT (std_err)
{
    const Moisson__JobInfo *job = row;

    put_path (out, job, spec_of (job)->std_err ? spec_of (job)->std_err : spec_of (job)->std_out);
}

PRINT (std_in)
{
    const Moisson__JobInfo *job = row;

    put_path (out, job, spec_of (job)->std_in ? spec_of (job)->std_in : "/dev/null");
}

PRINT (tres_per_node)
{
    show_gres (out, spec_of (row)->gres, "gres:");
}

PRINT (tres_per_job)
{
    show_gres (out, spec_of (row)->gpus_text, "gres:gpu:");
}

PRINT (tres_per_task)
{
    show_gres (out, spec_of (row)->gpus_per_task_text, "gres:gpu:");
}

PRINT (cpus_per_tres)
{
    buf_printf (out, "gres:gpu:%u", spec_of (row)->cpus_per_gpu);
}

PRINT (mem_per_tres)
{
    buf_printf (out, "gres:gpu:%llu", (unsigned long long) spec_of (row)->mem_per_gpu_mb);
}

/* GPUs with their numbers where the node has told them; what is only counted has none. */
static void put_placed_gres (struct buf *out, const Moisson__JobInfo *job)
{
    const char *all = job->gres_detail ? job->gres_detail : "";
    size_t start = out->len;

    if (job->gpu_ids)
        buf_puts (out, job->gpu_ids);
    for (const char *p = all; *p;) {
        size_t len = strcspn (p, ",");
        if (!job->gpu_ids || strncmp (p, "gpu:", 4))
            buf_printf (out, "%s%.*s", out->len > start ? "," : "", (int) len, p);
        p += len + (p[len] == ',');
    }
}

PRINT (placed_gres)
{
    size_t start = out->len;

    put_placed_gres (out, row);
    if (out->len == start)
        buf_puts (out, "(null)");
}

/* Slurm ends the lines of a job with one of blanks. */
PRINT (power)
{
    (void) row;
    buf_puts (out, style->oneline ? "" : "\n   ");
}

/* Nodes=n1 CPU_IDs=0-3 Mem=100 GRES=gpu:a100:2(IDX:0-1) */
PRINT (placement)
{
    const Moisson__JobInfo *job = row;

    show_text (out, job->nodes);
    buf_printf (out, " CPU_IDs=%s Mem=%llu GRES=", job->cpu_ids ? job->cpu_ids : "(null)",
                (unsigned long long) job->mem_mb);
    put_placed_gres (out, job);
}

#define PRESENT(name, condition)                                                                                       \
    static bool name (const void *row, const struct show_style *style __attribute__ ((unused)))                        \
    {                                                                                                                  \
        const Moisson__JobInfo *job = row;                                                                             \
        return condition;                                                                                              \
    }

PRESENT (in_array, job->has_array_id)
PRESENT (is_throttled, job->has_array_id &&spec_of (job)->array_limit)
PRESENT (has_batch_host, job->batch_host && * job->batch_host)
PRESENT (has_reservation, spec_of (job)->reservation)
PRESENT (has_mail, spec_of (job)->mail_types != 0)
PRESENT (has_comment, spec_of (job)->comment &&*spec_of (job)->comment)
PRESENT (has_gres, spec_of (job)->gres &&*spec_of (job)->gres)
PRESENT (has_gpus, spec_of (job)->gpus_text &&*spec_of (job)->gpus_text)
PRESENT (has_gpus_per_task, spec_of (job)->gpus_per_task_text &&*spec_of (job)->gpus_per_task_text)
PRESENT (has_cpus_per_gpu, spec_of (job)->has_cpus_per_gpu)
PRESENT (has_mem_per_gpu, spec_of (job)->has_mem_per_gpu_mb)
PRESENT (has_cause, job->cause && * job->cause)
PRESENT (has_retry, spec_of (job)->retry &&*spec_of (job)->retry)
PRESENT (has_last_end, job->last_end && * job->last_end)
PRESENT (has_reason_text, !has_run_or_ended (job) && job->reason_text && *job->reason_text)
PRESENT (mem_is_per_cpu, job->mem_per_cpu_mb != 0)
PRESENT (mem_is_per_node, !job->mem_per_cpu_mb)
PRESENT (is_placed_and_detailed, style->detail && job->nodes && *job->nodes)
PRESENT (has_attempt, style->detail && job->attempt)

static const struct show_field fields[] = {
    {"JobId", true, NULL, job_id},
    {"ArrayJobId", false, NULL, array_id, in_array},
    {"ArrayTaskId", false, NULL, array_task, in_array},
    {"ArrayTaskThrottle", false, NULL, throttle, is_throttled},
    {"JobName", false, NULL, job_name},
    {"UserId", true, NULL, user},
    {"GroupId", false, NULL, group},
    {"MCS_label", false, "N/A"},
    {"Priority", true, NULL, priority},
    {"Nice", false, NULL, nice_value},
    {"Account", false, NULL, account},
    {"QOS", false, NULL, qos},
    {"JobState", true, NULL, state},
    {"Reason", false, NULL, reason},
    {"Dependency", false, NULL, dependency},
    {"Requeue", true, NULL, requeue},
    {"Restarts", false, NULL, restarts},
    {"BatchFlag", false, "1"},
    {"Reboot", false, "0"},
    {"ExitCode", false, NULL, exit_code},
    {"RunTime", true, NULL, run_time},
    {"TimeLimit", false, NULL, time_limit},
    {"TimeMin", false, NULL, time_min},
    {"SubmitTime", true, NULL, submit_at},
    {"EligibleTime", false, NULL, eligible_at},
    {"AccrueTime", true, NULL, eligible_at},
    {"StartTime", true, NULL, start_at},
    {"EndTime", false, NULL, end_at},
    {"Deadline", false, NULL, deadline_at},
    {"SuspendTime", true, NULL, suspended_at},
    {"SecsPreSuspend", false, NULL, before_suspend},
    {"Partition", true, NULL, partition},
    {"AllocNode:Sid", false, NULL, alloc_node},
    {"ReqNodeList", true, NULL, req_nodes},
    {"ExcNodeList", false, NULL, exc_nodes},
    {"NodeList", true, NULL, node_list},
    {"BatchHost", true, NULL, batch_host, has_batch_host},
    {"NumNodes", true, NULL, num_nodes},
    {"NumCPUs", false, NULL, num_cpus},
    {"NumTasks", false, NULL, num_tasks},
    {"CPUs/Task", false, NULL, cpus_per_task},
    {"ReqB:S:C:T", false, "0:0:*:*"},
    {"TRES", true, NULL, tres},
    {"Socks/Node", true, "*"},
    {"NtasksPerN:B:S:C", false, NULL, tasks_per_node},
    {"CoreSpec", false, "*"},
    {"JOB_GRES", true, NULL, placed_gres, is_placed_and_detailed},
    {"  Nodes", true, NULL, placement, is_placed_and_detailed},
    {"MinCPUsNode", true, NULL, min_cpus},
    {"MinMemoryNode", false, NULL, min_memory, mem_is_per_node},
    {"MinMemoryCPU", false, NULL, min_memory, mem_is_per_cpu},
    {"MinTmpDiskNode", false, NULL, min_tmp},
    {"Features", true, NULL, features},
    {"DelayBoot", false, "00:00:00"},
    {"Reservation", true, NULL, reservation, has_reservation},
    {"OverSubscribe", true, NULL, oversubscribe},
    {"Contiguous", false, NULL, contiguous},
    {"Licenses", false, NULL, licenses},
    {"Network", false, "(null)"},
    {"Command", true, NULL, command},
    {"WorkDir", true, NULL, work_dir},
    {"Comment", true, NULL, comment, has_comment},
    {"StdErr", true, NULL, std_err},
    {"StdIn", true, NULL, std_in},
    {"StdOut", true, NULL, std_out},
    {"MailUser", true, NULL, mail_user, has_mail},
    {"MailType", false, NULL, mail_type, has_mail},
    {"CpusPerTres", true, NULL, cpus_per_tres, has_cpus_per_gpu},
    {"MemPerTres", true, NULL, mem_per_tres, has_mem_per_gpu},
    {"TresPerJob", true, NULL, tres_per_job, has_gpus},
    {"TresPerNode", true, NULL, tres_per_node, has_gres},
    {"TresPerTask", true, NULL, tres_per_task, has_gpus_per_task},
    {"Attempt", true, NULL, attempt, has_attempt},
    {"Retry", true, NULL, retry, has_retry},
    {"LastAttempt", true, NULL, last_end, has_last_end},
    {"WaitsFor", true, NULL, reason_text, has_reason_text},
    {"Cause", true, NULL, cause, has_cause},
    {"Power", true, NULL, power},
};

void show_job (struct buf *out, const Moisson__JobInfo *job, const struct show_style *style)
{
    show_record (out, fields, sizeof fields / sizeof *fields, job, style);
}
