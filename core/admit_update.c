/* admit_update.c - may a job be changed like this? Checks in the order of the table, each one sentence. */
#include <inttypes.h>
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/admit.h"
#include "core/amend.h"
#include "core/apply.h"
#include "core/state.h"

#define ALONE_MOST 10000 /* tasks without a record that are changed alone, each a record then */

struct change {
    const struct core *core;
    Moisson__JobUpdated *update;
    const Moisson__JobSpec *changes;
    struct job *job;
    struct task *only; /* a task of an array, by its raw id */
    bool by_operator;
    usec_t now;
};

static bool is_active (const struct task *task)
{
    return task->phase == TASK_PLACED || task->phase == TASK_RUNNING;
}

static bool has_pending (const struct job *job)
{
    return job->n_pending || rest_total (&job->rest);
}

/* --- which tasks -------------------------------------------------------------------------------------------------- */

static bool named (const struct change *c, const struct task *task)
{
    if (c->only)
        return c->only == task;
    for (size_t i = 0; i < c->update->n_tasks; i++) {
        const Moisson__Range *range = c->update->tasks[i];
        uint32_t step = range->step ? range->step : 1;
        if (task->index >= range->first && task->index <= range->last && (task->index - range->first) % step == 0)
            return true;
    }
    return !c->update->n_tasks;
}

static uint64_t rest_named (const struct change *c)
{
    if (c->only)
        return 0;
    _cleanup_idset_ struct idset *set = event_rest (c->job, c->update->tasks, c->update->n_tasks);
    return idset_count (set);
}

/* Tasks that are all that has not ended are the job. */
static bool names_all (const struct change *c)
{
    const struct task *task;

    if (rest_named (c) != rest_total (&c->job->rest))
        return false;
    DL_FOREACH (c->job->tasks, task)
    if (task->phase != TASK_ENDED && !named (c, task))
        return false;
    return true;
}

static int check_tasks (struct change *c, struct err *err)
{
    const char *field = NULL;
    bool active = false, pending = rest_named (c) > 0;
    const struct task *task;

    if (!c->only && !c->update->n_tasks)
        return 0;
    if (names_all (c)) {
        c->update->job_id = c->job->id;
        c->update->n_tasks = 0;
        c->only = NULL;
        return 0;
    }
    DL_FOREACH (c->job->tasks, task)
    if (!task->rest && named (c, task)) {
        active |= is_active (task);
        pending |= task->phase == TASK_PENDING;
    }
    if (!active && !pending)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    if (!pending && amend_needs_pending (c->changes, &field))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_NOT_PENDING, "Job is no longer pending execution");
    if (amend_needs_whole (c->changes, &field)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s cannot be changed for some tasks of array %" PRIu64 " alone",
                 strcmp (field, "array_limit") ? field : "ArrayTaskThrottle", c->job->id);
        return err_fix (err, "name the array as a whole: JobId=%" PRIu64, c->job->id);
    }
    if (rest_named (c) > ALONE_MOST) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER,
                 "%" PRIu64 " tasks of array %" PRIu64 " would each become a record of its own, at most %d do at once",
                 rest_named (c), c->job->id, ALONE_MOST);
        return err_fix (err, "change the array as a whole, and then the others back");
    }
    c->update->has_alone = c->update->alone = true;
    return 0;
}

/* --- what -----------------------------------------------------------------------------------------------------------
 */

static int check_state (struct change *c, struct err *err)
{
    const char *field;

    if (c->job->ended)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_FINISHED, "Job/step already completing or completed");
    if (amend_forbids (c->changes, &field))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "%s cannot be changed after the submit", field);
    if (amend_needs_pending (c->changes, &field) && !has_pending (c->job))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_NOT_PENDING, "Job is no longer pending execution");
    if (c->changes->has_array_limit && !job_is_array (c->job))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "job %" PRIu64 " is no array", c->job->id);
    if (c->update->has_end_us && has_pending (c->job) && !c->job->n_active)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_JOB_PENDING, "Job is pending execution");
    return 0;
}

static int check_rank (struct change *c, struct err *err)
{
    const Moisson__JobSpec *changes = c->changes;
    Moisson__JobSpec next = *job_spec (c->job);

    if (c->by_operator)
        return 0;
    if (changes->has_nice && changes->nice < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "only an operator may set Nice below zero");
    if (changes->has_priority && c->core->config->multifactor)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "only an operator may set the priority of a job");
    if (changes->has_nice)
        next.nice = changes->nice;
    if (changes->has_priority) {
        next.has_priority = true;
        next.priority = changes->priority;
    }
    if (next.has_priority && job_priority (&next) > job_priority (job_spec (c->job)))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "only an operator may raise the priority of a job");
    return 0;
}

static bool raises (uint64_t limit, uint64_t before)
{
    return before && (!limit || limit > before);
}

/* Does it give what runs more time? */
static bool prolongs (const struct change *c)
{
    const struct task *task;

    DL_FOREACH (c->job->tasks, task)
    {
        uint64_t limit = task_time_limit (c->core, task);
        if (!is_active (task) || !named (c, task))
            continue;
        if ((c->changes->has_time_limit_s && raises (c->changes->time_limit_s, limit)) ||
            (c->update->has_time_shift_s && c->update->time_shift_s > 0 && limit) ||
            (c->update->has_end_us && limit && c->update->end_us > task_end_by (c->core, task)))
            return true;
    }
    return false;
}

static int check_prolonging (struct change *c, struct err *err)
{
    if (c->by_operator || !prolongs (c))
        return 0;
    if (has_pending (c->job) && !c->only && !c->update->n_tasks && !c->update->has_end_us) {
        c->update->has_pending_only = c->update->pending_only = true;
        return 0;
    }
    return err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "only an operator may give a running job more time");
}

/* --- does it still fit -------------------------------------------------------------------------------------------- */

#define EDGES_LOOKED_AT 10000 /* what is more entangled is let through */

static bool waits_for (const struct job *job, const struct job *target, unsigned *left)
{
    if (job == target)
        return true;
    for (size_t i = 0; job->depend && i < job->depend->n && *left; i++, --*left)
        if (job->depend->edges[i].target && waits_for (job->depend->edges[i].target, target, left))
            return true;
    return false;
}

static int check_circle (const struct change *c, struct err *err)
{
    unsigned left = EDGES_LOOKED_AT;

    for (size_t i = 0; i < c->changes->n_depends; i++) {
        const struct job *target = job_find (c->core, c->changes->depends[i]->job_id);
        if (!target || !waits_for (target, c->job, &left))
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_DEPENDENCY,
                 "Circular job dependency: job %" PRIu64 " waits for job %" PRIu64, target->id, c->job->id);
        return err_fix (err, "let it depend on jobs that do not wait for it");
    }
    return 0;
}

static int check_size (const Moisson__JobSpec *spec, struct err *err)
{
    size_t size = moisson__job_spec__get_packed_size (spec);

    if (size <= SPEC_MOST)
        return 0;
    return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the job would have %zu bytes, at most %u are taken", size,
                    SPEC_MOST);
}

/* What no command sends: numbers that nobody can mean, and dependencies that nothing shows. */
static int check_numbers (struct change *c, struct err *err)
{
    const Moisson__JobSpec *changes = c->changes;
    int64_t shift = c->update->has_time_shift_s ? c->update->time_shift_s : 0;

    if (shift > UINT32_MAX || shift < -(int64_t) UINT32_MAX ||
        (changes->has_time_limit_s && changes->time_limit_s > UINT32_MAX))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "no time limit has more than %u seconds", UINT32_MAX);
    if ((changes->n_depends || changes->has_depends_any) && !changes->dependency)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_DEPENDENCY, "a dependency comes without its words");
    return 0;
}

/* As it would wait from now on. */
static int check_waiting (struct change *c, Moisson__JobSpec *spec, struct err *err)
{
    const Moisson__JobSpec *changes = c->changes;
    const char *field;
    struct admit_what what = {
        .partition = changes->partition && !c->by_operator,
        .time = !c->by_operator && (changes->partition || changes->has_time_limit_s || c->update->has_time_shift_s),
        .depends = changes->n_depends > 0,
        .deadline = changes->has_deadline_us || changes->has_begin_us || changes->has_time_limit_s ||
                    c->update->has_time_shift_s,
        .resources = amend_needs_pending (changes, &field),
    };

    if (c->update->has_time_shift_s && job_time_limit (c->core, c->job)) {
        int64_t shifted = (int64_t) job_time_limit (c->core, c->job) + c->update->time_shift_s;
        spec->has_time_limit_s = true;
        spec->time_limit_s = shifted < 60 ? 60 : (uint64_t) shifted;
    }
    if (!spec->partition) /* the one it got at its submit */
        spec->partition = xstrdup (c->job->partition);
    if (changes->partition && !partition_of_spec (c->core, spec))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: %s",
                        spec->partition);
    if (changes->reservation && resv_check (c->core, spec, spec_msg (c->job->spec)->user, err))
        return -1;
    return admit_changed (c->core, spec, &what, c->now, err);
}

/* What the first pending record that is named asks, where that is its own. */
static const Moisson__JobSpec *spec_before (const struct change *c)
{
    const struct task *task;

    DL_FOREACH (c->job->tasks, task)
    if ((c->only || c->update->n_tasks) && task->phase == TASK_PENDING && task->own && named (c, task))
        return row_facts (c->job, task)->spec;
    return job_spec (c->job);
}

/* Another account, QoS or partition is asked for as at a submit; the tasks are counted already, or go elsewhere. */
static int check_payer (struct change *c, Moisson__JobSpec *spec, struct err *err)
{
    const Moisson__Submitted *facts = spec_msg (c->job->spec);
    struct submitter who = {.user = facts->user, .gids = facts->groups, .n_gids = facts->n_groups};

    if (!c->changes->account && !c->changes->qos && !c->changes->partition)
        return 0;
    if (!spec->partition)
        spec->partition = xstrdup (c->job->partition);
    return admit_payer (c->core, &who, spec, 0, c->now, err);
}

static int check_fit (struct change *c, struct err *err)
{
    if (check_circle (c, err))
        return -1;
    Moisson__JobSpec *spec = amend_spec (spec_before (c), c->changes, false);
    int rc = check_size (spec, err);
    if (rc == 0 && has_pending (c->job))
        rc = check_waiting (c, spec, err);
    if (rc == 0)
        rc = check_payer (c, spec, err);
    moisson__job_spec__free_unpacked (spec, NULL);
    return rc;
}

int core_admit_update (const struct core *core, Moisson__JobUpdated *update, bool by_operator, usec_t now,
                       struct err *err)
{
    static int (*const checks[]) (struct change * c, struct err * err) = {
        check_numbers, check_state, check_tasks, check_rank, check_prolonging, check_fit,
    };
    struct change c = {
        .core = core, .update = update, .changes = update->changes, .by_operator = by_operator, .now = now};

    c.job = event_job (core, update->job_id, &c.only, err);
    if (!c.job)
        return -1;
    if (!job_is_array (c.job)) {
        c.only = NULL;
        update->n_tasks = 0;
    }
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i](&c, err))
            return -1;
    return 0;
}
