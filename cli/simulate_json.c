/* simulate_json.c - the same figures as JSON. */
#include <jansson.h>
#include <stdlib.h>
#include "json.h"
#include "simulate.h"

/* jansson returns NULL when memory is gone: docs/decisions/0001 */
static json_t *need (json_t *value)
{
    if (!value) {
        fputs ("out of memory\n", stderr);
        abort ();
    }
    return value;
}

static json_t *spread (const struct sim_spread *s)
{
    return need (json_pack ("{s:f, s:f, s:f, s:f, s:f}", "mean", s->mean, "p50", s->p50, "p90", s->p90, "p99", s->p99,
                            "max", s->max));
}

static json_t *users (const struct sim_report *report, const struct sim_figures *f)
{
    json_t *list = need (json_array ());

    for (size_t i = 0; i < f->n_users; i++) {
        const struct sim_user *u = &f->users[i];
        json_array_append_new (
            list, need (json_pack ("{s:o, s:I, s:f, s:f, s:f}", "user", json_text (report->trace->names[u->name]),
                                   "jobs", (json_int_t) u->jobs, "cpu_hours", u->cpu_hours, "mean_wait", u->mean_wait,
                                   "mean_bounded_slowdown", u->mean_slowdown)));
    }
    return list;
}

static json_t *row (const struct sim_report *report, const struct sim_row *r)
{
    const struct sim_figures *f = &r->figures;

    return need (json_pack (
        "{s:o, s:I, s:o, s:o, s:f, s:f, s:f, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:I, s:I, s:f, s:o}", "order",
        json_text (r->order), "jobs", (json_int_t) f->jobs, "wait", spread (&f->wait), "bounded_slowdown",
        spread (&f->slowdown), "utilisation", f->utilisation, "backfilled", f->backfilled, "fairness", f->fairness,
        "makespan", (json_int_t) f->makespan_s, "requeued", (json_int_t) f->requeued, "refused",
        (json_int_t) r->run.n_refused, "refused_why", json_text (r->run.refused_why), "never_started",
        (json_int_t) r->run.n_stuck, "never_started_why", json_text (r->run.stuck_why), "events",
        (json_int_t) r->run.events, "passes", (json_int_t) r->run.passes, "placements", (json_int_t) r->run.placements,
        "seconds", r->run.wall_s, "users", users (report, f)));
}

static json_t *of_trace (const struct sim_report *report)
{
    const struct trace_left *left = &report->trace->left;

    return need (json_pack ("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "file", json_text (report->trace_path), "conf",
                            json_text (report->conf), "jobs", (json_int_t) report->trace->n, "cpus",
                            (json_int_t) report->rows[0].run.capacity, "never_ran", (json_int_t) left->never_ran,
                            "no_processors", (json_int_t) left->no_cpus, "no_limit", (json_int_t) left->no_limit, "cut",
                            (json_int_t) left->cut));
}

int sim_print_json (const struct sim_report *report)
{
    json_t *list = need (json_array ()), *all;
    int rc;

    for (size_t i = 0; i < report->n_rows; i++)
        json_array_append_new (list, row (report, &report->rows[i]));
    all = need (json_pack ("{s:o, s:I, s:I, s:I, s:b, s:o}", "trace", of_trace (report), "window",
                           (json_int_t) report->window, "windows", (json_int_t) report->windows, "seed",
                           (json_int_t) report->seed, "predict", report->predict, "orders", list));
    rc = json_dumpf (all, stdout, JSON_INDENT (2) | JSON_REAL_PRECISION (10));
    putchar ('\n');
    json_decref (all);
    return rc;
}
