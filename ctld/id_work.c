/* id_work.c - a request about a list of jobs. */
#include "ctld/id_work.h"
#include <stdlib.h>
#include "base/mem.h"
#include "ctld/apply.h"

#define SLICE 2000u /* microseconds */

static Moisson__JobRef *ref_copy (const Moisson__JobRef *ref)
{
    Moisson__JobRef *copy = xmalloc (sizeof *copy);

    moisson__job_ref__init (copy);
    copy->job_id = ref->job_id;
    copy->text = xstrdup (ref->text);
    copy->n_tasks = ref->n_tasks;
    copy->tasks = ref->n_tasks ? xcalloc (ref->n_tasks, sizeof *copy->tasks) : NULL;
    for (size_t i = 0; i < ref->n_tasks; i++)
        copy->tasks[i] = xmemdup (ref->tasks[i], sizeof *ref->tasks[i]);
    return copy;
}

void id_work_result (struct id_work *work, const Moisson__JobRef *ref, const struct err *err, uint32_t affected)
{
    Moisson__IdResult *result = xmalloc (sizeof *result);

    moisson__id_result__init (result);
    result->job = ref_copy (ref);
    result->code = err ? (Moisson__FailCode) err->code : MOISSON__FAIL_CODE__FAIL_OTHER;
    result->why = err ? xstrdup (err->why) : NULL;
    result->has_affected = true;
    result->affected = affected;
    work->affected += affected;
    GROW (work->results, work->n_results, work->room_results);
    work->results[work->n_results++] = result;
}

static void work_free (struct id_work *work)
{
    for (size_t i = 0; i < work->n_results; i++)
        moisson__id_result__free_unpacked (work->results[i], NULL);
    free (work->results);
    if (work->free_state)
        work->free_state (work->state);
    timer_free (work->timer);
    free (work);
}

static void finish (void *arg, bool committed)
{
    struct id_work *work = arg;
    Moisson__IdResults reply = MOISSON__ID_RESULTS__INIT;

    if (committed) {
        reply.results = work->results;
        reply.n_results = work->n_results;
        reply.has_affected = true;
        reply.affected = work->affected;
        request_send (work->request, MOISSON__MSG_TYPE__MSG_ID_RESULTS, &reply.base);
    }
    request_end (work->request);
    work_free (work);
}

static void slice (void *arg)
{
    struct id_work *work = arg;
    usec_t began = now_monotonic ();

    while (work->next < work->n) {
        work->step (work, work->next++);
        if (now_monotonic () - began > SLICE) {
            timer_arm (work->timer, 0);
            return;
        }
    }
    work->request->on_gone = NULL;
    ctld_after (work->request->ctld, finish, work);
}

/* What was done stays done; the rest is not. */
static void on_gone (struct request *request)
{
    struct id_work *work = request->state;

    request_end (request);
    work_free (work);
}

void id_work_start (struct request *request, size_t n, void (*step) (struct id_work *work, size_t i), void *state,
                    void (*free_state) (void *state))
{
    struct id_work *work = xcalloc (1, sizeof *work);

    work->request = request;
    work->n = n;
    work->step = step;
    work->state = state;
    work->free_state = free_state;
    work->timer = timer_create_in (request->ctld->loop, slice, work);
    request->state = work;
    request->on_gone = on_gone;
    slice (work);
}
