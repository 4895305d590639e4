/* calm.c - events in, effects performed, books kept. */
#include "calm.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

static const char *const gpu_types[CALM_GPU_TYPES] = {"a100", "v100"};

struct calm_end {
    usec_t at;
    uint64_t raw_id;
    uint32_t attempt, task;
    size_t job;
    Moisson__Placed *placed; /* what it holds */
};

struct calm_row {
    uint8_t *event;
    size_t len;
};

#define EVENT(kind, KIND, body)                                                                                        \
    Moisson__Event event = MOISSON__EVENT__INIT;                                                                       \
    event.what_case = MOISSON__EVENT__WHAT_##KIND;                                                                     \
    event.kind = (body)

static int wrong (struct calm *c, const char *what, uint64_t job)
{
    if (!c->wrong.why)
        err_set (&c->wrong, 0, "%lu s, job %lu: %s", (unsigned long) (c->now / USEC_PER_SEC), (unsigned long) job,
                 what);
    return -1;
}

/* --- the journal ------------------------------------------------------------------------------------------------ */

static void journal (struct calm *c, const Moisson__Event *event)
{
    size_t len = moisson__event__get_packed_size (event);
    uint8_t *bytes = xmalloc (len);

    moisson__event__pack (event, bytes);
    GROW (c->journal, c->n_journal, c->room_journal);
    c->journal[c->n_journal++] = (struct calm_row){bytes, len};
}

/* Without any policy: decisions are in the events. */
static void replay (struct calm *c)
{
    struct core *again = core_create ();
    uint8_t one[32], other[32];
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < c->n_journal && !c->wrong.why; i++) {
        Moisson__Event *event = moisson__event__unpack (NULL, c->journal[i].len, c->journal[i].event);
        if (!event || core_apply (again, event, event->now_us, NULL, &err))
            wrong (c, err.why ? err.why : "a row of the journal does not decode", 0);
        if (event)
            moisson__event__free_unpacked (event, NULL);
    }
    core_digest (c->core, one);
    core_digest (again, other);
    if (memcmp (one, other, sizeof one))
        wrong (c, "replay does not equal the state", 0);
    core_free (again);
}

static void perform (struct calm *c, const struct fx *fx);

static int apply (struct calm *c, Moisson__Event *event)
{
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (c->wrong.why)
        return -1;
    event->now_us = c->now;
    c->events++;
    journal (c, event);
    if (core_apply (c->core, event, c->now, &fx, &err) || (c->events % 16 == 0 && core_check (c->core, &err)))
        return wrong (c, err.why, 0);
    for (size_t i = 0; i < fx.n; i++)
        perform (c, &fx.list[i]);
    return 0;
}

/* --- the books -------------------------------------------------------------------------------------------------- */

static struct calm_node *node_of (struct calm *c, const char *name)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (!strcmp (c->nodes[i].name, name))
            return &c->nodes[i];
    return NULL;
}

static int gpu_type (const char *name)
{
    for (int t = 0; t < CALM_GPU_TYPES; t++)
        if (!strcmp (gpu_types[t], name))
            return t;
    return -1;
}

static void book (struct calm_node *node, const struct calm_job *job, const Moisson__Share *share, int sign)
{
    node->used_cpus += (uint32_t) sign * share->cpus;
    node->used_mem_mb += (uint64_t) (int64_t) sign * share->mem_mb;
    node->jobs += (uint32_t) sign;
    for (size_t g = 0; g < share->n_gres; g++)
        node->used_gpus[gpu_type (share->gres[g]->type)] += (uint32_t) sign * share->gres[g]->count;
    if (job->exclusive)
        node->alone = sign > 0;
}

static bool over (const struct calm_node *node)
{
    bool gpus = false;

    for (int t = 0; t < CALM_GPU_TYPES; t++)
        gpus |= node->used_gpus[t] > node->gpus[t];
    return gpus || node->used_cpus > node->cpus || node->used_mem_mb > node->mem_mb || (node->alone && node->jobs > 1);
}

/* What it got is what it asked for, on nodes that have it. */
static void take (struct calm *c, const struct calm_job *job, const Moisson__Placed *placed)
{
    uint32_t tasks = 0, gpus = 0;

    for (size_t i = 0; i < placed->n_shares; i++) {
        const Moisson__Share *share = placed->shares[i];
        struct calm_node *node = node_of (c, share->node);
        uint64_t mem = job->mem_per_node_mb ? job->mem_per_node_mb : job->mem_per_cpu_mb * share->cpus;
        for (size_t k = 0; k < i; k++)
            if (!strcmp (placed->shares[k]->node, share->node))
                wrong (c, "has two shares of one node", placed->job_id);
        if (share->cpus < share->tasks * job->cpus_per_task || share->mem_mb < mem)
            if (!job->exclusive || share->mem_mb < (mem < node->mem_mb ? mem : node->mem_mb))
                wrong (c, "got less than it asked for", placed->job_id);
        if (job->exclusive && share->cpus != node->cpus)
            wrong (c, "is exclusive and has not all of its node", placed->job_id);
        tasks += share->tasks;
        gpus += share->gpus;
        book (node, job, share, 1);
        if (over (node))
            wrong (c, "its node is overcommitted", placed->job_id);
    }
    if (tasks != job->ntasks || placed->n_shares < job->nodes || gpus < job->gpus)
        wrong (c, "has not all its tasks, nodes or GPUs", placed->job_id);
    if (job->array_limit && job->running > job->array_limit)
        wrong (c, "runs more tasks at once than its % says", placed->job_id);
}

static void give (struct calm *c, const struct calm_job *job, const Moisson__Placed *placed)
{
    for (size_t i = 0; i < placed->n_shares; i++)
        book (node_of (c, placed->shares[i]->node), job, placed->shares[i], -1);
}

/* --- effects ---------------------------------------------------------------------------------------------------- */

static size_t job_of (const struct calm *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_jobs; i++)
        if (c->jobs[i].id == id)
            return i;
    return SIZE_MAX;
}

static void perform (struct calm *c, const struct fx *fx)
{
    size_t at;

    if (fx->kind == FX_WANT_PASS)
        c->want_pass = true;
    else if (fx->kind == FX_START) {
        Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
        Moisson__Started started = MOISSON__STARTED__INIT;
        EVENT (started, STARTED, &started);
        id.raw_id = fx->raw_id;
        id.attempt = fx->attempt;
        started.id = &id;
        started.start_us = c->now;
        apply (c, &event);
    } else if (fx->kind == FX_RECORD) {
        at = job_of (c, fx->record->has_array_id ? fx->record->array_id : fx->record->raw_id);
        if (at == SIZE_MAX || fx->record->state != MOISSON__JOB_STATE__STATE_COMPLETED)
            wrong (c, "has a record that nobody expects", fx->record->raw_id);
        else
            c->jobs[at].records++;
    } else if (fx->kind == FX_STOP)
        wrong (c, "was stopped, and nobody asked for it", fx->raw_id);
}

/* --- the machine and its jobs ----------------------------------------------------------------------------------- */

static Moisson__NodeConf *conf_of (const struct calm_node *node)
{
    Moisson__NodeConf *n = xmalloc (sizeof *n);

    moisson__node_conf__init (n);
    n->name = xstrdup (node->name);
    n->cpus = node->cpus;
    n->mem_mb = node->mem_mb;
    n->gres_have = xcalloc (CALM_GPU_TYPES, sizeof (void *));
    for (int t = 0; t < CALM_GPU_TYPES; t++) {
        Moisson__Gres *g;
        if (!node->gpus[t])
            continue;
        g = n->gres_have[n->n_gres_have++] = xmalloc (sizeof *g);
        moisson__gres__init (g);
        g->name = xstrdup ("gpu");
        g->type = xstrdup (gpu_types[t]);
        g->count = node->gpus[t];
        n->has_gpus = true;
        n->gpus += node->gpus[t];
    }
    return n;
}

static Moisson__PartitionConf *partition (const struct calm *c, const char *name, uint32_t tier)
{
    Moisson__PartitionConf *p = xmalloc (sizeof *p);

    moisson__partition_conf__init (p);
    p->name = xstrdup (name);
    p->has_is_default = p->is_default = tier == 1;
    p->has_priority = true;
    p->priority = tier;
    p->nodes = xcalloc (c->n_nodes, sizeof (char *));
    for (size_t i = 0; i < c->n_nodes; i++)
        p->nodes[p->n_nodes++] = xstrdup (c->nodes[i].name);
    return p;
}

static void node_up (struct calm *c, struct calm_node *node)
{
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    facts.node = node->name;
    facts.boot_id = (char *) "boot";
    facts.version = (char *) "sim";
    up.facts = &facts;
    apply (c, &event);
}

static void configure (struct calm *c)
{
    Moisson__Config *config = xmalloc (sizeof *config);
    EVENT (configured, CONFIGURED, config);

    moisson__config__init (config);
    config->cluster = xstrdup ("calm");
    config->nodes = xcalloc (c->n_nodes, sizeof (void *));
    for (size_t i = 0; i < c->n_nodes; i++)
        config->nodes[config->n_nodes++] = conf_of (&c->nodes[i]);
    config->partitions = xcalloc (2, sizeof (void *));
    config->partitions[config->n_partitions++] = partition (c, "main", 1);
    if (c->tiers)
        config->partitions[config->n_partitions++] = partition (c, "second", 2);
    config->min_job_age_s = 300;
    config->kill_wait_s = 5;
    config->max_array_size = 1000;
    config->max_job_count = 100000;
    config->first_job_id = 1;
    apply (c, &event);
    moisson__config__free_unpacked (config, NULL);
    core_set_policies (c->core, &c->policies);
    for (size_t i = 0; i < c->n_nodes; i++)
        node_up (c, &c->nodes[i]);
}

static Moisson__JobSpec *spec_of (const struct calm_job *job)
{
    Moisson__JobSpec *spec = xmalloc (sizeof *spec);

    moisson__job_spec__init (spec);
    spec->work_dir = xstrdup ("/");
    spec->partition = job->second ? xstrdup ("second") : NULL;
    spec->has_ntasks = spec->has_cpus_per_task = spec->has_time_limit_s = true;
    spec->ntasks = job->ntasks;
    spec->cpus_per_task = job->cpus_per_task;
    spec->time_limit_s = job->limit_s;
    spec->has_time_min_s = job->least_s > 0;
    spec->time_min_s = job->least_s;
    spec->has_min_nodes = job->nodes > 0;
    spec->min_nodes = job->nodes;
    spec->has_mem_per_cpu_mb = job->mem_per_cpu_mb > 0;
    spec->mem_per_cpu_mb = job->mem_per_cpu_mb;
    spec->has_mem_per_node_mb = job->mem_per_node_mb > 0;
    spec->mem_per_node_mb = job->mem_per_node_mb;
    spec->has_exclusive = spec->exclusive = job->exclusive;
    spec->has_nice = job->nice != 0;
    spec->nice = job->nice;
    return spec;
}

static void ask_more (const struct calm_job *job, Moisson__JobSpec *spec)
{
    if (job->gpus) {
        Moisson__GresAsk *ask = xmalloc (sizeof *ask);
        moisson__gres_ask__init (ask);
        ask->per = MOISSON__GRES_PER__GRES_PER_JOB;
        ask->gres = xmalloc (sizeof *ask->gres);
        moisson__gres__init (ask->gres);
        ask->gres->name = xstrdup ("gpu");
        ask->gres->type = job->gpu_type < 0 ? NULL : xstrdup (gpu_types[job->gpu_type]);
        ask->gres->count = job->gpus;
        spec->gres_asks = xcalloc (1, sizeof (void *));
        spec->gres_asks[spec->n_gres_asks++] = ask;
    }
    if (job->array) {
        Moisson__Range *range = xmalloc (sizeof *range);
        moisson__range__init (range);
        range->last = job->array - 1;
        spec->array = xcalloc (1, sizeof (void *));
        spec->array[spec->n_array++] = range;
        spec->has_array_limit = job->array_limit > 0;
        spec->array_limit = job->array_limit;
    }
}

static void submit (struct calm *c, struct calm_job *job)
{
    Moisson__Submitted *submitted = xmalloc (sizeof *submitted);
    size_t tasks = job->array ? job->array : 1;
    EVENT (submitted, SUBMITTED, submitted);

    moisson__submitted__init (submitted);
    submitted->spec = spec_of (job);
    ask_more (job, submitted->spec);
    submitted->uid = job->uid;
    submitted->gid = 100;
    submitted->job_id = core_next_job_id (c->core);
    job->start = xcalloc (tasks, sizeof *job->start);
    job->promised = xcalloc (tasks, sizeof *job->promised);
    if (core_admit (c->core, submitted->spec, NULL, c->now, NULL) == 0) {
        job->id = submitted->job_id;
        apply (c, &event);
    }
    moisson__submitted__free_unpacked (submitted, NULL);
}

/* --- the pass --------------------------------------------------------------------------------------------------- */

static void note_trail (struct calm *c, const Moisson__Event *event)
{
    size_t len = moisson__event__get_packed_size (event);
    _cleanup_free_ uint8_t *bytes = xmalloc (sizeof c->trail + len);

    memcpy (bytes, c->trail, sizeof c->trail);
    moisson__event__pack (event, bytes + sizeof c->trail);
    hash_bytes (bytes, sizeof c->trail + len, c->trail);
}

static void placed (struct calm *c, Moisson__Event *event)
{
    Moisson__Placed *p = event->placed;
    size_t at = job_of (c, p->job_id);
    struct calm_job *job = &c->jobs[at];
    struct calm_end end = {.at = c->now + job->run_s * USEC_PER_SEC, .raw_id = p->raw_id, .attempt = p->attempt};

    c->placements++;
    note_trail (c, event);
    end.task = p->task;
    end.job = at;
    end.placed = p;
    job->running++;
    if (job->start[p->task])
        wrong (c, "was placed twice", p->job_id);
    job->start[p->task] = c->now;
    if (job->promised[p->task] && c->now > job->promised[p->task])
        wrong (c, "starts later than it was promised", p->job_id);
    take (c, job, p);
    apply (c, event);
    event->what_case = MOISSON__EVENT__WHAT__NOT_SET; /* kept until its end */
    event->placed = NULL;
    moisson__event__free_unpacked (event, NULL);
    GROW (c->ends, c->n_ends, c->room_ends);
    c->ends[c->n_ends++] = end;
}

static void place (struct calm *c)
{
    Moisson__Event *event;
    int rc;

    while (!c->wrong.why && (rc = core_pass_step (c->core, c->now, &event)) != CORE_E_NOTHING)
        if (rc == 0)
            placed (c, event);
}

static bool promise_of (void *arg, const Moisson__JobInfo *row)
{
    struct calm_job *job = arg;

    if (row->has_start_estimate_us)
        job->promised[0] = row->start_estimate_us;
    return false;
}

/* First come, first served: the first one that waits is the head, and hears once when it will start at the latest. */
static void ask_head (struct calm *c)
{
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[1] = {&ref};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    size_t i = 0;

    while (i < c->n_jobs && (!c->jobs[i].id || c->jobs[i].start[0]))
        i++;
    if (i == c->n_jobs || c->jobs[i].promised[0])
        return;
    ref.job_id = c->jobs[i].id;
    filter.jobs = refs;
    filter.n_jobs = 1;
    request.filter = &filter;
    request.has_estimate = request.estimate = true;
    core_jobs (c->core, &request, 0, 0, promise_of, &c->jobs[i]);
}

static void pass (struct calm *c)
{
    c->want_pass = false;
    if (!c->fresh)
        place (c);
    for (int i = 0; i < 4 && !c->wrong.why && (i == 0 || core_pass_wanted (c->core)); i++) {
        core_pass_begin (c->core, c->now);
        place (c);
    }
    if (c->keeps_promises && !c->wrong.why)
        ask_head (c);
}

/* --- time ------------------------------------------------------------------------------------------------------- */

static void finish (struct calm *c, size_t i)
{
    struct calm_end end = c->ends[i];
    struct calm_job *job = &c->jobs[end.job];
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Exit gone = MOISSON__EXIT__INIT;
    Moisson__Ended ended = MOISSON__ENDED__INIT;
    EVENT (ended, ENDED, &ended);

    c->ends[i] = c->ends[--c->n_ends];
    id.raw_id = end.raw_id;
    id.attempt = end.attempt;
    gone.id = &id;
    gone.kind = MOISSON__END_KIND__END_EXITED;
    gone.has_code = gone.has_end_us = true;
    gone.end_us = c->now;
    ended.exit = &gone;
    job->running--;
    give (c, job, end.placed);
    apply (c, &event);
    moisson__placed__free_unpacked (end.placed, NULL);
}

static size_t next_end (const struct calm *c)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < c->n_ends; i++)
        if (best == SIZE_MAX || c->ends[i].at < c->ends[best].at ||
            (c->ends[i].at == c->ends[best].at && c->ends[i].raw_id < c->ends[best].raw_id))
            best = i;
    return best;
}

static void tick (struct calm *c)
{
    Moisson__Clock clock = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &clock);

    apply (c, &event);
    c->want_pass = true;
}

static void moment (struct calm *c, size_t *next)
{
    for (size_t i; !c->wrong.why && (i = next_end (c)) != SIZE_MAX && c->ends[i].at <= c->now;)
        finish (c, i);
    while (!c->wrong.why && *next < c->n_jobs && c->jobs[*next].submit <= c->now)
        submit (c, &c->jobs[(*next)++]);
    if (core_next_deadline (c->core) <= c->now)
        tick (c);
    if (c->want_pass)
        pass (c);
}

static void live (struct calm *c)
{
    size_t next = 0;

    while (!c->wrong.why) {
        size_t i = next_end (c);
        usec_t at = i == SIZE_MAX ? UINT64_MAX : c->ends[i].at, clock = core_next_deadline (c->core);
        if (next < c->n_jobs && c->jobs[next].submit < at)
            at = c->jobs[next].submit;
        if (at == UINT64_MAX)
            return;
        c->now = clock < at ? clock : at;
        moment (c, &next);
    }
}

static void settle (struct calm *c)
{
    for (size_t i = 0; i < c->n_jobs && !c->wrong.why; i++) {
        const struct calm_job *job = &c->jobs[i];
        if (job->id && job->records != (job->array ? job->array : 1))
            wrong (c, job->records ? "has too few or too many records" : "never ran, and nothing runs any more",
                   job->id);
    }
    for (size_t i = 0; i < c->n_nodes && !c->wrong.why; i++)
        if (c->nodes[i].used_cpus || c->nodes[i].used_mem_mb || c->nodes[i].jobs)
            wrong (c, "something is still taken at the end", 0);
    if (!c->wrong.why)
        replay (c);
}

int calm_run (struct calm *c)
{
    c->core = core_create ();
    c->now = 1700000000 * USEC_PER_SEC;
    configure (c);
    live (c);
    settle (c);
    return c->wrong.why ? -1 : 0;
}

void calm_clear (struct calm *c)
{
    core_free (c->core);
    for (size_t i = 0; i < c->n_ends; i++)
        moisson__placed__free_unpacked (c->ends[i].placed, NULL);
    for (size_t i = 0; i < c->n_journal; i++)
        free (c->journal[i].event);
    for (size_t i = 0; i < c->n_jobs; i++) {
        free (c->jobs[i].start);
        free (c->jobs[i].promised);
    }
    free (c->jobs);
    free (c->ends);
    free (c->journal);
    err_clear (&c->wrong);
    *c = (struct calm){0};
}
