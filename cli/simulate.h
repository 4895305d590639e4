/* simulate.h - `moisson simulate`: the controller's core on virtual time, with a trace for its users.
 *
 * simulate.c (options) -> trace.h (what is submitted) -> simulate_cluster.c (events in, effects performed: the
 * controller's duties and the nodes') -> simulate_measure.c (figures) -> simulate_text.c, simulate_json.c,
 * simulate_svg.c. Times are seconds of the trace. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "core/core.h"
#include "trace.h"

/* --- one run ---------------------------------------------------------------------------------------------------- */

enum sim_fate {
    SIM_WAITS,   /* never started: what is left when nothing moves any more */
    SIM_REFUSED, /* at the door: such a job can never run on this machine */
    SIM_RUNS,
    SIM_ENDED,
};

struct sim_job { /* of the same place in the trace, or in the part of it that is run */
    uint64_t start_s, end_s;
    uint32_t cpus;        /* that it got */
    uint64_t predicted_s; /* 0 = nothing was */
    uint32_t starts;      /* more than 1: it was requeued */
    enum sim_fate fate;
    bool backfilled; /* started while one that goes before it waited */
};

struct sim_sample { /* from here on, until the next one */
    uint64_t at_s;
    uint32_t busy, waiting; /* CPUs; jobs */
};

struct sim_queue { /* --queue FROM=TO: a queue of the trace is this partition */
    char *from, *to;
};

struct sim_setup {
    const Moisson__Config *config;
    struct core_policies policies;
    const struct sim_queue *queues;
    size_t n_queues;
    bool predict; /* the mean of a user's last two run times is what a backfill expects */
};

struct sim_run {
    const struct trace *trace;
    size_t first, n; /* the part of it */
    struct sim_job *jobs;
    struct sim_sample *samples;
    size_t n_samples, room_samples;
    uint64_t capacity; /* CPUs that jobs may have */
    uint64_t begin_s, end_s;
    size_t n_refused, n_stuck;
    char *refused_why, *stuck_why; /* of the first one */
    uint64_t events, passes, placements;
    double wall_s; /* that the run took */
};

/* From an empty machine until the last of these jobs has ended. -1: a bug of the core, in words. */
int sim_run (struct sim_run *ret, const struct trace *trace, size_t first, size_t n, const struct sim_setup *setup,
             struct err *err);
void sim_run_clear (struct sim_run *run);

/* --- figures ---------------------------------------------------------------------------------------------------- */

struct sim_spread {
    double mean, p50, p90, p99, max;
};

struct sim_user {
    uint32_t name; /* of the trace */
    size_t jobs;
    double cpu_hours, mean_wait, mean_slowdown;
};

struct sim_figures {
    size_t jobs; /* that ended; the others are in no figure */
    struct sim_spread wait, slowdown;
    double utilisation, backfilled; /* shares */
    uint64_t makespan_s;
    size_t requeued;
    struct sim_user *users; /* by CPU hours, falling */
    size_t n_users;
    double fairness; /* Jain's index of the users' mean bounded slowdowns: 1 = all alike */
};

/* Bounded slowdown (Feitelson and Rudolph 1998): max (1, (wait + run) / max (run, 10 s)). */
double sim_slowdown (uint64_t wait_s, uint64_t run_s);
/* The smallest value that `share` of them do not pass; values are sorted. */
double sim_quantile (const double *values, size_t n, double share);
void sim_measure (const struct sim_run *run, struct sim_figures *ret);
void sim_figures_clear (struct sim_figures *figures);

/* --- what people see -------------------------------------------------------------------------------------------- */

struct sim_row { /* an order and what came of it; of several windows: means of their figures */
    const char *order;
    struct sim_figures figures;
    struct sim_run run; /* the last one */
};

struct sim_report {
    const char *conf, *trace_path;
    const struct trace *trace;
    const struct sim_row *rows;
    size_t n_rows;
    size_t window, windows; /* 0 = the whole trace */
    uint64_t seed;
    bool users, predict;
};

void sim_print_text (FILE *out, const struct sim_report *report);
int sim_print_json (const struct sim_report *report);
int sim_write_svg (const char *path, const struct sim_report *report, struct err *err);
int sim_write_jobs (const char *path, const struct sim_report *report, struct err *err); /* CSV, a line a job */
