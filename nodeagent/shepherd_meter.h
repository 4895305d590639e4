/* shepherd_meter.h - what a job uses, from its cgroup; what only its processes tell (rusage) where there is none.
 *
 * CPU time is the group's where it has that (on v1 it mostly has not, see cgroup_v1.c). Memory (MaxRSS) is without page
 * cache, of which the kernel keeps no peak: it is the larger of the highest sum of anonymous and shared memory that was
 * seen in samples (0.1 s after the start, then twice as far apart each time, up to 5 s), and of the largest resident
 * set of a single process, which the kernel does keep; and at most the group's own peak, which counts page cache too.
 */
#pragma once
#include "nodeagent/clock.h"
#include "nodeagent/shepherd_job.h"
#include "nodeagent/status.h"

struct meter {
    struct cgroup_group *group; /* borrowed */
    uint64_t mem_limit;         /* bytes; 0 = none */
    bool mem_was_asked;         /* by the user, not by a default */
    uint64_t mem_peak, all_peak;
    usec_t pause;
    uint64_t ooms;
};

#define METER_FIRST (USEC_PER_SEC / 10)

void meter_open (struct meter *m, const struct job *job);
usec_t meter_sample (struct meter *m);                  /* in how long the next one is due; 0: never */
void meter_finish (struct meter *m, struct status *st); /* st has the sums of rusage; adjusts them */
bool meter_oom (struct meter *m);                       /* has the kernel killed for want of memory? */
char *meter_oom_words (const struct meter *m);          /* for a person, with the figures; owned */
