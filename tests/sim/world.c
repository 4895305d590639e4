/* world.c - the daemon's duties without the daemon: journal first, then effects. */
#include "workload.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"

static void fail (struct world *w, const char *where, const struct err *err)
{
    if (!w->wrong.why)
        err_set (&w->wrong, 0, "event %lu, %s: %s", w->events, where, err->why ? err->why : "?");
}

static void on_ran (void *arg, struct vnode *node, const struct vattempt *a)
{
    ledger_ran (((struct world *) arg)->ledger, node, a);
}

static void on_ended (void *arg, struct vnode *node, const struct vattempt *a)
{
    (void) node;
    ledger_ended (((struct world *) arg)->ledger, a);
}

void world_init (struct world *w, uint64_t seed)
{
    *w = (struct world){.dice = {seed}, .now = 1700000000ULL * USEC_PER_SEC};
    w->core = core_create ();
    w->replica = core_create ();
    w->ledger = ledger_create ();
    w->bookings = bookings_create ();
    w->listener = (struct vnode_listener){on_ran, on_ended, w};
    for (int i = 0; i < WORLD_NODES; i++) {
        w->nodes[i].cpus = 2 + 2 * (uint32_t) i;
        w->nodes[i].gpus[0] = (uint32_t) i % 3;
        w->nodes[i].gpus[1] = (uint32_t) (i + 1) % 2 * 2;
        snprintf (w->nodes[i].name, sizeof w->nodes[i].name, "n%d", i + 1);
    }
}

void world_clear (struct world *w)
{
    for (int i = 0; i < WORLD_NODES; i++)
        vnode_clear (&w->nodes[i]);
    for (size_t i = 0; i < w->n_journal; i++)
        free (w->journal[i].event);
    free (w->journal);
    core_free (w->core);
    core_free (w->replica);
    ledger_free (w->ledger);
    bookings_free (w->bookings);
    err_clear (&w->wrong);
}

Moisson__Event *world_new_event (void)
{
    Moisson__Event *ev = xmalloc (sizeof *ev);

    moisson__event__init (ev);
    return ev;
}

static void journal_add (struct world *w, const Moisson__Event *ev)
{
    size_t len = moisson__event__get_packed_size (ev);
    uint8_t *bytes = xmalloc (len);

    moisson__event__pack (ev, bytes);
    GROW (w->journal, w->n_journal, w->room_journal);
    w->journal[w->n_journal++] = (struct journal_row){bytes, len};
}

static int replay_row (struct core *core, const struct journal_row *row, struct err *err)
{
    Moisson__Event *ev = moisson__event__unpack (NULL, row->len, row->event);
    int rc;

    if (!ev)
        return err_set (err, 0, "a journal row does not decode");
    rc = core_apply (core, ev, ev->now_us, NULL, err);
    moisson__event__free_unpacked (ev, NULL);
    return rc;
}

static int same_state (const struct core *a, const struct core *b, struct err *err)
{
    uint8_t da[32], db[32];

    core_digest (a, da);
    core_digest (b, db);
    if (memcmp (da, db, sizeof da))
        return err_set (err, 0, "replay does not equal the state");
    return 0;
}

static struct vnode *node_named (struct world *w, const char *name)
{
    for (int i = 0; i < WORLD_NODES; i++)
        if (!strcmp (w->nodes[i].name, name))
            return &w->nodes[i];
    return NULL;
}

static void perform_start (struct world *w, const struct fx *fx)
{
    struct vnode *node = node_named (w, fx->node);
    struct start_facts facts;

    if (core_start_facts (w->core, fx->raw_id, fx->attempt, &facts))
        return;                               /* cancelled within the same turn */
    bool spoilt = dice_percent (&w->dice, 2); /* the controller's own prolog fails */
    if (node->connected && !spoilt) {
        struct vmsg msg = {VMSG_START, fx->raw_id, fx->attempt, .cpus = facts.shares[0]->cpus};
        for (size_t i = 0; i < facts.shares[0]->n_gres; i++)
            msg.gpus[workload_gpu_type (facts.shares[0]->gres[i]->type)] += facts.shares[0]->gres[i]->count;
        vqueue_push (&node->in, &msg);
        return;
    }
    Moisson__Event *ev = world_new_event ();
    ev->what_case = MOISSON__EVENT__WHAT_UNPLACED;
    ev->unplaced = xmalloc (sizeof *ev->unplaced);
    moisson__unplaced__init (ev->unplaced);
    ev->unplaced->raw_id = fx->raw_id;
    ev->unplaced->attempt = fx->attempt;
    ev->unplaced->has_refused = ev->unplaced->refused = spoilt;
    world_event (w, ev);
}

static void perform (struct world *w, const struct fx *fx)
{
    struct vnode *node = fx->node ? node_named (w, fx->node) : NULL;
    struct vmsg msg = {VMSG_STOP, fx->raw_id, fx->attempt, .how = fx->how};

    switch (fx->kind) {
    case FX_START: perform_start (w, fx); break;
    case FX_FORGET: msg.kind = VMSG_FORGET; /* fall through */
    case FX_STOP:
        if (node && node->connected)
            vqueue_push (&node->in, &msg);
        break;
    case FX_SUSPEND:
        msg.kind = VMSG_SUSPEND;
        msg.suspend = fx->suspend;
        if (node && node->connected)
            vqueue_push (&node->in, &msg);
        break;
    case FX_RERECORD: ledger_rerecord (w->ledger, fx->record); break;
    case FX_RECORD:
        ledger_record (w->ledger, fx->record);
        bookings_over (w->bookings, fx->raw_id, fx->attempt);
        break;
    case FX_WANT_PASS: w->want_pass = true; break;
    case FX_REBOOT:
        msg.kind = VMSG_REBOOT;
        if (node && node->connected)
            vqueue_push (&node->in, &msg);
        break;
    case FX_LIMIT: /* virtual jobs know no limit */
    case FX_NEVER:
    case FX_MAIL:
    case FX_SHUNNED:
    case FX_JOB_ENDED: break;
    }
}

static void note_placement (struct world *w, const Moisson__Event *ev)
{
    if (ev->what_case == MOISSON__EVENT__WHAT_PLACED) {
        w->placements++;
        ledger_placed (w->ledger, ev->placed->job_id, ev->placed->raw_id, ev->placed->attempt);
    } else if (ev->what_case == MOISSON__EVENT__WHAT_PREEMPTED) {
        w->preemptions += ev->preempted->n_victims > 0;
        ledger_preempted (w->ledger, ev->preempted);
    }
}

/* Once it is applied. */
static void note_booking (struct world *w, const Moisson__Event *ev)
{
    struct start_facts facts;

    bookings_event (w->bookings, ev, w->now);
    if (ev->what_case == MOISSON__EVENT__WHAT_PLACED &&
        core_start_facts (w->core, ev->placed->raw_id, ev->placed->attempt, &facts) == 0)
        bookings_placed (w->bookings, &facts, core_now (w->core));
}

int world_event (struct world *w, Moisson__Event *ev)
{
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    w->events++;
    ev->now_us = w->now;
    if (w->wrong.why) {
        moisson__event__free_unpacked (ev, NULL);
        return -1;
    }
    journal_add (w, ev);
    note_placement (w, ev);
    if (core_apply (w->core, ev, ev->now_us, &fx, &err))
        fail (w, "apply", &err);
    else if (core_check (w->core, &err))
        fail (w, "check", &err);
    else if (replay_row (w->replica, &w->journal[w->n_journal - 1], &err))
        fail (w, "replay", &err);
    else if (same_state (w->core, w->replica, &err))
        fail (w, "replica", &err);
    if (!w->wrong.why)
        note_booking (w, ev);
    moisson__event__free_unpacked (ev, NULL);
    for (size_t i = 0; i < fx.n; i++)
        perform (w, &fx.list[i]);
    if (ledger_check (w->ledger, &err) || bookings_check (w->bookings, &err))
        fail (w, "truth", &err);
    return w->wrong.why ? -1 : 0;
}

void world_pass (struct world *w)
{
    Moisson__Event *ev;

    w->want_pass = false;
    core_pass_begin (w->core, w->now);
    while (!w->wrong.why && core_next_placement (w->core, w->now, &ev) == 0)
        if (world_event (w, ev))
            return;
}

/* --- news from nodes ------------------------------------------------------------------------------------------- */

static void event_of_news (struct world *w, const struct vnode *node, const struct vmsg *msg)
{
    const struct vattempt *a = &msg->outcome;
    Moisson__Event *ev = world_new_event ();
    Moisson__AttemptId *id = xmalloc (sizeof *id);

    moisson__attempt_id__init (id);
    id->raw_id = a->raw_id;
    id->attempt = a->attempt;
    if (msg->kind == VMSG_RELEASED) {
        ev->what_case = MOISSON__EVENT__WHAT_RELEASED;
        ev->released = xmalloc (sizeof *ev->released);
        moisson__released__init (ev->released);
        ev->released->node = xstrdup (node->name);
        ev->released->ids = xcalloc (1, sizeof (void *));
        ev->released->ids[ev->released->n_ids++] = id;
    } else if (msg->kind == VMSG_STARTED) {
        ev->what_case = MOISSON__EVENT__WHAT_STARTED;
        ev->started = xmalloc (sizeof *ev->started);
        moisson__started__init (ev->started);
        ev->started->id = id;
        ev->started->start_us = a->start;
    } else {
        Moisson__Exit *exit_ = xmalloc (sizeof *exit_);
        moisson__exit__init (exit_);
        exit_->id = id;
        exit_->kind = a->kind;
        exit_->has_code = exit_->has_end_us = true;
        exit_->code = a->code;
        exit_->end_us = a->end;
        exit_->has_unkillable = exit_->unkillable = a->held_until != 0;
        ev->what_case = MOISSON__EVENT__WHAT_ENDED;
        ev->ended = xmalloc (sizeof *ev->ended);
        moisson__ended__init (ev->ended);
        ev->ended->exit = exit_;
        ev->ended->node = xstrdup (node->name);
    }
    world_event (w, ev);
}

bool world_hear (struct world *w, struct vnode *node)
{
    struct vmsg msg;

    if (!node->connected || !vqueue_pop (&node->out, &msg))
        return false;
    w->old_news[w->n_old++ % 32] = msg;
    event_of_news (w, node, &msg);
    return true;
}

void world_hear_old (struct world *w)
{
    size_t have = w->n_old < 32 ? w->n_old : 32;

    if (have)
        event_of_news (w, &w->nodes[dice_below (&w->dice, WORLD_NODES)],
                       &w->old_news[dice_below (&w->dice, (uint32_t) have)]);
}

/* --- links ----------------------------------------------------------------------------------------------------- */

struct reconnect {
    struct world *w;
    struct vnode *node;
};

static void rec_event (void *arg, Moisson__Event *ev)
{
    world_event (((struct reconnect *) arg)->w, ev);
}

static void rec_start (void *arg, uint64_t raw_id, uint32_t attempt)
{
    struct reconnect *r = arg;
    struct fx fx = {.kind = FX_START, .raw_id = raw_id, .attempt = attempt, .node = r->node->name};

    perform_start (r->w, &fx);
}

static void rec_stop (void *arg, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how, const char *note)
{
    struct vmsg msg = {VMSG_STOP, raw_id, attempt, .how = how};

    (void) note;
    vqueue_push (&((struct reconnect *) arg)->node->in, &msg);
}

static void rec_forget (void *arg, uint64_t raw_id, uint32_t attempt)
{
    struct vmsg msg = {VMSG_FORGET, raw_id, attempt, 0};

    vqueue_push (&((struct reconnect *) arg)->node->in, &msg);
}

static void rec_suspend (void *arg, uint64_t raw_id, uint32_t attempt, bool on)
{
    struct vmsg msg = {VMSG_SUSPEND, raw_id, attempt, .suspend = on};

    vqueue_push (&((struct reconnect *) arg)->node->in, &msg);
}

void world_connect (struct world *w, struct vnode *node)
{
    static const struct reconcile_ops ops = {rec_event, rec_start, rec_stop, rec_forget, NULL, rec_suspend};
    struct reconnect r = {w, node};
    Moisson__Register *facts = vnode_register (node);
    Moisson__Event *ev = world_new_event ();

    w->reconnects++;
    node->connected = true;
    ev->what_case = MOISSON__EVENT__WHAT_NODE_UP;
    ev->node_up = xmalloc (sizeof *ev->node_up);
    moisson__node_up__init (ev->node_up);
    ev->node_up->facts = vnode_register (node);
    for (size_t i = 0; i < ev->node_up->facts->n_attempts; i++)
        moisson__attempt_report__free_unpacked (ev->node_up->facts->attempts[i], NULL);
    ev->node_up->facts->n_attempts = 0;
    if (world_event (w, ev) == 0)
        core_reconcile (w->core, facts, &ops, &r);
    if (!w->wrong.why && core_node_rebooting (w->core, node->name)) { /* it was not heard, or has not gone yet */
        struct vmsg msg = {.kind = VMSG_REBOOT};
        vqueue_push (&node->in, &msg);
    }
    moisson__register__free_unpacked (facts, NULL);
    w->want_pass = true;
}

void world_disconnect (struct world *w, struct vnode *node)
{
    Moisson__Event *ev = world_new_event ();

    node->connected = false;
    vqueue_drop (&node->in);
    vqueue_drop (&node->out);
    ev->what_case = MOISSON__EVENT__WHAT_NODE_DOWN;
    ev->node_down = xmalloc (sizeof *ev->node_down);
    moisson__node_down__init (ev->node_down);
    ev->node_down->node = xstrdup (node->name);
    ev->node_down->why = xstrdup ("not responding");
    world_event (w, ev);
}

/* --- crash and replay ------------------------------------------------------------------------------------------- */

struct images {
    struct core *into;
    struct err err;
};

static int load_image (void *arg, const Moisson__Image *image)
{
    struct images *im = arg;
    size_t len = moisson__image__get_packed_size (image);
    _cleanup_free_ uint8_t *bytes = xmalloc (len);
    Moisson__Image *copy;
    int rc;

    moisson__image__pack (image, bytes);
    copy = moisson__image__unpack (NULL, len, bytes);
    rc = copy ? core_load (im->into, copy, &im->err) : err_set (&im->err, 0, "an image does not decode");
    if (copy)
        moisson__image__free_unpacked (copy, NULL);
    return rc;
}

static struct core *rebuild (struct world *w, size_t from_snapshot_at)
{
    struct core *core = core_create ();
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < w->n_journal && !w->wrong.why; i++) {
        if (i == from_snapshot_at) {
            struct images im = {core_create (), ERR_INIT};
            if (core_save (core, i, load_image, &im))
                fail (w, "snapshot", &im.err);
            err_clear (&im.err);
            core_free (core);
            core = im.into;
        }
        if (!w->wrong.why && replay_row (core, &w->journal[i], &err))
            fail (w, "rebuild", &err);
    }
    return core;
}

void world_crash (struct world *w)
{
    size_t at = dice_percent (&w->dice, 50) && w->n_journal ? dice_below (&w->dice, (uint32_t) w->n_journal) : SIZE_MAX;
    struct core *again = rebuild (w, at);
    _cleanup_err_ struct err err = ERR_INIT;

    w->crashes++;
    if (!w->wrong.why && (same_state (w->core, again, &err) || core_check (again, &err)))
        fail (w, at == SIZE_MAX ? "rebuilt from the journal" : "rebuilt from a snapshot and the rest", &err);
    core_free (w->core);
    w->core = again;
    for (int i = 0; i < WORLD_NODES; i++) {
        if (w->nodes[i].connected && !w->wrong.why)
            world_disconnect (w, &w->nodes[i]);
    }
}
