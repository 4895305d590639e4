/* shepherd_meter.c - what a job uses. */
#include "nodeagent/shepherd_meter.h"
#include <stdio.h>
#include "base/mem.h"

#define PAUSE_MAX (5 * USEC_PER_SEC)

void meter_open (struct meter *m, const struct job *job)
{
    const Moisson__JobSpec *spec = job->spec;

    *m = (struct meter){
        .group = job->group,
        .mem_limit = job->order->has_mem_mb ? job->order->mem_mb << 20 : 0,
        .mem_was_asked = spec->has_mem_per_node_mb || spec->has_mem_per_cpu_mb || spec->has_mem_per_gpu_mb,
    };
}

static int look (struct meter *m, bool now, struct cgroup_usage *ret)
{
    if (!cgroup_is_kept (m->group) || cgroup_usage (m->group, now, ret))
        return -1;
    m->mem_peak = ret->mem_bytes > m->mem_peak ? ret->mem_bytes : m->mem_peak;
    m->all_peak = ret->mem_peak_bytes > m->all_peak ? ret->mem_peak_bytes : m->all_peak;
    return 0;
}

usec_t meter_sample (struct meter *m)
{
    struct cgroup_usage usage;

    if (look (m, true, &usage))
        return 0;
    m->pause = m->pause ? m->pause * 2 : METER_FIRST;
    m->pause = m->pause < PAUSE_MAX ? m->pause : PAUSE_MAX;
    return m->pause;
}

void meter_finish (struct meter *m, struct status *st)
{
    struct cgroup_usage usage;

    if (look (m, false, &usage))
        return;
    if (usage.cpu_user_us + usage.cpu_sys_us) {
        st->cpu_user_us = usage.cpu_user_us;
        st->cpu_sys_us = usage.cpu_sys_us;
    }
    if (m->mem_peak >> 10 > st->max_rss_kb)
        st->max_rss_kb = m->mem_peak >> 10;
    if (m->all_peak && st->max_rss_kb > m->all_peak >> 10)
        st->max_rss_kb = m->all_peak >> 10;
}

bool meter_oom (struct meter *m)
{
    struct cgroup_usage usage;

    if (cgroup_is_kept (m->group))
        m->ooms = cgroup_ooms (m->group);
    if (m->ooms)
        look (m, true, &usage);
    return m->ooms != 0;
}

/* "2.0 GiB" */
static const char *amount (uint64_t bytes, char buf[24])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double n = (double) bytes / 1024;
    size_t i = 0;

    for (; n >= 1023.95 && i + 1 < sizeof units / sizeof *units; i++)
        n /= 1024;
    snprintf (buf, 24, "%.1f %s", n, units[i]);
    return buf;
}

/* At the limit, or was it the node that had no memory left? Charges are taken in small lots, so the peak may be a bit
 * below. */
char *meter_oom_words (const struct meter *m)
{
    char used[24], limit[24];
    const char *asked = m->mem_was_asked ? "asked with --mem" : "its default: ask for more with --mem";
    uint64_t peak = m->all_peak > m->mem_peak ? m->all_peak : m->mem_peak;

    if (m->mem_limit && peak >= m->mem_limit - m->mem_limit / 20)
        return xasprintf ("out of memory: used %s of its %s (%s)",
                          amount (peak < m->mem_limit ? peak : m->mem_limit, used), amount (m->mem_limit, limit),
                          asked);
    if (m->mem_limit)
        return xasprintf ("out of memory: the node had none left while the job used %s of its %s (%s)",
                          amount (peak, used), amount (m->mem_limit, limit), asked);
    return xasprintf ("out of memory: the node had none left while the job used %s", amount (peak, used));
}
