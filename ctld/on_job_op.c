/* on_job_op.c - hold, release, requeue: each reference is one event. */
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "ctld/apply.h"
#include "ctld/id_work.h"
#include "ctld/rpc.h"

static const struct op_row {
    Moisson__JobOp op;
    const char *word;
    enum action action;
    bool requeue; /* a Requeued event, else a Held one */
    bool held;    /* Held.held, Requeued.hold */
    bool as_user; /* the hold is the user's, whoever asks */
} ops[] = {
    {MOISSON__JOB_OP__OP_HOLD, "hold", ACTION_JOB_HOLD, false, true, false},
    {MOISSON__JOB_OP__OP_UHOLD, "uhold", ACTION_JOB_HOLD, false, true, true},
    {MOISSON__JOB_OP__OP_RELEASE, "release", ACTION_JOB_RELEASE, false, false, false},
    {MOISSON__JOB_OP__OP_REQUEUE, "requeue", ACTION_JOB_REQUEUE, true, false, false},
    {MOISSON__JOB_OP__OP_REQUEUE_HOLD, "requeuehold", ACTION_JOB_REQUEUE, true, true, false},
};

static const struct op_row *op_find (Moisson__JobOp op)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (ops[i].op == op)
            return &ops[i];
    return NULL;
}

/* What a reference stands for, as far as holds are concerned. */
struct look {
    bool any, pending, held_by_admin;
};

static bool look_at (void *arg, const Moisson__JobInfo *row)
{
    struct look *look = arg;

    look->any = true;
    if (row->state != MOISSON__JOB_STATE__STATE_PENDING || row->start_unconfirmed)
        return true;
    look->pending = true;
    look->held_by_admin |= row->reason && !strcmp (row->reason, "JobHeldAdmin");
    return !look->held_by_admin;
}

static struct look look_up (const struct core *core, Moisson__JobRef *ref)
{
    struct look look = {0};

    core_jobs_of (core, ref, false, look_at, &look);
    return look;
}

static int check (const struct request *request, const struct op_row *row, Moisson__JobRef *ref, uint32_t *ret_owner,
                  struct err *err)
{
    const struct core *core = request->ctld->core;
    const struct session *who = request->session;

    if (!core_knows (core, ref) || core_job_owner (core, ref->job_id, ret_owner) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (!action_allowed (row->action, who->uid, who->roles, *ret_owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, JOB_OF_ANOTHER);
    struct look look = look_up (core, ref);
    if (!look.any)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    if (row->requeue)
        return 0;
    if (!look.pending)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_NOT_PENDING, "Job is no longer pending execution");
    if (!row->held && look.held_by_admin &&
        !action_allowed (ACTION_JOB_RELEASE_ADMIN, who->uid, who->roles, *ret_owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "an operator holds this job; ask one to release it");
    return 0;
}

static int apply_held (struct request *request, const struct op_row *row, const Moisson__JobRef *ref, uint32_t owner,
                       struct err *err)
{
    const struct session *who = request->session;
    bool is_operator = who->roles & ROLE_OPERATOR;
    Moisson__Held held = MOISSON__HELD__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    held.job_id = ref->job_id;
    held.tasks = ref->tasks;
    held.n_tasks = ref->n_tasks;
    held.held = row->held;
    held.uid = who->uid;
    held.has_by_admin = true; /* a hold of one's own job is a user's hold; operators lift both kinds */
    held.by_admin = is_operator && !row->as_user && (!row->held || owner != who->uid);
    event.what_case = MOISSON__EVENT__WHAT_HELD;
    event.held = &held;
    return ctld_apply (request->ctld, &event, err);
}

static int apply_requeued (struct request *request, const struct op_row *row, const Moisson__JobRef *ref,
                           struct err *err)
{
    Moisson__Requeued requeued = MOISSON__REQUEUED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    requeued.job_id = ref->job_id;
    requeued.tasks = ref->tasks;
    requeued.n_tasks = ref->n_tasks;
    requeued.uid = request->session->uid;
    requeued.has_hold = true;
    requeued.hold = row->held;
    event.what_case = MOISSON__EVENT__WHAT_REQUEUED;
    event.requeued = &requeued;
    return ctld_apply (request->ctld, &event, err);
}

static void step (struct id_work *work, size_t i)
{
    const Moisson__JobOpRequest *asked = work->request->msg;
    const struct op_row *row = op_find (asked->op);
    Moisson__JobRef *ref = asked->jobs[i];
    _cleanup_err_ struct err err = ERR_INIT;
    uint32_t owner = 0;
    int rc = check (work->request, row, ref, &owner, &err);

    if (rc == 0)
        rc = row->requeue ? apply_requeued (work->request, row, ref, &err)
                          : apply_held (work->request, row, ref, owner, &err);
    if (rc == 0)
        log_info ("job=%" PRIu64 " event=%s uid=%u", ref->job_id, row->word, work->request->session->uid);
    id_work_result (work, ref, rc < 0 ? &err : NULL, rc < 0 ? 0 : 1);
}

void rpc_job_op (struct request *request)
{
    const Moisson__JobOpRequest *asked = request->msg;
    const struct ctld *ctld = request->ctld;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!op_find (asked->op)) {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "there is no operation %d on jobs", (int) asked->op);
        request_fail (request, &err);
        return;
    }
    if (journal_health (ctld->journal) == JOURNAL_FAILING) {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
                 journal_trouble (ctld->journal));
        err_fix (&err, "try again later");
        request_fail (request, &err);
        return;
    }
    id_work_start (request, asked->n_jobs, step, NULL, NULL);
}
