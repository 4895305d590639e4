/* nodes.c - sessions of node agents. */
#include "ctld/nodes.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/fence.h"
#include "ctld/node_mail.h"
#include "ctld/notes.h"
#include "ctld/order.h"
#include "ctld/pass.h"

#define TICK USEC_PER_SEC
#define HEARTBEAT_MOST 10
#define READABLE 8192 /* blobs that a node may ask for: those of its latest orders */

struct readable {
    uint32_t uid;
    uint8_t hash[HASH_SIZE];
};

struct node_link {
    UT_hash_handle hh;
    char *name;
    struct session *session; /* held; NULL = none */
    bool ready;              /* its registration is committed and acknowledged */
    bool told_down;
    unsigned n_silences; /* how often it was told */
    uint8_t *nonce;
    size_t nonce_len;
    usec_t heard, beat; /* monotonic: last message of it, last heartbeat to it */
    usec_t gone;        /* monotonic: since when there is no session */
    usec_t seen_us;     /* wall clock, for people */
    double load;
    uint64_t free_mem_mb;
    bool has_load, has_free_mem;
    struct node_mail mail;
    struct readable *readable; /* a ring */
    size_t n_readable;         /* how many were ever added in this session */
};

struct nodes {
    struct ctld *ctld;
    struct node_link *table;
    struct timer *tick;
    struct late *flush;
    uint64_t order_sequence;
    size_t connected;
};

static struct node_link *find (const struct nodes *nodes, const char *name)
{
    struct node_link *link = NULL;

    HASH_FIND_STR (nodes->table, name, link);
    return link;
}

static uint32_t timeout_s (const struct nodes *nodes)
{
    const Moisson__Config *config = core_config (nodes->ctld->core);

    return config && config->node_timeout_s ? config->node_timeout_s : 300;
}

static uint32_t heartbeat_s (const struct nodes *nodes)
{
    uint32_t s = timeout_s (nodes) / 3;

    return s < 1 ? 1 : s > HEARTBEAT_MOST ? HEARTBEAT_MOST : s;
}

/* --- coming and going ------------------------------------------------------------------------------------------- */

static void unlink_session (struct nodes *nodes, struct node_link *link)
{
    if (link->ready)
        nodes->connected--;
    notes_session_left (nodes->ctld->notes, link->session);
    link->session = session_unref (link->session);
    link->ready = false;
    link->gone = now_monotonic ();
    link->n_readable = 0;
    node_mail_clear (&link->mail);
    core_node_session (nodes->ctld->core, link->name, false);
}

int nodes_registered (struct nodes *nodes, struct session *session, const Moisson__Register *facts, struct err *err)
{
    struct node_link *link = find (nodes, session->node);

    if (strcmp (facts->node, session->node) != 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "node %s registers as %s", session->node, facts->node);
    if (!config_node (nodes->ctld->conf, session->node, NULL)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "node %s is not in the controller's configuration",
                 session->node);
        return err_fix (err, "add a NodeName= line for it to %s, then: scontrol reconfigure", nodes->ctld->conf->path);
    }
    if (!link) {
        link = xcalloc (1, sizeof *link);
        link->name = xstrdup (session->node);
        HASH_ADD_KEYPTR (hh, nodes->table, link->name, strlen (link->name), link);
    }
    if (link->session && link->session != session) {
        struct session *old = session_ref (link->session);
        _cleanup_err_ struct err why = ERR_INIT;

        err_set (&why, MOISSON__FAIL_CODE__FAIL_OTHER, "a newer session of node %s takes over", link->name);
        unlink_session (nodes, link);
        session_close (old, &why);
        session_unref (old);
    }
    if (!link->session)
        link->session = session_ref (session);
    free (link->nonce);
    link->nonce = xmemdup (facts->launcher_nonce.data, facts->launcher_nonce.len);
    link->nonce_len = facts->launcher_nonce.len;
    link->heard = link->beat = now_monotonic ();
    link->seen_us = now_wall ();
    link->told_down = false;
    return 0;
}

bool nodes_registering (const struct nodes *nodes, const char *name)
{
    const struct node_link *link = find (nodes, name);

    return link && link->session && !link->ready;
}

bool nodes_ready (struct nodes *nodes, struct session *session)
{
    struct node_link *link = find (nodes, session->node);
    Moisson__RegisterAck ack = MOISSON__REGISTER_ACK__INIT;

    if (!link || link->session != session)
        return false;
    if (!link->ready) {
        link->ready = true;
        nodes->connected++;
    }
    core_node_session (nodes->ctld->core, link->name, true); /* an Unplaced may have come in between */
    pass_want (nodes->ctld->pass);
    ack.heartbeat_s = heartbeat_s (nodes);
    ack.cluster = nodes->ctld->conf->cluster_name;
    ack.has_config_hash = notes_config_hash (nodes->ctld->notes) != NULL;
    ack.config_hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *) notes_config_hash (nodes->ctld->notes)};
    session_send (session, MOISSON__MSG_TYPE__MSG_REGISTER_ACK, &ack.base);
    notes_session_ready (nodes->ctld->notes, session);
    if (core_node_rebooting (nodes->ctld->core, link->name)) /* it did not hear it, or has not gone yet */
        notes_reboot (nodes->ctld->notes, link->name);
    return true;
}

void nodes_left (struct nodes *nodes, struct session *session)
{
    struct node_link *link = find (nodes, session->node);

    if (link && link->session == session)
        unlink_session (nodes, link);
}

struct session *nodes_session (const struct nodes *nodes, const char *name)
{
    struct node_link *link = find (nodes, name);

    return link ? link->session : NULL;
}

unsigned nodes_silence (const struct nodes *nodes, const char *name)
{
    const struct node_link *link = find (nodes, name);

    return link && !link->session && link->told_down ? link->n_silences : 0;
}

/* --- silence ---------------------------------------------------------------------------------------------------- */

static void tell_down (struct nodes *nodes, struct node_link *link)
{
    Moisson__NodeDown down = MOISSON__NODE_DOWN__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    link->told_down = true;
    link->n_silences++;
    if (!config_node (nodes->ctld->conf, link->name, NULL))
        return;
    down.node = link->name;
    down.why = "Not responding";
    event.what_case = MOISSON__EVENT__WHAT_NODE_DOWN;
    event.node_down = &down;
    log_warn ("node=%s event=down why=\"silent for %u s\"", link->name, timeout_s (nodes));
    if (ctld_apply (nodes->ctld, &event, &err) < 0)
        log_error ("node=%s event=down refused=\"%s\"", link->name, err.why);
    else
        fence_run (nodes->ctld, link->name);
}

static void watch_link (struct nodes *nodes, struct node_link *link, usec_t now)
{
    usec_t patience = timeout_s (nodes) * USEC_PER_SEC;

    if (!link->session) {
        if (!link->told_down && now - link->gone >= patience)
            tell_down (nodes, link);
        return;
    }
    if (now - link->heard >= patience) {
        _cleanup_err_ struct err why = ERR_INIT;
        struct session *session = session_ref (link->session);

        err_set (&why, MOISSON__FAIL_CODE__FAIL_OTHER, "nothing was heard for %u s (SlurmdTimeout)", timeout_s (nodes));
        session_close (session, &why);
        session_unref (session);
        tell_down (nodes, link);
        return;
    }
    if (link->ready && now - link->beat >= heartbeat_s (nodes) * USEC_PER_SEC) {
        Moisson__Heartbeat beat = MOISSON__HEARTBEAT__INIT;

        link->beat = now;
        session_send (link->session, MOISSON__MSG_TYPE__MSG_HEARTBEAT, &beat.base);
    }
}

/* Those that were to be rebooted and run nothing any more. */
static void reboot_the_quiet (struct nodes *nodes)
{
    const char *name;

    while (journal_accepting (nodes->ctld->journal) && (name = core_next_reboot (nodes->ctld->core))) {
        Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
        Moisson__Event event = MOISSON__EVENT__INIT;
        _cleanup_err_ struct err err = ERR_INIT;

        set.node = (char *) name;
        set.state = "REBOOTING";
        event.what_case = MOISSON__EVENT__WHAT_NODE_SET;
        event.node_set = &set;
        log_info ("node=%s event=reboot", name);
        if (ctld_apply (nodes->ctld, &event, &err) < 0) {
            log_error ("event=reboot refused=\"%s\"", err.why);
            return;
        }
    }
}

static void on_tick (void *arg)
{
    struct nodes *nodes = arg;
    struct node_link *link, *tmp;
    usec_t now = now_monotonic ();

    HASH_ITER (hh, nodes->table, link, tmp)
    watch_link (nodes, link, now);
    reboot_the_quiet (nodes);
    timer_arm (nodes->tick, TICK);
}

void nodes_heard (struct nodes *nodes, const struct session *session, const Moisson__Heartbeat *beat)
{
    struct node_link *link = find (nodes, session->node);

    if (!link || link->session != session)
        return;
    link->heard = now_monotonic ();
    link->seen_us = now_wall ();
    if (!beat)
        return;
    link->has_load = beat->has_load;
    link->load = beat->load;
    link->has_free_mem = beat->has_free_mem_mb;
    link->free_mem_mb = beat->free_mem_mb;
}

/* --- orders ----------------------------------------------------------------------------------------------------- */

static void send_mail (void *arg, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    session_send (arg, type, msg);
}

static void on_flush (void *arg)
{
    struct nodes *nodes = arg;
    struct node_link *link, *tmp;

    HASH_ITER (hh, nodes->table, link, tmp)
    if (link->session && !node_mail_empty (&link->mail))
        node_mail_send (&link->mail, send_mail, link->session);
}

static struct node_link *ready_link (const struct nodes *nodes, const char *name)
{
    struct node_link *link = find (nodes, name);

    return link && link->ready && link->session ? link : NULL;
}

static void let_read (struct node_link *link, uint32_t uid, const ProtobufCBinaryData *hash)
{
    if (hash->len != HASH_SIZE)
        return;
    if (!link->readable)
        link->readable = xcalloc (READABLE, sizeof *link->readable);
    struct readable *r = &link->readable[link->n_readable++ % READABLE];
    r->uid = uid;
    memcpy (r->hash, hash->data, HASH_SIZE);
}

bool nodes_may_read (const struct nodes *nodes, const char *name, uint32_t uid, const uint8_t *hash, size_t hash_len)
{
    const struct node_link *link = find (nodes, name);

    if (!link || !link->readable || hash_len != HASH_SIZE)
        return false;
    for (size_t i = 0; i < READABLE && i < link->n_readable; i++)
        if (link->readable[i].uid == uid && !memcmp (link->readable[i].hash, hash, HASH_SIZE))
            return true;
    return false;
}

static bool is_readable (const struct readable *r, uint32_t uid, const ProtobufCBinaryData *hash)
{
    return r->uid == uid && hash->len == HASH_SIZE && !memcmp (r->hash, hash->data, HASH_SIZE);
}

/* Script and environment are let in pairs. The same script comes with another environment often enough. */
static bool was_let_last (const struct node_link *link, uint32_t uid, const Moisson__JobSpec *spec)
{
    size_t n = link->n_readable;

    return n >= 2 && is_readable (&link->readable[(n - 2) % READABLE], uid, &spec->script_hash) &&
           is_readable (&link->readable[(n - 1) % READABLE], uid, &spec->env_hash);
}

void nodes_let_read (struct nodes *nodes, const char *name, const struct start_facts *facts)
{
    struct node_link *link = find (nodes, name);
    const Moisson__JobSpec *spec = facts->submitted->spec;

    if (!link || !link->session)
        return;
    if (was_let_last (link, facts->submitted->uid, spec))
        return; /* the next of an array: nothing new */
    let_read (link, facts->submitted->uid, &spec->script_hash);
    let_read (link, facts->submitted->uid, &spec->env_hash);
}

uint64_t nodes_next_sequence (struct nodes *nodes)
{
    return ++nodes->order_sequence;
}

ProtobufCBinaryData nodes_nonce (const struct nodes *nodes, const char *name)
{
    const struct node_link *link = ready_link (nodes, name);

    return (ProtobufCBinaryData){link ? link->nonce_len : 0, link ? link->nonce : NULL};
}

bool nodes_start (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt)
{
    struct node_link *link = ready_link (nodes, name);
    const struct node_key *key = node_keys_find (&nodes->ctld->keys, name);
    struct start_facts facts;

    if (!link || !key)
        return false;
    if (core_start_facts (nodes->ctld->core, raw_id, attempt, &facts) < 0)
        return true; /* not wanted any more: nothing to send, nothing to take back */
    const Moisson__Config *config = core_config (nodes->ctld->core);
    struct order_terms terms = {.node = link->name,
                                .nonce = link->nonce,
                                .nonce_len = link->nonce_len,
                                .sequence = nodes_next_sequence (nodes),
                                .key = key->order_key,
                                .kill_wait_s = config->kill_wait_s,
                                .cluster = config->cluster,
                                .now = now_wall ()};
    Moisson__SignedOrder *order = order_create (&facts, &terms);
    if (!order)
        return true;
    nodes_let_read (nodes, name, &facts);
    node_mail_order (&link->mail, order);
    late_arm (nodes->flush);
    log_debug ("job=%" PRIu64 " attempt=%u node=%s event=start", raw_id, attempt, name);
    return true;
}

void nodes_stop (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how,
                 const char *note, uint32_t grace_s)
{
    struct node_link *link = ready_link (nodes, name);
    Moisson__Stop stop = MOISSON__STOP__INIT;
    _cleanup_free_ char *line = NULL;
    char when[32];

    if (!link)
        return; /* reconciliation will say it */
    if (note)   /* the core says why; Slurm's users look for the whole line */
        line = xasprintf ("CANCELLED AT %s %s", time_format (now_wall (), NULL, "", when, sizeof when), note);
    stop.how = how;
    stop.note = line;
    stop.has_grace_s = grace_s > 0;
    stop.grace_s = grace_s;
    node_mail_stop (&link->mail, &stop, raw_id, attempt);
    late_arm (nodes->flush);
    log_debug ("job=%" PRIu64 " attempt=%u node=%s event=stop", raw_id, attempt, name);
}

/* A node of an earlier version takes it for a signal that there is not, and logs it. */
void nodes_limit (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, uint64_t limit_s)
{
    struct node_link *link = ready_link (nodes, name);
    Moisson__Stop stop = MOISSON__STOP__INIT;

    if (!link)
        return; /* reconciliation will say it */
    stop.how = MOISSON__STOP_HOW__STOP_SIGNAL;
    stop.has_signal = stop.has_time_limit_s = true;
    stop.time_limit_s = limit_s;
    node_mail_stop (&link->mail, &stop, raw_id, attempt);
    late_arm (nodes->flush);
}

/* Likewise. */
void nodes_suspend (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt, bool on)
{
    struct node_link *link = ready_link (nodes, name);
    Moisson__Stop stop = MOISSON__STOP__INIT;

    if (!link)
        return; /* reconciliation will say it */
    stop.how = MOISSON__STOP_HOW__STOP_SIGNAL;
    stop.has_signal = stop.has_suspend = true;
    stop.suspend = on;
    node_mail_stop (&link->mail, &stop, raw_id, attempt);
    late_arm (nodes->flush);
    log_debug ("job=%" PRIu64 " attempt=%u node=%s event=%s", raw_id, attempt, name, on ? "suspend" : "resume");
}

bool nodes_signal (struct nodes *nodes, const char *name, const struct node_signal *what)
{
    struct node_link *link = ready_link (nodes, name);
    Moisson__Stop stop = MOISSON__STOP__INIT;

    if (!link)
        return false;
    stop.how = MOISSON__STOP_HOW__STOP_SIGNAL;
    stop.has_signal = stop.has_batch_only = stop.has_children_only = true;
    stop.signal = what->signal;
    stop.batch_only = what->batch_only;
    stop.children_only = what->children_only;
    node_mail_stop (&link->mail, &stop, what->raw_id, what->attempt);
    late_arm (nodes->flush);
    return true;
}

void nodes_forget (struct nodes *nodes, const char *name, uint64_t raw_id, uint32_t attempt)
{
    struct node_link *link = ready_link (nodes, name);

    if (!link)
        return;
    node_mail_forget (&link->mail, raw_id, attempt);
    late_arm (nodes->flush);
}

/* --- views, birth and death ------------------------------------------------------------------------------------- */

void nodes_describe (const struct nodes *nodes, Moisson__NodeInfo *row)
{
    const struct node_link *link = find (nodes, row->name);

    if (!link || !link->seen_us)
        return;
    row->has_last_seen_us = true;
    row->last_seen_us = link->seen_us;
    if (!link->session)
        return;
    row->has_load = link->has_load;
    row->load = link->load;
    row->has_free_mem_mb = link->has_free_mem;
    row->free_mem_mb = link->free_mem_mb;
}

size_t nodes_connected (const struct nodes *nodes)
{
    return nodes->connected;
}

void nodes_reconfigured (struct nodes *nodes)
{
    struct node_link *link, *tmp;

    HASH_ITER (hh, nodes->table, link, tmp)
    {
        struct session *session = link->session;
        _cleanup_err_ struct err why = ERR_INIT;

        if (!session || config_node (nodes->ctld->conf, link->name, NULL))
            continue;
        err_set (&why, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "node %s has left the controller's configuration",
                 link->name);
        session_ref (session);
        unlink_session (nodes, link);
        session_close (session, &why);
        session_unref (session);
    }
}

struct nodes *nodes_create (struct ctld *ctld)
{
    struct nodes *nodes = xcalloc (1, sizeof *nodes);
    usec_t now = now_monotonic ();

    nodes->ctld = ctld;
    nodes->order_sequence = ctld->ops->epoch (ctld->store) << 40;
    nodes->tick = timer_create_in (ctld->loop, on_tick, nodes);
    nodes->flush = late_create (ctld->loop, on_flush, nodes);
    for (size_t i = 0; i < ctld->conf->core->n_nodes; i++) { /* each has SlurmdTimeout to come back */
        struct node_link *link = xcalloc (1, sizeof *link);

        link->name = xstrdup (ctld->conf->core->nodes[i]->name);
        link->gone = now;
        HASH_ADD_KEYPTR (hh, nodes->table, link->name, strlen (link->name), link);
    }
    core_node_session (ctld->core, NULL, false);
    timer_arm (nodes->tick, TICK);
    return nodes;
}

struct nodes *nodes_free (struct nodes *nodes)
{
    struct node_link *link, *tmp;

    if (!nodes)
        return NULL;
    HASH_ITER (hh, nodes->table, link, tmp)
    {
        HASH_DEL (nodes->table, link);
        session_unref (link->session);
        node_mail_clear (&link->mail);
        free (link->nonce);
        free (link->readable);
        free (link->name);
        free (link);
    }
    timer_free (nodes->tick);
    late_free (nodes->flush);
    free (nodes);
    return NULL;
}
