/* simulate_measure.c - the figures of a run. */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "simulate.h"

#define SHORTEST_S 10 /* of a run, for slowdowns: else jobs of a second decide everything */

double sim_slowdown (uint64_t wait_s, uint64_t run_s)
{
    double run = (double) (run_s > SHORTEST_S ? run_s : SHORTEST_S);
    double slowdown = (double) (wait_s + run_s) / run;

    return slowdown > 1 ? slowdown : 1;
}

double sim_quantile (const double *values, size_t n, double share)
{
    size_t rank = (size_t) ceil (share * (double) n);

    if (!n)
        return 0;
    return values[rank ? rank - 1 : 0];
}

static int by_value (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

static struct sim_spread spread_of (double *values, size_t n)
{
    struct sim_spread s = {0};

    if (!n)
        return s;
    qsort (values, n, sizeof *values, by_value);
    for (size_t i = 0; i < n; i++)
        s.mean += values[i];
    s.mean /= (double) n;
    s.p50 = sim_quantile (values, n, 0.50);
    s.p90 = sim_quantile (values, n, 0.90);
    s.p99 = sim_quantile (values, n, 0.99);
    s.max = values[n - 1];
    return s;
}

static const struct trace_job *asked (const struct sim_run *run, size_t i)
{
    return &run->trace->jobs[run->first + i];
}

static uint64_t run_of (const struct sim_job *job)
{
    return job->end_s - job->start_s;
}

/* --- users ------------------------------------------------------------------------------------------------------ */

static int by_hours (const void *a, const void *b)
{
    const struct sim_user *x = a, *y = b;

    if (x->cpu_hours != y->cpu_hours)
        return x->cpu_hours > y->cpu_hours ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

static void count_user (struct sim_user *user, const struct sim_run *run, size_t i)
{
    const struct sim_job *job = &run->jobs[i];
    uint64_t wait = job->start_s - asked (run, i)->submit_s;

    user->jobs++;
    user->cpu_hours += (double) job->cpus * (double) run_of (job) / 3600;
    user->mean_wait += (double) wait;
    user->mean_slowdown += sim_slowdown (wait, run_of (job));
}

/* Jain, Chiu and Hawe 1984: (sum x)^2 / (n sum x^2); 1 where all fare alike, 1/n where one has it all. */
static double jain (const struct sim_user *users, size_t n)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        sum += users[i].mean_slowdown;
        squares += users[i].mean_slowdown * users[i].mean_slowdown;
    }
    return squares > 0 ? sum * sum / ((double) n * squares) : 1;
}

static void measure_users (const struct sim_run *run, struct sim_figures *ret)
{
    struct sim_user *users = xcalloc (run->trace->n_names, sizeof *users);
    size_t n = 0;

    for (size_t i = 0; i < run->n; i++)
        if (run->jobs[i].fate == SIM_ENDED)
            count_user (&users[asked (run, i)->user], run, i);
    for (size_t i = 0; i < run->trace->n_names; i++) {
        struct sim_user *user = &users[i];
        if (!user->jobs)
            continue;
        user->name = (uint32_t) i;
        user->mean_wait /= (double) user->jobs;
        user->mean_slowdown /= (double) user->jobs;
        users[n++] = *user;
    }
    ret->fairness = jain (users, n);
    qsort (users, n, sizeof *users, by_hours);
    ret->users = users;
    ret->n_users = n;
}

/* --- the machine ------------------------------------------------------------------------------------------------ */

static double busy_seconds (const struct sim_run *run)
{
    double sum = 0;

    for (size_t i = 0; i < run->n_samples; i++) {
        uint64_t until = i + 1 < run->n_samples ? run->samples[i + 1].at_s : run->end_s;
        if (until > run->samples[i].at_s)
            sum += (double) run->samples[i].busy * (double) (until - run->samples[i].at_s);
    }
    return sum;
}

void sim_measure (const struct sim_run *run, struct sim_figures *ret)
{
    _cleanup_free_ double *waits = xcalloc (run->n, sizeof *waits);
    _cleanup_free_ double *slowdowns = xcalloc (run->n, sizeof *slowdowns);
    size_t n = 0, backfilled = 0;

    *ret = (struct sim_figures){0};
    for (size_t i = 0; i < run->n; i++) {
        const struct sim_job *job = &run->jobs[i];
        uint64_t wait;
        if (job->fate != SIM_ENDED)
            continue;
        wait = job->start_s - asked (run, i)->submit_s;
        waits[n] = (double) wait;
        slowdowns[n++] = sim_slowdown (wait, run_of (job));
        backfilled += job->backfilled;
        ret->requeued += job->starts > 1;
    }
    ret->jobs = n;
    ret->wait = spread_of (waits, n);
    ret->slowdown = spread_of (slowdowns, n);
    ret->backfilled = n ? (double) backfilled / (double) n : 0;
    ret->makespan_s = run->end_s - run->begin_s;
    if (ret->makespan_s && run->capacity)
        ret->utilisation = busy_seconds (run) / ((double) run->capacity * (double) ret->makespan_s);
    measure_users (run, ret);
}

void sim_figures_clear (struct sim_figures *figures)
{
    free (figures->users);
    *figures = (struct sim_figures){0};
}
