/* on_job_op.c - hold, release, requeue, suspend, resume: each reference is one event. */
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "base/states.h"
#include "ctld/apply.h"
#include "ctld/id_work.h"
#include "ctld/rpc.h"

static const struct op_row {
    Moisson__JobOp op;
    const char *word;
    enum action action;
    enum { AS_HELD, AS_REQUEUED, AS_SUSPENDED } event;
    bool on;      /* Held.held, Requeued.hold, Suspended.suspended */
    bool as_user; /* the hold is the user's, whoever asks */
} ops[] = {
    {MOISSON__JOB_OP__OP_HOLD, "hold", ACTION_JOB_HOLD, AS_HELD, true, false},
    {MOISSON__JOB_OP__OP_UHOLD, "uhold", ACTION_JOB_HOLD, AS_HELD, true, true},
    {MOISSON__JOB_OP__OP_RELEASE, "release", ACTION_JOB_RELEASE, AS_HELD, false, false},
    {MOISSON__JOB_OP__OP_REQUEUE, "requeue", ACTION_JOB_REQUEUE, AS_REQUEUED, false, false},
    {MOISSON__JOB_OP__OP_REQUEUE_HOLD, "requeuehold", ACTION_JOB_REQUEUE, AS_REQUEUED, true, false},
    {MOISSON__JOB_OP__OP_SUSPEND, "suspend", ACTION_JOB_SUSPEND, AS_SUSPENDED, true, false},
    {MOISSON__JOB_OP__OP_RESUME, "resume", ACTION_JOB_SUSPEND, AS_SUSPENDED, false, false},
};

static const struct op_row *op_find (Moisson__JobOp op)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (ops[i].op == op)
            return &ops[i];
    return NULL;
}

/* What a reference stands for. */
struct look {
    bool any;                /* what has not ended */
    bool pending, active;    /* waits; placed or running, and not to end */
    bool running, suspended; /* of what is active */
    bool ran;                /* what has ended after an attempt */
    bool held_by_admin;
    bool once; /* asked for --no-requeue */
};

static bool look_at (void *arg, const Moisson__JobInfo *row)
{
    struct look *look = arg;
    const Moisson__JobSpec *spec = row->spec;
    bool unconfirmed = row->has_start_unconfirmed && row->start_unconfirmed;

    look->once |= spec->has_requeue && !spec->requeue;
    if (state_is_ended (row->state)) {
        look->ran |= row->nodes && *row->nodes;
        return true;
    }
    look->any = true;
    look->running |= row->state == MOISSON__JOB_STATE__STATE_RUNNING;
    look->suspended |= row->state == MOISSON__JOB_STATE__STATE_SUSPENDED;
    look->active |=
        row->state != MOISSON__JOB_STATE__STATE_COMPLETING && (unconfirmed || !state_is_pending (row->state));
    if (!state_is_pending (row->state) || unconfirmed)
        return true;
    look->pending = true;
    look->held_by_admin |= row->reason && !strcmp (row->reason, "JobHeldAdmin");
    return true;
}

static struct look look_up (const struct core *core, Moisson__JobRef *ref)
{
    struct look look = {0};

    core_jobs_of (core, ref, true, look_at, &look);
    return look;
}

static int refuse_finished (struct err *err)
{
    return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
}

static int refuse_pending (struct err *err)
{
    return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_PENDING, "Job is pending execution");
}

static int check_requeue (const struct op_row *row, const struct look *look, const Moisson__JobRef *ref,
                          struct err *err)
{
    if (look->pending && !look->active && !look->ran)
        return row->on ? 0 : refuse_pending (err);
    if (!look->active && !look->ran && !look->pending)
        return refuse_finished (err);
    if (!look->once)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER,
             "Requested operation is presently disabled: job %" PRIu64 " asked for --no-requeue", ref->job_id);
    return err_fix (err, look->any ? "scontrol update JobId=%" PRIu64 " Requeue=1, then requeue it" : "submit it again",
                    ref->job_id);
}

static int check_suspend (const struct op_row *row, const struct look *look, struct err *err)
{
    if (row->on ? look->running : look->suspended)
        return 0;
    if (!look->any || (!look->active && !look->pending))
        return refuse_finished (err);
    if (!look->running && !look->suspended)
        return refuse_pending (err);
    return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, row->on ? "Job is already suspended" : "Job is not suspended");
}

static int check_hold (const struct request *request, const struct op_row *row, const struct look *look, uint32_t owner,
                       struct err *err)
{
    const struct session *who = request->session;

    if (!look->any)
        return refuse_finished (err);
    if (!look->pending)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_NOT_PENDING, "Job is no longer pending execution");
    if (!row->on && look->held_by_admin && !action_allowed (ACTION_JOB_RELEASE_ADMIN, who->uid, who->roles, owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "an operator holds this job; ask one to release it");
    return 0;
}

static int check (const struct request *request, const struct op_row *row, Moisson__JobRef *ref, uint32_t *ret_owner,
                  struct err *err)
{
    const struct core *core = request->ctld->core;
    const struct session *who = request->session;

    if (!core_knows (core, ref) || core_job_owner (core, ref->job_id, ret_owner) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (!action_allowed (row->action, who->uid, who->roles, *ret_owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION,
                        row->action == ACTION_JOB_SUSPEND ? "only an operator may suspend or resume jobs"
                                                          : JOB_OF_ANOTHER);
    struct look look = look_up (core, ref);
    if (row->event == AS_REQUEUED)
        return check_requeue (row, &look, ref, err);
    if (row->event == AS_SUSPENDED)
        return check_suspend (row, &look, err);
    return check_hold (request, row, &look, *ret_owner, err);
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
    held.held = row->on;
    held.uid = who->uid;
    held.has_by_admin = true; /* a hold of one's own job is a user's hold; operators lift both kinds */
    held.by_admin = is_operator && !row->as_user && (!row->on || owner != who->uid);
    event.what_case = MOISSON__EVENT__WHAT_HELD;
    event.held = &held;
    return ctld_apply (request->ctld, &event, err);
}

static int apply_requeued (struct request *request, const struct op_row *row, const Moisson__JobRef *ref,
                           struct err *err)
{
    const Moisson__JobOpRequest *asked = request->msg;
    Moisson__Requeued requeued = MOISSON__REQUEUED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    requeued.job_id = ref->job_id;
    requeued.tasks = ref->tasks;
    requeued.n_tasks = ref->n_tasks;
    requeued.uid = request->session->uid;
    requeued.has_hold = true;
    requeued.hold = row->on;
    requeued.has_special = requeued.special = asked->has_special && asked->special;
    event.what_case = MOISSON__EVENT__WHAT_REQUEUED;
    event.requeued = &requeued;
    return ctld_apply (request->ctld, &event, err);
}

static int apply_suspended (struct request *request, const struct op_row *row, const Moisson__JobRef *ref,
                            struct err *err)
{
    Moisson__Suspended suspended = MOISSON__SUSPENDED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    suspended.job_id = ref->job_id;
    suspended.tasks = ref->tasks;
    suspended.n_tasks = ref->n_tasks;
    suspended.uid = request->session->uid;
    suspended.suspended = row->on;
    event.what_case = MOISSON__EVENT__WHAT_SUSPENDED;
    event.suspended = &suspended;
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
        rc = row->event == AS_REQUEUED    ? apply_requeued (work->request, row, ref, &err)
             : row->event == AS_SUSPENDED ? apply_suspended (work->request, row, ref, &err)
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
