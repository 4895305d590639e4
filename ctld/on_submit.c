/* on_submit.c - make a job: who asks, is it new, may it be, then one event with its blobs, and the reply after the
 * commit. Everything that decides happens in one callback, so two submits with the same token cannot both be new. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/bulks.h"
#include "ctld/on_submit.h"
#include "ctld/rpc.h"
#include "ctld/service_user.h"

#define SCRIPT_MOST (4u << 20)
#define ENV_MOST (16u << 20)
#define KEY_MOST 255

struct submit_job { /* a submit under way: its request and, where they were not sent along, its blobs */
    struct request *request;
    uint8_t *stored[2];
    size_t stored_len[2];
    int awaited;
    bool failed;
};

static const struct {
    const char *name;
    size_t most;
} kinds[2] = {{"script", SCRIPT_MOST}, {"environment", ENV_MOST}};

static Moisson__SubmitRequest *asked (const struct submit_job *s)
{
    return s->request->msg;
}

static const ProtobufCBinaryData *hash_of (const struct submit_job *s, int kind)
{
    return kind == 0 ? &asked (s)->spec->script_hash : &asked (s)->spec->env_hash;
}

/* What was sent along, or what the store had. */
static ProtobufCBinaryData blob_of (const struct submit_job *s, int kind)
{
    const Moisson__SubmitRequest *msg = asked (s);

    if (s->stored[kind])
        return (ProtobufCBinaryData){s->stored_len[kind], s->stored[kind]};
    return kind == 0 ? msg->script : msg->env;
}

static bool was_sent (const struct submit_job *s, int kind)
{
    return kind == 0 ? asked (s)->has_script : asked (s)->has_env;
}

static struct request *submit_end (struct submit_job *s)
{
    struct request *request = s->request;

    free (s->stored[0]);
    free (s->stored[1]);
    free (s);
    return request;
}

static void refuse (struct submit_job *s, const struct err *err)
{
    struct request *request = submit_end (s);
    _cleanup_free_ char *line = err_line (err);

    log_info ("uid=%u event=submit-refused why=\"%s\"", request->session->uid, line);
    request_fail (request, err);
}

struct refusal {
    struct submit_job *job;
    struct err err;
};

static void refuse_committed (void *arg, bool committed)
{
    struct refusal *r = arg;

    if (committed)
        refuse (r->job, &r->err);
    else
        request_end (submit_end (r->job));
    err_clear (&r->err);
    free (r);
}

/* What the refusal rests on may not be committed yet; takes err over. */
static void refuse_after_commit (struct submit_job *s, struct err *err)
{
    struct refusal *r = xmalloc (sizeof *r);

    *r = (struct refusal){.job = s, .err = *err};
    *err = ERR_INIT;
    ctld_after (s->request->ctld, refuse_committed, r);
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

struct accepted {
    struct request *request;
    uint64_t job_id;
    bool repeated;
};

static void reply (void *arg, bool committed)
{
    struct accepted *a = arg;
    Moisson__SubmitReply msg = MOISSON__SUBMIT_REPLY__INIT;

    msg.job_id = a->job_id;
    msg.has_repeated_submit = a->repeated;
    msg.repeated_submit = a->repeated;
    if (committed)
        request_reply (a->request, MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY, &msg.base);
    else
        request_end (a->request);
    free (a);
}

static void reply_after_commit (struct submit_job *s, uint64_t job_id, bool repeated)
{
    struct accepted *a = xmalloc (sizeof *a);
    struct ctld *ctld = s->request->ctld;

    *a = (struct accepted){.request = submit_end (s), .job_id = job_id, .repeated = repeated};
    ctld_after (ctld, reply, a);
}

static void reply_estimate (struct submit_job *s)
{
    struct ctld *ctld = s->request->ctld;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__SubmitReply msg = MOISSON__SUBMIT_REPLY__INIT;
    const char *node = NULL;
    usec_t start = 0;

    if (core_estimate (ctld->core, asked (s)->spec, now_wall (), &start, &node, &msg.cpus, &err) < 0) {
        refuse (s, &err);
        return;
    }
    msg.job_id = core_next_job_id (ctld->core);
    msg.has_start_estimate_us = true;
    msg.start_estimate_us = start;
    msg.node = (char *) node;
    msg.has_cpus = true;
    msg.partition = asked (s)->spec->partition;
    if (!msg.partition)
        msg.partition = (char *) core_default_partition (ctld->core);
    struct request *request = s->request;
    request_send (request, MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY, &msg.base);
    request_end (submit_end (s));
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

void submit_facts (Moisson__Submitted *submitted, const struct user_facts *who)
{
    submitted->uid = who->uid;
    submitted->gid = who->gid;
    submitted->user = who->name;
    submitted->group = who->group;
    submitted->groups = who->groups;
    submitted->n_groups = who->n_groups;
    submitted->home = who->home;
    submitted->shell = who->shell;
}

static int make_job (struct submit_job *s, const struct user_facts *who, uint64_t *ret_id, struct err *err)
{
    struct ctld *ctld = s->request->ctld;
    const Moisson__SubmitRequest *msg = asked (s);
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    struct store_blob blobs[2];

    submitted.job_id = core_next_job_id (ctld->core);
    submitted.spec = msg->spec;
    submit_facts (&submitted, who);
    submitted.has_token = true;
    submitted.token = msg->token;
    submitted.submit_key = msg->submit_key && *msg->submit_key ? msg->submit_key : NULL;
    event.what_case = MOISSON__EVENT__WHAT_SUBMITTED;
    event.submitted = &submitted;
    for (int kind = 0; kind < 2; kind++) {
        ProtobufCBinaryData data = blob_of (s, kind);

        blobs[kind] = (struct store_blob){who->uid, hash_of (s, kind)->data, data.data, data.len};
    }
    if (ctld_apply_with (ctld, &event, blobs, 2, err) < 0)
        return -1;
    for (int kind = 0; kind < 2; kind++)
        blobs_put (ctld->blobs, who->uid, blobs[kind].hash, blobs[kind].data, blobs[kind].len);
    *ret_id = submitted.job_id;
    log_info ("job=%" PRIu64 " uid=%u event=submitted name=\"%s\"", submitted.job_id, who->uid,
              msg->spec->name ? msg->spec->name : "");
    return 0;
}

int submit_store_ready (const struct ctld *ctld, struct err *err)
{
    if (journal_accepting (ctld->journal))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record new jobs now: %s",
             journal_trouble (ctld->journal));
    err_what (err, "job not submitted");
    return err_fix (err, "try again later; running jobs go on and are recorded");
}

void submit_keep_in_line (const struct ctld *ctld, bool is_operator, Moisson__JobSpec *spec)
{
    if (is_operator)
        return;
    if (spec->nice < 0)
        spec->nice = 0;
    if (spec->has_priority && (spec->priority > PRIORITY_BASE || ctld->conf->core->multifactor))
        spec->has_priority = false;
}

static void decide (void *arg, const struct user_facts *who, const struct err *why);

/* A bulk of this user was being read, perhaps with the same key: it has been decided. */
static void decide_now (void *arg, bool go)
{
    struct submit_job *s = arg;

    if (go)
        users_get (s->request->ctld->users, s->request->session->uid, decide, s);
    else
        request_end (submit_end (s));
}

static void decide (void *arg, const struct user_facts *who, const struct err *why)
{
    struct submit_job *s = arg;
    struct ctld *ctld = s->request->ctld;
    const Moisson__SubmitRequest *msg = asked (s);
    uint32_t uid = s->request->session->uid;
    struct submitter submitter = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t job_id = 0;

    if (request_gone (s->request)) { /* nobody would learn the id, so do not make a job behind his back */
        request_end (submit_end (s));
        return;
    }
    if (!who) {
        refuse (s, why);
        return;
    }
    if (service_user_admits (ctld->conf, ctld->core, ctld->uid, who, &err) < 0) {
        refuse (s, &err);
        return;
    }
    if (msg->submit_key && bulks_reading (ctld->bulks, uid)) {
        bulks_defer (ctld->bulks, decide_now, s);
        return;
    }
    submit_keep_in_line (ctld, s->request->session->roles & ROLE_OPERATOR, msg->spec);
    int known = msg->has_test_only && msg->test_only
                    ? SUBMIT_E_NEW
                    : core_find_submit (ctld->core, uid, msg->token.data, msg->token.len, msg->submit_key, msg->spec,
                                        &job_id, &err);
    if (known == 0) {
        log_info ("job=%" PRIu64 " uid=%u event=submit-repeated", job_id, uid);
        reply_after_commit (s, job_id, true);
        return;
    }
    submitter = (struct submitter){.user = who->name, .gids = who->groups, .n_gids = who->n_groups};
    if (known < 0 || core_admit (ctld->core, msg->spec, &submitter, now_wall (), &err) < 0 ||
        core_admit_reservation (ctld->core, msg->spec, who->name, &err) < 0) {
        refuse_after_commit (s, &err);
        return;
    }
    if (msg->has_test_only && msg->test_only) {
        reply_estimate (s);
        return;
    }
    if (submit_store_ready (ctld, &err) < 0 || make_job (s, who, &job_id, &err) < 0) {
        refuse (s, &err);
        return;
    }
    reply_after_commit (s, job_id, false);
}

/* --- what must be at hand first ----------------------------------------------------------------------------------- */

static int check_blob (const struct submit_job *s, int kind, struct err *err)
{
    const ProtobufCBinaryData *hash = hash_of (s, kind);
    ProtobufCBinaryData data = blob_of (s, kind);
    uint8_t real[HASH_SIZE];

    if (data.len > kinds[kind].most) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the %s has %zu bytes, at most %zu are taken",
                 kinds[kind].name, data.len, kinds[kind].most);
        return err_fix (err, "put the data into files that the job reads");
    }
    hash_bytes (data.data, data.len, real);
    if (memcmp (real, hash->data, HASH_SIZE) != 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the %s does not have the hash that the job names",
                        kinds[kind].name);
    return 0;
}

int submit_check_key (const char *key, struct err *err)
{
    if (strlen (key) <= KEY_MOST)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the submit key has more than %d characters", KEY_MOST);
    return err_fix (err, "use a shorter --submit-key, for example a hash of this one");
}

static int check_message (const struct submit_job *s, struct err *err)
{
    const Moisson__SubmitRequest *msg = asked (s);

    if (msg->token.len != SUBMIT_TOKEN_SIZE)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "a submit token has %d bytes, not %zu",
                        SUBMIT_TOKEN_SIZE, msg->token.len);
    if (msg->submit_key && submit_check_key (msg->submit_key, err))
        return -1;
    if (moisson__job_spec__get_packed_size (msg->spec) > SPEC_MOST) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
                 "what is asked for the job has %zu bytes, at most %u are taken",
                 moisson__job_spec__get_packed_size (msg->spec), SPEC_MOST);
        return err_fix (err, "put long arguments, comments and lists into files that the job reads");
    }
    for (int kind = 0; kind < 2; kind++)
        if (hash_of (s, kind)->len != HASH_SIZE)
            return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the job names no hash of its %s",
                            kinds[kind].name);
    return 0;
}

static void proceed (struct submit_job *s)
{
    _cleanup_err_ struct err err = ERR_INIT;

    for (int kind = 0; kind < 2; kind++)
        if (check_blob (s, kind, &err) < 0) {
            refuse (s, &err);
            return;
        }
    users_get (s->request->ctld->users, s->request->session->uid, decide, s);
}

static void arrived (struct submit_job *s)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (--s->awaited > 0)
        return;
    if (!s->failed) {
        proceed (s);
        return;
    }
    err_set (&err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
             "the script or environment was not sent along and the controller does not have it");
    err_fix (&err, "send both with the submit");
    refuse (s, &err);
}

static void keep (struct submit_job *s, int kind, const uint8_t *data, size_t len)
{
    if (data) {
        s->stored[kind] = xmemdup (data, len);
        s->stored_len[kind] = len;
    } else {
        s->failed = true;
    }
    arrived (s);
}

static void got_script (void *arg, const uint8_t *data, size_t len, const struct err *why)
{
    (void) why;
    keep (arg, 0, data, len);
}

static void got_env (void *arg, const uint8_t *data, size_t len, const struct err *why)
{
    (void) why;
    keep (arg, 1, data, len);
}

void rpc_submit (struct request *request)
{
    static const blob_fn got[2] = {got_script, got_env};
    struct submit_job *s = xcalloc (1, sizeof *s);
    _cleanup_err_ struct err err = ERR_INIT;

    s->request = request;
    if (check_message (s, &err) < 0) {
        refuse (s, &err);
        return;
    }
    s->awaited = 1;
    for (int kind = 0; kind < 2; kind++)
        if (!was_sent (s, kind)) {
            s->awaited++;
            blobs_get (request->ctld->blobs, request->session->uid, hash_of (s, kind)->data, got[kind], s);
        }
    arrived (s);
}
