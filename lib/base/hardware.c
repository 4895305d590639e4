/* hardware.c - is a machine as large as it is configured? */
#include "base/hardware.h"
#include <inttypes.h>
#include <stdbool.h>
#include "base/buf.h"

#define MEM_PERCENT 98 /* what firmware and kernel keep differs from one boot to the next */

static const char *gap (const struct buf *b)
{
    return b->len ? "; " : "";
}

/* CPUs= counts threads, or cores where a CPU is a core. One that is not there cannot be given out: no tolerance. */
static bool cpus_low (const Moisson__NodeConf *conf, const struct hardware *found, struct buf *why, struct buf *key)
{
    bool is_core = conf->threads_per_core > 1 && conf->cpus == conf->sockets * conf->cores_per_socket;
    uint32_t there = is_core ? found->cores : found->threads;

    if (there >= conf->cpus)
        return false;
    buf_printf (why, "Low CPUs (reported:%" PRIu32 "%s < configured:%" PRIu32 ")", there, is_core ? " cores" : "",
                conf->cpus);
    buf_printf (key, "cpus %" PRIu32 "/%" PRIu32, there, conf->cpus);
    return true;
}

static enum hardware_fit compare_mem (const Moisson__NodeConf *conf, const struct hardware *found, struct buf *why,
                                      struct buf *key)
{
    unsigned percent = (unsigned) (found->mem_mb * 100 / (conf->mem_mb ? conf->mem_mb : 1));

    if (found->mem_mb >= conf->mem_mb)
        return HARDWARE_FITS;
    if (found->mem_mb * 100 < conf->mem_mb * MEM_PERCENT) {
        buf_printf (why, "%sLow RealMemory (reported:%" PRIu64 " < %d.00%% of configured:%" PRIu64 ")", gap (why),
                    found->mem_mb, MEM_PERCENT, conf->mem_mb);
        buf_printf (key, "%smemory %u%% of %" PRIu64, gap (key), percent, conf->mem_mb);
        return HARDWARE_LOW;
    }
    buf_printf (why, "%sRealMemory=%" PRIu64 " is configured, %" PRIu64 " MB are there", gap (why), conf->mem_mb,
                found->mem_mb);
    return HARDWARE_NEARLY;
}

/* The shape decides nothing by itself, but a wrong one makes bad neighbours of a job's CPUs. */
static enum hardware_fit compare_shape (const Moisson__NodeConf *conf, const struct hardware *found, struct buf *why)
{
    uint32_t threads = found->cores ? found->threads / found->cores : 1;

    if (conf->threads_per_core > 1 && conf->threads_per_core != threads) {
        buf_printf (why, "%sThreadsPerCore=%" PRIu32 " is configured, the machine has %" PRIu32, gap (why),
                    conf->threads_per_core, threads);
        return HARDWARE_NEARLY;
    }
    if (conf->sockets > 1 && conf->sockets != found->sockets) {
        buf_printf (why, "%s%" PRIu32 " sockets are configured, the machine has %" PRIu32, gap (why), conf->sockets,
                    found->sockets);
        return HARDWARE_NEARLY;
    }
    return HARDWARE_FITS;
}

enum hardware_fit hardware_compare (const Moisson__NodeConf *conf, const struct hardware *found, char **ret_why,
                                    char **ret_key)
{
    struct buf why = BUF_INIT, key = BUF_INIT;
    bool low = cpus_low (conf, found, &why, &key);
    enum hardware_fit mem = compare_mem (conf, found, &why, &key), shape = HARDWARE_FITS;

    if (!low && mem != HARDWARE_LOW)
        shape = compare_shape (conf, found, &why);
    low = low || mem == HARDWARE_LOW;
    if (low)
        buf_puts (&why, ": correct the NodeName line (moissond -C prints what is there) or the machine, then resume");
    *ret_why = buf_steal (&why);
    *ret_key = buf_steal (&key);
    return low ? HARDWARE_LOW : mem == HARDWARE_NEARLY || shape == HARDWARE_NEARLY ? HARDWARE_NEARLY : HARDWARE_FITS;
}
