/* simulate.c - `moisson simulate`: needs no controller, only a configuration and a trace. */
#include "simulate.h"
#include <stdlib.h>
#include <string.h>
#include "base/config.h"
#include "base/mem.h"
#include "base/units.h"
#include "command.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "plugins/order_config.h"

#define TOOL "simulate"
#define MOST_ORDERS 16

static const char every_order[] = "fifo,handicap,patience,sjf,f1,wfp3,unicep";

struct simulate {
    char *conf, *trace, *orders, *svg, *jobs_csv;
    struct sim_queue *queues;
    size_t n_queues, room_queues;
    struct trace_options reading;
    uint64_t window, windows, seed;
    bool predict, want_json, users, help, version;
};

#define SELF struct simulate *s = self
OPTION_TEXT (simulate, on_conf, conf)
OPTION_TEXT (simulate, on_trace, trace)
OPTION_TEXT (simulate, on_order, orders)
OPTION_TEXT (simulate, on_svg, svg)
OPTION_TEXT (simulate, on_jobs, jobs_csv)
OPTION_FLAG (simulate, on_predict, predict)
OPTION_FLAG (simulate, on_json, want_json)
OPTION_FLAG (simulate, on_users, users)
OPTION_FLAG (simulate, on_help, help)
OPTION_FLAG (simulate, on_version, version)

static int on_limit (void *self, const char *value, struct err *err)
{
    uint64_t n;
    SELF;

    if (number_parse (value, "--limit", 1, 1000000000, &n, err))
        return -1;
    s->reading.limit = n;
    return 0;
}

static int on_window (void *self, const char *value, struct err *err)
{
    SELF;

    return number_parse (value, "--window", 1, 1000000000, &s->window, err);
}

static int on_windows (void *self, const char *value, struct err *err)
{
    SELF;

    return number_parse (value, "--windows", 1, 100000, &s->windows, err);
}

static int on_seed (void *self, const char *value, struct err *err)
{
    SELF;

    return number_parse (value, "--seed", 0, UINT64_MAX - 1, &s->seed, err);
}

static int on_memory (void *self, const char *value, struct err *err)
{
    static const char *const words[] = {
        [TRACE_MEM_STANDARD] = "standard", [TRACE_MEM_BYTES] = "bytes", [TRACE_MEM_IGNORE] = "ignore"};
    SELF;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp (value, words[i])) {
            s->reading.memory = (enum trace_memory) i;
            return 0;
        }
    err_set (err, 0, "--memory=%s: memory is read in one of three ways", value);
    return err_fix (err, "standard (KB for each processor), bytes (for the whole job) or ignore");
}

static int on_queue (void *self, const char *value, struct err *err)
{
    const char *to = strchr (value, '=');
    SELF;

    if (!to || to == value || !to[1]) {
        err_set (err, 0, "--queue=%s names no queue and partition", value);
        return err_fix (err, "--queue=2=long: what the trace calls 2 is the partition long");
    }
    GROW (s->queues, s->n_queues, s->room_queues);
    s->queues[s->n_queues++] = (struct sim_queue){xstrndup (value, (size_t) (to - value)), xstrdup (to + 1)};
    return 0;
}

static const struct optable_row rows[] = {
    {"conf", 0, ARG_REQUIRED, NULL, "FILE", "the machine and its rules; default: the configuration in use", on_conf},
    {"trace", 0, ARG_REQUIRED, NULL, "FILE", "what was submitted: SWF or `sacct -P`, plain or gzip", on_trace},
    {"order", 0, ARG_REQUIRED, NULL, "NAME,...",
     "fifo multifactor handicap patience sjf f1 wfp3 unicep, or all; default: PriorityType", on_order},
    {"predict", 0, ARG_NONE, NULL, NULL, "backfills expect the mean of a user's last two run times", on_predict},
    {"limit", 0, ARG_REQUIRED, NULL, "N", "only the first N jobs of the trace", on_limit},
    {"window", 0, ARG_REQUIRED, NULL, "N", "parts of N jobs, each from an empty machine", on_window},
    {"windows", 0, ARG_REQUIRED, NULL, "K", "so many of them, at random places (10)", on_windows},
    {"seed", 0, ARG_REQUIRED, NULL, "S", "which places (1)", on_seed},
    {"memory", 0, ARG_REQUIRED, NULL, "HOW", "what SWF's asked memory means: standard, bytes, ignore", on_memory},
    {"queue", 0, ARG_REQUIRED, NULL, "FROM=TO", "a queue of the trace is this partition; may be repeated", on_queue},
    {"users", 0, ARG_NONE, NULL, NULL, "a table of users, too", on_users},
    {"json", 0, ARG_NONE, NULL, NULL, "all figures as JSON", on_json},
    {"svg", 0, ARG_REQUIRED, NULL, "OUT", "draw use and queue over time", on_svg},
    {"jobs", 0, ARG_REQUIRED, NULL, "OUT", "write a line of CSV for each job", on_jobs},
    {"help", 'h', ARG_NONE, NULL, NULL, "this text", on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *simulate_page (void)
{
    static const struct optable_page page = {
        .tool = "moisson simulate",
        .words = "--trace=FILE [--conf=FILE] [--order=NAME,...]",
        .about = "The scheduler of the controller on virtual time: what would these jobs have waited on this machine?",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"moisson simulate --conf moisson.conf.new --trace kth-sp2.swf.gz",
                      "a configuration, before it is reloaded"},
                     {"moisson simulate --trace kth-sp2.swf.gz --conf kth.conf --order all --svg kth.svg",
                      "orders beside each other"},
                     {"moisson simulate --trace january --users",
                      "last month, as `sacct -a -X -P -o "
                      "JobID,User,Account,Partition,QOS,Submit,Start,End,Timelimit,NNodes,NCPUS,"
                      "ReqCPUS,ReqTRES` wrote it"}}};

    return &page;
}

/* --- runs ------------------------------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t random_next (uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static void add_spread (struct sim_spread *sum, const struct sim_spread *s, double share)
{
    sum->mean += s->mean * share;
    sum->p50 += s->p50 * share;
    sum->p90 += s->p90 * share;
    sum->p99 += s->p99 * share;
    sum->max += s->max * share;
}

static void add_figures (struct sim_figures *sum, const struct sim_figures *f, size_t windows)
{
    double share = 1 / (double) windows;

    add_spread (&sum->wait, &f->wait, share);
    add_spread (&sum->slowdown, &f->slowdown, share);
    sum->utilisation += f->utilisation * share;
    sum->backfilled += f->backfilled * share;
    sum->fairness += f->fairness * share;
    sum->makespan_s += f->makespan_s / windows;
    sum->requeued += f->requeued;
    sum->jobs += f->jobs;
}

static int run_windows (const struct simulate *s, const struct trace *trace, const struct sim_setup *setup,
                        struct sim_row *ret, struct err *err)
{
    uint64_t random = s->seed;

    for (uint64_t i = 0; i < s->windows; i++) {
        size_t first = random_next (&random) % (trace->n - s->window + 1);
        struct sim_figures figures;
        sim_run_clear (&ret->run);
        if (sim_run (&ret->run, trace, first, s->window, setup, err))
            return -1;
        sim_measure (&ret->run, &figures);
        add_figures (&ret->figures, &figures, s->windows);
        sim_figures_clear (&figures);
    }
    return 0;
}

static int run_order (const struct simulate *s, const struct trace *trace, const struct config *conf, const char *order,
                      struct sim_row *ret, struct err *err)
{
    char type[64];
    struct sim_setup setup = {
        .config = conf->core, .queues = s->queues, .n_queues = s->n_queues, .predict = s->predict};

    snprintf (type, sizeof type, "order/%.40s", order);
    setup.policies = (struct core_policies){.place_find = place_find};
    setup.policies.order = order_of_config (conf, &setup.policies.params);
    setup.policies.promises = conf->bf_reserve ? (int) conf->bf_reserve : -1;
    setup.policies.in_order = !strcmp (conf->scheduler_type, "sched/builtin");
    if (*order)
        setup.policies.order = order_find (type);
    if (!setup.policies.order) {
        err_set (err, 0, "--order: there is no order \"%s\"", order);
        return err_fix (err, "one of: multifactor,%s; or all", every_order);
    }
    ret->order = setup.policies.order->type + strlen ("order/");
    if (s->windows)
        return run_windows (s, trace, &setup, ret, err);
    if (sim_run (&ret->run, trace, 0, trace->n, &setup, err))
        return -1;
    sim_measure (&ret->run, &ret->figures);
    return 0;
}

static int show (const struct simulate *s, const struct sim_report *report, struct err *err)
{
    if (s->svg && sim_write_svg (s->svg, report, err))
        return -1;
    if (s->jobs_csv && sim_write_jobs (s->jobs_csv, report, err))
        return -1;
    if (s->want_json)
        return sim_print_json (report) ? err_set (err, 0, "the output cannot be written") : 0;
    sim_print_text (stdout, report);
    return 0;
}

static int run_all (struct simulate *s, const struct trace *trace, const struct config *conf, struct err *err)
{
    struct sim_row list[MOST_ORDERS] = {0};
    struct sim_report report = {.conf = conf->path,
                                .trace_path = s->trace,
                                .trace = trace,
                                .rows = list,
                                .window = s->window,
                                .windows = s->windows,
                                .seed = s->seed,
                                .users = s->users,
                                .predict = s->predict};
    _cleanup_free_ char *orders = xstrdup (strcmp (s->orders, "all") ? s->orders : every_order);
    char *rest = orders, *word;
    int rc = 0;

    while (!rc && (word = strsep (&rest, ",")) && report.n_rows < MOST_ORDERS)
        rc = run_order (s, trace, conf, word, &list[report.n_rows++], err);
    if (!rc)
        rc = show (s, &report, err);
    for (size_t i = 0; i < report.n_rows; i++) {
        sim_run_clear (&list[i].run);
        sim_figures_clear (&list[i].figures);
    }
    return rc;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static int check_queues (const struct simulate *s, const struct config *conf, struct err *err)
{
    for (size_t i = 0; i < s->n_queues; i++) {
        bool found = false;
        for (size_t p = 0; p < conf->core->n_partitions; p++)
            found |= !strcmp (conf->core->partitions[p]->name, s->queues[i].to);
        if (!found)
            return err_set (err, 0, "--queue=%s=%s: %s has no partition %s", s->queues[i].from, s->queues[i].to,
                            conf->path, s->queues[i].to);
    }
    return 0;
}

static int simulate (struct simulate *s, struct err *err)
{
    _cleanup_config_ struct config *conf = NULL;
    _cleanup_trace_ struct trace *trace = NULL;
    const char *path = s->conf ? s->conf : config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"));

    if (!s->trace) {
        err_set (err, 0, "which jobs?");
        return err_fix (err, "--trace=FILE; see: moisson simulate --help");
    }
    if (config_load_machine (&conf, path, err) || check_queues (s, conf, err) ||
        trace_load (&trace, s->trace, &s->reading, err))
        return -1;
    if (s->windows && !s->window) {
        err_set (err, 0, "--windows without the size of a window");
        return err_fix (err, "--window=1024 --windows=10");
    }
    if (s->window && !s->windows)
        s->windows = 10;
    if (s->window > trace->n)
        return err_set (err, 0, "--window=%llu is more than the %zu jobs of %s", (unsigned long long) s->window,
                        trace->n, s->trace);
    return run_all (s, trace, conf, err);
}

static void simulate_clear (struct simulate *s)
{
    for (size_t i = 0; i < s->n_queues; i++) {
        free (s->queues[i].from);
        free (s->queues[i].to);
    }
    free (s->queues);
    free (s->conf);
    free (s->trace);
    free (s->orders);
    free (s->svg);
    free (s->jobs_csv);
}

int simulate_run (int argc, char **argv)
{
    _cleanup_ (simulate_clear) struct simulate s = {.seed = 1};
    _cleanup_err_ struct err err = ERR_INIT;
    int index;

    if (optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err))
        return list_refused (TOOL, &err);
    if (s.version)
        return command_version ();
    if (s.help) {
        optable_page_help (stdout, simulate_page ());
        return 0;
    }
    if (index < argc) {
        err_set (&err, 0, "\"%s\": options alone are expected", argv[index]);
        err_fix (&err, "--trace=%s?", argv[index]);
        return list_refused (TOOL, &err);
    }
    if (!s.orders)
        s.orders = xstrdup (""); /* that of the configuration */
    if (simulate (&s, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return 0;
}
