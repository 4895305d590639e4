/* on_script.c - the script of a job, for who may read it. */
#include <string.h>
#include "ctld/apply.h"
#include "ctld/blobs.h"
#include "ctld/rpc.h"

struct look {
    bool any;
    uint32_t uid;
    uint8_t hash[HASH_SIZE];
};

static bool look_at (void *arg, const Moisson__JobInfo *row)
{
    struct look *look = arg;
    const ProtobufCBinaryData *hash = &row->spec->script_hash;

    look->any = row->spec->has_script_hash && hash->len == HASH_SIZE;
    look->uid = row->uid;
    if (look->any)
        memcpy (look->hash, hash->data, HASH_SIZE);
    return false;
}

static int find (const struct request *request, struct look *ret, struct err *err)
{
    Moisson__JobRef *ref = request->msg;

    if (core_knows (request->ctld->core, ref))
        core_jobs_of (request->ctld->core, ref, true, look_at, ret);
    if (!ret->any)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (!action_allowed (ACTION_JOB_SCRIPT, request->session->uid, request->session->roles, ret->uid))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, JOB_OF_ANOTHER);
    return 0;
}

static void answer (void *arg, const uint8_t *data, size_t len, const struct err *why)
{
    struct request *request = arg;
    Moisson__BatchScript reply = MOISSON__BATCH_SCRIPT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (data) {
        reply.script.data = (uint8_t *) data;
        reply.script.len = len;
        request_reply (request, MOISSON__MSG_TYPE__MSG_BATCH_SCRIPT_REPLY, &reply.base);
        return;
    }
    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "its script cannot be read: %s",
             why && why->why ? why->why : "the store does not have it");
    request_fail (request, &err);
}

static void committed (void *arg, bool ok)
{
    struct request *request = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    struct look look = {0};

    if (!ok)
        request_end (request);
    else if (find (request, &look, &err) < 0)
        request_fail (request, &err);
    else
        blobs_get (request->ctld->blobs, look.uid, look.hash, answer, request);
}

void rpc_batch_script (struct request *request)
{
    ctld_after (request->ctld, committed, request);
}
