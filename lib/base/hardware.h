/* hardware.h - what a machine has, beside what its NodeName line says. Pure; nodeagent/topology.c and facts.c look. */
#pragma once
#include <stdint.h>
#include "proto/event.pb-c.h"

struct hardware { /* of the whole machine */
    uint32_t sockets, cores, threads;
    uint64_t mem_mb;
};

enum hardware_fit {
    HARDWARE_FITS,   /* as much as configured, or more */
    HARDWARE_NEARLY, /* memory is short by 2 % at most, or the shape is another one: to be told, no more */
    HARDWARE_LOW,    /* jobs would be promised what is not there */
};

/* *ret_why: a sentence unless it fits, in Slurm's words where it has some; *ret_key: the same finding has the same key,
 * though the kernel finds a megabyte more or less after each boot. The caller frees both. */
enum hardware_fit hardware_compare (const Moisson__NodeConf *conf, const struct hardware *found, char **ret_why,
                                    char **ret_key);
