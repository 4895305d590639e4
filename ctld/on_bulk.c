/* on_bulk.c - bulks: a queue, of which the first one is worked on. Its lines are checked first, which changes nothing;
 * then one event takes all of them (or those that can be taken, where that was asked), and Unfold events make jobs of
 * them; the reply leaves after the commit of the last. A crash before the first commit leaves nothing, one after it
 * everything: the next start goes on unfolding, and a repeated request finds the token, and with it its answer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/log.h"
#include "base/mem.h"
#include "core/spec.h"
#include "ctld/apply.h"
#include "ctld/bulk_in.h"
#include "ctld/bulks.h"
#include "ctld/on_submit.h"
#include "ctld/rpc.h"
#include "ctld/service_user.h"

#define SLICE 2000u       /* microseconds */
#define UNFOLD_AT_ONCE 64 /* jobs an event */
#define CACHED_BLOBS 64   /* of a bulk with more, the nodes' agents ask the store */

struct asked {
    struct asked *prev, *next;
    struct request *request;
    Moisson__Submitted *who; /* without a spec */
    struct bulk_in in;
};

struct deferred {
    struct deferred *next;
    void (*fn) (void *arg, bool go);
    void *arg;
};

struct bulks {
    struct ctld *ctld;
    struct timer *timer;
    struct asked *queue;
    struct deferred *deferred;
    struct answer *answer; /* of the one that is being unfolded */
};

struct answer { /* waits for its commit */
    struct request *request;
    uint8_t *packed;
    size_t len;
    bool repeated;
};

static void asked_free (struct asked *a)
{
    bulk_in_clear (&a->in);
    if (a->who)
        moisson__submitted__free_unpacked (a->who, NULL);
    free (a);
}

static struct request *asked_end (struct asked *a)
{
    struct request *request = a->request;

    asked_free (a);
    return request;
}

static void refuse (struct asked *a, const struct err *err)
{
    struct request *request = asked_end (a);

    log_info ("uid=%u event=bulk-refused why=\"%s\"", request->session->uid, err->why);
    request_fail (request, err);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void send_answer (void *arg, bool committed)
{
    struct answer *answer = arg;
    Moisson__BulkReply *reply = moisson__bulk_reply__unpack (NULL, answer->len, answer->packed);

    if (committed && reply) {
        reply->has_repeated_submit = reply->repeated_submit = answer->repeated;
        request_reply (answer->request, MOISSON__MSG_TYPE__MSG_BULK_REPLY, &reply->base);
    } else {
        request_end (answer->request);
    }
    if (reply)
        moisson__bulk_reply__free_unpacked (reply, NULL);
    free (answer->packed);
    free (answer);
}

static struct answer *answer_create (struct request *request, const uint8_t *packed, size_t len, bool repeated)
{
    struct answer *answer = xmalloc (sizeof *answer);

    *answer = (struct answer){.request = request, .packed = xmalloc (len + 1), .len = len, .repeated = repeated};
    if (len)
        memcpy (answer->packed, packed, len);
    return answer;
}

static void fill_reply (const struct bulk_in *in, uint64_t first_id, Moisson__BulkReply *reply)
{
    bool refused = bulk_in_refused (in);

    *reply = (Moisson__BulkReply) MOISSON__BULK_REPLY__INIT;
    reply->first_id = refused || !in->n_taken ? 0 : first_id;
    reply->count = refused ? 0 : in->n_taken;
    reply->exceptions = in->exceptions;
    reply->n_exceptions = in->n_exceptions;
    reply->has_more_refused = refused && in->n_refused > BULK_REFUSALS_TOLD;
    reply->more_refused = reply->has_more_refused ? in->n_refused - BULK_REFUSALS_TOLD : 0;
}

static uint8_t *pack_reply (const struct bulk_in *in, uint64_t first_id, size_t *ret_len)
{
    Moisson__BulkReply reply;
    uint8_t *packed;

    fill_reply (in, first_id, &reply);
    *ret_len = moisson__bulk_reply__get_packed_size (&reply);
    packed = xmalloc (*ret_len + 1);
    moisson__bulk_reply__pack (&reply, packed);
    return packed;
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

static void keep_blobs (struct ctld *ctld, const struct bulk_in *in)
{
    struct store_batch view = batch_view (in->store);

    for (size_t i = 0; in->n_blobs <= CACHED_BLOBS && i < view.n_blobs; i++)
        blobs_put (ctld->blobs, in->uid, view.blobs[i].hash, view.blobs[i].data, view.blobs[i].len);
}

static int apply_bulk (struct ctld *ctld, struct asked *a, uint64_t first_id, const uint8_t *answer, size_t len,
                       struct err *err)
{
    Moisson__Bulk bulk = MOISSON__BULK__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    int rc;

    a->who->spec = a->in.msg->common; /* lent */
    a->who->has_token = true;
    a->who->token = a->in.msg->token;
    bulk.first_id = first_id;
    bulk.count = a->in.n_taken;
    bulk.common = a->who;
    bulk.lines = (ProtobufCBinaryData){a->in.taken.len, (uint8_t *) a->in.taken.data};
    bulk.has_answer = true;
    bulk.answer = (ProtobufCBinaryData){len, (uint8_t *) answer};
    event.what_case = MOISSON__EVENT__WHAT_BULK;
    event.bulk = &bulk;
    keep_blobs (ctld, &a->in);
    journal_join (ctld->journal, steal (&a->in.store));
    rc = ctld_apply (ctld, &event, err);
    a->who->spec = NULL;
    a->who->has_token = false;
    a->who->token = (ProtobufCBinaryData){0, NULL};
    if (rc == 0)
        log_info ("job=%" PRIu64 " uid=%u event=bulk-submitted count=%u", first_id, a->in.uid, a->in.n_taken);
    return rc;
}

static void decide (struct bulks *bulks, struct asked *a)
{
    struct ctld *ctld = bulks->ctld;
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t first_id = core_next_job_id (ctld->core);
    _cleanup_free_ uint8_t *packed = NULL;
    size_t len;
    bool makes = a->in.n_taken && !bulk_in_refused (&a->in);

    packed = pack_reply (&a->in, first_id, &len);
    if (makes && (submit_store_ready (ctld, &err) < 0 || apply_bulk (ctld, a, first_id, packed, len, &err) < 0)) {
        refuse (a, &err);
        return;
    }
    if (!makes)
        log_info ("uid=%u event=bulk-refused lines=%u refused=%u", a->in.uid, a->in.line, a->in.n_refused);
    struct answer *answer = answer_create (asked_end (a), packed, len, false);
    if (makes)
        bulks->answer = answer;
    else
        ctld_after (ctld, send_answer, answer);
}

/* Everybody who waited for the decision about a bulk. */
static void let_go (struct bulks *bulks, bool go)
{
    struct deferred *d = bulks->deferred;

    bulks->deferred = NULL;
    while (d) {
        struct deferred *next = d->next;
        d->fn (d->arg, go);
        free (d);
        d = next;
    }
}

/* --- the work ----------------------------------------------------------------------------------------------------- */

/* true: something is still folded. */
static bool unfold_some (struct bulks *bulks, usec_t began)
{
    struct ctld *ctld = bulks->ctld;
    Moisson__Unfold unfold = MOISSON__UNFOLD__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    event.what_case = MOISSON__EVENT__WHAT_UNFOLD;
    event.unfold = &unfold;
    while ((unfold.count = core_folded (ctld->core, &unfold.first_id))) {
        if (now_monotonic () - began > SLICE)
            return true;
        if (unfold.count > UNFOLD_AT_ONCE)
            unfold.count = UNFOLD_AT_ONCE;
        if (ctld_apply (ctld, &event, &err) < 0) {
            log_error ("event=unfold refused=\"%s\"", err.why); /* a bug: the lines were read before */
            return false;
        }
    }
    if (bulks->answer)
        ctld_after (ctld, send_answer, steal (&bulks->answer));
    return false;
}

/* Known already? true: answered. */
static bool answer_again (struct bulks *bulks, struct asked *a)
{
    const Moisson__BulkRequest *msg = a->in.msg;
    const uint8_t *packed;
    size_t len;

    if (a->in.line || !core_find_bulk (bulks->ctld->core, a->in.uid, msg->token.data, msg->token.len, &packed, &len))
        return false;
    log_info ("uid=%u event=bulk-repeated count=%u", a->in.uid, msg->count);
    struct answer *answer = answer_create (a->request, packed, len, true);
    asked_free (a);
    ctld_after (bulks->ctld, send_answer, answer);
    return true;
}

/* true: it is done with. */
static bool read_some (struct bulks *bulks, struct asked *a, usec_t began)
{
    _cleanup_err_ struct err err = ERR_INIT;
    int r;

    if (request_gone (a->request)) { /* nobody would learn the ids, so make no jobs behind his back */
        request_end (asked_end (a));
        return true;
    }
    if (answer_again (bulks, a))
        return true;
    while ((r = bulk_in_step (&a->in, bulks->ctld, &err)) > 0)
        if (now_monotonic () - began > SLICE)
            return false;
    if (r < 0)
        refuse (a, &err);
    else
        decide (bulks, a);
    return true;
}

static void slice (void *arg)
{
    struct bulks *bulks = arg;
    usec_t began = now_monotonic ();
    bool more = unfold_some (bulks, began);

    while (!more && bulks->queue) {
        struct asked *a = bulks->queue;

        DL_DELETE (bulks->queue, a);
        if (!read_some (bulks, a, began)) {
            DL_PREPEND (bulks->queue, a);
            more = true;
            break;
        }
        let_go (bulks, true);
        more = unfold_some (bulks, began);
    }
    if (more)
        timer_arm (bulks->timer, 0);
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static Moisson__Submitted *copy_facts (const struct user_facts *who)
{
    Moisson__Submitted lent = MOISSON__SUBMITTED__INIT;
    Moisson__JobSpec none = MOISSON__JOB_SPEC__INIT;
    Moisson__Submitted *copy;

    submit_facts (&lent, who);
    lent.spec = &none;
    copy = message_copy (&lent.base);
    moisson__job_spec__free_unpacked (copy->spec, NULL);
    copy->spec = NULL;
    return copy;
}

static void got_user (void *arg, const struct user_facts *who, const struct err *why)
{
    struct asked *a = arg;
    struct ctld *ctld = a->request->ctld;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!who) {
        refuse (a, why);
        return;
    }
    if (service_user_admits (ctld->conf, ctld->core, ctld->uid, who, &err) < 0) {
        refuse (a, &err);
        return;
    }
    a->in.who = a->who = copy_facts (who);
    DL_APPEND (ctld->bulks->queue, a);
    timer_arm (ctld->bulks->timer, 0);
}

void rpc_bulk (struct request *request)
{
    struct asked *a = xcalloc (1, sizeof *a);
    _cleanup_err_ struct err err = ERR_INIT;

    a->request = request;
    bulk_in_init (&a->in, request);
    if (bulk_in_check (&a->in, &err) < 0) {
        refuse (a, &err);
        return;
    }
    users_get (request->ctld->users, request->session->uid, got_user, a);
}

bool bulks_reading (const struct bulks *bulks, uint32_t uid)
{
    return bulks->queue && bulks->queue->in.uid == uid && bulks->queue->in.line;
}

void bulks_defer (struct bulks *bulks, void (*fn) (void *arg, bool go), void *arg)
{
    struct deferred *d = xmalloc (sizeof *d);

    *d = (struct deferred){.fn = fn, .arg = arg};
    LL_APPEND (bulks->deferred, d);
}

struct bulks *bulks_create (struct ctld *ctld)
{
    struct bulks *bulks = xcalloc (1, sizeof *bulks);

    bulks->ctld = ctld;
    bulks->timer = timer_create_in (ctld->loop, slice, bulks);
    timer_arm (bulks->timer, 0);
    return bulks;
}

struct bulks *bulks_free (struct bulks *bulks)
{
    struct asked *a, *next;

    if (!bulks)
        return NULL;
    let_go (bulks, false);
    DL_FOREACH_SAFE (bulks->queue, a, next)
    request_end (asked_end (a));
    if (bulks->answer)
        send_answer (bulks->answer, false);
    timer_free (bulks->timer);
    free (bulks);
    return NULL;
}
