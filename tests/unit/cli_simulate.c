/* Figures, and small schedules that can be worked out by hand. */
#include <math.h>
#include <string.h>
#include "base/config.h"
#include "simulate.h"
#include "suite.h"

START_TEST (slowdowns_and_quantiles)
{
    double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    ck_assert_double_eq (sim_slowdown (0, 5), 1);
    ck_assert_double_eq (sim_slowdown (15, 5), 2); /* 20 / 10 */
    ck_assert_double_eq (sim_slowdown (100, 50), 3);
    ck_assert_double_eq (sim_quantile (values, 10, 0.5), 5);
    ck_assert_double_eq (sim_quantile (values, 10, 0.99), 10);
    ck_assert_double_eq (sim_quantile (values, 10, 0), 1);
    ck_assert_double_eq (sim_quantile (values, 0, 0.5), 0);
}
END_TEST

struct house {
    struct config *conf;
    struct trace *trace;
    struct sim_setup setup;
    struct sim_run run;
    struct sim_figures figures;
};

static void house_init (struct house *h)
{
    struct err err = ERR_INIT;

    *h = (struct house){.trace = trace_create ()};
    if (config_load_machine (&h->conf, TEST_DATA "/traces/kth.conf", &err))
        ck_abort_msg ("%s", err.why);
    h->setup.config = h->conf->core;
    h->setup.policies = (struct core_policies){.order = order_find ("order/fifo"), .place_find = place_find};
}

static void house_clear (struct house *h)
{
    sim_run_clear (&h->run);
    sim_figures_clear (&h->figures);
    trace_free (h->trace);
    config_free (h->conf);
}

static void job (struct house *h, uint64_t submit, uint64_t run, uint64_t limit, uint32_t cpus, const char *user)
{
    struct trace_job j = {.number = h->trace->n + 1, .submit_s = submit, .run_s = run, .limit_s = limit, .cpus = cpus};

    j.user = trace_name (h->trace, user);
    trace_add (h->trace, &j, true, true);
}

static void run (struct house *h)
{
    struct err err = ERR_INIT;

    if (sim_run (&h->run, h->trace, 0, h->trace->n, &h->setup, &err))
        ck_abort_msg ("%s", err.why);
    sim_measure (&h->run, &h->figures);
}

/* 100 nodes of one CPU. Time 0 is a time like any other. */
START_TEST (first_come_first_served)
{
    struct house h;

    house_init (&h);
    job (&h, 0, 100, 100, 60, "alice");
    job (&h, 10, 50, 50, 60, "bob");
    job (&h, 20, 30, 40, 60, "alice");
    run (&h);
    ck_assert_uint_eq (h.run.jobs[0].start_s, 0);
    ck_assert_uint_eq (h.run.jobs[1].start_s, 100);
    ck_assert_uint_eq (h.run.jobs[2].start_s, 150);
    ck_assert_uint_eq (h.run.end_s, 180);
    ck_assert_uint_eq (h.figures.jobs, 3);
    ck_assert_double_eq_tol (h.figures.wait.mean, (0 + 90 + 130) / 3.0, 1e-9);
    ck_assert_double_eq (h.figures.wait.max, 130);
    ck_assert_double_eq_tol (h.figures.slowdown.mean, (1 + 140 / 50.0 + 160 / 30.0) / 3, 1e-9);
    ck_assert_double_eq_tol (h.figures.utilisation, 60.0 * 180 / (100 * 180), 1e-9);
    ck_assert_uint_eq (h.figures.n_users, 2);
    ck_assert_str_eq (h.trace->names[h.figures.users[0].name], "alice");
    ck_assert_double_eq_tol (h.figures.users[0].cpu_hours, 60 * 130 / 3600.0, 1e-9);
    house_clear (&h);
}
END_TEST

START_TEST (shortest_first)
{
    struct house h;

    house_init (&h);
    h.setup.policies.order = order_find ("order/sjf");
    job (&h, 0, 100, 100, 100, "alice");
    job (&h, 10, 50, 50, 100, "bob");
    job (&h, 20, 30, 40, 100, "alice");
    run (&h);
    ck_assert_uint_eq (h.run.jobs[2].start_s, 100);
    ck_assert_uint_eq (h.run.jobs[1].start_s, 130);
    house_clear (&h);
}
END_TEST

/* EASY: what is short goes into the hole before the head, what would delay it does not. */
START_TEST (backfill_does_not_delay_the_head)
{
    struct house h;

    house_init (&h);
    job (&h, 0, 100, 100, 60, "alice");
    job (&h, 1, 50, 50, 60, "bob");     /* the head: from 100 on */
    job (&h, 2, 300, 300, 50, "alice"); /* would delay it */
    job (&h, 3, 90, 90, 40, "carol");   /* is over by then */
    job (&h, 4, 400, 400, 10, "dora");  /* has room beside it */
    run (&h);
    ck_assert_uint_eq (h.run.jobs[1].start_s, 100);
    ck_assert_uint_eq (h.run.jobs[3].start_s, 3);
    ck_assert (h.run.jobs[3].backfilled);
    ck_assert (!h.run.jobs[1].backfilled);
    ck_assert_uint_ge (h.run.jobs[2].start_s, 150);
    ck_assert_double_ge (h.figures.backfilled, 1 / 5.0);
    house_clear (&h);
}
END_TEST

/* Two runs of 10 s teach that the third will last no longer, whatever it asks; and when it does, it is believed no
 * more.
 */
START_TEST (predictions_open_holes_to_who_asks_too_much)
{
    for (int lies = 0; lies < 2; lies++) {
        struct house h;
        house_init (&h);
        h.setup.predict = true;
        job (&h, 0, 10, 1000, 1, "alice");
        job (&h, 0, 10, 1000, 1, "alice");
        job (&h, 100, 100, 100, 60, "bob");
        job (&h, 101, 50, 50, 70, "carol");                /* the head: from 200 on */
        job (&h, 102, lies ? 300 : 10, 1000, 40, "alice"); /* by its limit it would delay her */
        run (&h);
        ck_assert_uint_eq (h.run.jobs[4].predicted_s, 10);
        ck_assert_uint_eq (h.run.jobs[4].start_s, 102);
        ck_assert_uint_eq (h.run.jobs[3].start_s, lies ? 402 : 200);
        house_clear (&h);
        house_init (&h);
        job (&h, 100, 100, 100, 60, "bob");
        job (&h, 101, 50, 50, 70, "carol");
        job (&h, 102, 10, 1000, 40, "alice");
        run (&h);
        ck_assert_uint_ge (h.run.jobs[2].start_s, 200);
        house_clear (&h);
    }
}
END_TEST

START_TEST (what_can_never_run_is_in_no_figure_and_said)
{
    struct house h;

    house_init (&h);
    job (&h, 0, 100, 100, 101, "alice");
    job (&h, 0, 100, 100, 1, "alice");
    run (&h);
    ck_assert_uint_eq (h.run.n_refused, 1);
    ck_assert_ptr_nonnull (h.run.refused_why);
    ck_assert_int_eq (h.run.jobs[0].fate, SIM_REFUSED);
    ck_assert_uint_eq (h.figures.jobs, 1);
    house_clear (&h);
}
END_TEST

/* The same trace twice is the same schedule, and every job of it ends once. */
START_TEST (a_real_trace_ends_and_repeats)
{
    struct house h;
    struct trace_options options = {0};
    struct sim_run again;
    struct err err = ERR_INIT;

    house_init (&h);
    trace_free (h.trace);
    ck_assert_int_eq (trace_load (&h.trace, TEST_DATA "/traces/kth-sp2-cut.swf", &options, &err), 0);
    run (&h);
    ck_assert_uint_eq (h.figures.jobs, h.trace->n);
    ck_assert_uint_eq (h.run.n_stuck, 0);
    ck_assert_int_eq (sim_run (&again, h.trace, 0, h.trace->n, &h.setup, &err), 0);
    for (size_t i = 0; i < again.n; i++) {
        ck_assert_uint_eq (again.jobs[i].start_s, h.run.jobs[i].start_s);
        ck_assert_uint_ge (again.jobs[i].start_s, h.trace->jobs[i].submit_s);
        ck_assert_uint_eq (again.jobs[i].end_s, again.jobs[i].start_s + h.trace->jobs[i].run_s);
        ck_assert_uint_eq (again.jobs[i].cpus, h.trace->jobs[i].cpus);
    }
    for (size_t i = 0; i < again.n_samples; i++)
        ck_assert_uint_le (again.samples[i].busy, again.capacity);
    sim_run_clear (&again);
    house_clear (&h);
}
END_TEST

SUITE ("simulate", slowdowns_and_quantiles, first_come_first_served, shortest_first, backfill_does_not_delay_the_head,
       predictions_open_holes_to_who_asks_too_much, what_can_never_run_is_in_no_figure_and_said,
       a_real_trace_ends_and_repeats)
