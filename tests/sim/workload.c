/* workload.c - submits, and everything that goes wrong on the way. */
#include "events.h"
#include "workload.h"
#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"

static const char *const gpu_types[VGPU_TYPES] = {"a100", "v100"};

int workload_gpu_type (const char *name)
{
    int type = 0;

    while (strcmp (name, gpu_types[type]))
        type++;
    return type;
}

static Moisson__Gres *gres (const char *type, uint32_t n)
{
    Moisson__Gres *g = xmalloc (sizeof *g);

    moisson__gres__init (g);
    g->name = xstrdup ("gpu");
    g->type = xstrdup (type);
    g->count = n;
    return g;
}

static void add_gpus (Moisson__NodeConf *n, int type, uint32_t count)
{
    if (!count)
        return;
    n->gres_have = xrealloc (n->gres_have, (n->n_gres_have + 1) * sizeof (void *));
    n->gres_have[n->n_gres_have++] = gres (gpu_types[type], count);
    n->has_gpus = true;
    n->gpus += count;
}

/* Small and large nodes; those of four CPUs and more have two threads a core while the world gives out whole cores, and
 * the largest keeps a core and some memory to itself. */
static Moisson__NodeConf *node_conf (const struct vnode *node, bool whole_cores)
{
    Moisson__NodeConf *n = xmalloc (sizeof *n);

    moisson__node_conf__init (n);
    n->name = xstrdup (node->name);
    n->has_spec_cpus = n->has_spec_mem_mb = node->cpus == 8;
    n->spec_cpus = n->has_spec_cpus ? 2 : 0;
    n->spec_mem_mb = n->has_spec_mem_mb ? 500 : 0;
    n->cpus = node->cpus + n->spec_cpus;
    n->mem_mb = node->cpus * 1000 + n->spec_mem_mb;
    n->has_core_cpus = whole_cores && node->cpus >= 4;
    n->core_cpus = n->has_core_cpus ? 2 : 0;
    n->has_sockets = n->has_cores_per_socket = n->has_threads_per_core = true;
    n->sockets = 1;
    n->threads_per_core = node->cpus >= 4 ? 2 : 1;
    n->cores_per_socket = n->cpus / n->threads_per_core;
    for (int type = 0; type < VGPU_TYPES; type++)
        add_gpus (n, type, node->gpus[type]);
    return n;
}

static Moisson__PartitionConf *partition_conf (const struct world *w)
{
    Moisson__PartitionConf *p = xmalloc (sizeof *p);

    moisson__partition_conf__init (p);
    p->name = xstrdup ("main");
    p->has_is_default = p->is_default = true;
    p->nodes = xcalloc (WORLD_NODES, sizeof (char *));
    for (int i = 0; i < WORLD_NODES; i++)
        p->nodes[p->n_nodes++] = xstrdup (w->nodes[i].name);
    p->has_def_mem_per_cpu_mb = true;
    p->def_mem_per_cpu_mb = 100;
    return p;
}

static void add_licences (Moisson__Config *c)
{
    Moisson__Licence *licence = xmalloc (sizeof *licence);

    moisson__licence__init (licence);
    licence->name = xstrdup ("lic");
    licence->count = BOOKINGS_LICENCES;
    c->licences = xcalloc (1, sizeof (void *));
    c->licences[c->n_licences++] = licence;
}

static int configure (struct world *w)
{
    Moisson__Event *ev = world_new_event ();
    Moisson__Config *c = xmalloc (sizeof *c);

    moisson__config__init (c);
    c->cluster = xstrdup ("sim");
    c->nodes = xcalloc (WORLD_NODES, sizeof (void *));
    for (int i = 0; i < WORLD_NODES; i++)
        c->nodes[c->n_nodes++] = node_conf (&w->nodes[i], w->whole_cores);
    c->partitions = xcalloc (1, sizeof (void *));
    c->partitions[c->n_partitions++] = partition_conf (w);
    policy_configure (w, c);
    accounts_configure (w, c);
    c->min_job_age_s = 30;
    c->kill_wait_s = 5;
    c->max_array_size = 1000;
    c->max_job_count = 100000;
    c->node_timeout_s = 60;
    c->submit_key_age_s = 600;
    c->first_job_id = 1;
    c->has_return_to_service = c->has_resume_timeout_s = true;
    c->return_to_service = dice_below (&w->dice, 3);
    c->resume_timeout_s = 20;
    add_licences (c);
    ev->what_case = MOISSON__EVENT__WHAT_CONFIGURED;
    ev->configured = c;
    return world_event (w, ev);
}

void workload_begin (struct world *w)
{
    w->whole_cores = dice_percent (&w->dice, 50);
    policy_begin (w);
    w->limits = dice_percent (&w->dice, 50);
    if (configure (w))
        return;
    accounts_change (w);
    for (int i = 0; i < WORLD_NODES; i++)
        world_connect (w, &w->nodes[i]);
}

/* --- submits ---------------------------------------------------------------------------------------------------- */

static void add_dependency (struct world *w, Moisson__JobSpec *spec)
{
    uint64_t newest = core_next_job_id (w->core) - 1;
    Moisson__Dependency *d = xmalloc (sizeof *d);

    moisson__dependency__init (d);
    d->type = 1 + dice_below (&w->dice, 7);
    if (spec->n_array && dice_percent (&w->dice, 40))
        d->type = MOISSON__DEPEND_TYPE__DEP_AFTERCORR;
    if (d->type != MOISSON__DEPEND_TYPE__DEP_SINGLETON) {
        d->has_job_id = true;
        d->job_id = newest > 6 ? newest - dice_below (&w->dice, 6) : newest;
    }
    spec->depends = xrealloc (spec->depends, (spec->n_depends + 1) * sizeof (void *));
    spec->depends[spec->n_depends++] = d;
    if (dice_percent (&w->dice, 60)) {
        spec->has_kill_on_invalid_dep = true;
        spec->kill_on_invalid_dep = true;
    }
}

static uint32_t add_array (struct world *w, Moisson__JobSpec *spec)
{
    Moisson__Range *r = xmalloc (sizeof *r);
    uint32_t count = 1 + dice_below (&w->dice, 12);

    moisson__range__init (r);
    r->first = dice_below (&w->dice, 5);
    r->last = r->first + count - 1;
    spec->array = xcalloc (1, sizeof (void *));
    spec->array[spec->n_array++] = r;
    if (dice_percent (&w->dice, 40)) {
        spec->has_array_limit = true;
        spec->array_limit = 1 + dice_below (&w->dice, 3);
    }
    return count;
}

/* GPUs of a type or of any, in each of the ways to ask. */
static void ask_gpus (struct world *w, Moisson__JobSpec *spec)
{
    Moisson__GresAsk *ask = xmalloc (sizeof *ask);
    uint32_t type = dice_below (&w->dice, VGPU_TYPES + 1);

    moisson__gres_ask__init (ask);
    ask->gres = gres (type < VGPU_TYPES ? gpu_types[type] : NULL, 1 + dice_below (&w->dice, 2));
    ask->per = 1 + dice_below (&w->dice, 3);
    spec->gres_asks = xrealloc (spec->gres_asks, (spec->n_gres_asks + 1) * sizeof (void *));
    spec->gres_asks[spec->n_gres_asks++] = ask;
}

Moisson__JobSpec *workload_spec (struct world *w, uint32_t *ret_tasks)
{
    Moisson__JobSpec *spec = xmalloc (sizeof *spec);

    moisson__job_spec__init (spec);
    spec->name = xasprintf ("j%u", dice_below (&w->dice, 4));
    spec->work_dir = xstrdup ("/");
    *ret_tasks = 1;
    spec->has_cpus_per_task = true;
    spec->cpus_per_task = 1 + dice_below (&w->dice, 4);
    if (dice_percent (&w->dice, 25))
        *ret_tasks = add_array (w, spec);
    if (dice_percent (&w->dice, 15))
        spec->has_hold = spec->hold = true;
    if (dice_percent (&w->dice, 20))
        spec->has_requeue = spec->requeue = true;
    policy_spec (w, spec);
    while (dice_percent (&w->dice, 15))
        add_dependency (w, spec);
    while (dice_percent (&w->dice, 20) && spec->n_gres_asks < 4)
        ask_gpus (w, spec);
    if (dice_percent (&w->dice, 10)) {
        spec->has_begin_us = true;
        spec->begin_us = w->now + dice_below (&w->dice, 60) * USEC_PER_SEC;
    }
    if (dice_percent (&w->dice, 10)) {
        spec->has_deadline_us = spec->has_time_limit_s = true;
        spec->time_limit_s = dice_below (&w->dice, 20);
        spec->deadline_us = w->now + (20 + dice_below (&w->dice, 90)) * USEC_PER_SEC;
    }
    if (dice_percent (&w->dice, 20))
        spec->licenses = xasprintf ("lic:%u", 1 + dice_below (&w->dice, BOOKINGS_LICENCES));
    if (dice_percent (&w->dice, 10))
        spec->reservation = xasprintf ("r%u", dice_below (&w->dice, 2));
    if (dice_percent (&w->dice, 60)) {
        spec->has_time_limit_s = true;
        spec->time_limit_s = 10 + dice_below (&w->dice, 200);
    }
    if (dice_percent (&w->dice, 25)) {
        spec->has_time_min_s = true;
        spec->time_min_s = 1 + dice_below (&w->dice, spec->time_limit_s ? (uint32_t) spec->time_limit_s : 60);
    }
    if (dice_percent (&w->dice, 10)) {
        spec->has_threads_per_core = true;
        spec->threads_per_core = 1;
    }
    if (dice_percent (&w->dice, 10)) {
        spec->has_ntasks = spec->has_ntasks_per_core = true;
        spec->ntasks = 1 + dice_below (&w->dice, 3);
        spec->ntasks_per_core = 1 + dice_below (&w->dice, 2);
    }
    if (dice_percent (&w->dice, 10)) {
        spec->has_min_nodes = true;
        spec->min_nodes = 2;
        spec->has_ntasks = true;
        spec->ntasks = 2;
    }
    return spec;
}

static void submit (struct world *w)
{
    uint32_t tasks;
    uint64_t earlier;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__JobSpec *spec = workload_spec (w, &tasks);
    Moisson__Event *ev = world_new_event ();
    Moisson__Submitted *s = xmalloc (sizeof *s);

    moisson__submitted__init (s);
    ev->what_case = MOISSON__EVENT__WHAT_SUBMITTED;
    ev->submitted = s;
    s->spec = spec;
    s->job_id = core_next_job_id (w->core);
    s->uid = 1000 + dice_below (&w->dice, 3);
    s->gid = 100;
    s->user = xasprintf ("u%u", s->uid);
    accounts_spec (w, spec);
    s->has_token = true;
    s->token = (ProtobufCBinaryData){.len = 16, .data = xcalloc (16, 1)};
    for (int i = 0; i < 2; i++) /* few enough that some repeat */
        s->token.data[i] = (uint8_t) dice_below (&w->dice, 40);
    if (core_find_submit (w->core, s->uid, s->token.data, 16, NULL, spec, &earlier, &err) != SUBMIT_E_NEW ||
        core_admit (w->core, spec, NULL, w->now, &err)) {
        moisson__event__free_unpacked (ev, NULL); /* answered with the earlier id, or refused: nothing happens */
        return;
    }
    ledger_submitted (w->ledger, s->job_id, tasks, policy_rights (spec));
    world_event (w, ev);
}

/* --- what users do ----------------------------------------------------------------------------------------------- */

static void cancel (struct world *w)
{
    struct pick p;
    Moisson__Event *ev;

    if (!pick_job (w, &p))
        return;
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_CANCEL_REQUESTED;
    ev->cancel_requested = xmalloc (sizeof *ev->cancel_requested);
    moisson__cancel_requested__init (ev->cancel_requested);
    ev->cancel_requested->job_id = p.job_id;
    ev->cancel_requested->uid = 1000;
    if (dice_percent (&w->dice, 50))
        ev->cancel_requested->tasks = one_task (p.task, &ev->cancel_requested->n_tasks);
    world_event (w, ev);
}

static void hold_or_release (struct world *w)
{
    struct pick p;
    Moisson__Event *ev;

    if (!pick_job (w, &p) || p.state != MOISSON__JOB_STATE__STATE_PENDING)
        return;
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_HELD;
    ev->held = xmalloc (sizeof *ev->held);
    moisson__held__init (ev->held);
    ev->held->job_id = p.job_id;
    ev->held->uid = 1000;
    ev->held->held = dice_percent (&w->dice, 30);
    if (dice_percent (&w->dice, 50))
        ev->held->tasks = one_task (p.task, &ev->held->n_tasks);
    world_event (w, ev);
}

static void requeue (struct world *w)
{
    struct pick p;
    Moisson__Event *ev;

    if (!pick_job (w, &p) || p.state != MOISSON__JOB_STATE__STATE_RUNNING)
        return;
    ledger_requeued (w->ledger, p.job_id);
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_REQUEUED;
    ev->requeued = xmalloc (sizeof *ev->requeued);
    moisson__requeued__init (ev->requeued);
    ev->requeued->job_id = p.job_id;
    ev->requeued->uid = 1000;
    ev->requeued->tasks = one_task (p.task, &ev->requeued->n_tasks);
    world_event (w, ev);
}

/* What is asked for a job changes, as far as it may. */
static void update (struct world *w)
{
    struct pick p;
    Moisson__Event *ev;
    Moisson__JobUpdated *u;
    Moisson__JobSpec *changes;

    if (!pick_job (w, &p))
        return;
    ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_JOB_UPDATED;
    u = ev->job_updated = xmalloc (sizeof *u);
    moisson__job_updated__init (u);
    changes = u->changes = xmalloc (sizeof *changes);
    moisson__job_spec__init (changes);
    u->job_id = p.job_id;
    u->uid = 1000;
    if (dice_percent (&w->dice, 30))
        u->tasks = one_task (p.task, &u->n_tasks);
    changes->has_time_limit_s = dice_percent (&w->dice, 30);
    changes->time_limit_s = 60 * dice_below (&w->dice, 5);
    changes->has_nice = dice_percent (&w->dice, 30);
    changes->nice = (int32_t) dice_below (&w->dice, 9) - 4;
    changes->has_cpus_per_task = dice_percent (&w->dice, 20);
    changes->cpus_per_task = 1 + dice_below (&w->dice, 2);
    changes->has_array_limit = dice_percent (&w->dice, 10);
    changes->array_limit = dice_below (&w->dice, 3);
    if (dice_percent (&w->dice, 30))
        changes->name = xasprintf ("j%u", dice_below (&w->dice, 4));
    if (dice_percent (&w->dice, 20)) {
        changes->dependency = xstrdup ("");
        add_dependency (w, changes);
    }
    if (core_admit_update (w->core, u, dice_percent (&w->dice, 50), w->now, NULL) < 0)
        moisson__event__free_unpacked (ev, NULL);
    else
        world_event (w, ev);
}

static Moisson__NodeSet *node_set (struct world *w, const char *node, const char *state, Moisson__Event **ret)
{
    Moisson__Event *ev = world_new_event ();

    ev->what_case = MOISSON__EVENT__WHAT_NODE_SET;
    ev->node_set = xmalloc (sizeof *ev->node_set);
    moisson__node_set__init (ev->node_set);
    ev->node_set->node = xstrdup (node);
    ev->node_set->state = xstrdup (state);
    ev->node_set->reason = xstrdup ("dice");
    ev->node_set->has_uid = dice_percent (&w->dice, 50);
    *ret = ev;
    return ev->node_set;
}

static void set_node (struct world *w, const char *node, const char *state)
{
    Moisson__Event *ev;

    node_set (w, node, state, &ev);
    world_event (w, ev);
}

struct look {
    const char *name, *flag;
    bool found;
};

static bool look_for (void *arg, const Moisson__NodeInfo *row)
{
    struct look *look = arg;

    if (!strcmp (row->name, look->name))
        look->found = strstr (row->state_complete, look->flag);
    return true;
}

static bool shows (const struct world *w, const char *node, const char *flag)
{
    struct look look = {node, flag, false};

    core_nodes (w->core, 0, 0, look_for, &look);
    return look.found;
}

/* What admins and health checks say of nodes. */
static void node_words (struct world *w, const char *node)
{
    static const char *const any[] = {"DRAIN", "FAIL", "RESUME", "RESUME", "RESUME", "UNDRAIN",
                                      "SICK",  "WELL", "WELL",   "IDLE",   "REASON", "REBOOT_FAILED"};
    Moisson__Event *ev;
    Moisson__NodeSet *set;

    if (dice_percent (&w->dice, 70))
        set_node (w, node, any[dice_below (&w->dice, sizeof any / sizeof *any)]);
    else if (shows (w, node, "REBOOT_REQUESTED"))
        set_node (w, node, "CANCEL_REBOOT");
    else if (!core_node_rebooting (w->core, node)) {
        set = node_set (w, node, "REBOOT", &ev);
        set->has_asap = true;
        set->asap = dice_percent (&w->dice, 50);
        if (dice_percent (&w->dice, 50))
            set->next_state = xstrdup (dice_percent (&w->dice, 70) ? "RESUME" : "DOWN");
        world_event (w, ev);
    }
}

/* The controller's part of it. */
static void reboot_what_is_quiet (struct world *w)
{
    const char *node = core_next_reboot (w->core);
    char name[16];

    if (!node)
        return;
    snprintf (name, sizeof name, "%s", node);
    set_node (w, name, "REBOOTING");
}

static void clock_event (struct world *w)
{
    Moisson__Event *ev = world_new_event ();

    ev->what_case = MOISSON__EVENT__WHAT_CLOCK;
    ev->clock = xmalloc (sizeof *ev->clock);
    moisson__clock__init (ev->clock);
    if (world_event (w, ev) == 0)
        w->want_pass = true;
}

/* --- what machines do --------------------------------------------------------------------------------------------- */

static struct vnode *any_node (struct world *w)
{
    return &w->nodes[dice_below (&w->dice, WORLD_NODES)];
}

static void deliver (struct world *w, struct vnode *node)
{
    struct vnode_fate fate = {.run_for =
                                  (1 + dice_below (&w->dice, dice_percent (&w->dice, 20) ? 120 : 20)) * USEC_PER_SEC,
                              .die_for = dice_below (&w->dice, 15) * USEC_PER_SEC,
                              .code = dice_percent (&w->dice, 20) ? 1 : 0,
                              .refuse = dice_percent (&w->dice, 8),
                              .cling_for = dice_percent (&w->dice, 5) ? dice_below (&w->dice, 60) * USEC_PER_SEC : 0};

    vnode_receive (node, w->now, &fate, &w->listener);
    if (node->reboot_ordered && dice_percent (&w->dice, 80)) {
        for (size_t i = 0; i < node->n && core_node_rebooting (w->core, node->name); i++) {
            const struct vattempt *a = &node->attempts[i];
            const char *host = core_attempt_host (w->core, a->raw_id, a->attempt);
            if (a->phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING && host && !strcmp (host, node->name))
                err_set (&w->wrong, 0, "%s is rebooted under attempt %lu.%u", node->name, a->raw_id, a->attempt);
        }
        world_disconnect (w, node);
        vnode_reboot (node, w->now, dice_percent (&w->dice, 30), &w->listener);
    }
}

static void pass_time (struct world *w, usec_t step)
{
    w->now += step;
    for (int i = 0; i < WORLD_NODES; i++)
        vnode_advance (&w->nodes[i], w->now, &w->listener);
    if (core_next_deadline (w->core) <= w->now)
        clock_event (w);
}

static void link_trouble (struct world *w)
{
    struct vnode *node = any_node (w);

    if (!node->connected)
        world_connect (w, node);
    else if (dice_percent (&w->dice, 30))
        world_disconnect (w, node);
    else if (dice_percent (&w->dice, 10)) {
        world_disconnect (w, node);
        node->smaller = dice_percent (&w->dice, 20);
        vnode_reboot (node, w->now, dice_percent (&w->dice, 50), &w->listener);
        if (dice_percent (&w->dice, 30))
            set_node (w, node->name, "DOWN"); /* an admin confirms what is true */
    }
}

void workload_step (struct world *w)
{
    uint32_t roll = dice_below (&w->dice, 1000);

    if (dice_percent (&w->dice, 20))
        workload_unfold (w);
    if (roll < 10)
        workload_bulk (w);
    else if (roll < 90)
        submit (w);
    else if (roll < 120)
        cancel (w);
    else if (roll < 150)
        hold_or_release (w);
    else if (roll < 165)
        requeue (w);
    else if (roll < 173)
        update (w);
    else if (roll < 180)
        requeue_ended (w);
    else if (roll < 190)
        suspend_or_resume (w);
    else if (roll < 195)
        link_trouble (w);
    else if (roll < 200)
        reserve (w);
    else if (roll < 203)
        accounts_change (w);
    else if (roll < 215)
        world_hear_old (w);
    else if (roll < 218)
        world_crash (w);
    else if (roll < 223)
        reboot_what_is_quiet (w);
    else if (roll < 235)
        node_words (w, any_node (w)->name);
    else if (roll < 240)
        w->now -= dice_below (&w->dice, 5) * USEC_PER_SEC; /* the clock jumps back */
    else if (roll < 243) {                                 /* SelectTypeParameters is changed under what runs */
        w->whole_cores = !w->whole_cores;
        configure (w);
    } else if (roll < 450)
        pass_time (w, dice_below (&w->dice, 3000) * 1000);
    else if (roll < 700)
        deliver (w, any_node (w));
    else
        world_hear (w, any_node (w));
    if (w->want_pass && !w->wrong.why && dice_percent (&w->dice, 80))
        world_pass (w);
    accounts_hold (w);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void release_all (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state)
{
    struct idset *held = arg;

    (void) raw_id;
    (void) task;
    if (state_is_pending (state))
        idset_add (held, (uint32_t) job_id);
}

static void everything_released (struct world *w)
{
    _cleanup_idset_ struct idset *jobs = idset_create ();
    Moisson__JobFilter any = MOISSON__JOB_FILTER__INIT;

    core_select (w->core, &any, release_all, jobs);
    for (uint32_t id = idset_first (jobs); id != IDSET_NONE && !w->wrong.why; id = idset_next (jobs, id)) {
        Moisson__Event *ev = world_new_event ();
        ev->what_case = MOISSON__EVENT__WHAT_HELD;
        ev->held = xmalloc (sizeof *ev->held);
        moisson__held__init (ev->held);
        ev->held->job_id = id;
        ev->held->has_by_admin = ev->held->by_admin = true; /* also what was held after refused starts */
        world_event (w, ev);
    }
}

static void cancel_the_rest (struct world *w)
{
    struct pick p;

    while (!w->wrong.why && pick_job (w, &p)) { /* what waits for a dependency that never comes */
        Moisson__Event *ev;
        if (p.state != MOISSON__JOB_STATE__STATE_PENDING)
            return;
        ev = world_new_event ();
        ev->what_case = MOISSON__EVENT__WHAT_CANCEL_REQUESTED;
        ev->cancel_requested = xmalloc (sizeof *ev->cancel_requested);
        moisson__cancel_requested__init (ev->cancel_requested);
        ev->cancel_requested->job_id = p.job_id;
        world_event (w, ev);
    }
}

static void quiet_round (struct world *w)
{
    static const struct vnode_fate fate = {.run_for = USEC_PER_SEC};

    for (int i = 0; i < WORLD_NODES && !w->wrong.why; i++) {
        while (vnode_receive (&w->nodes[i], w->now, &fate, &w->listener))
            ;
        while (!w->wrong.why && world_hear (w, &w->nodes[i]))
            ;
    }
    pass_time (w, 2 * USEC_PER_SEC);
    if (!w->wrong.why)
        world_pass (w);
}

int workload_settle (struct world *w)
{
    for (int i = 0; i < WORLD_NODES && !w->wrong.why; i++) {
        if (!w->nodes[i].connected)
            world_connect (w, &w->nodes[i]);
        set_node (w, w->nodes[i].name, "RESUME");
    }
    while (!w->wrong.why && workload_unfold (w))
        ;
    every_reservation_ends (w);
    pass_time (w, 2 * USEC_PER_SEC);
    everything_released (w);
    everything_goes_on (w);
    for (int round = 0; round < 600 && !w->wrong.why; round++) {
        struct core_stats s = core_stats (w->core);
        if (round > 200 && s.running == 0)
            cancel_the_rest (w);
        if (s.pending == 0 && s.running == 0)
            break;
        quiet_round (w);
    }
    if (!w->wrong.why)
        ledger_close (w->ledger, &w->wrong);
    return w->wrong.why ? -1 : 0;
}
