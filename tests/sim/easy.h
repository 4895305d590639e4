/* easy.h - EASY backfilling written down once more, as plainly as it can be: to compare with. */
#pragma once
#include <stddef.h>
#include "calm.h"

/* Of jobs on one machine of so many cpus, first come, first served: when each starts (starts: n of them). The jobs are
 * in the order in which they come and ask for ntasks * cpus_per_task. */
void easy_schedule (const struct calm_job *jobs, size_t n, uint32_t cpus, usec_t *starts);
