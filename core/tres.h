/* tres.h - what limits and charges count: trackable resources, by their names in Slurm. A vector of them is an array of
 * N_TRES numbers. */
#pragma once
#include <stdint.h>

enum tres {
    TRES_CPU,
    TRES_MEM, /* MB */
    TRES_NODE,
    TRES_GPU,
    TRES_BILLING, /* thousandths */
    N_TRES,
};

const char *tres_name (enum tres tres); /* "cpu", "mem", "node", "gres/gpu", "billing" */
