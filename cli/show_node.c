/* show_node.c - one node as `scontrol show node` prints it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "show.h"
#include "words.h"

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

#define PRINT_TEXT(name, value)                                                                                        \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__NodeInfo *node = row;                                                                           \
        show_text (out, value);                                                                                        \
    }

#define PRINT_NUMBER(name, value)                                                                                      \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__NodeInfo *node = row;                                                                           \
        buf_printf (out, "%llu", (unsigned long long) (value));                                                        \
    }

#define PRINT_TIME(name, value)                                                                                        \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        const Moisson__NodeInfo *node = row;                                                                           \
        show_time (out, value, "None", style);                                                                         \
    }

PRINT_TEXT (name, node->name)
PRINT_TEXT (arch, node->arch)
PRINT_TEXT (features, node->features)
PRINT_TEXT (gres, node->gres)
PRINT_TEXT (gres_used, node->gres_used)
PRINT_TEXT (address, node->address ? node->address : node->name)
PRINT_TEXT (host, node->host ? node->host : node->name)
PRINT_TEXT (version, node->version)
PRINT_TEXT (os, node->os)
PRINT_TEXT (partitions, node->partitions)
PRINT_TEXT (cgroup, node->cgroup)
PRINT_TEXT (is_virtual, node->is_virtual ? "yes" : "no")
PRINT_TEXT (topology, node->topology)
PRINT_NUMBER (cores_per_socket, node->cores_per_socket ? node->cores_per_socket : 1)
PRINT_NUMBER (threads_per_core, node->threads_per_core ? node->threads_per_core : 1)
PRINT_NUMBER (sockets, node->sockets ? node->sockets : 1)
PRINT_NUMBER (cpus_allocated, node->alloc_cpus)
PRINT_NUMBER (cpus_for_jobs, node->cpus)
PRINT_NUMBER (cpus_total, node->cpus_total ? node->cpus_total : node->cpus)
PRINT_NUMBER (boards, node->boards ? node->boards : 1)
PRINT_NUMBER (core_spec_count, node->core_spec_count)
PRINT_TEXT (spec_cpu_list, node->spec_cpu_list)
PRINT_NUMBER (spec_memory, node->spec_mem_mb)
PRINT_TEXT (note, node->note)
PRINT_NUMBER (memory, node->mem_mb)
PRINT_NUMBER (memory_allocated, node->alloc_mem_mb)
PRINT_NUMBER (tmp_disk, node->tmp_disk_mb)
PRINT_NUMBER (weight, node->has_weight ? node->weight : 1)
PRINT_NUMBER (jobs, node->jobs)
PRINT_TIME (boot_at, node->boot_us)
PRINT_TIME (agent_start_at, node->agent_start_us)
PRINT_TIME (seen_at, node->last_seen_us)

PRINT (load)
{
    const Moisson__NodeInfo *node = row;

    if (node->has_load)
        buf_printf (out, "%.2f", node->load);
    else
        buf_puts (out, "N/A");
}

PRINT (memory_free)
{
    const Moisson__NodeInfo *node = row;

    if (node->has_free_mem_mb)
        buf_printf (out, "%llu", (unsigned long long) node->free_mem_mb);
    else
        buf_puts (out, "N/A");
}

PRINT (state)
{
    const Moisson__NodeInfo *node = row;

    for (const char *p = node->state_complete ? node->state_complete : node->state; *p; p++)
        buf_putc (out, (char) toupper ((unsigned char) *p));
}

static void put_tres (struct buf *out, uint32_t cpus, uint64_t mem_mb, const char *gres, bool billed)
{
    char mem[64];

    if (cpus)
        buf_printf (out, "cpu=%u", cpus);
    if (mem_mb)
        buf_printf (out, "%smem=%s", cpus ? "," : "", mem_format (mem_mb, mem, sizeof mem));
    if (cpus && billed)
        buf_printf (out, ",billing=%u", cpus);
    if (gres)
        buf_puts (out, cpus || mem_mb ? gres : gres + 1); /* it begins with a comma */
}

PRINT (tres)
{
    const Moisson__NodeInfo *node = row;

    put_tres (out, node->cpus, node->mem_mb - node->spec_mem_mb, node->gres_tres, true);
}

PRINT (tres_allocated)
{
    const Moisson__NodeInfo *node = row;

    put_tres (out, node->alloc_cpus, node->alloc_mem_mb, node->gres_used_tres, false);
}

PRINT (reason)
{
    const Moisson__NodeInfo *node = row;
    _cleanup_free_ char *user = NULL;

    show_plain (out, node->reason);
    if (!node->reason_us)
        return;
    if (node->has_reason_uid)
        user = user_format (node->reason_uid);
    buf_printf (out, " [%s@", user ? user : "moisson");
    show_time (out, node->reason_us, "Unknown", style);
    buf_putc (out, ']');
}

#define PRESENT(name, condition)                                                                                       \
    static bool name (const void *row, const struct show_style *style __attribute__ ((unused)))                        \
    {                                                                                                                  \
        const Moisson__NodeInfo *node = row;                                                                           \
        return condition;                                                                                              \
    }

PRESENT (has_reason, node->reason && * node->reason)
PRESENT (has_os, node->os && * node->os)
PRESENT (has_core_spec_count, node->core_spec_count > 0)
PRESENT (has_spec_cpu_list, node->spec_cpu_list != NULL)
PRESENT (has_spec_memory, node->spec_mem_mb > 0)
PRESENT (has_note, node->note != NULL)
PRESENT (is_detailed, style->detail && node->topology)
PRESENT (has_gres_detailed, style->detail && node->gres_used)

static const struct show_field fields[] = {
    {"NodeName", true, NULL, name},
    {"Arch", false, NULL, arch},
    {"CoresPerSocket", false, NULL, cores_per_socket},
    {"CPUAlloc", true, NULL, cpus_allocated},
    {"CPUEfctv", false, NULL, cpus_for_jobs},
    {"CPUTot", false, NULL, cpus_total},
    {"CPULoad", false, NULL, load},
    {"AvailableFeatures", true, NULL, features},
    {"ActiveFeatures", true, NULL, features},
    {"Gres", true, NULL, gres},
    {"GresUsed", true, NULL, gres_used, has_gres_detailed},
    {"NodeAddr", true, NULL, address},
    {"NodeHostName", false, NULL, host},
    {"Version", false, NULL, version},
    {"OS", true, NULL, os, has_os},
    {"RealMemory", true, NULL, memory},
    {"AllocMem", false, NULL, memory_allocated},
    {"FreeMem", false, NULL, memory_free},
    {"Sockets", false, NULL, sockets},
    {"Boards", false, NULL, boards},
    {"CoreSpecCount", true, NULL, core_spec_count, has_core_spec_count},
    {"CPUSpecList", false, NULL, spec_cpu_list, has_spec_cpu_list},
    {"MemSpecLimit", false, NULL, spec_memory, has_spec_memory},
    {"State", true, NULL, state},
    {"ThreadsPerCore", false, NULL, threads_per_core},
    {"TmpDisk", false, NULL, tmp_disk},
    {"Weight", false, NULL, weight},
    {"Owner", false, "N/A"},
    {"MCS_label", false, "N/A"},
    {"Partitions", true, NULL, partitions},
    {"BootTime", true, NULL, boot_at},
    {"SlurmdStartTime", false, NULL, agent_start_at},
    {"LastSeen", true, NULL, seen_at},
    {"CfgTRES", true, NULL, tres},
    {"AllocTRES", true, NULL, tres_allocated},
    {"Cgroup", true, NULL, cgroup},
    {"Virtual", false, NULL, is_virtual},
    {"RunningJobs", false, NULL, jobs},
    {"Topology", true, NULL, topology, is_detailed},
    {"Note", true, NULL, note, has_note},
    {"Reason", true, NULL, reason, has_reason},
};

void show_node (struct buf *out, const Moisson__NodeInfo *node, const struct show_style *style)
{
    show_record (out, fields, sizeof fields / sizeof *fields, node, style);
}
