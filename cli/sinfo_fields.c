/* sinfo_fields.c - one row a column; each function appends one value, unpadded. */
#include <ctype.h>
#include "sinfo_fields.h"
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "cells.h"

static const struct sinfo_row *row_of (const void *row)
{
    return row;
}

static const Moisson__PartitionInfo *part_of (const void *row)
{
    return row_of (row)->partition;
}

static const Moisson__NodeInfo *node_of (const void *row)
{
    static const Moisson__NodeInfo nothing = {.base = {&moisson__node_info__descriptor, 0, NULL},
                                              .state = (char *) "n/a"};

    return row_of (row)->node ? row_of (row)->node : &nothing;
}

#define COUNTS(name, member)                                                                                           \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        const struct sinfo_counts *c = &row_of (row)->member;                                                          \
        buf_printf (out, "%" PRIu64 "/%" PRIu64 "/%" PRIu64 "/%" PRIu64, c->alloc, c->idle, c->other, c->total);       \
    }
/* The smallest value, and a + where larger ones are in the row. */
#define SPAN(name, which)                                                                                              \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        const struct sinfo_span *span = &row_of (row)->spans[which];                                                   \
        buf_printf (out, "%.0f%s", span->min, span->max > span->min ? "+" : "");                                       \
    }

TEXT (put_name, part_of, name, "n/a")
TEXT (put_features, node_of, features, "(null)")
TEXT (put_gres, node_of, gres, "(null)")
TEXT (put_address, node_of, address, "n/a")
TEXT (put_reason, node_of, reason, "none")
TEXT (put_version, node_of, version, "n/a")
TEXT (put_state, node_of, state, "n/a")
NUMBER (put_priority, part_of (row)->priority)
NUMBER (put_alloc_mem, node_of (row)->alloc_mem_mb)
NUMBER (put_node_count, row_of (row)->nodes.total)
FIXED (put_all, "all")
FIXED (put_no, "no")
FIXED (put_share, "NO")
FIXED (put_off, "OFF")
FIXED (put_unlimited, "UNLIMITED")
FIXED (put_no_cluster, "N/A")
FIXED (put_empty, "")
FIXED (put_null, "(null)")
FIXED (put_zero, "0")
COUNTS (put_cpu_states, cpus)
COUNTS (put_node_states, nodes)
SPAN (put_cpus, SPAN_CPUS)
SPAN (put_memory, SPAN_MEM)
SPAN (put_weight, SPAN_WEIGHT)
SPAN (put_disk, SPAN_DISK)
SPAN (put_sockets, SPAN_SOCKETS)
SPAN (put_cores, SPAN_CORES)
SPAN (put_threads, SPAN_THREADS)

static void put_partition (struct buf *out, const void *row)
{
    put_name (out, row);
    if (part_of (row)->is_default)
        buf_putc (out, '*');
}

static void put_avail (struct buf *out, const void *row)
{
    static const struct {
        const char *state, *word;
    } words[] = {{"UP", "up"}, {"DOWN", "down"}, {"DRAIN", "drain"}, {"INACTIVE", "inact"}};
    const char *state = part_of (row)->state ? part_of (row)->state : "UP";

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp (words[i].state, state))
            state = words[i].word;
    buf_puts (out, state);
}

static void put_seconds (struct buf *out, uint64_t s, const char *none)
{
    char word[64];

    buf_puts (out, s ? duration_format_short (s, word, sizeof word) : none);
}

static void put_max_time (struct buf *out, const void *row)
{
    put_seconds (out, part_of (row)->max_time_s, "infinite");
}

static void put_default_time (struct buf *out, const void *row)
{
    put_seconds (out, part_of (row)->default_time_s, "n/a");
}

static void put_job_size (struct buf *out, const void *row)
{
    const Moisson__PartitionInfo *p = part_of (row);

    buf_printf (out, "%" PRIu32, p->min_nodes ? p->min_nodes : 1);
    if (!p->max_nodes)
        buf_puts (out, "-infinite");
    else if (p->max_nodes > 1)
        buf_printf (out, "-%" PRIu32, p->max_nodes);
}

static void put_state_brief (struct buf *out, const void *row)
{
    sinfo_state_brief (out, node_of (row)->state ? node_of (row)->state : "n/a");
}

static void put_state_complete (struct buf *out, const void *row)
{
    const Moisson__NodeInfo *node = node_of (row);

    for (const char *p = node->state_complete ? node->state_complete : node->state ? node->state : "n/a"; *p; p++)
        buf_putc (out, (char) tolower ((unsigned char) *p));
}

static void put_list (struct buf *out, const struct hostlist *list)
{
    char *text = hostlist_compress (list);

    buf_puts (out, text);
    free (text);
}

static void put_node_list (struct buf *out, const void *row)
{
    put_list (out, row_of (row)->names);
}

/* Slurm's NodeHostName is the node's name unless the configuration says otherwise: clients take it for the node. */
static void put_host (struct buf *out, const void *row)
{
    buf_puts (out, node_of (row)->name ? node_of (row)->name : "");
}

static void put_node_counts (struct buf *out, const void *row)
{
    const struct sinfo_counts *c = &row_of (row)->nodes;

    buf_printf (out, "%" PRIu64 "/%" PRIu64, c->alloc, c->idle);
}

/* One value, or the smallest and the largest. */
static void put_range (struct buf *out, const struct sinfo_span *span, int digits)
{
    if (span->min < 0 || span->max < 0)
        buf_puts (out, "N/A");
    else if (span->max > span->min)
        buf_printf (out, "%.*f-%.*f", digits, span->min, digits, span->max);
    else
        buf_printf (out, "%.*f", digits, span->min);
}

static void put_free_mem (struct buf *out, const void *row)
{
    put_range (out, &row_of (row)->spans[SPAN_FREE_MEM], 0);
}

static void put_load (struct buf *out, const void *row)
{
    put_range (out, &row_of (row)->spans[SPAN_LOAD], 2);
}

static void put_sct (struct buf *out, const void *row)
{
    put_sockets (out, row);
    buf_putc (out, ':');
    put_cores (out, row);
    buf_putc (out, ':');
    put_threads (out, row);
}

static void put_gres_used (struct buf *out, const void *row)
{
    const Moisson__NodeInfo *node = node_of (row);

    buf_puts (out, node->gres_used ? node->gres_used : "(null)");
}

static void put_reason_time (struct buf *out, const void *row)
{
    char word[256];

    buf_puts (out, time_format (node_of (row)->reason_us, row_of (row)->time_format, "Unknown", word, sizeof word));
}

static void put_reason_user (struct buf *out, const void *row)
{
    const Moisson__NodeInfo *node = node_of (row);
    const struct passwd *pw = node->has_reason_uid ? getpwuid (node->reason_uid) : NULL;

    if (!node->reason_us)
        buf_puts (out, "Unknown");
    else if (pw)
        buf_puts (out, pw->pw_name);
    else if (node->has_reason_uid)
        buf_printf (out, "%" PRIu32, node->reason_uid);
    else
        buf_puts (out, "moisson");
}

static void put_reason_user_id (struct buf *out, const void *row)
{
    put_reason_user (out, row);
    if (node_of (row)->reason_us && node_of (row)->has_reason_uid)
        buf_printf (out, "(%" PRIu32 ")", node_of (row)->reason_uid);
}

static const struct field fields[] = {
    {'a', "Available", "AVAIL", 0, "state of the partition", put_avail},
    {'A', "NodeAI", "NODES(A/I)", 0, "nodes allocated/idle", put_node_counts},
    {'b', "Features_act", "ACTIVE_FEATURES", 0, "features", put_features},
    {'B', "MaxCPUsPerNode", "MAX_CPUS_PER_NODE", 0, "most CPUs a job may use on a node", put_unlimited},
    {'c', "CPUs", "CPUS", 0, "CPUs a node", put_cpus},
    {'C', "CPUsState", "CPUS(A/I/O/T)", 0, "CPUs allocated/idle/other/total", put_cpu_states},
    {'d', "Disk", "TMP_DISK", 0, "temporary disk a node in MB", put_disk},
    {'D', "Nodes", "NODES", 0, "number of nodes", put_node_count},
    {'e', "FreeMem", "FREE_MEM", 0, "free memory a node in MB", put_free_mem},
    {'E', "Reason", "REASON", 0, "why the node is not in use", put_reason},
    {'f', "Features", "AVAIL_FEATURES", 0, "features", put_features},
    {'F', "NodeAIOT", "NODES(A/I/O/T)", 0, "nodes allocated/idle/other/total", put_node_states},
    {'g', "Groups", "GROUPS", 0, "groups that may use the partition", put_all},
    {'G', "Gres", "GRES", 0, "generic resources a node", put_gres},
    {'h', "OverSubscribe", "OVERSUBSCRIBE", 0, "may jobs share CPUs", put_share},
    {'H', "Timestamp", "TIMESTAMP", 0, "when the reason was given", put_reason_time},
    {'i', "Reservation", "RESERVATION", 0, "reservation: see scontrol show reservation", put_empty},
    {'I', "PriorityJobFactor", "PRIO_JOB_FACTOR", 0, "priority of the partition", put_priority},
    {'l', "Time", "TIMELIMIT", 0, "longest time limit", put_max_time},
    {'L', "DefaultTime", "DEFAULTTIME", 0, "time limit of jobs that give none", put_default_time},
    {'m', "Memory", "MEMORY", 0, "memory a node in MB", put_memory},
    {'M', "PreemptMode", "PREEMPT_MODE", 0, "preemption", put_off},
    {'n', "NodeHost", "HOSTNAMES", 0, "host name", put_host},
    {'N', "NodeList", "NODELIST", 0, "nodes", put_node_list},
    {'o', "NodeAddr", "NODE_ADDR", 0, "address", put_address},
    {'O', "CPUsLoad", "CPU_LOAD", 0, "load a node", put_load},
    {'p', "PriorityTier", "PRIO_TIER", 0, "priority of the partition", put_priority},
    {'P', "Partition", "PARTITION", 0, "partition, * marks the default", put_partition},
    {'r', "Root", "ROOT", 0, "only for root", put_no},
    {'R', "PartitionName", "PARTITION", 0, "partition", put_name},
    {'s', "Size", "JOB_SIZE", 0, "nodes that a job may have", put_job_size},
    {'S', "AllocNodes", "ALLOCNODES", 0, "nodes to submit from", put_all},
    {'t', "StateCompact", "STATE", 0, "state, short", put_state_brief},
    {'T', "StateLong", "STATE", 0, "state", put_state},
    {'u', "User", "USER", 0, "who gave the reason", put_reason_user},
    {'U', "UserLong", "USER", 0, "the same with its number", put_reason_user_id},
    {'v', "Version", "VERSION", 0, "version of the node's agent", put_version},
    {'V', "Cluster", "CLUSTER", 0, "nothing here", put_no_cluster},
    {'w', "Weight", "WEIGHT", 0, "weight", put_weight},
    {'X', "Sockets", "SOCKETS", 0, "sockets a node", put_sockets},
    {'Y', "Cores", "CORES", 0, "cores a socket", put_cores},
    {'z', "SocketCoreThread", "S:C:T", 0, "sockets:cores:threads", put_sct},
    {'Z', "Threads", "THREADS", 0, "threads a core", put_threads},
    {'\0', "AllocMem", "ALLOCMEM", 0, "allocated memory in MB", put_alloc_mem},
    {'\0', "Comment", "COMMENT", 0, "nothing here", put_null},
    {'\0', "Extra", "EXTRA", 0, "nothing here", put_null},
    {'\0', "GresUsed", "GRES_USED", 0, "generic resources in use", put_gres_used},
    {'\0', "Share", "SHARE", 0, "may jobs share CPUs", put_share},
    {'\0', "Port", "PORT", 0, "nothing here: nodes call the controller", put_zero},
    {'\0', "StateComplete", "STATECOMPLETE", 0, "state with all flags", put_state_complete},
};

const struct field *sinfo_fields (size_t *ret_n)
{
    *ret_n = sizeof fields / sizeof *fields;
    return fields;
}

bool sinfo_field_merges (const struct field *field, bool exact)
{
    static void (*const merged[]) (struct buf *, const void *) = {
        put_node_counts, put_cpu_states, put_node_count, put_node_states, put_node_list, put_free_mem, put_load};
    static void (*const spans[]) (struct buf *, const void *) = {put_cpus,    put_memory, put_weight,  put_disk,
                                                                 put_sockets, put_cores,  put_threads, put_sct};

    for (size_t i = 0; i < sizeof merged / sizeof *merged; i++)
        if (field->print == merged[i])
            return true;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (field->print == spans[i])
            return !exact;
    return false;
}
