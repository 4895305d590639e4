/* agent_attempts.c - the table of attempts, and what the controller is told about them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

#define ORDER_MAX (32u << 20)
#define TELL_AGAIN (30 * USEC_PER_SEC)

static void make_key (struct attempt_id id, uint64_t key[2])
{
    key[0] = id.raw;
    key[1] = id.attempt;
}

struct attempt *attempt_find (struct agent *a, struct attempt_id id)
{
    struct attempt *t = NULL;
    uint64_t key[2];

    make_key (id, key);
    HASH_FIND (hh, a->attempts, key, sizeof key, t);
    return t;
}

struct attempt *attempt_add (struct agent *a, struct attempt_id id, enum attempt_phase phase)
{
    struct attempt *t = xcalloc (1, sizeof *t);

    make_key (id, t->key);
    t->id = id;
    t->phase = phase;
    HASH_ADD (hh, a->attempts, key, sizeof t->key, t);
    return t;
}

void attempt_remove (struct agent *a, struct attempt *t)
{
    HASH_DEL (a->attempts, t);
    orders_answered (a, t);
    slots_release (a->slots, &t->claim);
    status_clear (&t->status);
    free (t->cpu_ids);
    gpus_forget (t);
    steps_forget (t);
    free (t);
}

void attempt_free_all (struct agent *a)
{
    struct attempt *t, *next;

    HASH_ITER (hh, a->attempts, t, next)
    attempt_remove (a, t);
}

static bool has_ended (const struct attempt *t)
{
    return t->phase == ATTEMPT_EXITED || t->phase == ATTEMPT_REFUSED || t->phase == ATTEMPT_TOMBSTONE;
}

void attempt_tell_again (struct agent *a, struct attempt *t)
{
    t->told = false;
    late_arm (a->tell);
}

void attempt_move (struct agent *a, struct attempt *t, enum attempt_phase phase)
{
    t->phase = phase;
    if (has_ended (t) && !t->held)
        slots_release (a->slots, &t->claim);
    attempt_tell_again (a, t);
}

void attempt_end_early (struct agent *a, struct attempt *t, enum attempt_phase phase, Moisson__EndKind kind,
                        const char *cause)
{
    status_clear (&t->status);
    t->status.phase = STATUS_EXITED;
    t->status.kind = kind;
    t->status.end_us = now_wall ();
    t->status.cause = xstrdup (cause);
    attempt_move (a, t, phase);
}

/* STATUS_E_*, -1, or 0: what it says is taken over. */
static int look (struct agent *a, struct attempt *t)
{
    static const enum attempt_phase phases[] = {
        [STATUS_STARTING] = ATTEMPT_STARTING, [STATUS_RUNNING] = ATTEMPT_RUNNING, [STATUS_EXITED] = ATTEMPT_EXITED};
    _cleanup_free_ char *path = spool_attempt_path (a->program.spool, t->id, "status");
    _cleanup_err_ struct err err = ERR_INIT;
    struct status st = STATUS_INIT;
    int rc = status_read (path, t->id, &st, &err);

    if (rc < 0)
        log_error ("%s", err.why);
    if (rc) /* not there, or just being created: STARTING */
        return rc;
    status_clear (&t->status);
    t->status = st;
    t->held = st.phase == STATUS_EXITED && st.unkillable;
    if (phases[st.phase] != t->phase)
        attempt_move (a, t, phases[st.phase]);
    return 0;
}

static bool is_alive (const struct attempt *t)
{
    return t->phase == ATTEMPT_STARTING || t->phase == ATTEMPT_RUNNING;
}

void attempt_read_status (struct agent *a, struct attempt *t)
{
    if (!is_alive (t))
        return;
    int rc = look (a, t);
    if (!t->reaped || rc < 0 || !is_alive (t))
        return;
    usec_t start_us = t->status.start_us; /* nobody is there who could still say how it ended */
    attempt_end_early (a, t, ATTEMPT_EXITED, MOISSON__END_KIND__END_LOST,
                       "the job's shepherd is gone, and so is what it wrote about the job's end");
    t->status.start_us = start_us;
}

/* If the controller does not hear it now, it misses it in the next REGISTER. */
static void tell_released (struct agent *a, const struct attempt *t)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT, *ids[] = {&id};
    Moisson__AttemptIds msg = MOISSON__ATTEMPT_IDS__INIT;

    id.raw_id = t->id.raw;
    id.attempt = t->id.attempt;
    msg.ids = ids;
    msg.n_ids = 1;
    if (a->channel)
        channel_send (a->channel, MOISSON__MSG_TYPE__MSG_RELEASED, &msg.base);
}

void attempt_reaped (struct agent *a, struct attempt *t)
{
    char name[ATTEMPT_NAME_SIZE];

    t->reaped = true;
    attempt_read_status (a, t);
    if (!t->held)
        return;
    log_info ("attempt=%s event=released", attempt_format (t->id, name));
    t->held = false;
    t->status.unkillable = 0;
    slots_release (a->slots, &t->claim);
    tell_released (a, t);
    if (t->forgotten)
        attempt_remove (a, t);
}

void attempt_forget (struct agent *a, struct attempt *t)
{
    t->forgotten = true;
    if (!t->held)
        attempt_remove (a, t);
}

/* --- at start -------------------------------------------------------------------------------------------------------
 */

static void load_uid (struct attempt *t, const Moisson__Launch *launch)
{
    const ProtobufCBinaryData *bytes = &launch->order->order;
    Moisson__Order *order = moisson__order__unpack (NULL, bytes->len, bytes->data);

    if (!order)
        return;
    t->uid = order->uid;
    moisson__order__free_unpacked (order, NULL);
}

static void load_one (void *arg, struct attempt_id id)
{
    struct agent *a = arg;
    struct attempt *t = attempt_add (a, id, ATTEMPT_STARTING);
    _cleanup_free_ char *path = spool_attempt_path (a->program.spool, id, "order"), *data = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    char name[ATTEMPT_NAME_SIZE];
    size_t len = 0;

    attempt_read_status (a, t);
    if (file_read_own (path, ORDER_MAX, &data, &len, &err)) {
        log_warn ("attempt=%s %s", attempt_format (id, name), err.why);
        return; /* it can be told and stopped; which cpus it holds is not known */
    }
    Moisson__Launch *launch = moisson__launch__unpack (NULL, len, (const uint8_t *) data);
    if (!launch)
        return;
    load_uid (t, launch);
    t->cpu_ids = xstrdup (launch->cpu_ids);
    t->gpu_ids = xstrdup (launch->gpu_ids);
    t->gpu_text = xstrdup (launch->gpu_text);
    if ((!has_ended (t) || t->held) && slots_restore (a->slots, t->cpu_ids, t->gpu_ids, &t->claim))
        log_warn ("attempt=%s holds cpus %s, which this node does not have free: was CPUs= changed?",
                  attempt_format (id, name), t->cpu_ids ? t->cpu_ids : "none");
    moisson__launch__free_unpacked (launch, NULL);
}

int attempts_load (struct agent *a, struct err *err)
{
    return spool_each_attempt (a->program.spool, load_one, a, err);
}

/* --- telling --------------------------------------------------------------------------------------------------------
 */

/* Messages as they are filled, with the ids that they point at. */
struct told_exit {
    Moisson__AttemptId id;
    Moisson__Exit exit;
};

static void fill_id (const struct attempt *t, Moisson__AttemptId *ret)
{
    moisson__attempt_id__init (ret);
    ret->raw_id = t->id.raw;
    ret->attempt = t->id.attempt;
}

static void fill_exit (const struct attempt *t, struct told_exit *ret)
{
    fill_id (t, &ret->id);
    moisson__exit__init (&ret->exit);
    status_to_exit (&t->status, &ret->exit);
    ret->exit.id = &ret->id;
    ret->exit.cpu_ids = t->cpu_ids;
    ret->exit.gpu_ids = t->gpu_text;
}

static void tell_started (struct agent *a, struct attempt **list, size_t n)
{
    Moisson__StartedBatch batch = MOISSON__STARTED_BATCH__INIT;
    _cleanup_free_ Moisson__AttemptId *ids = xcalloc (n, sizeof *ids);
    _cleanup_free_ Moisson__Started *started = xcalloc (n, sizeof *started);
    _cleanup_free_ Moisson__Started **pointers = xcalloc (n, sizeof *pointers);

    for (size_t i = 0; i < n; i++) {
        fill_id (list[i], &ids[i]);
        moisson__started__init (&started[i]);
        started[i].id = &ids[i];
        started[i].start_us = list[i]->status.start_us;
        started[i].cpu_ids = list[i]->cpu_ids;
        started[i].gpu_ids = list[i]->gpu_text;
        pointers[i] = &started[i];
    }
    batch.started = pointers;
    batch.n_started = n;
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_STARTED, &batch.base);
}

static void tell_exited (struct agent *a, struct attempt **list, size_t n)
{
    Moisson__ExitedBatch batch = MOISSON__EXITED_BATCH__INIT;
    _cleanup_free_ struct told_exit *exits = xcalloc (n, sizeof *exits);
    _cleanup_free_ Moisson__Exit **pointers = xcalloc (n, sizeof *pointers);

    for (size_t i = 0; i < n; i++) {
        fill_exit (list[i], &exits[i]);
        pointers[i] = &exits[i].exit;
    }
    batch.exits = pointers;
    batch.n_exits = n;
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_EXITED, &batch.base);
}

static bool is_due (struct attempt *t, usec_t now)
{
    if (t->forgotten)
        return false;
    if (has_ended (t) && t->told && now - t->told_at > TELL_AGAIN) /* its FORGET is late: it may have been lost */
        t->told = false;
    return !t->told;
}

void attempts_tell (void *agent)
{
    struct agent *a = agent;
    size_t n = HASH_COUNT (a->attempts), n_started = 0, n_ended = 0;
    _cleanup_free_ struct attempt **started = xcalloc (n, sizeof (struct attempt *));
    _cleanup_free_ struct attempt **ended = xcalloc (n, sizeof (struct attempt *));
    usec_t now = now_monotonic ();

    if (!a->channel)
        return;
    for (struct attempt *t = a->attempts; t; t = t->hh.next) {
        if (!is_due (t, now))
            continue;
        if (has_ended (t))
            ended[n_ended++] = t;
        else if (t->phase == ATTEMPT_RUNNING)
            started[n_started++] = t;
        t->told = true;
        t->told_at = now;
    }
    steps_tell (a);
    if (n_started)
        tell_started (a, started, n_started);
    if (n_ended)
        tell_exited (a, ended, n_ended);
}

/* --- REGISTER -------------------------------------------------------------------------------------------------------
 */

static const Moisson__AttemptPhase phase_words[] = {
    [ATTEMPT_WAITING] = MOISSON__ATTEMPT_PHASE__PHASE_STARTING,
    [ATTEMPT_STARTING] = MOISSON__ATTEMPT_PHASE__PHASE_STARTING,
    [ATTEMPT_RUNNING] = MOISSON__ATTEMPT_PHASE__PHASE_RUNNING,
    [ATTEMPT_EXITED] = MOISSON__ATTEMPT_PHASE__PHASE_EXITED,
    [ATTEMPT_REFUSED] = MOISSON__ATTEMPT_PHASE__PHASE_REFUSED,
    [ATTEMPT_TOMBSTONE] = MOISSON__ATTEMPT_PHASE__PHASE_TOMBSTONE,
};

struct report { /* one allocation a report: the message comes first */
    Moisson__AttemptReport report;
    struct told_exit exit;
};

static Moisson__AttemptReport *make_report (struct attempt *t)
{
    struct report *r = xcalloc (1, sizeof *r);

    moisson__attempt_report__init (&r->report);
    fill_exit (t, &r->exit);
    r->report.id = &r->exit.id;
    r->report.phase = phase_words[t->phase];
    r->report.exit = has_ended (t) ? &r->exit.exit : NULL;
    r->report.has_start_us = t->status.start_us != 0;
    r->report.start_us = t->status.start_us;
    r->report.has_suspended = r->report.suspended = t->status.suspended_at != 0;
    r->report.cpu_ids = t->cpu_ids;
    r->report.gpu_ids = t->gpu_text;
    r->report.steps = steps_report (t, &r->report.n_steps);
    return &r->report;
}

static Moisson__AttemptId *make_id (const struct attempt *t)
{
    Moisson__AttemptId *id = xmalloc (sizeof *id);

    fill_id (t, id);
    return id;
}

void attempts_register (struct agent *a, Moisson__Register *msg)
{
    size_t n = HASH_COUNT (a->attempts);

    msg->attempts = xcalloc (n, sizeof *msg->attempts);
    msg->held = xcalloc (n, sizeof *msg->held);
    for (struct attempt *t = a->attempts; t; t = t->hh.next) {
        attempt_read_status (a, t);
        if (t->held)
            msg->held[msg->n_held++] = make_id (t);
        if (t->forgotten)
            continue;
        msg->attempts[msg->n_attempts++] = make_report (t);
        t->told = true;
        t->told_at = now_monotonic ();
    }
}

void attempts_unregister (Moisson__Register *msg)
{
    for (size_t i = 0; i < msg->n_attempts; i++) {
        free (msg->attempts[i]->steps);
        free (msg->attempts[i]);
    }
    for (size_t i = 0; i < msg->n_held; i++)
        free (msg->held[i]);
    free (msg->attempts);
    free (msg->held);
    msg->attempts = NULL;
    msg->held = NULL;
    msg->n_attempts = msg->n_held = 0;
}
