/* core_kit.h - a little language for tests of the core: a cluster, events in one line each, and what they led to.
 *
 *     struct kit *k = kit_new ("n[1-2]", 4);            two nodes of 4 cpus, 4000 MB, 2 gpus, up
 *     uint64_t id = submit (k, .cpus_per_task = 2);     a JobSpec in words
 *     pass (k);                                         places all that fits
 *     started (k, id, 1); exited (k, id, 1, 0);
 *
 * After every event core_check holds. */
#pragma once
#include <check.h>
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/retry.h"
#include "core/core.h"

#define START_US (1000 * USEC_PER_SEC)
#define ALICE 1000

struct kit {
    struct core *core;
    usec_t now;
    struct effects fx; /* of the last event */
};

/* --- events ------------------------------------------------------------------------------------------------------- */

/* Apply, expecting rc; then every invariant. */
static inline int kit_try (struct kit *k, Moisson__Event *event)
{
    struct err err = ERR_INIT;
    int rc;

    effects_clear (&k->fx);
    event->now_us = k->now;
    rc = core_apply (k->core, event, k->now, &k->fx, &err);
    err_clear (&err);
    if (core_check (k->core, &err))
        ck_abort_msg ("core_check: %s", err.why);
    return rc;
}

static inline void kit_apply (struct kit *k, Moisson__Event *event)
{
    struct err err = ERR_INIT;

    effects_clear (&k->fx);
    event->now_us = k->now;
    if (core_apply (k->core, event, k->now, &k->fx, &err))
        ck_abort_msg ("core_apply: %s", err.why);
    if (core_check (k->core, &err))
        ck_abort_msg ("core_check: %s", err.why);
}

#define EVENT(what, WHAT, var)                                                                                         \
    Moisson__Event event = MOISSON__EVENT__INIT;                                                                       \
    event.what_case = MOISSON__EVENT__WHAT_##WHAT;                                                                     \
    event.what = (var)

static inline void node_up_as (struct kit *k, const char *name, const char *boot)
{
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    facts.node = (char *) name;
    facts.boot_id = (char *) boot;
    facts.version = (char *) "test";
    up.facts = &facts;
    kit_apply (k, &event);
}

static inline void node_up (struct kit *k, const char *name)
{
    node_up_as (k, name, "boot-1");
}

static inline void node_down (struct kit *k, const char *name, bool dead)
{
    Moisson__NodeDown down = MOISSON__NODE_DOWN__INIT;
    EVENT (node_down, NODE_DOWN, &down);

    down.node = (char *) name;
    down.has_dead = true;
    down.dead = dead;
    kit_apply (k, &event);
}

static inline void node_set (struct kit *k, const char *name, const char *state)
{
    Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
    EVENT (node_set, NODE_SET, &set);

    set.node = (char *) name;
    set.state = (char *) state;
    set.reason = (char *) "because";
    kit_apply (k, &event);
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

struct kit_conf { /* may be changed before kit_configure */
    Moisson__Config config;
    Moisson__PartitionConf partition;
    Moisson__PartitionConf *partitions[1];
    Moisson__NodeConf nodes[64], *node_list[64];
    Moisson__Licence licences[4], *licence_list[4];
    char *names[64];
};

static inline struct kit_conf *kit_conf (const char *nodes, uint32_t cpus)
{
    struct kit_conf *c = xcalloc (1, sizeof *c);
    struct hostlist *hl;

    ck_assert_int_eq (hostlist_parse (&hl, nodes, NULL), 0);
    moisson__config__init (&c->config);
    moisson__partition_conf__init (&c->partition);
    for (size_t i = 0; i < hostlist_count (hl); i++) {
        moisson__node_conf__init (&c->nodes[i]);
        c->names[i] = c->nodes[i].name = xstrdup (hostlist_nth (hl, i));
        c->nodes[i].cpus = cpus;
        c->nodes[i].mem_mb = cpus * 1000;
        c->nodes[i].has_gpus = true;
        c->nodes[i].gpus = 2;
        c->node_list[i] = &c->nodes[i];
    }
    c->config.n_nodes = c->partition.n_nodes = hostlist_count (hl);
    c->config.nodes = c->node_list;
    c->partition.nodes = c->names;
    c->partition.name = (char *) "main";
    c->partition.has_is_default = c->partition.is_default = true;
    c->partitions[0] = &c->partition;
    c->config.partitions = c->partitions;
    c->config.n_partitions = 1;
    c->config.cluster = (char *) "test";
    c->config.min_job_age_s = 300;
    c->config.max_array_size = 4000001;
    c->config.max_job_count = 1000000;
    c->config.submit_key_age_s = 3600;
    c->config.first_job_id = 1;
    hostlist_free (hl);
    return c;
}

static inline void kit_conf_free (struct kit_conf *c)
{
    for (size_t i = 0; i < sizeof c->names / sizeof *c->names; i++)
        free (c->names[i]);
    free (c);
}

static inline void kit_configure (struct kit *k, struct kit_conf *c)
{
    EVENT (configured, CONFIGURED, &c->config);

    kit_apply (k, &event);
}

static inline struct kit *kit_with (struct kit_conf *c)
{
    struct kit *k = xcalloc (1, sizeof *k);

    k->core = core_create ();
    k->now = START_US;
    kit_configure (k, c);
    for (size_t i = 0; i < c->config.n_nodes; i++)
        node_up (k, c->nodes[i].name);
    kit_conf_free (c);
    return k;
}

static inline struct kit *kit_new (const char *nodes, uint32_t cpus)
{
    return kit_with (kit_conf (nodes, cpus));
}

static inline void kit_freep (struct kit **k)
{
    effects_clear (&(*k)->fx);
    core_free ((*k)->core);
    free (*k);
}
#define _cleanup_kit_ __attribute__ ((cleanup (kit_freep)))

/* --- jobs --------------------------------------------------------------------------------------------------------- */

#define KIT_GRES 9

struct ask { /* a JobSpec in words; 0 and NULL = not asked */
    const char *user, *account, *qos;
    const char *name, *partition, *nodelist, *exclude, *constraint, *submit_key, *token, *reservation, *licenses;
    uint32_t min_cpus;
    bool exclusive_user, contiguous;
    uint32_t threads_per_core, tasks_per_core;
    uint32_t uid, nodes, max_nodes, ntasks, ntasks_per_node, cpus_per_task, gpus, array_limit;
    uint64_t mem, mem_per_cpu, time_s, time_min_s;
    usec_t begin, deadline;
    int32_t nice;
    uint32_t priority, mail_types;
    const char *retry; /* the words of --retry */
    bool hold, exclusive, requeue, no_requeue, any, kill_on_invalid, all_memory;
    struct kit_gres {
        const char *name, *type; /* name NULL: the end */
        uint32_t n;
        Moisson__GresPer per;
    } gres[KIT_GRES];
    uint32_t array_first, array_last, array_step; /* last > 0: an array */
    Moisson__DependType depend;                   /* with on, or DEP_SINGLETON */
    uint64_t on;
    uint32_t on_task; /* + 1 */
    uint32_t delay_min;
    Moisson__DependType depend2;
    uint64_t on2;
};

struct kit_spec {
    Moisson__JobSpec spec; /* retry_clear it */
    Moisson__Range range, *ranges[1];
    Moisson__Dependency depends[2], *depend_list[2];
    Moisson__Gres gres[KIT_GRES];
    Moisson__GresAsk asks[KIT_GRES], *ask_list[KIT_GRES];
};

#define GIVE(field, value) ((spec)->has_##field = (value) != 0, (spec)->field = (value))

static inline void kit_gres_fill (struct kit_spec *s, const struct ask *ask)
{
    size_t n = 0;

    s->spec.has_mail_types = ask->mail_types != 0;
    s->spec.mail_types = ask->mail_types;
    for (; n < KIT_GRES && ask->gres[n].name; n++) {
        moisson__gres__init (&s->gres[n]);
        s->gres[n].name = (char *) ask->gres[n].name;
        s->gres[n].type = (char *) ask->gres[n].type;
        s->gres[n].count = ask->gres[n].n;
        moisson__gres_ask__init (&s->asks[n]);
        s->asks[n].gres = &s->gres[n];
        s->asks[n].per = ask->gres[n].per ? ask->gres[n].per : MOISSON__GRES_PER__GRES_PER_NODE;
        s->ask_list[n] = &s->asks[n];
    }
    s->spec.gres_asks = s->ask_list;
    s->spec.n_gres_asks = n;
}

static inline void kit_depends_fill (struct kit_spec *s, const struct ask *ask)
{
    Moisson__JobSpec *spec = &s->spec;

    for (int i = 0; i < 2; i++) {
        Moisson__Dependency *d = &s->depends[i];
        moisson__dependency__init (d);
        d->type = i ? ask->depend2 : ask->depend;
        d->has_job_id = true;
        d->job_id = i ? ask->on2 : ask->on;
        d->has_task = !i && ask->on_task;
        d->task = ask->on_task - 1;
        d->has_delay_min = !i && ask->delay_min;
        d->delay_min = ask->delay_min;
        s->depend_list[i] = d;
    }
    spec->depends = s->depend_list;
    spec->n_depends = ask->depend ? ask->depend2 ? 2 : 1 : 0;
}

static inline void kit_spec_fill (struct kit_spec *s, const struct ask *ask)
{
    Moisson__JobSpec *spec = &s->spec;

    moisson__job_spec__init (spec);
    kit_gres_fill (s, ask);
    spec->name = (char *) (ask->name ? ask->name : "job");
    spec->partition = (char *) ask->partition;
    spec->account = (char *) ask->account;
    spec->qos = (char *) ask->qos;
    spec->nodelist = (char *) ask->nodelist;
    spec->exclude = (char *) ask->exclude;
    spec->constraint = (char *) ask->constraint;
    spec->reservation = (char *) ask->reservation;
    spec->licenses = (char *) ask->licenses;
    GIVE (min_cpus, ask->min_cpus);
    GIVE (exclusive_user, ask->exclusive_user);
    GIVE (contiguous, ask->contiguous);
    GIVE (min_nodes, ask->nodes);
    GIVE (max_nodes, ask->max_nodes);
    GIVE (ntasks, ask->ntasks);
    GIVE (ntasks_per_node, ask->ntasks_per_node);
    GIVE (cpus_per_task, ask->cpus_per_task);
    GIVE (threads_per_core, ask->threads_per_core);
    GIVE (ntasks_per_core, ask->tasks_per_core);
    GIVE (gpus_per_node, ask->gpus);
    GIVE (array_limit, ask->array_limit);
    GIVE (mem_per_node_mb, ask->mem);
    spec->has_mem_per_node_mb |= ask->all_memory;
    GIVE (mem_per_cpu_mb, ask->mem_per_cpu);
    GIVE (time_limit_s, ask->time_s);
    GIVE (time_min_s, ask->time_min_s);
    GIVE (begin_us, ask->begin);
    GIVE (deadline_us, ask->deadline);
    GIVE (hold, ask->hold);
    GIVE (nice, ask->nice);
    GIVE (priority, ask->priority);
    GIVE (exclusive, ask->exclusive);
    GIVE (requeue, ask->requeue);
    spec->has_requeue |= ask->no_requeue;
    ck_assert_int_eq (retry_parse (spec, ask->retry, NULL), 0);
    GIVE (depends_any, ask->any);
    GIVE (kill_on_invalid_dep, ask->kill_on_invalid);
    if (ask->array_last) {
        moisson__range__init (&s->range);
        s->range.first = ask->array_first;
        s->range.last = ask->array_last;
        s->range.has_step = true;
        s->range.step = ask->array_step ? ask->array_step : 1;
        s->ranges[0] = &s->range;
        spec->array = s->ranges;
        spec->n_array = 1;
    }
    kit_depends_fill (s, ask);
}

static inline uint64_t kit_submit (struct kit *k, const struct ask *ask)
{
    struct kit_spec s;
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    EVENT (submitted, SUBMITTED, &submitted);

    kit_spec_fill (&s, ask);
    submitted.job_id = core_next_job_id (k->core);
    submitted.spec = &s.spec;
    submitted.uid = ask->uid ? ask->uid : ALICE;
    submitted.user = (char *) (ask->user ? ask->user : "alice");
    submitted.submit_key = (char *) ask->submit_key;
    submitted.has_token = ask->token != NULL;
    submitted.token.data = (uint8_t *) ask->token;
    submitted.token.len = ask->token ? strlen (ask->token) : 0;
    kit_apply (k, &event);
    retry_clear (&s.spec);
    return submitted.job_id;
}
#define submit(k, ...) kit_submit (k, &(struct ask){__VA_ARGS__})

static inline int kit_admit (struct kit *k, const struct ask *ask, struct err *err)
{
    struct kit_spec s;

    kit_spec_fill (&s, ask);
    struct submitter who = {.user = ask->user ? ask->user : "alice"};
    int rc = core_admit (k->core, &s.spec, &who, k->now, err);
    retry_clear (&s.spec);
    return rc;
}
#define admit(k, err, ...) kit_admit (k, &(struct ask){__VA_ARGS__}, err)

/* Places the next one; *ret_raw its raw id. False: nothing fits. */
static inline bool place (struct kit *k, uint64_t *ret_raw)
{
    Moisson__Event *event;

    while (true) {
        if (core_next_placement (k->core, k->now, &event) == CORE_E_NOTHING)
            return false;
        if (event->what_case == MOISSON__EVENT__WHAT_PLACED)
            break;
        kit_apply (k, event); /* room is made */
        moisson__event__free_unpacked (event, NULL);
    }
    if (ret_raw)
        *ret_raw = event->placed->raw_id;
    kit_apply (k, event);
    moisson__event__free_unpacked (event, NULL);
    return true;
}

/* A whole pass; how many were placed. */
static inline size_t pass (struct kit *k)
{
    size_t n = 0;

    core_pass_begin (k->core, k->now);
    while (place (k, NULL))
        n++;
    return n;
}

static inline void started (struct kit *k, uint64_t raw_id, uint32_t attempt)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Started s = MOISSON__STARTED__INIT;
    EVENT (started, STARTED, &s);

    id.raw_id = raw_id;
    id.attempt = attempt;
    s.id = &id;
    s.start_us = k->now;
    kit_apply (k, &event);
}

static inline void ended_as (struct kit *k, const char *node, Moisson__Exit *exit, uint64_t raw_id, uint32_t attempt)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Ended e = MOISSON__ENDED__INIT;
    EVENT (ended, ENDED, &e);

    id.raw_id = raw_id;
    id.attempt = attempt;
    exit->id = &id;
    e.exit = exit;
    e.node = (char *) node;
    kit_apply (k, &event);
}

static inline void ended_on (struct kit *k, const char *node, uint64_t raw_id, uint32_t attempt, Moisson__EndKind kind)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = kind;
    ended_as (k, node, &exit, raw_id, attempt);
}

static inline void refused (struct kit *k, uint64_t raw_id, uint32_t attempt, const char *cause)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = MOISSON__END_KIND__END_REFUSED;
    exit.cause = (char *) cause;
    ended_as (k, NULL, &exit, raw_id, attempt);
}

/* ... for who its user is */
static inline void refused_for_user (struct kit *k, uint64_t raw_id, uint32_t attempt)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = MOISSON__END_KIND__END_REFUSED;
    exit.cause = (char *) "not known on this node";
    exit.has_of_user = exit.of_user = true;
    ended_as (k, NULL, &exit, raw_id, attempt);
}

static inline void ended (struct kit *k, uint64_t raw_id, uint32_t attempt, Moisson__EndKind kind, uint32_t code,
                          uint32_t signal)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = kind;
    exit.has_code = exit.has_signal = true;
    exit.code = code;
    exit.signal = signal;
    ended_as (k, NULL, &exit, raw_id, attempt);
}

static inline void exited (struct kit *k, uint64_t raw_id, uint32_t attempt, uint32_t code)
{
    ended (k, raw_id, attempt, MOISSON__END_KIND__END_EXITED, code, 0);
}

static inline void unplaced (struct kit *k, uint64_t raw_id, uint32_t attempt)
{
    Moisson__Unplaced u = MOISSON__UNPLACED__INIT;
    EVENT (unplaced, UNPLACED, &u);

    u.raw_id = raw_id;
    u.attempt = attempt;
    kit_apply (k, &event);
}

/* What is given is changed, if it may be. by_operator is asked only for what users may not. */
static inline int kit_update (struct kit *k, uint64_t id, Moisson__JobUpdated *u, bool by_operator, struct err *err)
{
    EVENT (job_updated, JOB_UPDATED, u);

    u->job_id = id;
    u->uid = ALICE;
    if (core_admit_update (k->core, u, by_operator, k->now, err))
        return -1;
    kit_apply (k, &event);
    return 0;
}

/* first > last: the whole job. */
#define ALL_TASKS 1, 0

static inline int cancel_try (struct kit *k, uint64_t id, uint32_t first, uint32_t last, bool pending_only)
{
    Moisson__CancelRequested c = MOISSON__CANCEL_REQUESTED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    EVENT (cancel_requested, CANCEL_REQUESTED, &c);

    range.first = first;
    range.last = last;
    c.job_id = id;
    c.uid = ALICE;
    c.tasks = ranges;
    c.n_tasks = first <= last;
    c.has_pending_only = true;
    c.pending_only = pending_only;
    return kit_try (k, &event);
}

static inline void cancel (struct kit *k, uint64_t id, uint32_t first, uint32_t last)
{
    ck_assert_int_eq (cancel_try (k, id, first, last, false), 0);
}

static inline void hold (struct kit *k, uint64_t id, uint32_t first, uint32_t last, bool held, bool by_admin)
{
    Moisson__Held h = MOISSON__HELD__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    EVENT (held, HELD, &h);

    range.first = first;
    range.last = last;
    h.job_id = id;
    h.held = held;
    h.uid = ALICE;
    h.has_by_admin = true;
    h.by_admin = by_admin;
    h.tasks = ranges;
    h.n_tasks = first <= last;
    kit_apply (k, &event);
}

static inline int requeue_try (struct kit *k, uint64_t id, bool with_hold)
{
    Moisson__Requeued r = MOISSON__REQUEUED__INIT;
    EVENT (requeued, REQUEUED, &r);

    r.job_id = id;
    r.uid = ALICE;
    r.has_hold = true;
    r.hold = with_hold;
    return kit_try (k, &event);
}

static inline void clock_at (struct kit *k, usec_t now)
{
    Moisson__Clock c = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &c);

    k->now = now;
    kit_apply (k, &event);
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

/* Copies of the rows of one job (or task, by raw id), or of all (0); free with rows_free. */
struct rows {
    Moisson__JobInfo *row[64];
    size_t n;
};

static inline bool rows_add (void *arg, const Moisson__JobInfo *row)
{
    struct rows *rows = arg;
    uint8_t *bytes = xmalloc (moisson__job_info__get_packed_size (row) + 1);
    size_t len = moisson__job_info__pack (row, bytes);

    ck_assert_uint_lt (rows->n, 64);
    rows->row[rows->n++] = moisson__job_info__unpack (NULL, len, bytes);
    free (bytes);
    return true;
}

static inline void rows_free (struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        moisson__job_info__free_unpacked (rows->row[i], NULL);
    rows->n = 0;
}
#define _cleanup_rows_ __attribute__ ((cleanup (rows_free)))

static inline struct rows rows_of (struct kit *k, uint64_t id, bool expand)
{
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    struct rows rows = {0};

    ref.job_id = id;
    filter.jobs = refs;
    filter.n_jobs = id != 0;
    request.filter = &filter;
    request.has_ended = request.ended = true;
    request.has_expand = true;
    request.expand = expand;
    ck_assert_uint_eq (core_jobs (k->core, &request, 0, 0, rows_add, &rows), 0);
    return rows;
}

static inline job_state_t state_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    return rows.row[0]->state;
}

#define assert_state(k, id, STATE) ck_assert_str_eq (state_name (state_of (k, id)), #STATE)

static inline void assert_reason (struct kit *k, uint64_t id, const char *reason)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    ck_assert_str_eq (rows.row[0]->reason, reason);
}

static inline void assert_cause (struct kit *k, uint64_t id, const char *cause)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    ck_assert_str_eq (rows.row[0]->cause ? rows.row[0]->cause : "", cause);
}

static inline void assert_nodes (struct kit *k, uint64_t id, const char *nodes)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    ck_assert_str_eq (rows.row[0]->nodes ? rows.row[0]->nodes : "", nodes);
}

struct kit_node {
    const char *name;
    char state[32];
    uint32_t free_cpus;
};

static inline bool kit_node_look (void *arg, const Moisson__NodeInfo *row)
{
    struct kit_node *node = arg;

    if (strcmp (row->name, node->name))
        return true;
    snprintf (node->state, sizeof node->state, "%s", row->state);
    node->free_cpus = row->cpus - row->alloc_cpus;
    return true;
}

static inline struct kit_node node_of (struct kit *k, const char *name)
{
    struct kit_node node = {.name = name};

    core_nodes (k->core, 0, 0, kit_node_look, &node);
    return node;
}
#define assert_node(k, name, text) ck_assert_str_eq (node_of (k, name).state, text)

/* The only accounting record among the effects of the last event. */
static inline const Moisson__AcctRecord *the_record (struct kit *k)
{
    const Moisson__AcctRecord *record = NULL;

    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_RECORD) {
            ck_assert_ptr_null (record);
            record = k->fx.list[i].record;
        }
    ck_assert_ptr_nonnull (record);
    return record;
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

static inline int kit_load_into (void *arg, const Moisson__Image *image)
{
    size_t len = moisson__image__get_packed_size (image);
    uint8_t *bytes = xmalloc (len + 1);
    Moisson__Image *copy;
    struct err err = ERR_INIT;

    moisson__image__pack (image, bytes);
    copy = moisson__image__unpack (NULL, len, bytes);
    if (core_load (arg, copy, &err))
        ck_abort_msg ("core_load: %s", err.why);
    moisson__image__free_unpacked (copy, NULL);
    free (bytes);
    return 0;
}

/* From now on the kit goes on with what was loaded. */
static inline void kit_reload (struct kit *k)
{
    struct core *copy = core_create ();
    struct err err = ERR_INIT;
    uint8_t a[32], b[32];

    ck_assert_int_eq (core_save (k->core, 42, kit_load_into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    if (core_check (copy, &err))
        ck_abort_msg ("core_check: %s", err.why);
    core_free (k->core);
    k->core = copy;
}
