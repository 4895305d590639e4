/* simulate_text.c - figures as a table for people, and a line a job for their scripts. */
#include <errno.h>
#include <string.h>
#include "base/buf.h"
#include "simulate.h"

#define MOST_USERS 20

/* "1-02:03:04" is hard to compare: seconds up to a few minutes, then hours. */
static const char *seconds (double s, char *out, size_t size)
{
    if (s < 600)
        snprintf (out, size, "%.0fs", s);
    else if (s < 360000)
        snprintf (out, size, "%.1fh", s / 3600);
    else
        snprintf (out, size, "%.1fd", s / 86400);
    return out;
}

static void print_row (FILE *out, const struct sim_row *row)
{
    const struct sim_figures *f = &row->figures;
    char mean[16], p50[16], p90[16], p99[16], max[16], span[16];

    fprintf (out, "%-12s %8zu %8s %8s %8s %8s %8s %9.2f %9.1f %9.0f %6.1f%% %6.1f%% %5.2f %8s\n", row->order, f->jobs,
             seconds (f->wait.mean, mean, sizeof mean), seconds (f->wait.p50, p50, sizeof p50),
             seconds (f->wait.p90, p90, sizeof p90), seconds (f->wait.p99, p99, sizeof p99),
             seconds (f->wait.max, max, sizeof max), f->slowdown.mean, f->slowdown.p99, f->slowdown.max,
             100 * f->utilisation, 100 * f->backfilled, f->fairness,
             seconds ((double) f->makespan_s, span, sizeof span));
}

static void print_left (FILE *out, const struct trace_left *left)
{
    if (left->never_ran)
        fprintf (out, "  %zu that never ran are left out\n", left->never_ran);
    if (left->no_cpus)
        fprintf (out, "  %zu that name no processors are left out\n", left->no_cpus);
    if (left->no_limit)
        fprintf (out, "  %zu asked for no time: their run time is taken for what they ask\n", left->no_limit);
    if (left->cut)
        fprintf (out, "  %zu ran longer than they had asked for: they end at what they asked\n", left->cut);
}

static void print_users (FILE *out, const struct sim_report *report, const struct sim_row *row)
{
    const struct sim_figures *f = &row->figures;

    fprintf (out, "\n%-16s %8s %12s %10s %12s   (%s)\n", "user", "jobs", "CPU hours", "mean wait", "slowdown",
             row->order);
    for (size_t i = 0; i < f->n_users && (report->users || i < MOST_USERS); i++) {
        char wait[16];
        fprintf (out, "%-16s %8zu %12.1f %10s %12.2f\n",
                 *report->trace->names[f->users[i].name] ? report->trace->names[f->users[i].name] : "unknown",
                 f->users[i].jobs, f->users[i].cpu_hours, seconds (f->users[i].mean_wait, wait, sizeof wait),
                 f->users[i].mean_slowdown);
    }
}

static void print_notes (FILE *out, const struct sim_row *row)
{
    const struct sim_run *run = &row->run;

    if (run->n_refused)
        fprintf (out, "note: %s: %zu jobs can never run on this machine and are in no figure; %s\n", row->order,
                 run->n_refused, run->refused_why);
    if (run->n_stuck)
        fprintf (out, "note: %s: %zu jobs had not started when nothing moved any more; %s\n", row->order, run->n_stuck,
                 run->stuck_why ? run->stuck_why : "?");
    if (row->figures.requeued)
        fprintf (out, "note: %s: %zu jobs were ended and started again\n", row->order, row->figures.requeued);
}

void sim_print_text (FILE *out, const struct sim_report *report)
{
    fprintf (out, "%s on %s: %zu jobs, %llu CPUs\n", report->trace_path, report->conf, report->trace->n,
             (unsigned long long) report->rows[0].run.capacity);
    print_left (out, &report->trace->left);
    if (report->windows)
        fprintf (out, "  means of %zu windows of %zu jobs, each from an empty machine (seed %llu)\n", report->windows,
                 report->window, (unsigned long long) report->seed);
    if (report->predict)
        fprintf (out, "  backfills expect the mean of a user's last two run times\n");
    fprintf (out, "\n%-12s %8s %44s %29s %7s %7s %5s %8s\n", "", "", "------------------- wait -------------------",
             "----- bounded slowdown ------", "", "back-", "", "make-");
    fprintf (out, "%-12s %8s %8s %8s %8s %8s %8s %9s %9s %9s %7s %7s %5s %8s\n", "order", "jobs", "mean", "p50", "p90",
             "p99", "max", "mean", "p99", "max", "used", "filled", "fair", "span");
    for (size_t i = 0; i < report->n_rows; i++)
        print_row (out, &report->rows[i]);
    for (size_t i = 0; i < report->n_rows; i++)
        print_notes (out, &report->rows[i]);
    for (size_t i = 0; report->users && i < report->n_rows; i++)
        print_users (out, report, &report->rows[i]);
}

/* --- CSV -------------------------------------------------------------------------------------------------------- */

static const char *const fates[] = {
    [SIM_WAITS] = "waits", [SIM_REFUSED] = "refused", [SIM_RUNS] = "runs", [SIM_ENDED] = "ended"};

static void write_jobs_of (FILE *out, const struct trace *trace, const struct sim_row *row)
{
    const struct sim_run *run = &row->run;

    for (size_t i = 0; i < run->n; i++) {
        const struct trace_job *asked = &trace->jobs[run->first + i];
        const struct sim_job *job = &run->jobs[i];
        fprintf (out, "%s,%llu,%s,%s,%llu,", row->order, (unsigned long long) asked->number, trace->names[asked->user],
                 trace->names[asked->account], (unsigned long long) asked->submit_s);
        if (job->fate == SIM_ENDED)
            fprintf (out, "%llu,%llu,%u,", (unsigned long long) job->start_s, (unsigned long long) job->end_s,
                     job->cpus);
        else
            fprintf (out, ",,%u,", asked->cpus);
        fprintf (out, "%llu,%s,%d,%u\n", (unsigned long long) asked->limit_s, fates[job->fate], job->backfilled,
                 job->starts);
    }
}

int sim_write_jobs (const char *path, const struct sim_report *report, struct err *err)
{
    _cleanup_fclose_ FILE *out = fopen (path, "w");

    if (!out)
        return err_errno (err, errno, "%s cannot be written", path);
    fprintf (out, "order,job,user,account,submit,start,end,cpus,limit,fate,backfilled,starts\n");
    for (size_t i = 0; i < report->n_rows; i++)
        write_jobs_of (out, report->trace, &report->rows[i]);
    if (fflush (out) || ferror (out))
        return err_errno (err, errno, "%s cannot be written", path);
    return 0;
}
