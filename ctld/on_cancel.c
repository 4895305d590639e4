/* on_cancel.c - end jobs, or send them a signal. A cancel is an event; a signal is not (nothing of the job's state
 * rests on it) and reaches what runs now. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include "base/hostlist.h"
#include "base/idset.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/id_work.h"
#include "ctld/nodes.h"
#include "ctld/rpc.h"

#define LOOK_AT 512 /* jobs or rows in one step */

/* What one event names: a job, or some tasks of an array, or (pending_only) the rest of one. */
struct target {
    uint64_t job_id;
    struct idset *tasks; /* NULL = all */
    bool pending_only;
};

struct targets {
    const struct core *core;
    struct target *list;
    size_t n, room;
    size_t done;        /* of the list */
    uint64_t from, end; /* job ids not looked at yet; from 0 = none */
    bool narrowed;      /* the filter chooses by state or node: a call without a task is the pending rest */
};

static void targets_clear (struct targets *t)
{
    for (size_t i = 0; i < t->n; i++)
        idset_free (t->list[i].tasks);
    free (t->list);
    t->list = NULL;
    t->n = t->room = t->done = 0;
}

static void targets_free (void *state)
{
    targets_clear (state);
    free (state);
}

static bool first_row (void *arg, const Moisson__JobInfo *row)
{
    bool *ret_array = arg;

    *ret_array = row->has_array_id;
    return false;
}

static bool is_array (const struct core *core, uint64_t job_id)
{
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT;
    bool array = false;

    ref.job_id = job_id;
    core_jobs_of (core, &ref, false, first_row, &array);
    return array;
}

/* Calls for the tasks of one job follow each other. What is placed but not known to have started shows PENDING, too: a
 * job that is no array is named as it is. */
static void on_selected (void *arg, uint64_t job_id, uint64_t raw_id, uint32_t task, job_state_t state)
{
    struct targets *t = arg;
    struct target *last = t->n ? &t->list[t->n - 1] : NULL;

    (void) raw_id;
    if (task != IDSET_NONE && last && last->job_id == job_id && last->tasks) {
        idset_add (last->tasks, task);
        return;
    }
    GROW (t->list, t->n, t->room);
    last = &t->list[t->n++];
    *last = (struct target){.job_id = job_id};
    last->pending_only =
        task == IDSET_NONE && t->narrowed && state == MOISSON__JOB_STATE__STATE_PENDING && is_array (t->core, job_id);
    if (task != IDSET_NONE) {
        last->tasks = idset_create ();
        idset_add (last->tasks, task);
    }
}

static bool is_narrowed (const Moisson__JobFilter *filter)
{
    return filter->n_states > 0 || (filter->nodelist && *filter->nodelist);
}

static void select_targets (const struct core *core, const Moisson__JobFilter *filter, struct targets *ret)
{
    ret->core = core;
    ret->narrowed = is_narrowed (filter);
    core_select (core, filter, on_selected, ret);
}

/* --- cancel ------------------------------------------------------------------------------------------------------ */

static void fill_ranges (Moisson__CancelRequested *cancel, const struct idset *tasks, Moisson__Range **list,
                         Moisson__Range *ranges)
{
    size_t n = tasks ? idset_ranges (tasks) : 0;

    for (size_t i = 0; i < n; i++) {
        ranges[i] = (Moisson__Range) MOISSON__RANGE__INIT;
        idset_range (tasks, i, &ranges[i].first, &ranges[i].last);
        list[i] = &ranges[i];
    }
    cancel->tasks = list;
    cancel->n_tasks = n;
}

static int cancel_target (struct request *request, const struct target *target, struct err *err)
{
    struct ctld *ctld = request->ctld;
    const struct session *who = request->session;
    Moisson__CancelRequested cancel = MOISSON__CANCEL_REQUESTED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    size_t n = target->tasks ? idset_ranges (target->tasks) : 0;
    _cleanup_free_ Moisson__Range *ranges = xcalloc (n, sizeof *ranges);
    _cleanup_free_ Moisson__Range **list = xcalloc (n, sizeof *list);
    uint32_t owner = 0;

    if (core_job_owner (ctld->core, target->job_id, &owner) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (!action_allowed (ACTION_JOB_CANCEL, who->uid, who->roles, owner))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, JOB_OF_ANOTHER);
    cancel.job_id = target->job_id;
    cancel.uid = who->uid;
    cancel.has_pending_only = target->pending_only;
    cancel.pending_only = target->pending_only;
    fill_ranges (&cancel, target->tasks, list, ranges);
    event.what_case = MOISSON__EVENT__WHAT_CANCEL_REQUESTED;
    event.cancel_requested = &cancel;
    if (ctld_apply (ctld, &event, err) < 0)
        return -1;
    log_info ("job=%" PRIu64 " event=cancel uid=%u", target->job_id, who->uid);
    return 0;
}

static uint32_t target_size (const struct target *target)
{
    return target->tasks ? (uint32_t) idset_count (target->tasks) : 1;
}

/* --- signal ------------------------------------------------------------------------------------------------------ */

struct signalling {
    struct request *request;
    uint32_t reached;
    uint64_t cursor; /* rows not looked at yet */
    struct err err;
};

static bool signal_row (void *arg, const Moisson__JobInfo *row)
{
    struct signalling *s = arg;
    const struct session *who = s->request->session;
    const Moisson__CancelRequest *asked = s->request->msg;
    struct node_signal what = {.raw_id = row->raw_id,
                               .attempt = row->attempt,
                               .signal = asked->signal,
                               .batch_only = asked->has_batch && asked->batch};

    what.children_only = !what.batch_only && !(asked->has_full && asked->full);
    if ((row->state != MOISSON__JOB_STATE__STATE_RUNNING && row->state != MOISSON__JOB_STATE__STATE_SUSPENDED) ||
        !row->batch_host)
        return true;
    if (!action_allowed (ACTION_JOB_CANCEL, who->uid, who->roles, row->uid))
        err_set (&s->err, MOISSON__FAIL_CODE__FAIL_PERMISSION, JOB_OF_ANOTHER);
    else if (!nodes_signal (s->request->ctld->nodes, row->batch_host, &what))
        err_set (&s->err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s of job %" PRIu64 " cannot be reached now",
                 row->batch_host, row->raw_id);
    else
        s->reached++;
    return true;
}

/* A signal does not wait: a job that does not run now has nothing that could take it. */
static int signal_jobs (struct request *request, Moisson__JobFilter *filter, uint32_t *ret_reached, struct err *err)
{
    struct signalling s = {.request = request, .err = ERR_INIT};
    Moisson__JobsRequest rows = MOISSON__JOBS_REQUEST__INIT;

    rows.filter = filter;
    core_jobs (request->ctld->core, &rows, 0, 0, signal_row, &s);
    *ret_reached = s.reached;
    if (!err_is_set (&s.err))
        return 0;
    *err = s.err;
    return -1;
}

/* --- one reference, or all that the filter selects ---------------------------------------------------------------- */

static bool is_signal (const Moisson__CancelRequest *asked)
{
    bool shell = (asked->has_batch && asked->batch) || (asked->has_full && asked->full);

    return asked->has_signal && (asked->signal != SIGKILL || shell); /* plain KILL ends the job, as in Slurm */
}

static Moisson__JobFilter filter_of_ref (const Moisson__CancelRequest *asked, Moisson__JobRef **ref)
{
    Moisson__JobFilter filter = *asked->filter;

    filter.jobs = ref;
    filter.n_jobs = 1;
    return filter;
}

/* Nothing was selected: is the job over, or did the filter not mean it? */
static int nothing_selected (const struct core *core, Moisson__JobRef *ref, struct err *err)
{
    Moisson__JobFilter bare = MOISSON__JOB_FILTER__INIT;
    struct targets live = {0};

    bare.jobs = &ref;
    bare.n_jobs = 1;
    select_targets (core, &bare, &live);
    bool over = live.n == 0;
    targets_clear (&live);
    if (over)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    return 0;
}

static int do_ref (struct request *request, Moisson__JobRef *ref, uint32_t *ret_reached, struct err *err)
{
    const Moisson__CancelRequest *asked = request->msg;
    const struct core *core = request->ctld->core;
    Moisson__JobFilter filter = filter_of_ref (asked, &ref);
    struct targets targets = {0};
    int rc = 0;

    if (!core_knows (core, ref))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    if (is_signal (asked)) {
        rc = signal_jobs (request, &filter, ret_reached, err);
        return rc < 0 || *ret_reached ? rc : nothing_selected (core, ref, err);
    }
    select_targets (core, &filter, &targets);
    for (size_t i = 0; i < targets.n; i++) {
        if (cancel_target (request, &targets.list[i], err) < 0)
            rc = -1;
        else
            *ret_reached += target_size (&targets.list[i]);
    }
    if (targets.n == 0)
        rc = nothing_selected (core, ref, err);
    targets_clear (&targets);
    return *ret_reached ? 0 : rc;
}

static void step_ref (struct id_work *work, size_t i)
{
    const Moisson__CancelRequest *asked = work->request->msg;
    _cleanup_err_ struct err err = ERR_INIT;
    uint32_t reached = 0;
    int rc = do_ref (work->request, asked->filter->jobs[i], &reached, &err);

    id_work_result (work, asked->filter->jobs[i], rc < 0 ? &err : NULL, reached);
}

static void cancel_selected (struct id_work *work, const struct target *target)
{
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = cancel_target (work->request, target, &err);
    char text[24];

    if (rc == 0) {
        work->affected += target_size (target);
        return;
    }
    if (err.code == MOISSON__FAIL_CODE__FAIL_JOB_FINISHED || err.code == MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID)
        return; /* it ended while this request went on */
    snprintf (text, sizeof text, "%" PRIu64, target->job_id);
    ref.job_id = target->job_id;
    ref.text = text;
    id_work_result (work, &ref, &err, 0);
}

/* One target, or the next portion of those that the filter selects. How many there are shows at the end. */
static void step_target (struct id_work *work, size_t i)
{
    const Moisson__CancelRequest *asked = work->request->msg;
    struct targets *t = work->state;

    if (t->done < t->n) {
        cancel_selected (work, &t->list[t->done++]);
        return;
    }
    targets_clear (t);
    if (t->from)
        t->from = core_select_from (work->request->ctld->core, asked->filter, t->from, t->end, LOOK_AT, on_selected, t);
    if (!t->from && !t->n)
        work->n = i + 1;
}

/* A portion of what runs. */
static void step_signal (struct id_work *work, size_t i)
{
    const Moisson__CancelRequest *asked = work->request->msg;
    struct signalling *s = work->state;
    Moisson__JobsRequest rows = MOISSON__JOBS_REQUEST__INIT;
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT;

    rows.filter = asked->filter;
    s->cursor = core_jobs (work->request->ctld->core, &rows, s->cursor, LOOK_AT, signal_row, s);
    if (s->cursor)
        return;
    work->n = i + 1;
    work->affected += s->reached;
    if (err_is_set (&s->err))
        id_work_result (work, &ref, &s->err, 0);
}

static void signalling_free (void *state)
{
    struct signalling *s = state;

    err_clear (&s->err);
    free (s);
}

static void begin (void *arg, bool committed)
{
    struct request *request = arg;
    const Moisson__CancelRequest *asked = request->msg;

    if (!committed || request_gone (request)) {
        request_end (request);
        return;
    }
    if (asked->filter->n_jobs) {
        id_work_start (request, asked->filter->n_jobs, step_ref, NULL, NULL);
    } else if (is_signal (asked)) {
        struct signalling *s = xcalloc (1, sizeof *s);

        s->request = request;
        id_work_start (request, SIZE_MAX, step_signal, s, signalling_free);
    } else {
        struct targets *targets = xcalloc (1, sizeof *targets);

        targets->core = request->ctld->core;
        targets->narrowed = is_narrowed (asked->filter);
        targets->from = 1;
        targets->end = core_next_job_id (request->ctld->core); /* not what is submitted meanwhile */
        id_work_start (request, SIZE_MAX, step_target, targets, targets_free);
    }
}

void rpc_cancel (struct request *request)
{
    const Moisson__CancelRequest *asked = request->msg;
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = 0;

    if (asked->filter->nodelist && *asked->filter->nodelist)
        rc = hostlist_parse (&names, asked->filter->nodelist, &err);
    if (rc == 0 && asked->has_signal && (asked->signal < 1 || asked->signal > SIGRTMAX))
        rc = err_set (&err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "%d is no signal", asked->signal);
    if (rc == 0 && journal_health (request->ctld->journal) == JOURNAL_FAILING) {
        rc = err_set (&err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
                      journal_trouble (request->ctld->journal));
        err_fix (&err, "try again later");
    }
    if (rc < 0) {
        request_fail (request, &err);
        return;
    }
    if (is_signal (asked)) /* it goes to the node at once, so what it rests on must be committed */
        ctld_after (request->ctld, begin, request);
    else
        begin (request, true);
}
