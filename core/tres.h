/* tres.h - what limits and charges count: trackable resources, by their names in Slurm. A vector of them is an array of
 * N_TRES numbers. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "proto/accounts.pb-c.h"
#include "proto/event.pb-c.h"

enum tres {
    TRES_CPU,
    TRES_MEM, /* MB */
    TRES_NODE,
    TRES_GPU,
    TRES_BILLING, /* thousandths */
    N_TRES,
};

#define TRES_ANY UINT64_MAX /* no limit */

struct core;
struct demand;
struct fit;
struct share;

const char *tres_name (enum tres tres); /* "cpu", "mem", "node", "gres/gpu", "billing" */
/* One number of a configured set, in the units of a vector; TRES_ANY where it is not given. set may be NULL. */
uint64_t tres_of (const Moisson__Tres *set, enum tres tres);

/* What these ask for or hold, the price in this partition (its configuration; NULL: CPUs alone count) with it. */
void tres_of_shares (const struct core *core, const Moisson__PartitionConf *conf, const struct share *shares, size_t n,
                     uint64_t ret[N_TRES]);
void tres_of_demand (const struct core *core, const struct demand *demand, uint64_t ret[N_TRES]);
void tres_of_fit (const struct core *core, const Moisson__PartitionConf *conf, const struct fit *fit,
                  uint64_t ret[N_TRES]);
