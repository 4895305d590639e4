/* main.c - `sim --seeds N [--seed FIRST] [--events N]`: each seed is a world of its own. `sim --schedules N [--seed
 * FIRST]`: each seed is a machine on which nothing goes wrong, and a schedule. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include "schedule.h"
#include "workload.h"

static int run (uint64_t seed, unsigned steps, uint64_t totals[5])
{
    struct world w;
    int rc;

    world_init (&w, seed);
    workload_begin (&w);
    for (unsigned i = 0; i < steps && !w.wrong.why; i++)
        workload_step (&w);
    rc = w.wrong.why ? -1 : workload_settle (&w);
    if (rc)
        fprintf (stderr, "seed %lu: %s\n        again: sim --seeds 1 --seed %lu --events %u\n", seed, w.wrong.why, seed,
                 steps);
    totals[0] += w.events;
    totals[1] += w.placements;
    totals[2] += w.crashes;
    totals[3] += w.reconnects;
    totals[4] += w.preemptions;
    world_clear (&w);
    return rc;
}

static int schedules (uint64_t first, uint64_t n)
{
    uint64_t totals[2] = {0};
    unsigned failed = 0;

    for (uint64_t seed = first; seed < first + n && failed < 5; seed++)
        failed += schedule_run (seed, totals) != 0;
    printf ("%lu schedules, %lu events, %lu placements, %u failed\n", n, totals[0], totals[1], failed);
    return failed ? 1 : 0;
}

int main (int argc, char **argv)
{
    static const struct option options[] = {{"seeds", 1, NULL, 'n'},
                                            {"seed", 1, NULL, 's'},
                                            {"events", 1, NULL, 'e'},
                                            {"schedules", 1, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    uint64_t seeds = 100, n_schedules = 0, first = 1, totals[5] = {0};
    unsigned steps = 400, failed = 0;

    for (int c; (c = getopt_long (argc, argv, "", options, NULL)) != -1;) {
        if (c == 'n')
            seeds = strtoull (optarg, NULL, 10);
        else if (c == 'c')
            n_schedules = strtoull (optarg, NULL, 10);
        else if (c == 's')
            first = strtoull (optarg, NULL, 10);
        else if (c == 'e')
            steps = (unsigned) strtoul (optarg, NULL, 10);
        else
            return 2;
    }
    if (n_schedules)
        return schedules (first, n_schedules);
    for (uint64_t seed = first; seed < first + seeds && failed < 5; seed++)
        failed += run (seed, steps, totals) != 0;
    printf ("%lu seeds, %lu events, %lu placements, %lu crashes, %lu reconnects, %lu preemptions, %u failed\n", seeds,
            totals[0], totals[1], totals[2], totals[3], totals[4], failed);
    return failed ? 1 : 0;
}
