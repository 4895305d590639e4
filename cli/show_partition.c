/* show_partition.c - one partition as `scontrol show partition` prints it. */
#include "show.h"

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

static void put_limit (struct buf *out, uint64_t value, const char *unset)
{
    if (value)
        buf_printf (out, "%llu", (unsigned long long) value);
    else
        buf_puts (out, unset);
}

static void put_duration (struct buf *out, uint64_t seconds, const char *unset)
{
    char text[64];

    buf_puts (out, seconds ? duration_format (seconds, text, sizeof text) : unset);
}

PRINT (name)
{
    show_text (out, ((const Moisson__PartitionInfo *) row)->name);
}

PRINT (is_default)
{
    buf_puts (out, ((const Moisson__PartitionInfo *) row)->is_default ? "YES" : "NO");
}

PRINT (default_time)
{
    put_duration (out, ((const Moisson__PartitionInfo *) row)->default_time_s, "NONE");
}

PRINT (max_time)
{
    put_duration (out, ((const Moisson__PartitionInfo *) row)->max_time_s, "UNLIMITED");
}

PRINT (max_nodes)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->max_nodes, "UNLIMITED");
}

PRINT (min_nodes)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->min_nodes, "0");
}

PRINT (nodes)
{
    show_text (out, ((const Moisson__PartitionInfo *) row)->nodes);
}

PRINT (priority)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->priority, "1");
}

PRINT (state)
{
    const Moisson__PartitionInfo *p = row;

    buf_puts (out, p->state ? p->state : "UP");
}

PRINT (least_loaded)
{
    buf_puts (out, ((const Moisson__PartitionInfo *) row)->least_loaded ? "YES" : "NO");
}

PRINT (total_cpus)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->total_cpus, "0");
}

PRINT (total_nodes)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->total_nodes, "0");
}

PRINT (mem_per_cpu)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->def_mem_per_cpu_mb, "UNLIMITED");
}

PRINT (mem_per_node)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->def_mem_per_node_mb, "UNLIMITED");
}

PRINT (max_mem_per_node)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->max_mem_per_node_mb, "UNLIMITED");
}

PRINT (max_mem_per_cpu)
{
    put_limit (out, ((const Moisson__PartitionInfo *) row)->max_mem_per_cpu_mb, "UNLIMITED");
}

PRINT (tres)
{
    const Moisson__PartitionInfo *p = row;
    char mem[64];

    buf_printf (out, "cpu=%u,mem=%s,node=%u,billing=%u", p->total_cpus, mem_format (p->total_mem_mb, mem, sizeof mem),
                p->total_nodes, p->total_cpus);
    if (p->gres_tres)
        buf_puts (out, p->gres_tres);
}

static bool is_per_cpu (const void *row, const struct show_style *style)
{
    (void) style;
    return ((const Moisson__PartitionInfo *) row)->def_mem_per_cpu_mb > 0;
}

static bool is_per_node (const void *row, const struct show_style *style)
{
    return !is_per_cpu (row, style);
}

static bool has_max_per_cpu (const void *row, const struct show_style *style)
{
    (void) style;
    return ((const Moisson__PartitionInfo *) row)->max_mem_per_cpu_mb > 0;
}

PRINT (grace)
{
    buf_printf (out, "%u", ((const Moisson__PartitionInfo *) row)->grace_s);
}

PRINT (preempt_mode)
{
    const char *mode = ((const Moisson__PartitionInfo *) row)->preempt_mode;

    buf_puts (out, mode ? mode : "OFF");
}

PRINT (start_rate)
{
    const char *rate = ((const Moisson__PartitionInfo *) row)->start_rate;

    buf_puts (out, rate ? rate : "UNLIMITED");
}

PRINT (user_start_rate)
{
    const char *rate = ((const Moisson__PartitionInfo *) row)->user_start_rate;

    buf_puts (out, rate ? rate : "UNLIMITED");
}

static bool has_rate (const void *row, const struct show_style *style)
{
    const Moisson__PartitionInfo *p = row;

    (void) style;
    return p->start_rate || p->user_start_rate;
}

static void put_list (struct buf *out, char *const *names, size_t n, const char *unset)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts (out, i ? "," : "");
        show_plain (out, names[i]);
    }
    if (!n)
        buf_puts (out, unset);
}

PRINT (allow_groups)
{
    const char *groups = ((const Moisson__PartitionInfo *) row)->allow_groups;

    show_plain (out, groups && *groups ? groups : "ALL");
}

PRINT (allow_accounts)
{
    const Moisson__PartitionInfo *p = row;

    put_list (out, p->allow_accounts, p->n_allow_accounts, "ALL");
}

PRINT (deny_accounts)
{
    const Moisson__PartitionInfo *p = row;

    put_list (out, p->deny_accounts, p->n_deny_accounts, "");
}

PRINT (allow_qos)
{
    const Moisson__PartitionInfo *p = row;

    put_list (out, p->allow_qos, p->n_allow_qos, "ALL");
}

PRINT (deny_qos)
{
    const Moisson__PartitionInfo *p = row;

    put_list (out, p->deny_qos, p->n_deny_qos, "");
}

/* Who is denied is said instead of who is allowed, where only that is configured; both, where both are. */
static bool denies_accounts (const void *row, const struct show_style *style)
{
    (void) style;
    return ((const Moisson__PartitionInfo *) row)->n_deny_accounts > 0;
}

static bool allows_accounts (const void *row, const struct show_style *style)
{
    return ((const Moisson__PartitionInfo *) row)->n_allow_accounts || !denies_accounts (row, style);
}

static bool denies_qos (const void *row, const struct show_style *style)
{
    (void) style;
    return ((const Moisson__PartitionInfo *) row)->n_deny_qos > 0;
}

static bool allows_qos (const void *row, const struct show_style *style)
{
    return ((const Moisson__PartitionInfo *) row)->n_allow_qos || !denies_qos (row, style);
}

PRINT (qos)
{
    const char *name = ((const Moisson__PartitionInfo *) row)->qos;

    show_plain (out, name && *name ? name : "N/A");
}

PRINT (job_factor)
{
    const Moisson__PartitionInfo *p = row;

    buf_printf (out, "%u", p->has_job_factor ? p->job_factor : 1);
}

PRINT (over_time_limit)
{
    const Moisson__PartitionInfo *p = row;

    if (p->has_over_time_limit_s)
        buf_printf (out, "%llu", (unsigned long long) p->over_time_limit_s / 60);
    else
        buf_puts (out, "NONE");
}

static const struct show_field fields[] = {
    {"PartitionName", true, NULL, name},
    {"AllowGroups", true, NULL, allow_groups},
    {"AllowAccounts", false, NULL, allow_accounts, allows_accounts},
    {"DenyAccounts", false, NULL, deny_accounts, denies_accounts},
    {"AllowQos", false, NULL, allow_qos, allows_qos},
    {"DenyQos", false, NULL, deny_qos, denies_qos},
    {"AllocNodes", true, "ALL"},
    {"Default", false, NULL, is_default},
    {"QoS", false, NULL, qos},
    {"DefaultTime", true, NULL, default_time},
    {"DisableRootJobs", false, "NO"},
    {"ExclusiveUser", false, "NO"},
    {"GraceTime", false, NULL, grace},
    {"Hidden", false, "NO"},
    {"MaxNodes", true, NULL, max_nodes},
    {"MaxTime", false, NULL, max_time},
    {"MinNodes", false, NULL, min_nodes},
    {"LLN", false, NULL, least_loaded},
    {"MaxCPUsPerNode", false, "UNLIMITED"},
    {"Nodes", true, NULL, nodes},
    {"PriorityJobFactor", true, NULL, job_factor},
    {"PriorityTier", false, NULL, priority},
    {"RootOnly", false, "NO"},
    {"ReqResv", false, "NO"},
    {"OverSubscribe", false, "NO"},
    {"OverTimeLimit", true, NULL, over_time_limit},
    {"PreemptMode", false, NULL, preempt_mode},
    {"State", true, NULL, state},
    {"TotalCPUs", false, NULL, total_cpus},
    {"TotalNodes", false, NULL, total_nodes},
    {"SelectTypeParameters", false, "NONE"},
    {"JobDefaults", true, "(null)"},
    {"DefMemPerCPU", true, NULL, mem_per_cpu, is_per_cpu},
    {"DefMemPerNode", true, NULL, mem_per_node, is_per_node},
    {"MaxMemPerNode", false, NULL, max_mem_per_node},
    {"MaxMemPerCPU", false, NULL, max_mem_per_cpu, has_max_per_cpu},
    {"StartRate", true, NULL, start_rate, has_rate},
    {"StartRatePerUser", false, NULL, user_start_rate, has_rate},
    {"TRES", true, NULL, tres},
};

void show_partition (struct buf *out, const Moisson__PartitionInfo *partition, const struct show_style *style)
{
    show_record (out, fields, sizeof fields / sizeof *fields, partition, style);
}
