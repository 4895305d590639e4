/* on_node.c - what node agents say. Nothing they say about an attempt is believed that is not theirs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/states.h"
#include "ctld/apply.h"
#include "ctld/job_hooks.h"
#include "ctld/nodes.h"
#include "ctld/rpc.h"

#define NONCE_SIZE 16
#define BOOT_ID_MOST 64
#define FACTS_MOST 16384    /* bytes, without its attempts */
#define ATTEMPTS_MOST 65536 /* far more than a node can hold; looked at in one turn of the loop */
#define WORDS_MOST 4096     /* bytes of a string about an attempt */

/* --- words ---------------------------------------------------------------------------------------------------------
 */

/* They are journaled, kept with the job and shown to people. */
static void tidy (char *words)
{
    if (!words)
        return;
    if (strlen (words) > WORDS_MOST)
        words[WORDS_MOST] = '\0';
    for (unsigned char *p = (unsigned char *) words; *p; p++)
        if (*p < ' ' || *p == 127)
            *p = ' ';
}

static void tidy_exit (Moisson__Exit *exit)
{
    if (!exit)
        return;
    tidy (exit->cause);
    tidy (exit->drain);
    tidy (exit->cpu_ids);
    tidy (exit->gpu_ids);
}

static void tidy_attempts (const Moisson__Register *facts)
{
    for (size_t i = 0; i < facts->n_attempts; i++) {
        tidy (facts->attempts[i]->cpu_ids);
        tidy (facts->attempts[i]->gpu_ids);
        tidy_exit (facts->attempts[i]->exit);
        for (size_t k = 0; k < facts->attempts[i]->n_steps; k++)
            tidy (facts->attempts[i]->steps[k]->name);
    }
}

/* --- register ------------------------------------------------------------------------------------------------------
 */

struct wish { /* what reconciliation wants sent, behind the commit of what it rests on */
    enum fx_kind kind;
    uint64_t raw_id;
    uint32_t attempt;
    Moisson__StopHow how;
    uint64_t limit_s;
    bool suspend;
    uint32_t grace_s;
    char *note;
};

struct registering {
    struct ctld *ctld;
    struct session *session; /* held */
    struct wish *wishes;
    size_t n, room;
};

static void wish_add (struct registering *r, struct wish wish)
{
    GROW (r->wishes, r->n, r->room);
    r->wishes[r->n++] = wish;
}

static void want_event (void *arg, Moisson__Event *event)
{
    struct registering *r = arg;
    _cleanup_err_ struct err err = ERR_INIT;

    if (ctld_apply (r->ctld, event, &err) < 0)
        log_error ("node=%s event=reconcile refused=\"%s\"", r->session->node, err.why);
    moisson__event__free_unpacked (event, NULL);
}

static void want_start (void *arg, uint64_t raw_id, uint32_t attempt)
{
    wish_add (arg, (struct wish){.kind = FX_START, .raw_id = raw_id, .attempt = attempt});
}

static void want_stop (void *arg, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how, const char *note)
{
    wish_add (arg,
              (struct wish){.kind = FX_STOP, .raw_id = raw_id, .attempt = attempt, .how = how, .note = xstrdup (note)});
}

static void want_preempt (void *arg, uint64_t raw_id, uint32_t attempt, const char *note, uint32_t grace_s)
{
    wish_add (arg, (struct wish){.kind = FX_STOP,
                                 .raw_id = raw_id,
                                 .attempt = attempt,
                                 .how = MOISSON__STOP_HOW__STOP_CANCEL,
                                 .grace_s = grace_s,
                                 .note = xstrdup (note)});
}

static void want_forget (void *arg, uint64_t raw_id, uint32_t attempt)
{
    wish_add (arg, (struct wish){.kind = FX_FORGET, .raw_id = raw_id, .attempt = attempt});
}

static void want_limit (void *arg, uint64_t raw_id, uint32_t attempt, uint64_t limit_s)
{
    wish_add (arg, (struct wish){.kind = FX_LIMIT, .raw_id = raw_id, .attempt = attempt, .limit_s = limit_s});
}

static void want_suspend (void *arg, uint64_t raw_id, uint32_t attempt, bool on)
{
    wish_add (arg, (struct wish){.kind = FX_SUSPEND, .raw_id = raw_id, .attempt = attempt, .suspend = on});
}

static void send_wish (struct registering *r, const struct wish *wish)
{
    struct nodes *nodes = r->ctld->nodes;
    const char *node = r->session->node;

    if (wish->kind == FX_START)
        job_hooks_start (r->ctld->job_hooks, node, wish->raw_id, wish->attempt);
    else if (wish->kind == FX_STOP)
        nodes_stop (nodes, node, wish->raw_id, wish->attempt, wish->how, wish->note, wish->grace_s);
    else if (wish->kind == FX_LIMIT)
        nodes_limit (nodes, node, wish->raw_id, wish->attempt, wish->limit_s);
    else if (wish->kind == FX_SUSPEND)
        nodes_suspend (nodes, node, wish->raw_id, wish->attempt, wish->suspend);
    else
        nodes_forget (nodes, node, wish->raw_id, wish->attempt);
}

static void registered (void *arg, bool committed)
{
    struct registering *r = arg;

    if (committed && r->session->channel && nodes_ready (r->ctld->nodes, r->session))
        for (size_t i = 0; i < r->n; i++)
            send_wish (r, &r->wishes[i]);
    for (size_t i = 0; i < r->n; i++)
        free (r->wishes[i].note);
    free (r->wishes);
    session_unref (r->session);
    free (r);
}

/* Is the attempt under way on this node? */
static bool is_on (const struct ctld *ctld, const Moisson__AttemptId *id, const char *node)
{
    const char *host = core_attempt_host (ctld->core, id->raw_id, id->attempt);

    return host && !strcmp (host, node);
}

/* Orders that it has from an earlier session may still lack their blobs. What it says is on it must be so. */
static void let_read_all (struct ctld *ctld, const Moisson__Register *facts)
{
    struct start_facts start;

    for (size_t i = 0; i < facts->n_attempts; i++) {
        const Moisson__AttemptReport *report = facts->attempts[i];

        if (report->phase == MOISSON__ATTEMPT_PHASE__PHASE_STARTING && is_on (ctld, report->id, facts->node) &&
            core_start_facts (ctld->core, report->id->raw_id, report->id->attempt, &start) == 0)
            nodes_let_read (ctld->nodes, facts->node, &start);
    }
}

/* What a registration says of the node is journaled each time: it is small. */
static int check_facts (const Moisson__Register *plain, struct err *err)
{
    size_t bytes = moisson__register__get_packed_size (plain);

    if (plain->launcher_nonce.len != NONCE_SIZE)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the nonce of its launcher has %zu bytes, not %d",
                        plain->launcher_nonce.len, NONCE_SIZE);
    if (!*plain->boot_id || strlen (plain->boot_id) > BOOT_ID_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "its boot id has %zu characters, not 1 to %d",
                        strlen (plain->boot_id), BOOT_ID_MOST);
    if (bytes > FACTS_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                        "what it says of itself has %zu bytes, at most %d are taken", bytes, FACTS_MOST);
    return 0;
}

static int apply_up (struct ctld *ctld, const Moisson__Register *facts, struct err *err)
{
    Moisson__Register plain = *facts;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    size_t attempts = facts->n_attempts + facts->n_tombstones;

    plain.n_attempts = plain.n_tombstones = 0;
    if (check_facts (&plain, err) < 0)
        return -1;
    if (attempts > ATTEMPTS_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "it speaks of %zu attempts, at most %d are taken",
                        attempts, ATTEMPTS_MOST);
    up.facts = &plain;
    event.what_case = MOISSON__EVENT__WHAT_NODE_UP;
    event.node_up = &up;
    return ctld_apply (ctld, &event, err);
}

/* An attempt that is under way elsewhere is none of this node's business. */
static bool may_speak (const struct request *request, const Moisson__AttemptId *id)
{
    const char *host = core_attempt_host (request->ctld->core, id->raw_id, id->attempt);

    if (!host || !strcmp (host, request->session->node))
        return true;
    log_warn ("job=%" PRIu64 " attempt=%u node=%s event=news-refused why=\"it is on %s\"", id->raw_id, id->attempt,
              request->session->node, host);
    return false;
}

/* What is known already makes no event: agents begin each session with all steps of all their attempts. */
static void hear_step (struct ctld *ctld, Moisson__AttemptId *id, Moisson__Step *step)
{
    Moisson__StepNews news = MOISSON__STEP_NEWS__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    news.id = id;
    news.step = step;
    if (!core_step_is_news (ctld->core, &news))
        return;
    step->has_state = step->has_state && state_is_ended (step->state);
    event.what_case = MOISSON__EVENT__WHAT_STEP;
    event.step = &news;
    if (ctld_apply (ctld, &event, &err) < 0)
        log_error ("job=%" PRIu64 " attempt=%u step=%u refused=\"%s\"", id->raw_id, id->attempt, step->id, err.why);
}

/* Before what the node says is compared: an attempt that has ended is recorded with its steps. */
static void hear_steps (struct request *request, const Moisson__Register *facts)
{
    for (size_t i = 0; i < facts->n_attempts; i++) {
        Moisson__AttemptReport *report = facts->attempts[i];

        for (size_t k = 0; k < report->n_steps && may_speak (request, report->id); k++)
            hear_step (request->ctld, report->id, report->steps[k]);
    }
}

void rpc_register (struct request *request)
{
    static const struct reconcile_ops ops = {want_event, want_start,   want_stop,   want_forget,
                                             want_limit, want_suspend, want_preempt};
    struct ctld *ctld = request->ctld;
    const Moisson__Register *facts = request->msg;
    _cleanup_err_ struct err err = ERR_INIT;

    if (nodes_registered (ctld->nodes, request->session, facts, &err) < 0 || apply_up (ctld, facts, &err) < 0) {
        log_warn ("node=%s event=register refused=\"%s\"", request->session->node, err.why);
        session_close (request->session, &err);
        request_end (request);
        return;
    }
    struct registering *r = xcalloc (1, sizeof *r);
    r->ctld = ctld;
    r->session = session_ref (request->session);
    log_info ("node=%s event=registered attempts=%zu tombstones=%zu boot=%s version=%s", facts->node, facts->n_attempts,
              facts->n_tombstones, facts->boot_id, facts->version);
    tidy_attempts (facts);
    let_read_all (ctld, facts);
    hear_steps (request, facts);
    core_reconcile (ctld->core, facts, &ops, r);
    ctld_after (ctld, registered, r);
    request_end (request);
}

/* --- news ----------------------------------------------------------------------------------------------------------
 */

bool news_current (struct request *request)
{
    nodes_heard (request->ctld->nodes, request->session, NULL);
    return nodes_session (request->ctld->nodes, request->session->node) == request->session;
}

bool news_bounded (struct request *request, size_t n, unsigned most)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (n <= most)
        return true;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "it speaks of %zu attempts at once, at most %u are taken", n,
             most);
    log_warn ("node=%s event=news refused=\"%s\"", request->session->node, err.why);
    session_close (request->session, &err);
    request_end (request);
    return false;
}

/* Nobody waits for news of it: no event, so that a node cannot fill the journal with them. */
static bool is_stale (const struct request *request, const Moisson__AttemptId *id)
{
    const struct core *core = request->ctld->core;

    return !core_attempt_host (core, id->raw_id, id->attempt) &&
           !core_has_stray (core, request->session->node, id->raw_id, id->attempt);
}

struct leave { /* to forget an attempt: it may have ended by an event that is not committed yet */
    struct ctld *ctld;
    char *node;
    uint64_t raw_id;
    uint32_t attempt;
};

static void give_leave (void *arg, bool committed)
{
    struct leave *leave = arg;

    if (committed)
        nodes_forget (leave->ctld->nodes, leave->node, leave->raw_id, leave->attempt);
    free (leave->node);
    free (leave);
}

static void let_forget (const struct request *request, const Moisson__AttemptId *id)
{
    struct leave *leave = xmalloc (sizeof *leave);

    *leave = (struct leave){request->ctld, xstrdup (request->session->node), id->raw_id, id->attempt};
    ctld_after (request->ctld, give_leave, leave);
}

void rpc_started (struct request *request)
{
    const Moisson__StartedBatch *batch = request->msg;

    if (!news_bounded (request, batch->n_started, ATTEMPTS_MOST))
        return;
    for (size_t i = 0; news_current (request) && i < batch->n_started; i++) {
        const Moisson__AttemptId *id = batch->started[i]->id;
        Moisson__Event event = MOISSON__EVENT__INIT;
        _cleanup_err_ struct err err = ERR_INIT;

        if (!may_speak (request, id) || is_stale (request, id))
            continue;
        tidy (batch->started[i]->cpu_ids);
        tidy (batch->started[i]->gpu_ids);
        event.what_case = MOISSON__EVENT__WHAT_STARTED;
        event.started = batch->started[i];
        if (ctld_apply (request->ctld, &event, &err) < 0)
            log_error ("job=%" PRIu64 " attempt=%u event=started refused=\"%s\"", id->raw_id, id->attempt, err.why);
        else
            log_debug ("job=%" PRIu64 " attempt=%u node=%s event=started", id->raw_id, id->attempt,
                       request->session->node);
    }
    request_end (request);
}

void rpc_steps (struct request *request)
{
    const Moisson__StepBatch *batch = request->msg;

    if (!news_bounded (request, batch->n_news, ATTEMPTS_MOST))
        return;
    for (size_t i = 0; news_current (request) && i < batch->n_news; i++) {
        tidy (batch->news[i]->step->name);
        if (may_speak (request, batch->news[i]->id))
            hear_step (request->ctld, batch->news[i]->id, batch->news[i]->step);
    }
    request_end (request);
}

void rpc_exited (struct request *request)
{
    const Moisson__ExitedBatch *batch = request->msg;

    if (!news_bounded (request, batch->n_exits, ATTEMPTS_MOST))
        return;
    for (size_t i = 0; news_current (request) && i < batch->n_exits; i++) {
        Moisson__Exit *exit = batch->exits[i];
        Moisson__Ended ended = MOISSON__ENDED__INIT;
        Moisson__Event event = MOISSON__EVENT__INIT;
        _cleanup_err_ struct err err = ERR_INIT;

        if (!may_speak (request, exit->id))
            continue;
        if (is_stale (request, exit->id)) {
            let_forget (request, exit->id);
            continue;
        }
        tidy_exit (exit);
        ended.exit = exit;
        ended.node = request->session->node;
        event.what_case = MOISSON__EVENT__WHAT_ENDED;
        event.ended = &ended;
        if (ctld_apply (request->ctld, &event, &err) < 0)
            log_error ("job=%" PRIu64 " attempt=%u event=exited refused=\"%s\"", exit->id->raw_id, exit->id->attempt,
                       err.why);
        else
            log_info ("job=%" PRIu64 " attempt=%u node=%s event=exited kind=%d code=%u signal=%u", exit->id->raw_id,
                      exit->id->attempt, request->session->node, (int) exit->kind, exit->code, exit->signal);
    }
    request_end (request);
}

void rpc_heartbeat (struct request *request)
{
    nodes_heard (request->ctld->nodes, request->session, request->msg);
    request_end (request);
}

/* --- blobs ---------------------------------------------------------------------------------------------------------
 */

struct blob_wish {
    struct session *session; /* held */
    uint32_t uid;
    uint8_t hash[HASH_SIZE];
};

static void send_blob (void *arg, const uint8_t *data, size_t len, const struct err *why)
{
    struct blob_wish *w = arg;
    Moisson__BlobId id = MOISSON__BLOB_ID__INIT;
    Moisson__Blob blob = MOISSON__BLOB__INIT;

    id.uid = w->uid;
    id.hash = (ProtobufCBinaryData){HASH_SIZE, w->hash};
    blob.id = &id;
    blob.has_data = data != NULL;
    blob.data = (ProtobufCBinaryData){data ? len : 0, (uint8_t *) data};
    if (why) { /* could not be read now: the node asks again with its next session */
        log_error ("node=%s event=blob-not-read why=\"%s\"", w->session->node, why->why);
        session_close (w->session, why);
    } else {
        session_send (w->session, MOISSON__MSG_TYPE__MSG_BLOB, &blob.base);
    }
    session_unref (w->session);
    free (w);
}

static void refuse_blob (struct request *request, Moisson__BlobId *id)
{
    Moisson__Blob blob = MOISSON__BLOB__INIT;

    log_warn ("node=%s event=blob-refused uid=%u why=\"no order of this node names it\"", request->session->node,
              id->uid);
    blob.id = id;
    session_send (request->session, MOISSON__MSG_TYPE__MSG_BLOB, &blob.base);
}

void rpc_blob_get (struct request *request)
{
    const Moisson__BlobIds *ids = request->msg;

    if (!news_bounded (request, ids->n_ids, ATTEMPTS_MOST))
        return;
    for (size_t i = 0; news_current (request) && i < ids->n_ids; i++) {
        Moisson__BlobId *id = ids->ids[i];

        if (!nodes_may_read (request->ctld->nodes, request->session->node, id->uid, id->hash.data, id->hash.len)) {
            refuse_blob (request, id);
            continue;
        }
        struct blob_wish *w = xcalloc (1, sizeof *w);
        w->session = session_ref (request->session);
        w->uid = id->uid;
        memcpy (w->hash, id->hash.data, HASH_SIZE);
        blobs_get (request->ctld->blobs, id->uid, w->hash, send_blob, w);
    }
    request_end (request);
}
