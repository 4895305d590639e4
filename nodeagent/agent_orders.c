/* agent_orders.c - what the controller orders: start, stop, forget.
 *
 * The launcher takes orders in the rising sequence of their signatures only, so starts leave in the order in which they
 * came: one whose blobs are missing holds up those behind it for one round trip, and one whose user this node was never
 * asked about for as long as agent_users.c has patience. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"
#include "nodeagent/verify.h"

static struct attempt_id id_of (const Moisson__AttemptId *id)
{
    return (struct attempt_id){id->raw_id, id->attempt};
}

static void wait_append (struct agent *a, struct attempt *t)
{
    t->next_waiting = NULL;
    *a->waiting_end = t;
    a->waiting_end = &t->next_waiting;
}

static void wait_drop (struct agent *a, const struct attempt *t)
{
    for (struct attempt **p = &a->waiting; *p; p = &(*p)->next_waiting)
        if (*p == t) {
            *p = t->next_waiting;
            if (a->waiting_end == &t->next_waiting)
                a->waiting_end = p;
            return;
        }
}

void orders_answered (struct agent *a, struct attempt *t)
{
    if (t->phase == ATTEMPT_WAITING)
        wait_drop (a, t);
    for (int i = 0; i < 2; i++)
        if (t->wanted[i])
            blobs_release (a->blobs, &t->blobs[i]);
    t->wanted[0] = t->wanted[1] = false;
    if (t->order)
        moisson__signed_order__free_unpacked (t->order, NULL);
    t->order = NULL;
    free (steal (&t->user));
    free (steal (&t->user_why));
}

void orders_drop_waiting (struct agent *a)
{
    while (a->waiting)
        attempt_remove (a, a->waiting);
}

static void refuse (struct agent *a, struct attempt *t, const char *why)
{
    char name[ATTEMPT_NAME_SIZE];

    log_warn ("attempt=%s event=refused why='%s'", attempt_format (t->id, name), why);
    orders_answered (a, t);
    attempt_end_early (a, t, ATTEMPT_REFUSED, MOISSON__END_KIND__END_REFUSED, why);
}

/* --- blobs ----------------------------------------------------------------------------------------------------------
 */

static void want_blob (struct agent *a, struct attempt *t, int i, uint32_t uid, const ProtobufCBinaryData *hash)
{
    if (hash->len != HASH_SIZE) /* empty content; anything else the launcher refuses */
        return;
    t->blobs[i].uid = uid;
    memcpy (t->blobs[i].hash, hash->data, HASH_SIZE);
    t->wanted[i] = true;
    blobs_hold (a->blobs, &t->blobs[i]);
}

static bool has_blobs (struct agent *a, const struct attempt *t)
{
    for (int i = 0; i < 2; i++)
        if (t->wanted[i] && !blobs_have (a->blobs, &t->blobs[i]))
            return false;
    return true;
}

/* Once a blob, however many orders wait for it: those before this one have asked. */
static bool asked_before (const struct agent *a, const struct attempt *t, const struct blob_key *key)
{
    for (const struct attempt *w = a->waiting; w && w != t; w = w->next_waiting)
        for (int i = 0; i < 2; i++)
            if (w->wanted[i] && memcmp (&w->blobs[i], key, sizeof *key) == 0)
                return true;
    return false;
}

static void ask_blobs (struct agent *a, struct attempt *t)
{
    Moisson__BlobIds msg = MOISSON__BLOB_IDS__INIT;
    Moisson__BlobId ids[2], *pointers[2] = {&ids[0], &ids[1]};

    for (int i = 0; i < 2; i++) {
        if (!t->wanted[i] || blobs_have (a->blobs, &t->blobs[i]) || asked_before (a, t, &t->blobs[i]))
            continue;
        Moisson__BlobId *id = &ids[msg.n_ids++];
        moisson__blob_id__init (id);
        id->uid = t->blobs[i].uid;
        id->hash = (ProtobufCBinaryData){HASH_SIZE, t->blobs[i].hash};
    }
    msg.ids = pointers;
    if (msg.n_ids && a->channel)
        channel_send (a->channel, MOISSON__MSG_TYPE__MSG_BLOB_GET, &msg.base);
}

/* --- start ----------------------------------------------------------------------------------------------------------
 */

/* The kernel's numbers of what was chosen: of each core all threads, or the first ones only. */
static void add_binding (const struct agent *a, const struct attempt *t, Moisson__Launch *launch)
{
    const struct idset *cpus = t->claim.cpus;
    uint32_t core = NOWHERE, taken = 0;
    size_t n = 0;

    if (!a->topology->bind)
        return;
    for (uint32_t id = idset_first (cpus); id != IDSET_NONE; id = idset_next (cpus, id))
        n += a->topology->units[id].n_os_cpus;
    launch->bind_cpus = xcalloc (n, sizeof *launch->bind_cpus);
    for (uint32_t id = idset_first (cpus); id != IDSET_NONE; id = idset_next (cpus, id)) {
        const struct topology_unit *unit = &a->topology->units[id];
        taken = unit->core == core ? taken : 0;
        core = unit->core;
        for (size_t i = 0; i < unit->n_os_cpus; i++, taken++)
            if (!t->threads_per_core || taken < t->threads_per_core)
                launch->bind_cpus[launch->n_bind_cpus++] = unit->os_cpus[i];
    }
    launch->bind_mems = a->topology->os_mems;
    launch->n_bind_mems = a->topology->n_os_mems;
}

static void launch (struct agent *a, struct attempt *t)
{
    Moisson__Launch msg = MOISSON__LAUNCH__INIT;

    if (gpus_take (a, t)) {
        _cleanup_free_ char *why = xasprintf ("%u cpus and %u GPUs asked, the node has %u cpus free", t->cpus, t->gpus,
                                              slots_free_cpus (a->slots));
        refuse (a, t, why);
        return;
    }
    t->cpu_ids = claim_cpu_ids (&t->claim);
    msg.order = t->order;
    msg.cpu_ids = t->cpu_ids;
    gpus_launch (a, t, &msg);
    add_binding (a, t, &msg);
    t->phase = ATTEMPT_STARTING;
    launcher_send (a, VERB_START, &msg.base);
    free (msg.bind_cpus);
    gpus_launched (&msg);
}

void orders_go_on (struct agent *a)
{
    while (a->waiting && has_blobs (a, a->waiting)) {
        struct attempt *t = a->waiting;
        _cleanup_free_ char *why = NULL;
        enum user_state user = user_of_order (a, t, &why);

        if (user == USER_ASKED)
            return;
        if (user == USER_REFUSED) {
            refuse (a, t, why);
            t->status.of_user = true; /* it is told at the end of the turn */
            continue;
        }
        wait_drop (a, t);
        t->phase = ATTEMPT_STARTING; /* no longer in the queue, whatever comes of it */
        launch (a, t);
    }
}

static Moisson__SignedOrder *copy_order (const Moisson__SignedOrder *from)
{
    size_t len = moisson__signed_order__get_packed_size (from);
    _cleanup_free_ uint8_t *packed = xmalloc (len);

    moisson__signed_order__pack (from, packed);
    return moisson__signed_order__unpack (NULL, len, packed);
}

static void start_one (struct agent *a, const Moisson__SignedOrder *signed_order)
{
    _cleanup_order_ Moisson__Order *order =
        moisson__order__unpack (NULL, signed_order->order.len, signed_order->order.data);
    char name[ATTEMPT_NAME_SIZE];

    if (!order) {
        log_error ("event=order-dropped why='it is malformed'");
        return;
    }
    struct attempt_id id = {order->raw_id, order->attempt};
    struct attempt *t = attempt_find (a, id);
    if (t) { /* an answer has crossed it, or was lost: say again what it has become */
        log_debug ("attempt=%s event=start-again", attempt_format (id, name));
        if (t->phase != ATTEMPT_WAITING && t->phase != ATTEMPT_STARTING)
            attempt_tell_again (a, t);
        return;
    }
    t = attempt_add (a, id, ATTEMPT_WAITING);
    t->order = copy_order (signed_order);
    t->uid = order->uid;
    t->user = xstrdup (order->user);
    t->cpus = order->cpus;
    gpus_of_order (t, order);
    t->threads_per_core = order->threads_per_core;
    want_blob (a, t, 0, order->uid, &order->script_hash);
    want_blob (a, t, 1, order->uid, &order->env_hash);
    wait_append (a, t);
    ask_blobs (a, t);
}

void orders_start (struct agent *a, const Moisson__StartBatch *batch)
{
    for (size_t i = 0; i < batch->n_orders; i++)
        start_one (a, batch->orders[i]);
    orders_go_on (a);
}

static void refuse_those_wanting (struct agent *a, const struct blob_key *key, const char *why)
{
    struct attempt *next;

    for (struct attempt *t = a->waiting; t; t = next) {
        next = t->next_waiting;
        for (int i = 0; i < 2; i++)
            if (t->wanted[i] && memcmp (&t->blobs[i], key, sizeof *key) == 0) {
                refuse (a, t, why);
                break;
            }
    }
}

void orders_blob (struct agent *a, const Moisson__Blob *blob)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct blob_key key = {0};

    if (blob->id->hash.len != HASH_SIZE)
        return;
    key.uid = blob->id->uid;
    memcpy (key.hash, blob->id->hash.data, HASH_SIZE);
    if (!blob->has_data)
        refuse_those_wanting (a, &key, "the controller no longer has the job's script or environment");
    else if (blobs_put (a->blobs, &key, blob->data.data, blob->data.len, &err))
        refuse_those_wanting (a, &key, err.why);
    orders_go_on (a);
}

/* --- stop and forget ------------------------------------------------------------------------------------------------
 */

static void stop_one (struct agent *a, const Moisson__Stop *stop)
{
    static const char cause[] = "cancelled before it started on the node";
    struct attempt *t = attempt_find (a, id_of (stop->id));

    if (t && (t->phase == ATTEMPT_STARTING || t->phase == ATTEMPT_RUNNING)) {
        launcher_send (a, VERB_STOP, &stop->base);
        return;
    }
    if (stop->how == MOISSON__STOP_HOW__STOP_SIGNAL)
        return; /* a signal for nobody */
    if (!t)     /* it overtook its start: that must find a grave */
        t = attempt_add (a, id_of (stop->id), ATTEMPT_TOMBSTONE);
    else if (t->phase == ATTEMPT_WAITING)
        orders_answered (a, t);
    else { /* it has ended: the news is on its way, or was lost */
        attempt_tell_again (a, t);
        return;
    }
    attempt_end_early (a, t, ATTEMPT_TOMBSTONE, MOISSON__END_KIND__END_CANCELLED, cause);
}

void orders_stop (struct agent *a, const Moisson__StopBatch *batch)
{
    for (size_t i = 0; i < batch->n_stops; i++)
        stop_one (a, batch->stops[i]);
    orders_go_on (a); /* what was stopped may have held up others */
}

void orders_forget (struct agent *a, const Moisson__AttemptIds *ids)
{
    char name[ATTEMPT_NAME_SIZE];

    for (size_t i = 0; i < ids->n_ids; i++) {
        struct attempt *t = attempt_find (a, id_of (ids->ids[i]));
        if (!t)
            continue;
        if (t->phase == ATTEMPT_STARTING || t->phase == ATTEMPT_RUNNING) {
            log_warn ("attempt=%s event=forget-refused why='it is alive'", attempt_format (t->id, name));
            continue;
        }
        if (t->phase == ATTEMPT_EXITED)
            launcher_send (a, VERB_REMOVE, &ids->ids[i]->base);
        attempt_forget (a, t);
    }
}
