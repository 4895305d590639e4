/* simulate_cluster.c - the controller's loop and the nodes, on virtual time. Every decision is the core's; here is what
 * ctld does around it (journal left out), nodes that start at once, and jobs that run as long as the trace says. */
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "simulate.h"

#define NOT_ZERO_S 1 /* the core's clock is so much later than the trace's: time 0 means "not known" there */
#define FIRST_UID 10000
#define NO_ATTEMPT SIZE_MAX
#define FOREVER_S (400 * 86400) /* daily reservations have a deadline every day; what waits so long waits for ever */
#define CYCLE_S 30              /* as in the controller */
#define CYCLES_A_SECOND 4

struct attempt {
    uint64_t end_s;
    uint64_t raw_id;
    uint64_t expected_s; /* its end, as predicted; 0 = by its limit */
    uint32_t attempt, cpus;
    size_t job; /* place in run->jobs */
    bool cut;   /* by its time limit */
};

struct last_runs { /* of a user */
    uint64_t run_s[2];
    unsigned n;
};

struct cluster {
    struct sim_run *run;
    const struct sim_setup *setup;
    struct core *core;
    uint64_t now_s;
    struct attempt *attempts; /* by place */
    size_t n_attempts, room_attempts;
    size_t *free_places;
    size_t n_free, room_free;
    size_t *heap; /* of those that run, the first to end on top; may hold some that are over */
    size_t n_heap, room_heap;
    size_t *by_job; /* place of the attempt of each job, NO_ATTEMPT = none */
    size_t *of_id;  /* of core job ids from first_id on: place in run->jobs */
    size_t n_ids, room_ids;
    uint64_t first_id;
    uint32_t busy, waiting;
    bool want_pass;
    struct last_runs *last; /* of users; with --predict */
    uint64_t moved_s;       /* when something was submitted or started last */
    uint64_t cycle_s;       /* when everything was looked at last */
    struct err wrong;
};

static usec_t core_time (uint64_t s)
{
    return (s + NOT_ZERO_S) * USEC_PER_SEC;
}

static const struct trace_job *asked (const struct cluster *c, size_t job)
{
    return &c->run->trace->jobs[c->run->first + job];
}

/* --- which attempt ends next ------------------------------------------------------------------------------------ */

static bool sooner (const struct cluster *c, size_t a, size_t b)
{
    const struct attempt *x = &c->attempts[a], *y = &c->attempts[b];

    return x->end_s != y->end_s ? x->end_s < y->end_s : x->raw_id < y->raw_id;
}

static void heap_add (struct cluster *c, size_t place)
{
    size_t i = c->n_heap;

    GROW (c->heap, c->n_heap, c->room_heap);
    for (c->n_heap++; i && sooner (c, place, c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = place;
}

static void heap_drop (struct cluster *c)
{
    size_t last = c->heap[--c->n_heap], i = 0;

    for (size_t child; (child = 2 * i + 1) < c->n_heap; i = child) {
        if (child + 1 < c->n_heap && sooner (c, c->heap[child + 1], c->heap[child]))
            child++;
        if (!sooner (c, c->heap[child], last))
            break;
        c->heap[i] = c->heap[child];
    }
    if (c->n_heap)
        c->heap[i] = last;
}

static bool lives (const struct cluster *c, size_t place)
{
    return c->by_job[c->attempts[place].job] == place;
}

/* The attempt that ends next; NO_ATTEMPT = none runs. */
static size_t next_end (struct cluster *c)
{
    while (c->n_heap) {
        size_t place = c->heap[0];
        if (lives (c, place))
            return place;
        heap_drop (c);
        GROW (c->free_places, c->n_free, c->room_free);
        c->free_places[c->n_free++] = place;
    }
    return NO_ATTEMPT;
}

static size_t new_place (struct cluster *c)
{
    if (c->n_free)
        return c->free_places[--c->n_free];
    GROW (c->attempts, c->n_attempts, c->room_attempts);
    return c->n_attempts++;
}

/* --- predictions ---------------------------------------------------------------------------------------------------
 */

/* The mean of the user's last two run times, where that is less than what was asked. D. Tsafrir, Y. Etsion, D.
 * Feitelson, "Backfilling using system-generated predictions rather than user runtime estimates", IEEE TPDS 18(6),
 * 2007. */
static uint64_t predict (const struct cluster *c, const struct trace_job *job)
{
    const struct last_runs *last = c->last ? &c->last[job->user] : NULL;
    uint64_t mean;

    if (!last || !last->n || !job->user)
        return 0;
    mean = last->n < 2 ? last->run_s[0] : (last->run_s[0] + last->run_s[1]) / 2;
    mean = mean ? mean : 1;
    return job->limit_s && mean >= job->limit_s ? 0 : mean;
}

static void learn (struct cluster *c, const struct attempt *a)
{
    struct last_runs *last = c->last ? &c->last[asked (c, a->job)->user] : NULL;

    if (!last)
        return;
    last->run_s[last->n++ & 1] = asked (c, a->job)->run_s;
    last->n = last->n < 4 ? last->n : last->n - 2;
}

/* It runs longer than was thought: more is given, in the steps of that paper, up to what it asked. */
static uint64_t correct (uint64_t ran_s)
{
    static const uint64_t minutes[] = {1, 5, 15, 30, 60, 120, 300, 600, 1200, 3000, 6000};
    size_t i = 0;

    while (i + 1 < sizeof minutes / sizeof *minutes && minutes[i] * 60 <= ran_s)
        i++;
    return ran_s + minutes[i] * 60;
}

/* The next time at which a prediction has passed and its job has not ended; UINT64_MAX = none. */
static uint64_t next_doubt (const struct cluster *c)
{
    uint64_t at = UINT64_MAX;

    for (size_t i = 0; c->last && i < c->n_heap; i++) {
        const struct attempt *a = &c->attempts[c->heap[i]];
        if (lives (c, c->heap[i]) && a->expected_s && a->expected_s < a->end_s && a->expected_s < at)
            at = a->expected_s;
    }
    return at;
}

static void doubt (struct cluster *c)
{
    for (size_t i = 0; i < c->n_heap; i++) {
        struct attempt *a = &c->attempts[c->heap[i]];
        const struct trace_job *job = asked (c, a->job);
        uint64_t ran = c->now_s - c->run->jobs[a->job].start_s, more = correct (ran);
        if (!lives (c, c->heap[i]) || !a->expected_s || a->expected_s > c->now_s)
            continue;
        more = job->limit_s && more >= job->limit_s ? 0 : more;
        a->expected_s = more ? c->now_s - ran + more : 0;
        core_expect (c->core, a->raw_id, more);
        c->want_pass = true;
    }
}

/* --- events and what follows ------------------------------------------------------------------------------------ */

static void perform (struct cluster *c, const struct fx *fx);

static int apply (struct cluster *c, const Moisson__Event *event)
{
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (c->wrong.why)
        return -1;
    c->run->events++;
    if (core_apply (c->core, event, core_time (c->now_s), &fx, &err))
        return err_set (&c->wrong, 0, "event %lu of the simulation was refused by the core: %s",
                        (unsigned long) c->run->events, err.why);
    for (size_t i = 0; i < fx.n; i++)
        perform (c, &fx.list[i]);
    return 0;
}

#define EVENT(kind, KIND, body)                                                                                        \
    Moisson__Event event = MOISSON__EVENT__INIT;                                                                       \
    event.now_us = core_time (c->now_s);                                                                               \
    event.what_case = MOISSON__EVENT__WHAT_##KIND;                                                                     \
    event.kind = (body)

static void sample (struct cluster *c)
{
    struct sim_run *run = c->run;
    struct sim_sample *last = run->n_samples ? &run->samples[run->n_samples - 1] : NULL;

    if (last && last->at_s == c->now_s) {
        last->busy = c->busy;
        last->waiting = c->waiting;
        return;
    }
    if (last && last->busy == c->busy && last->waiting == c->waiting)
        return;
    GROW (run->samples, run->n_samples, run->room_samples);
    run->samples[run->n_samples++] = (struct sim_sample){c->now_s, c->busy, c->waiting};
}

static size_t job_of (const struct cluster *c, uint64_t id)
{
    return id - c->first_id < c->n_ids ? c->of_id[id - c->first_id] : NO_ATTEMPT;
}

static void say_ended (struct cluster *c, size_t place, Moisson__EndKind kind)
{
    const struct attempt a = c->attempts[place];
    struct sim_job *job = &c->run->jobs[a.job];
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Exit gone = MOISSON__EXIT__INIT;
    Moisson__Ended ended = MOISSON__ENDED__INIT;
    EVENT (ended, ENDED, &ended);

    id.raw_id = a.raw_id;
    id.attempt = a.attempt;
    gone.id = &id;
    gone.kind = kind;
    gone.has_code = gone.has_start_us = gone.has_end_us = gone.has_wall_us = true;
    gone.start_us = core_time (job->start_s);
    gone.end_us = event.now_us;
    gone.wall_us = gone.end_us - gone.start_us;
    ended.exit = &gone;
    c->by_job[a.job] = NO_ATTEMPT;
    if (kind != MOISSON__END_KIND__END_CANCELLED)
        learn (c, &a);
    c->busy -= a.cpus;
    job->fate = SIM_WAITS; /* until the record says that it is over */
    job->end_s = c->now_s;
    apply (c, &event);
}

static void perform_start (struct cluster *c, const struct fx *fx)
{
    size_t at = job_of (c, fx->job_id ? fx->job_id : fx->raw_id), place = at == NO_ATTEMPT ? at : c->by_job[at];
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Started started = MOISSON__STARTED__INIT;
    EVENT (started, STARTED, &started);

    if (place == NO_ATTEMPT || c->attempts[place].attempt != fx->attempt)
        return;
    id.raw_id = fx->raw_id;
    id.attempt = fx->attempt;
    started.id = &id;
    started.start_us = event.now_us;
    apply (c, &event);
}

static void perform_record (struct cluster *c, const Moisson__AcctRecord *record)
{
    size_t at = job_of (c, record->raw_id);

    if (at == NO_ATTEMPT)
        return;
    if (record->has_requeued && record->requeued) {
        c->waiting++;
        return;
    }
    if (!c->run->jobs[at].starts) { /* cancelled by the core while it waited */
        c->waiting--;
        return;
    }
    c->run->jobs[at].fate = SIM_ENDED;
}

static void perform (struct cluster *c, const struct fx *fx)
{
    size_t at, place;

    switch (fx->kind) {
    case FX_START: perform_start (c, fx); break;
    case FX_STOP: /* preempted or cancelled: nodes of a simulation obey at once */
        at = job_of (c, fx->raw_id);
        place = at == NO_ATTEMPT ? at : c->by_job[at];
        if (fx->how != MOISSON__STOP_HOW__STOP_SIGNAL && place != NO_ATTEMPT &&
            c->attempts[place].attempt == fx->attempt)
            say_ended (c, place, MOISSON__END_KIND__END_CANCELLED);
        break;
    case FX_RECORD: perform_record (c, fx->record); break;
    case FX_WANT_PASS: c->want_pass = true; break;
    case FX_LIMIT:
    case FX_FORGET:
    case FX_SUSPEND:  /* nobody asks for it, */
    case FX_RERECORD: /* nor for what has ended */
    case FX_REBOOT:
    case FX_NEVER:
    case FX_MAIL:
    case FX_SHUNNED:
    case FX_JOB_ENDED: break;
    }
}

/* --- the machine ------------------------------------------------------------------------------------------------ */

static void node_up (struct cluster *c, const Moisson__NodeConf *conf)
{
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    facts.node = conf->name;
    facts.boot_id = (char *) "virtual";
    facts.version = (char *) MOISSON_VERSION;
    facts.gres = conf->gres_have;
    facts.n_gres = conf->n_gres_have;
    facts.has_gpus = conf->has_gpus;
    facts.gpus = conf->gpus;
    up.facts = &facts;
    apply (c, &event);
    c->run->capacity += conf->cpus - conf->spec_cpus;
}

static int configure (struct cluster *c)
{
    Moisson__Config config = *c->setup->config;
    EVENT (configured, CONFIGURED, &config);

    config.max_job_count = UINT32_MAX; /* a whole year may wait */
    if (apply (c, &event))
        return -1;
    core_set_policies (c->core, &c->setup->policies);
    for (size_t i = 0; i < config.n_nodes && !c->wrong.why; i++)
        node_up (c, config.nodes[i]);
    c->first_id = core_next_job_id (c->core);
    return c->wrong.why ? -1 : 0;
}

/* --- submits ---------------------------------------------------------------------------------------------------- */

/* The partition of this name, or what --queue makes of it; else the default one. */
static const char *partition_of (const struct cluster *c, const char *name)
{
    const Moisson__Config *config = c->setup->config;

    for (size_t i = 0; i < c->setup->n_queues; i++)
        if (!strcmp (c->setup->queues[i].from, name))
            return c->setup->queues[i].to;
    for (size_t i = 0; i < config->n_partitions; i++)
        if (!strcmp (config->partitions[i]->name, name))
            return config->partitions[i]->name;
    return NULL;
}

static void fill_spec (const struct cluster *c, const struct trace_job *job, Moisson__JobSpec *spec)
{
    char *const *names = c->run->trace->names;

    moisson__job_spec__init (spec);
    spec->work_dir = (char *) "/";
    spec->partition = (char *) partition_of (c, names[job->partition]);
    spec->account = job->account ? names[job->account] : NULL;
    spec->has_ntasks = spec->has_cpus_per_task = spec->has_time_limit_s = true;
    spec->ntasks = job->cpus;
    spec->cpus_per_task = 1;
    spec->time_limit_s = job->limit_s;
    spec->has_min_nodes = job->nodes > 1;
    spec->min_nodes = job->nodes;
    spec->has_mem_per_cpu_mb = job->cpu_mem_mb > 0;
    spec->mem_per_cpu_mb = job->cpu_mem_mb;
}

static void submit (struct cluster *c, size_t at)
{
    const struct trace_job *job = asked (c, at);
    Moisson__JobSpec spec;
    Moisson__Gres gpu = MOISSON__GRES__INIT;
    Moisson__GresAsk ask = MOISSON__GRES_ASK__INIT, *asks[1] = {&ask};
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    EVENT (submitted, SUBMITTED, &submitted);

    fill_spec (c, job, &spec);
    if (job->gpus) {
        gpu.name = (char *) "gpu";
        gpu.count = job->gpus;
        ask.gres = &gpu;
        ask.per = MOISSON__GRES_PER__GRES_PER_JOB;
        spec.gres_asks = asks;
        spec.n_gres_asks = 1;
    }
    submitted.spec = &spec;
    submitted.uid = FIRST_UID + job->user;
    submitted.gid = FIRST_UID;
    submitted.user = job->user ? c->run->trace->names[job->user] : (char *) "unknown";
    submitted.job_id = core_next_job_id (c->core);
    if (core_admit (c->core, &spec, NULL, event.now_us, &err)) {
        c->run->jobs[at].fate = SIM_REFUSED;
        if (!c->run->n_refused++)
            c->run->refused_why = xasprintf ("job %lu: %s", (unsigned long) job->number, err.why);
        return;
    }
    GROW (c->of_id, c->n_ids, c->room_ids);
    c->of_id[c->n_ids++] = at;
    c->waiting++;
    c->moved_s = c->now_s;
    apply (c, &event);
    c->run->jobs[at].predicted_s = predict (c, job);
    if (c->run->jobs[at].predicted_s)
        core_expect (c->core, submitted.job_id, c->run->jobs[at].predicted_s);
}

/* --- the pass --------------------------------------------------------------------------------------------------- */

static void note_placed (struct cluster *c, const Moisson__Placed *placed)
{
    size_t at = job_of (c, placed->job_id), place = new_place (c);
    const struct trace_job *wanted = asked (c, at);
    struct sim_job *job = &c->run->jobs[at];
    struct attempt *a = &c->attempts[place];

    *a = (struct attempt){.raw_id = placed->raw_id, .attempt = placed->attempt, .job = at};
    a->end_s = c->now_s + wanted->run_s;
    if (job->predicted_s)
        a->expected_s = c->now_s + job->predicted_s;
    a->cut = wanted->limit_s && wanted->run_s == wanted->limit_s;
    for (size_t i = 0; i < placed->n_shares; i++)
        a->cpus += placed->shares[i]->cpus;
    job->fate = SIM_RUNS;
    job->start_s = c->now_s;
    job->cpus = a->cpus;
    job->starts++;
    job->backfilled = placed->backfilled;
    c->by_job[at] = place;
    c->busy += a->cpus;
    c->waiting--;
    c->run->placements++;
    c->moved_s = c->now_s;
    heap_add (c, place);
}

static void place (struct cluster *c)
{
    Moisson__Event *event;

    while (!c->wrong.why && core_next_placement (c->core, core_time (c->now_s), &event) == 0) {
        if (event->what_case == MOISSON__EVENT__WHAT_PLACED)
            note_placed (c, event->placed);
        apply (c, event);
        moisson__event__free_unpacked (event, NULL);
    }
}

/* As in the controller: what becomes free is offered at once; everything is looked at again where that may find more,
 * and after a while. Time stands still meanwhile. */
static void pass (struct cluster *c)
{
    c->want_pass = false;
    place (c);
    for (int i = 0; i < CYCLES_A_SECOND && !c->wrong.why; i++) {
        bool due = i == 0 && c->waiting && c->now_s >= c->cycle_s + CYCLE_S;
        if (!due && !core_pass_wanted (c->core))
            return;
        c->cycle_s = c->now_s;
        c->run->passes++;
        core_pass_begin (c->core, core_time (c->now_s));
        place (c);
    }
}

/* --- time ------------------------------------------------------------------------------------------------------- */

static void clock_event (struct cluster *c)
{
    Moisson__Clock clock = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &clock);

    apply (c, &event);
    c->want_pass = true;
}

/* When the core wants to be told the time. */
static uint64_t next_clock (const struct cluster *c)
{
    usec_t at = core_next_deadline (c->core), wake = core_pass_wake (c->core);

    if (wake < at)
        at = wake;
    uint64_t s = at == UINT64_MAX ? UINT64_MAX : (at + USEC_PER_SEC - 1) / USEC_PER_SEC;

    return s == UINT64_MAX ? s : s > NOT_ZERO_S ? s - NOT_ZERO_S : 0;
}

/* All that happens in this second: ends before submits, so that what is free is free. */
static void second (struct cluster *c, size_t *next_job)
{
    struct sim_run *run = c->run;
    size_t place;

    while (!c->wrong.why && (place = next_end (c)) != NO_ATTEMPT && c->attempts[place].end_s <= c->now_s)
        say_ended (c, place,
                   c->attempts[place].cut ? MOISSON__END_KIND__END_TIME_LIMIT : MOISSON__END_KIND__END_EXITED);
    while (!c->wrong.why && *next_job < run->n && asked (c, *next_job)->submit_s <= c->now_s)
        submit (c, (*next_job)++);
    if (c->last)
        doubt (c);
    if (next_clock (c) <= c->now_s)
        clock_event (c);
    if (c->want_pass)
        pass (c);
    sample (c);
}

/* Until nothing runs and nothing comes: what waits then waits for ever, unless the core has a deadline. */
static void live (struct cluster *c)
{
    struct sim_run *run = c->run;
    size_t next_job = 0;

    while (!c->wrong.why) {
        size_t place = next_end (c);
        uint64_t clock = c->waiting || place != NO_ATTEMPT || next_job < run->n ? next_clock (c) : UINT64_MAX, next;
        if (place == NO_ATTEMPT && next_job == run->n && (clock == UINT64_MAX || clock > c->moved_s + FOREVER_S))
            return;
        next = place == NO_ATTEMPT ? UINT64_MAX : c->attempts[place].end_s;
        if (next_job < run->n && asked (c, next_job)->submit_s < next)
            next = asked (c, next_job)->submit_s;
        next = clock < next ? clock : next;
        if (next_doubt (c) < next)
            next = next_doubt (c);
        c->now_s = next > c->now_s ? next : c->now_s;
        second (c, &next_job);
    }
}

/* --- a run ------------------------------------------------------------------------------------------------------ */

static bool look_stuck (void *arg, const Moisson__JobInfo *row)
{
    struct cluster *c = arg;
    size_t at = job_of (c, row->raw_id);

    if (row->state != MOISSON__JOB_STATE__STATE_PENDING || at == NO_ATTEMPT)
        return true;
    c->run->stuck_why =
        xasprintf ("job %lu: %s%s%s", (unsigned long) asked (c, at)->number, row->reason ? row->reason : "?",
                   row->reason_text ? ", " : "", row->reason_text ? row->reason_text : "");
    return false;
}

static void settle (struct cluster *c)
{
    struct sim_run *run = c->run;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;

    for (size_t i = 0; i < run->n; i++) {
        run->n_stuck += run->jobs[i].fate == SIM_WAITS;
        if (run->jobs[i].fate == SIM_ENDED && run->jobs[i].end_s > run->end_s)
            run->end_s = run->jobs[i].end_s;
    }
    request.filter = &filter;
    if (run->n_stuck)
        core_jobs (c->core, &request, 0, 0, look_stuck, c);
}

static void cluster_clear (struct cluster *c)
{
    core_free (c->core);
    free (c->attempts);
    free (c->free_places);
    free (c->heap);
    free (c->by_job);
    free (c->of_id);
    free (c->last);
    err_clear (&c->wrong);
}

static double now_s (void)
{
    struct timespec t;

    clock_gettime (CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

int sim_run (struct sim_run *ret, const struct trace *trace, size_t first, size_t n, const struct sim_setup *setup,
             struct err *err)
{
    double began = now_s ();
    struct cluster c = {.run = ret, .setup = setup, .core = core_create ()};
    int rc = 0;

    *ret = (struct sim_run){.trace = trace, .first = first, .n = n};
    ret->jobs = xcalloc (n, sizeof *ret->jobs);
    c.by_job = xcalloc (n, sizeof *c.by_job);
    for (size_t i = 0; i < n; i++)
        c.by_job[i] = NO_ATTEMPT;
    c.last = setup->predict ? xcalloc (trace->n_names, sizeof *c.last) : NULL;
    c.now_s = ret->begin_s = ret->end_s = asked (&c, 0)->submit_s;
    if (configure (&c) == 0)
        live (&c);
    if (c.wrong.why) {
        rc = err_set (err, 0, "%s", c.wrong.why);
        sim_run_clear (ret);
    } else
        settle (&c);
    cluster_clear (&c);
    ret->wall_s = now_s () - began;
    return rc;
}

void sim_run_clear (struct sim_run *run)
{
    free (run->jobs);
    free (run->samples);
    free (run->refused_why);
    free (run->stuck_why);
    *run = (struct sim_run){0};
}
