/* family.h - what is asked of nodes but memory and time, whoever asks; see shape.h. */
#pragma once
#include "core/shape.h"

struct family *family_of (struct core *core, const struct demand *demand); /* made if need be */
void family_put (struct core *core, struct family *family);                /* one shape less */
/* The least that one node gives to such a job: for jumping over those that ask for more than there is. */
uint32_t family_least_cpus (const struct family *family);
uint64_t family_least_mem (const struct family *family, uint64_t mem_mb);
