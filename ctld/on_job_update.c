/* on_job_update.c - what is asked for jobs changes: each reference is one event. */
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "ctld/apply.h"
#include "ctld/id_work.h"
#include "ctld/rpc.h"

#define CHANGES_MOST (16u << 20) /* bytes of events by one request */

/* What is asked for now, of the first row that the reference names. */
struct look {
    bool any;
    uint32_t uid, ntasks, cpus_per_task;
    int32_t nice;
    char partition[256];
};

static bool look_at (void *arg, const Moisson__JobInfo *row)
{
    struct look *look = arg;
    const Moisson__JobSpec *spec = row->spec;

    *look = (struct look){
        .any = true,
        .uid = row->uid,
        .ntasks = spec->has_ntasks && spec->ntasks ? spec->ntasks : 1,
        .cpus_per_task = spec->has_cpus_per_task && spec->cpus_per_task ? spec->cpus_per_task : 1,
        .nice = spec->nice,
    };
    snprintf (look->partition, sizeof look->partition, "%s", row->partition);
    return false;
}

static struct look look_up (const struct core *core, Moisson__JobRef *ref)
{
    struct look look = {0};

    core_jobs_of (core, ref, false, look_at, &look);
    return look;
}

static int check (const struct request *request, const Moisson__JobRef *ref, enum action action, struct err *err)
{
    const struct session *who = request->session;
    uint32_t owner;

    if (!core_knows (request->ctld->core, ref) || core_job_owner (request->ctld->core, ref->job_id, &owner) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (!action_allowed (action, who->uid, who->roles, owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION,
                        owner == who->uid ? "only an operator may do that" : JOB_OF_ANOTHER);
    return 0;
}

/* NumCPUs: of a job with one task its CPUs, else so many tasks more or less. */
static int share_cpus (uint32_t cpus, const struct look *now, Moisson__JobSpec *changes, struct err *err)
{
    if (now->ntasks == 1) {
        changes->has_cpus_per_task = true;
        changes->cpus_per_task = cpus;
        return 0;
    }
    if (cpus % now->cpus_per_task) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "%u CPUs are no whole number of tasks of %u CPUs", cpus,
                 now->cpus_per_task);
        return err_fix (err, "set NumTasks and CPUsPerTask");
    }
    changes->has_ntasks = true;
    changes->ntasks = cpus / now->cpus_per_task;
    return 0;
}

/* Priority is what it shows then: with what its Nice takes away. */
static void add_nice (const struct look *now, Moisson__JobSpec *changes)
{
    int64_t nice = changes->has_nice ? changes->nice : now->nice, priority = (int64_t) changes->priority + nice;

    changes->priority = priority < 1 ? 1 : priority > UINT32_MAX ? UINT32_MAX : (uint32_t) priority;
}

static int apply_update (struct request *request, const Moisson__JobRef *ref, Moisson__JobSpec *changes,
                         struct err *err)
{
    const Moisson__JobUpdateRequest *asked = request->msg;
    Moisson__JobUpdated updated = MOISSON__JOB_UPDATED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    updated.job_id = ref->job_id;
    updated.tasks = ref->tasks;
    updated.n_tasks = ref->n_tasks;
    updated.uid = request->session->uid;
    updated.changes = changes;
    updated.has_time_shift_s = asked->has_time_shift_s;
    updated.time_shift_s = asked->time_shift_s;
    updated.has_end_us = asked->has_end_us;
    updated.end_us = asked->end_us;
    if (core_admit_update (request->ctld->core, &updated, request->session->roles & ROLE_OPERATOR, now_wall (), err) <
        0)
        return -1;
    event.what_case = MOISSON__EVENT__WHAT_JOB_UPDATED;
    event.job_updated = &updated;
    return ctld_apply (request->ctld, &event, err);
}

static int update (struct request *request, Moisson__JobRef *ref, struct err *err)
{
    const Moisson__JobUpdateRequest *asked = request->msg;
    Moisson__JobSpec changes = *asked->changes; /* borrows its texts */
    struct look now = look_up (request->ctld->core, ref);

    if (check (request, ref, ACTION_JOB_UPDATE, err) < 0)
        return -1;
    if (!now.any)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    if (asked->has_num_cpus && share_cpus (asked->num_cpus, &now, &changes, err) < 0)
        return -1;
    if (changes.has_priority)
        add_nice (&now, &changes);
    return apply_update (request, ref, &changes, err);
}

/* --- top ---------------------------------------------------------------------------------------------------------- */

struct peers {
    const struct look *of;
    uint64_t id;
    uint32_t highest;
};

static bool look_at_peer (void *arg, const Moisson__JobInfo *row)
{
    struct peers *peers = arg;
    uint64_t id = row->has_array_id ? row->array_id : row->raw_id;

    if (row->priority > peers->highest && id != peers->id && !strcmp (row->partition, peers->of->partition))
        peers->highest = row->priority;
    return true;
}

/* One more than the best of its user's others there. */
static int top (struct request *request, Moisson__JobRef *ref, struct err *err)
{
    const struct core *core = request->ctld->core;
    struct look now = look_up (core, ref);
    struct peers peers = {.of = &now, .id = ref->job_id};
    Moisson__JobsRequest request_rows = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobSpec changes = MOISSON__JOB_SPEC__INIT;
    Moisson__JobState pending = MOISSON__JOB_STATE__STATE_PENDING;

    if (check (request, ref, ACTION_JOB_TOP, err) < 0)
        return -1;
    if (!now.any)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    filter.uids = &now.uid;
    filter.n_uids = 1;
    filter.states = &pending;
    filter.n_states = 1;
    request_rows.filter = &filter;
    core_jobs (core, &request_rows, 0, 0, look_at_peer, &peers);
    changes.has_priority = true;
    changes.priority = peers.highest < UINT32_MAX ? peers.highest + 1 : UINT32_MAX;
    add_nice (&now, &changes);
    return apply_update (request, ref, &changes, err);
}

static int hold (struct request *request, Moisson__JobRef *ref, struct err *err)
{
    Moisson__Held held = MOISSON__HELD__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    uint32_t owner = 0;

    if (check (request, ref, ACTION_JOB_HOLD, err) < 0)
        return -1;
    core_job_owner (request->ctld->core, ref->job_id, &owner);
    held.job_id = ref->job_id;
    held.tasks = ref->tasks;
    held.n_tasks = ref->n_tasks;
    held.held = true;
    held.uid = request->session->uid;
    held.has_by_admin = true;
    held.by_admin = request->session->roles & ROLE_OPERATOR && owner != held.uid;
    event.what_case = MOISSON__EVENT__WHAT_HELD;
    event.held = &held;
    return ctld_apply (request->ctld, &event, err);
}

/* Of a list for `top` the last goes first: each comes before those that went before it. */
static void step (struct id_work *work, size_t i)
{
    const Moisson__JobUpdateRequest *asked = work->request->msg;
    Moisson__JobRef *ref = asked->jobs[asked->top ? asked->n_jobs - 1 - i : i];
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = asked->top ? top (work->request, ref, &err) : update (work->request, ref, &err);

    if (rc == 0 && asked->hold)
        rc = hold (work->request, ref, &err);
    if (rc == 0)
        log_info ("job=%" PRIu64 " event=%s uid=%u", ref->job_id, asked->top ? "top" : "updated",
                  work->request->session->uid);
    id_work_result (work, ref, rc < 0 ? &err : NULL, rc < 0 ? 0 : 1);
}

/* Each job has them as an event of its own. */
static int check_size (const Moisson__JobUpdateRequest *asked, struct err *err)
{
    size_t size = asked->changes ? moisson__job_spec__get_packed_size (asked->changes) : 0;

    if (size > SPEC_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the changes have %zu bytes, at most %u are taken",
                        size, SPEC_MOST);
    if (size * asked->n_jobs > CHANGES_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
                        "changes of %zu bytes for %zu jobs are too much at once", size, asked->n_jobs);
    return 0;
}

void rpc_job_update (struct request *request)
{
    const Moisson__JobUpdateRequest *asked = request->msg;
    _cleanup_err_ struct err err = ERR_INIT;

    if (check_size (asked, &err)) {
        request_fail (request, &err);
        return;
    }
    if (journal_accepting (request->ctld->journal)) {
        id_work_start (request, asked->n_jobs, step, NULL, NULL);
        return;
    }
    err_set (&err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
             journal_trouble (request->ctld->journal));
    err_fix (&err, "try again later");
    request_fail (request, &err);
}
