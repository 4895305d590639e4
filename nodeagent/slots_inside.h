/* slots_inside.h - what slots.c and slots_gpus.c share. */
#pragma once
#include "nodeagent/slots.h"

struct slots {
    const struct topology *topology;
    bool *cpu_taken, *gpu_taken;
    uint64_t *gpu_given; /* when it was given last, in takes; 0 = never */
    uint64_t takes;
    uint32_t free_cpus, free_gpus, all_cpus;
};

uint32_t slots_open_at (const struct slots *s, uint32_t numa); /* cpus that a job could get there; NOWHERE = anywhere */
/* Marks them taken. *ret_near: where they are, NOWHERE = in several places or not known. SLOTS_E_FULL: nothing done. */
int slots_choose_gpus (struct slots *s, const struct gpu_want *wants, size_t n, uint32_t cpus, struct idset *ret,
                       uint32_t *ret_near);
