/* facts.h - what the kernel says about this host. */
#pragma once
#include <stdint.h>
#include "base/err.h"

struct facts {
    char *host, *arch, *os; /* uname: node name, machine, "Linux 6.1.0 ..." */
    uint64_t mem_mb, tmp_disk_mb;
    uint64_t boot_us; /* since the epoch */
};

int facts_read (struct facts *ret, struct err *err);
void facts_clear (struct facts *f);
double facts_load (void);          /* one-minute average; -1 = unknown */
uint64_t facts_free_mem_mb (void); /* what new processes can have; 0 = unknown */
