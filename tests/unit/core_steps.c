/* What srun ran: kept with the attempt, bounded, recorded with it. */
#include "core_kit.h"
#include "core/steps.h"
#include "suite.h"

static Moisson__Step step_of (uint32_t id)
{
    Moisson__Step step = MOISSON__STEP__INIT;

    step.id = id;
    step.name = (char *) "align";
    step.has_start_us = true;
    step.start_us = START_US;
    return step;
}

static Moisson__Step done_with (uint32_t id, uint32_t code)
{
    Moisson__Step step = step_of (id);

    step.has_end_us = step.has_exit_code = true;
    step.end_us = START_US + 1000 + id;
    step.exit_code = code;
    return step;
}

/* Says it if it is news; was it? */
static bool hear (struct kit *k, uint64_t raw, uint32_t attempt, Moisson__Step step)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__StepNews news = MOISSON__STEP_NEWS__INIT;
    uint64_t stale = core_stats (k->core).stale_news;
    EVENT (step, STEP, &news);

    id.raw_id = raw;
    id.attempt = attempt;
    news.id = &id;
    news.step = &step;
    bool is_news = core_step_is_news (k->core, &news);
    kit_apply (k, &event);
    ck_assert_int_eq (is_news, core_stats (k->core).stale_news == stale); /* the question knows the answer */
    return is_news;
}

static const Moisson__AcctRecord *recorded (const struct kit *k)
{
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_RECORD)
            return k->fx.list[i].record;
    ck_abort_msg ("no record");
    return NULL;
}

START_TEST (steps_are_recorded_with_their_attempt)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    ck_assert (hear (k, id, 1, step_of (1))); /* before the node has said STARTED, and before step 0 */
    started (k, id, 1);
    ck_assert (hear (k, id, 1, done_with (0, 0)));
    ck_assert (hear (k, id, 1, done_with (1, 3)));
    ck_assert (hear (k, id, 1, step_of (2)));
    exited (k, id, 1, 0);
    const Moisson__AcctRecord *r = recorded (k);
    ck_assert_uint_eq (r->n_steps, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq (r->steps[i]->id, i);
    ck_assert_int_eq (r->steps[0]->state, MOISSON__JOB_STATE__STATE_COMPLETED);
    ck_assert_int_eq (r->steps[1]->state, MOISSON__JOB_STATE__STATE_FAILED);
    ck_assert_uint_eq (r->steps[1]->exit_code, 3);
    ck_assert_int_eq (r->steps[2]->state, MOISSON__JOB_STATE__STATE_CANCELLED); /* nobody said how it ended */
    ck_assert_uint_eq (r->steps[2]->end_us, r->end_us);
}
END_TEST

START_TEST (what_is_said_again_or_too_late_changes_nothing)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    ck_assert (!hear (k, id, 1, step_of (0))); /* it does not run */
    pass (k);
    started (k, id, 1);
    ck_assert (hear (k, id, 1, step_of (0)));
    ck_assert (!hear (k, id, 1, step_of (0)));
    ck_assert (hear (k, id, 1, done_with (0, 1)));
    ck_assert (!hear (k, id, 1, done_with (0, 0)));
    ck_assert (!hear (k, id, 1, step_of (0)));
    ck_assert (!hear (k, id, 2, step_of (1))); /* of another attempt */
    ck_assert (!hear (k, 999, 1, step_of (1)));
    exited (k, id, 1, 0);
    ck_assert_uint_eq (recorded (k)->n_steps, 1);
    ck_assert_uint_eq (recorded (k)->steps[0]->exit_code, 1);
    ck_assert (!hear (k, id, 1, step_of (1)));
}
END_TEST

START_TEST (the_step_of_a_cancelled_job_is_cancelled)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");
    Moisson__Step killed = done_with (0, 0);

    pass (k);
    started (k, id, 1);
    hear (k, id, 1, step_of (0));
    hear (k, id, 1, done_with (1, 1));
    cancel (k, id, ALL_TASKS);
    killed.has_exit_signal = true;
    killed.exit_signal = 15;
    hear (k, id, 1, killed);
    exited (k, id, 1, 0);
    ck_assert_int_eq (recorded (k)->steps[0]->state, MOISSON__JOB_STATE__STATE_CANCELLED);
    ck_assert_int_eq (recorded (k)->steps[1]->state, MOISSON__JOB_STATE__STATE_FAILED);
}
END_TEST

START_TEST (there_are_so_many_and_no_more)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    pass (k);
    started (k, id, 1);
    for (uint32_t i = 0; i < STEPS_MOST; i++)
        ck_assert (hear (k, id, 1, step_of (i)));
    ck_assert (!hear (k, id, 1, step_of (STEPS_MOST)));
    ck_assert (hear (k, id, 1, done_with (7, 0))); /* what is known may still end */
    exited (k, id, 1, 0);
    ck_assert_uint_eq (recorded (k)->n_steps, STEPS_MOST);
}
END_TEST

START_TEST (another_attempt_begins_without)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .requeue = true);

    pass (k);
    started (k, id, 1);
    ck_assert (hear (k, id, 1, step_of (0)));
    node_down (k, "n1", true);
    ck_assert_uint_eq (recorded (k)->n_steps, 1);
    ck_assert_int_eq (recorded (k)->steps[0]->state, MOISSON__JOB_STATE__STATE_NODE_FAIL);
    node_up_as (k, "n1", "boot-2");
    pass (k);
    started (k, id, 2);
    ck_assert (hear (k, id, 2, done_with (0, 0)));
    exited (k, id, 2, 0);
    ck_assert_uint_eq (recorded (k)->n_steps, 1);
    ck_assert_int_eq (recorded (k)->steps[0]->state, MOISSON__JOB_STATE__STATE_COMPLETED);
}
END_TEST

static int into (void *arg, const Moisson__Image *image)
{
    ck_assert_int_eq (core_load (arg, image, NULL), 0);
    return 0;
}

START_TEST (they_survive_a_snapshot_and_are_shown_on_request)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");
    struct core *copy = core_create ();
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_rows_ struct rows rows = {.n = 0};
    uint8_t a[32], b[32];

    pass (k);
    started (k, id, 1);
    hear (k, id, 1, done_with (0, 0));
    hear (k, id, 1, step_of (1));
    ck_assert_int_eq (core_save (k->core, 9, into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    core_jobs (copy, &request, 0, 0, rows_add, &rows);
    request.has_steps = request.steps = true;
    core_jobs (copy, &request, 0, 0, rows_add, &rows);
    ck_assert_uint_eq (rows.row[0]->n_steps, 0);
    ck_assert_uint_eq (rows.row[1]->n_steps, 2);
    ck_assert (rows.row[1]->steps[0]->has_end_us && !rows.row[1]->steps[1]->has_end_us);
    core_free (copy);
}
END_TEST

SUITE ("steps", steps_are_recorded_with_their_attempt, what_is_said_again_or_too_late_changes_nothing,
       the_step_of_a_cancelled_job_is_cancelled, there_are_so_many_and_no_more, another_attempt_begins_without,
       they_survive_a_snapshot_and_are_shown_on_request)
